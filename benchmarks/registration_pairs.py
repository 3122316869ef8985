"""Pairs of photos of which the place of every point is known exactly: how far they differ, and how they are made.

Two kinds of skin are photographed: rendered bodies (`benchmarks.registration_phantom`) and pictures of skin laid on a
curved surface (`benchmarks.registration_texture`). Both share the levels of difficulty, the sensor and the occluders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.pose import Deformation
from tracker.phantom.sensor import Sensor, expose

Points = NDArray[np.float64]
Plane = NDArray[np.float32]
Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Draw = Callable[[float], float]

WAVES: Final = (0.4, 1.2)
"""Wavelengths of the tissue's deformation, in widths of the picture."""
SPACING: Final = 0.01
"""Of the points at which the truth is stated, in widths of the picture."""
_MARGIN = 0.01
_LEAST_AREA = 0.45  # of a piece of skin that is squeezed by its deformation: more is a fold
_TRIES = 60
_OCCLUDER_AREA = (0.03, 0.09)


@dataclass(frozen=True, slots=True)
class Level:
    """How far the second photo may differ from the first: the most of every factor, drawn evenly up to there.

    What treatment and the light on fine relief change is not drawn: it is the same for all pairs of a level.

    Attributes
    ----------
    name : str
    distance : float
        Of the camera, relative.
    roll, tilt : float
        Degrees; the tilt is about either axis.
    tissue : float
        95th percentile of the shift of soft tissue, in widths of the picture.
    exposure : float
        Stops.
    balance : float
        Gain of red and of blue, relative.
    azimuth, slant : float
        Turn of the lamp over the skin, degrees; rendered bodies only.
    relit : float
        Standard deviation of the shading of fine relief that differs, relative; pictures of skin only.
    gradient : float
        Of the light over the picture, relative.
    treated : float
        Share of the contrast of spots and of the depth of dimples that has gone.
    overlap : (low, high)
        Share of the first photo's skin that the second shows.
    blur, noise : float
        Factors on those of the first photo.
    jpeg : int
        Quality.
    clutter, occluders : int
        Things that lie about, and blobs in front of the skin that only one of the photos has.
    curved : float
        Rise of the surface over the width; pictures of skin only.
    """

    name: str
    distance: float
    roll: float
    tilt: float
    tissue: float
    exposure: float
    balance: float
    azimuth: float
    slant: float
    relit: float
    gradient: float
    treated: float
    overlap: tuple[float, float]
    blur: float
    noise: float
    jpeg: int
    clutter: int
    occluders: int
    curved: float


