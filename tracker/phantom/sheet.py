"""Flat things that reach into the picture from one side, and the means to paint them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field, random_field

SHOWN = 0.81
"""Share of a backdrop's width and height that is in the picture; the rest is room for the camera to move."""
_SHADOW = 0.42


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A flat thing that reaches into the picture from one side.

    Its surface is worked out on a grid of `grain` mm, coarser than the canvas, of shape (m, n).
    """

    where: tuple[slice, slice]
    inside: Field
    """Distance from its edge, mm, positive on the thing, shape (h, w)."""
    along: Field
    """Place along the edge on the grid, mm, shape (m, n)."""
    depth: Field
    """`inside` on the grid, shape (m, n)."""
    inward: tuple[float, float]
    """Unit vector (y, x) from the edge into the thing."""
    grain: float
    """Distance between two points of the grid, mm."""


def reaching(
    rng: np.random.Generator,
    canvas: Canvas,
    *,
    sides: str,
    reach: tuple[float, float],
    tilt: float,
    wobble: float,
    grain: float = 0.35,
) -> Sheet:
    """Return where a flat thing lies.

    Parameters
    ----------
    rng : numpy.random.Generator
        Chooses side, reach, tilt and waves.
    canvas : Canvas
        What it lies on.
    sides : str
        The sides it may come from, of ``"lrtb"``.
    reach : (float, float)
        How far it may come, as a share of the picture's extent.
    tilt : float
        Largest angle of its edge to the side of the picture, degrees.
    wobble : float
        Height of the waves of its edge, mm.
    grain : float
        Distance between the points at which its surface is worked out, mm.

    Returns
    -------
    Sheet
    """
    side = sides[rng.integers(len(sides))]
    upright = side in "lr"
    sign = 1.0 if side in "rb" else -1.0
    extent, length = (canvas.width, canvas.height) if upright else (canvas.height, canvas.width)
    slope = float(np.tan(np.deg2rad(rng.uniform(-tilt, tilt))))
    edge = extent * SHOWN * (0.5 - rng.uniform(*reach))
    across = (canvas.x[0] if upright else canvas.y[:, 0]) * np.float32(sign)
    along = canvas.y[:, 0] if upright else canvas.x[0]
    shift = slope * along - edge
    for wavelength in rng.uniform(0.25, 0.9, 3) * length:
        shift += wobble * rng.uniform(0.3, 0.8) * np.sin(2 * np.pi * along / wavelength + rng.uniform(0.0, 6.3))
    part = np.flatnonzero(across + shift.max() > -12.0)
    near = slice(int(part[0]), int(part[-1]) + 1)
    across = across[near]
    inside = across[None, :] + shift[:, None]
    step = max(grain, canvas.pitch)
    rough = [
        np.interp(_every(step / canvas.pitch, len(place)), np.arange(len(place)), place) for place in (across, along)
    ]
    depth = rough[0][None, :] + np.interp(rough[1], along, shift)[:, None]
    beside = np.broadcast_to(rough[1][:, None], depth.shape)
    if not upright:
        inside, depth, beside = inside.T, depth.T, beside.T
    where = (slice(0, canvas.shape[0]), near) if upright else (near, slice(0, canvas.shape[1]))
    inward = (slope, sign) if upright else (sign, slope)
    inside, depth, beside = (np.ascontiguousarray(place, np.float32) for place in (inside, depth, beside))
    return Sheet(where, inside, beside, depth, inward, step)


def _every(step: float, count: int) -> NDArray[np.float64]:
    """Return the positions, in pixels, at which `cv2.resize` takes the middles of coarser pixels to be."""
    coarse = max(8, round(count / step))
    return np.asarray((np.arange(coarse) + 0.5) * (count / coarse) - 0.5)


def lay_sheet(ground: Field, canvas: Canvas, sheet: Sheet, colour: Field, reach: float) -> None:
    """Put a sheet of a colour, shape (m, n, 3), on the ground as `lay` does."""
    lay(ground, canvas, sheet.where, sheet.inside, enlarged(colour, sheet.inside.shape), reach)


def lay(ground: Field, canvas: Canvas, where: tuple[slice, slice], inside: Field, colour: Field, reach: float) -> None:
    """Put a thing on the ground, in place, with a soft shade around it.

    Parameters
    ----------
    ground : ndarray, shape (H, W, 3)
        Linear RGB.
    canvas : Canvas
        Where it lies.
    where : (slice, slice)
        The part of it that is painted.
    inside : ndarray, shape (h, w)
        Distance from the edge of the thing, mm, positive on it.
    colour : ndarray, shape (h, w, 3)
        Linear RGB of the thing.
    reach : float
        Distance at which the shade has faded to 1/e, mm.
    """
    target = ground[where]
    partly = inside < canvas.pitch
    rows, columns = np.flatnonzero(partly.any(axis=1)), np.flatnonzero(partly.any(axis=0))
    if not len(rows):
        target[:] = colour
        return
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    depth = inside[box]
    below = target[box] * (1.0 - np.float32(_SHADOW) * np.exp(np.minimum(depth, 0.0) / np.float32(reach)))[..., None]
    target[:] = colour  # where the ground shows, this is undone at once: blending all of it would take twice as long
    target[box] = below + coverage(depth, canvas.pitch)[..., None] * (colour[box] - below)


def coverage(inside: Field, pitch: float) -> Field:
    """Return how much of a pixel a thing covers whose edge is `inside` mm away, 0 to 1."""
    return np.asarray(np.clip(inside / np.float32(pitch) + np.float32(0.5), 0.0, 1.0), np.float32)


def enlarged(rough: NDArray[np.floating], shape: tuple[int, ...]) -> Field:
    """Return an image of the coarse grid in a shape of the canvas."""
    image = np.asarray(rough, np.float32)
    return np.asarray(cv2.resize(image, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def mottle(rng: np.random.Generator, sheet: Sheet, low: float, high: float) -> Field:
    """Return a smooth random field on the grid of a sheet, as `random_field`, shape (m, n)."""
    rows, columns = sheet.depth.shape
    return random_field(rng, Canvas(rows * sheet.grain, columns * sheet.grain, sheet.grain), low, high)


def nap(rng: np.random.Generator, sheet: Sheet, size: float) -> Field:
    """Return fibres or loops of about `size` mm on the grid of a sheet: blurred noise of deviation 1, shape (m, n)."""
    noise = rng.standard_normal(sheet.depth.shape, dtype=np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), max(0.4 * size / sheet.grain, 0.3), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred / np.std(blurred), np.float32)


def ripple(place: NDArray[np.floating], period: float) -> Field:
    """Return a sine wave of a period in mm."""
    return np.asarray(np.sin(place * np.float32(2 * np.pi / period)), np.float32)


def rounded_edge(
    depth: Field, radius: float, inward: tuple[float, float], lamp: tuple[float, float], strength: float
) -> Field:
    """Return the light on a flat thing whose edge is rounded off with a radius in mm, 1 where it is flat."""
    facing = -(inward[0] * lamp[0] + inward[1] * lamp[1])
    bend = np.clip(1.0 - np.maximum(depth, 0.0) / np.float32(radius), 0.0, 1.0)
    return np.asarray(1.0 - 0.35 * np.square(bend) + strength * facing * bend * (1.0 - 0.3 * bend), np.float32)


def rounded_box(down: Field, right: Field, half: tuple[float, float], rounding: float) -> Field:
    """Return the depth inside a rectangle with round corners, mm, negative outside."""
    y, x = (np.abs(v) - np.float32(h - rounding) for v, h in zip((down, right), half, strict=True))
    beyond = np.hypot(np.maximum(y, 0.0), np.maximum(x, 0.0)) + np.minimum(np.maximum(y, x), 0.0)
    return np.asarray(np.float32(rounding) - beyond, np.float32)
