"""Wrinkles: fine grooves, side by side or fanning out from the corner of an eye."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field, scattered

_FWHM: Final = 2.3548
"""Full width at half maximum of a Gaussian, in standard deviations."""
_POINTS: Final = 25


@dataclass(frozen=True, slots=True)
class Wrinkles:
    """What lines to draw."""

    count: int
    depth: tuple[float, float] = (0.02, 0.2)
    """Shallowest and deepest, mm."""
    width: float = 0.25
    """Full width at half depth, mm."""
    length: tuple[float, float] = (6.0, 20.0)
    """Shortest and longest, mm."""
    heading: float = 0.0
    """Along which they run, degrees: 0 from left to right, 90 upwards."""
    spread: float = 6.0
    """Standard deviation of the heading, degrees."""
    fan: float = 0.0
    """Angle over which they fan out from one point, degrees; 0 for lines side by side."""
    area: tuple[float, float] | None = None
    """Height and width of where they lie at the centre, mm; None for all the skin."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Wrinkles as they are, and what is true about them."""

    paths: NDArray[np.float64]
    """Polylines along the grooves, (y, x) mm, shape (n, 25, 2)."""
    depth: NDArray[np.float64]
    """Of the middle of each groove, mm, shape (n,)."""
    height: Field
    """What they add to the relief, mm, 0 or negative, shape (H, W)."""

    @property
    def length(self) -> NDArray[np.float64]:
        """Length of each, mm, shape (n,)."""
        return np.asarray(np.hypot(*np.moveaxis(np.diff(self.paths, axis=1), -1, 0)).sum(axis=1))


def draw_wrinkles(rng: np.random.Generator, canvas: Canvas, wrinkles: Wrinkles) -> Lines:
    """Return random lines of the given make."""
    centres, headings, lengths = _fanned(rng, wrinkles) if wrinkles.fan else _abreast(rng, canvas, wrinkles)
    bow = rng.normal(0.0, 0.025)  # neighbours follow the same folds
    depths = rng.uniform(*wrinkles.depth, len(centres))
    height = np.zeros(canvas.shape, np.float32)
    paths = np.zeros((len(centres), _POINTS, 2))
    for at, (centre, heading, length, depth) in enumerate(zip(centres, headings, lengths, depths, strict=True)):
        course = _Course(
            centre,
            heading,
            length,
            bow=bow + rng.normal(0.0, 0.012),
            ripple=rng.uniform(0.05, 0.18),
            phase=rng.uniform(0, 6),
        )
        paths[at] = course.path(np.linspace(-1.0, 1.0, _POINTS))
        _carve(height, canvas, course, depth=depth, width=wrinkles.width)
    return Lines(paths, depths, height)


def _abreast(
    rng: np.random.Generator, canvas: Canvas, wrinkles: Wrinkles
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return centres (y, x) mm, headings in rad and lengths in mm of lines side by side."""
    area = wrinkles.area or (canvas.height - wrinkles.length[1], canvas.width - wrinkles.length[1])
    centres = scattered(rng, Canvas(*area, canvas.pitch), count=wrinkles.count, apart=12.0 * wrinkles.width)
    count = len(centres)
    headings = np.deg2rad(rng.normal(wrinkles.heading, wrinkles.spread, count))
    return centres, headings, rng.uniform(*wrinkles.length, count)


def _fanned(
    rng: np.random.Generator, wrinkles: Wrinkles
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the same of lines that come from one point, so that the fan has its middle at the centre."""
    count, reach = wrinkles.count, 0.6 * (wrinkles.length[0] + wrinkles.length[1])
    lengths = rng.uniform(*wrinkles.length, count)
    turn = wrinkles.fan * ((np.arange(count) + rng.uniform(0.2, 0.8, count)) / max(count, 1) - 0.5)
    headings = np.deg2rad(wrinkles.heading + turn)
    ahead = np.deg2rad(wrinkles.heading)
    source = -reach * np.array([-np.sin(ahead), np.cos(ahead)])
    start = reach * rng.uniform(0.3, 0.6, count) + lengths / 2
    return source + start[:, None] * np.stack([-np.sin(headings), np.cos(headings)], axis=1), headings, lengths


@dataclass(frozen=True, slots=True)
class _Course:
    """The way of one groove: `along` from -1 to 1, and by how many mm it leaves the straight line there."""

    centre: NDArray[np.float64]
    heading: float
    length: float
    bow: float
    """Rise of the arc over its length."""
    ripple: float
    """Height of the waves on it, mm."""
    phase: float

    def aside(self, along: NDArray[np.floating]) -> NDArray[np.floating]:
        waves = 2.0 * np.pi * self.length / 9.0
        return np.asarray(
            self.bow * self.length * (1.0 - along**2) + self.ripple * np.sin(waves * along / 2 + self.phase)
        )

    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the unit vectors (y, x) along and aside."""
        sine, cosine = np.sin(self.heading), np.cos(self.heading)
        return np.array([-sine, cosine]), np.array([-cosine, -sine])

    def path(self, along: NDArray[np.float64]) -> NDArray[np.float64]:
        ahead, left = self.axes()
        return self.centre + (self.length / 2 * along)[:, None] * ahead + self.aside(along)[:, None] * left


def _carve(height: Field, canvas: Canvas, course: _Course, *, depth: float, width: float) -> None:
    """Lower the height along a groove that runs out at both ends."""
    row, column = course.centre.tolist()
    where = canvas.window(row, column, 0.5 * course.length + abs(course.bow) * course.length + 1.0)
    dy, dx = canvas.y[where[0]] - np.float32(row), canvas.x[:, where[1]] - np.float32(column)
    ahead, left = (axis.astype(np.float32) for axis in course.axes())
    along = (dy * ahead[0] + dx * ahead[1]) * np.float32(2.0 / course.length)
    near = np.abs(along) < 1.0
    # The mean over a pixel widens a groove that is hardly wider than it, and takes from its depth.
    sigma = np.hypot(width / _FWHM, canvas.pitch / np.sqrt(12.0))
    off = (dy * left[0] + dx * left[1])[near] - course.aside(along[near])
    slant = np.gradient(course.aside(np.linspace(-1.0, 1.0, 65)), course.length / 64)
    off *= 1.0 / np.hypot(1.0, np.interp(along[near], np.linspace(-1.0, 1.0, 65), slant))
    close = np.abs(off) < 4.5 * sigma
    inside = np.flatnonzero(near)[close]
    deep = depth * (width / _FWHM / sigma) * (1.0 - np.abs(along.ravel()[inside]) ** 3)
    part = height[where]
    groove = np.zeros(part.size, np.float32)
    groove[inside] = deep * np.exp(-0.5 * (off[close] / sigma) ** 2)
    part -= groove.reshape(part.shape)