EASY: Final = Level(
    "easy", 0.08, 5.0, 5.0, 0.005, 0.3, 0.04, 5.0, 3.0, 0.01, 0.10, 0.2, (0.85, 0.90), 1.25, 1.5, 92, 0, 0, 0.05
)
MEDIUM: Final = Level(
    "medium", 0.15, 10.0, 12.0, 0.015, 0.6, 0.08, 15.0, 8.0, 0.025, 0.20, 0.4, (0.72, 0.85), 1.75, 2.5, 85, 1, 1, 0.10
)
HARD: Final = Level(
    "hard", 0.25, 15.0, 20.0, 0.03, 1.0, 0.14, 30.0, 15.0, 0.05, 0.35, 0.6, (0.60, 0.72), 2.5, 4.0, 75, 3, 2, 0.15
)
LEVELS: Final = (EASY, MEDIUM, HARD)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two photos of one size and the truth between them.

    Attributes
    ----------
    base : str
        What is photographed.
    level : str
    reference, moving : ndarray, shape (H, W, 3), uint8
        As decoded from their JPEG files.
    points : ndarray, shape (n, 2)
        (row, column) of places of the reference that lie on visible skin: nothing else is in front of it in either
        photo, and the moving photo shows it.
    true : ndarray, shape (n, 2)
        Where they lie in the moving photo.
    overlap : float
        Share of the skin of the reference that is visible in both.
    factors : dict
        What was drawn.
    """

    base: str
    level: str
    reference: Rgb
    moving: Rgb
    points: Points
    true: Points
    overlap: float
    factors: dict[str, float] = field(default_factory=dict)


def within(rng: np.random.Generator) -> Draw:
    """Numbers spread evenly over ± what is asked for."""
    return lambda most: float(rng.uniform(-most, most))


def lattice(size: tuple[int, int]) -> Points:
    """Places where the truth is stated, (row, column), shape (n, 2); none at the very edge of the picture."""
    step = SPACING * size[1]
    lines = [np.arange(step, side - 1 - _MARGIN * size[1], step) for side in size]
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)


def inside(positions: Points, size: tuple[int, int]) -> Mask:
    """Whether positions (n, 2) lie in a picture, off its very edge."""
    margin = _MARGIN * size[1]
    return np.asarray(np.all((positions >= margin) & (positions <= np.array(size) - 1 - margin), axis=-1))


def looked_up(mask: Mask, positions: Points) -> Mask:
    """The mask at the pixels nearest to positions (n, 2); False outside."""
    index = np.rint(np.nan_to_num(positions, nan=-1e6)).astype(int)
    known = np.all((index >= 0) & (index < np.array(mask.shape)), axis=-1)
    row, col = np.where(known[:, None], index, 0).T
    return np.asarray(known & mask[row, col])


def soft(rng: np.random.Generator, width: float, most: float) -> Deformation:
    """A random deformation of soft tissue that nowhere folds.

    Parameters
    ----------
    rng : numpy.random.Generator
    width : float
        Of the picture, in the unit of length of the scene.
    most : float
        95th percentile of the shift, in widths of the picture.
    """
    for _ in range(_TRIES):
        drawn = _drawn_tissue(rng, width, most)
        places = np.stack(np.meshgrid(*2 * [np.linspace(-0.7, 0.7, 41) * width], indexing="ij"), axis=-1)
        waves = -np.sin(places @ drawn.waves.T + drawn.phases)
        strain = np.einsum("hwn,na,nb->hwab", waves, drawn.shifts, drawn.waves)
        if np.linalg.det(np.eye(2) + strain).min() > _LEAST_AREA:
            return drawn
    return soft(rng, width, 0.9 * most)


def _drawn_tissue(rng: np.random.Generator, width: float, most: float) -> Deformation:
    count = 14
    length, heading = width * rng.uniform(*WAVES, count), rng.uniform(0.0, np.pi, count)
    waves = 2.0 * np.pi / length[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    shifts = rng.standard_normal((count, 2)) * (length / length.max())[:, None]
    drawn = Deformation(waves, rng.uniform(0.0, 2.0 * np.pi, count), shifts)
    places = np.stack(np.meshgrid(*2 * [np.linspace(-0.5, 0.5, 41) * width], indexing="ij"), axis=-1).reshape(-1, 2)
    moved = np.hypot(*(drawn.to_skin(places) - places).T)
    return replace(drawn, shifts=shifts * (most * width / float(np.percentile(moved, 95))))


def developed(radiance: Plane, sensor: Sensor, blobs: list[tuple[Mask, Plane]], rng: np.random.Generator) -> Rgb:
    """The photo of a scene, with what is in front of it, as decoded from its JPEG file.

    Parameters
    ----------
    radiance : ndarray, shape (H, W, 3)
        Linear light.
    sensor : Sensor
        Its blur is in pixels here.
    blobs : list of (mask, colour)
        Of `occluder`.
    rng : numpy.random.Generator
        Of the noise.
    """
    seen = radiance.copy()
    for covered, colour in blobs:
        soft_edge = cv2.GaussianBlur(covered.astype(np.float32), (0, 0), 1.0)[..., None]
        seen += soft_edge * (colour - seen)
    picture = expose(seen, sensor, mm_per_px=1.0, rng=rng)
    _, content = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg_quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def occluder(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Mask, Plane]:
    """A blob with an outline of its own, and its colours: cloth, or somebody's hand.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : tuple of int
        Of the picture.

    Returns
    -------
    mask : ndarray of bool, shape `size`
    colour : ndarray, shape (*size, 3)
        Linear light.
    """
    area = rng.uniform(*_OCCLUDER_AREA) * size[0] * size[1]
    centre = [rng.uniform(0.1, 0.9) * side for side in size]
    row, col = np.meshgrid(*(np.arange(side) - at for side, at in zip(size, centre, strict=True)), indexing="ij")
    angle, radius = np.arctan2(row, col), np.sqrt(area / np.pi)
    outline = sum(rng.normal(0, 0.16 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(2, 7))
    hand = rng.random() < 0.5
    tint = np.array([0.50, 0.30, 0.21] if hand else rng.uniform(0.05, 0.6, 3), np.float32)
    weave = cv2.GaussianBlur(rng.standard_normal(size, dtype=np.float32), (0, 0), rng.uniform(1.5, 6.0))
    pattern = 1 + (0.04 if hand else 0.15) * weave / weave.std()
    return np.hypot(row, col) < radius * (1 + outline), np.asarray(tint * pattern[..., None], np.float32)
