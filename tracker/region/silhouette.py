"""The outline of a body before a plain background: how wide it is along a line through the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage

STEP_MM = 0.25
BAND_MM = 2.0
"""Light is averaged over so much beside the line: hairs and grain are no outline."""
_BESIDE_MM = (3.0, 12.0)
"""How far from the outline body and background are looked at."""
_LEAST_SEEN = 0.4
"""Share of either that no card may cover."""
_LEAST_APART = 5.0
"""Least difference of body and background beside the outline, in standard deviations of the two."""
_LEAST_CONTRAST = 0.12
"""The same as a logarithm of a ratio of channels."""
_GAP_MM = 8.0
"""Longest stretch of another colour, such as a strap or a mole, that is still inside the body."""
_DARKEST = np.float32(3e-3)


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through a photo, in pixels as (row, column).

    Attributes
    ----------
    centre : tuple of float
        A point on the body.
    direction : tuple of float
        Unit vector along the line.
    """

    centre: tuple[float, float]
    direction: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Width:
    """Where a line leaves the body, or why that cannot be told.

    Attributes
    ----------
    pixels : float or None
        Distance of the two outlines, in pixels of the photo.
    fault : str
        Empty, ``"picture"`` if the outline lies outside it or too near to its edge, or ``"background"``.
    """

    pixels: float | None
    fault: str = ""


def width_along(image: CalibratedImage, line: Line, *, mm_per_px: float, hidden: NDArray[np.bool_]) -> Width:
    """Width of the body along a line, in the photo as it is.

    Parameters
    ----------
    image : CalibratedImage
    line : Line
    mm_per_px : float
        Of this photo.
    hidden : ndarray, shape (h, w), bool
        Cells of its analysis grid where a marker or card lies.

    Returns
    -------
    Width

    Notes
    -----
    Shade divides all channels alike, so the ratios ln(R/G) and ln(G/B) tell body from background under any light. Each
    outline is where they are half way between the body and the background beside it, between cells by a straight line.
    """
    profile, seen, start = _profile(image, line, mm_per_px, hidden)
    sides = [_edge(profile[start:], seen[start:]), _edge(profile[start::-1], seen[start::-1])]
    fault = next((side for side in sides if isinstance(side, str)), "")
    if fault:
        return Width(None, fault)
    steps = sum(side for side in sides if not isinstance(side, str))
    return Width(steps * STEP_MM / mm_per_px)


def _profile(
    image: CalibratedImage, line: Line, mm_per_px: float, hidden: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """Log ratios along a line through the whole picture, shape (n, 2); where it shows what lies there; the centre."""
    reach = float(np.hypot(*image.photo.shape))
    step = STEP_MM / mm_per_px
    half = int(reach / step)
    along = np.arange(-half, half + 1) * step
    beside = np.arange(-BAND_MM / 2, BAND_MM / 2 + 1e-6, 0.5) / mm_per_px
    way, across = np.array(line.direction), np.array([-line.direction[1], line.direction[0]])
    points = np.array(line.centre) + along[None, :, None] * way + beside[:, None, None] * across
    cells = image.grid.from_photo(points).astype(np.float32)
    inside = (points >= 0).all(axis=-1) & (points <= np.array(image.photo.shape) - 1).all(axis=-1)
    kept = inside.all(axis=0)
    first, last = np.flatnonzero(kept)[[0, -1]] if kept.any() else (0, 0)
    cells, along = cells[:, first : last + 1], along[first : last + 1]
    row, col = np.ascontiguousarray(cells[..., 0]), np.ascontiguousarray(cells[..., 1])
    light = cv2.remap(image.linear, col, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).mean(axis=0)
    covered = cv2.remap(hidden.astype(np.float32), col, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    log = np.log(np.maximum(light, _DARKEST))
    ratios = np.stack([log[:, 0] - log[:, 1], log[:, 1] - log[:, 2]], axis=-1)
    return ratios.astype(np.float64), covered.max(axis=0) < 0.01, int(np.argmin(np.abs(along)))


def _edge(profile: NDArray[np.float64], seen: NDArray[np.bool_]) -> float | str:
    """Steps from the first point, which is on the body, to the outline; or what is wrong."""
    near, far = (round(mm / STEP_MM) for mm in _BESIDE_MM)
    if len(profile) < 3 * far:
        return "picture"
    body = np.median(profile[: 2 * far][seen[: 2 * far]], axis=0) if seen[: 2 * far].any() else profile[0]
    ground = np.median(profile[-far:][seen[-far:]], axis=0) if seen[-far:].any() else body
    if np.hypot(*(ground - body)) < _LEAST_CONTRAST:
        # The picture ends on the body, or its ground has the colour of skin.
        return "picture"
    found = _crossing((profile - body) @ (ground - body) / ((ground - body) @ (ground - body)))
    for _ in range(2):  # colours right beside the outline, which the first look has only found roughly
        if found is None or found + far > len(profile) or found < far:
            return "picture"
        k = round(found)
        inner, outer = slice(k - far, k - near), slice(k + near, k + far)
        if not seen[k - near : k + near].all() or min(seen[inner].mean(), seen[outer].mean()) < _LEAST_SEEN:
            return "marker"
        body, ground = (np.median(profile[part][seen[part]], axis=0) for part in (inner, outer))
        way = ground - body
        size = float(np.hypot(*way))
        if size < _LEAST_CONTRAST:
            return "background"
        p = (profile - body) @ way / size**2
        spread = math.hypot(*(_spread(p[part][seen[part]]) for part in (inner, outer)))
        if spread * _LEAST_APART > 1.0:
            return "background"
        window = p[k - near - 1 : k + near + 2]
        rising = np.flatnonzero((window[:-1] < 0.5) & (window[1:] >= 0.5))
        if not len(rising):
            return "background"
        j = int(rising[np.argmin(np.abs(rising - near))])
        found = k - near - 1 + j + (0.5 - window[j]) / (window[j + 1] - window[j])
    return float(found) if found is not None else "background"


def _crossing(share: NDArray[np.float64]) -> float | None:
    """First point from which on the background lasts longer than a gap."""
    gap = round(_GAP_MM / STEP_MM)
    outside = (share > 0.5).astype(np.float64)
    run = np.convolve(outside, np.ones(gap), mode="valid")
    lasting = np.flatnonzero(run >= 0.9 * gap)
    if not len(lasting):
        return None
    k = int(lasting[0])
    inside = np.flatnonzero(share[: k + gap // 2] <= 0.5)
    return float(inside[-1]) + 0.5 if len(inside) else None


def _spread(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
