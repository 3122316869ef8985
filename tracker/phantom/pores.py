"""Pores: small dark pits."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.phantom.fields import Canvas, Field

_FWHM: Final = 2.3548
"""Full width at half maximum of a Gaussian, in standard deviations."""
_APART_MM: Final = 1.0


@dataclass(frozen=True, slots=True)
class Pores:
    """What pores to grow."""

    per_cm2: float
    diameter: tuple[float, float] = (0.2, 0.6)
    """Smallest and largest, full width at half depth, mm."""
    darkness: tuple[float, float] = (0.15, 0.45)
    """Share of the light that a pore swallows in its middle, least and most."""
    depth: tuple[float, float] = (0.01, 0.03)
    """Shallowest and deepest, mm."""
    area: tuple[float, float] | None = None
    """Height and width of where they lie at the centre, mm; None for all the skin."""


@dataclass(frozen=True, slots=True, eq=False)
class Pits:
    """Pores as they are, in random order, and what is true about each."""

    centre: NDArray[np.float64]
    """(y, x) mm, shape (n, 2)."""
    diameter: NDArray[np.float64]
    """Full width at half depth, mm, shape (n,)."""
    number: NDArray[np.int32]
    """Which pore a pixel belongs to, from 1; 0 for none; shape (H, W)."""
    height: Field
    """What they add to the relief, mm, 0 or negative, shape (H, W)."""
    taken: Field
    """Share of the light that they swallow, shape (H, W)."""

    def left(self, share: float) -> int:
        """Return how many there are when a share of them is left: the first ones."""
        return round(share * len(self.diameter))

    def height_of(self, share: float) -> Field:
        """Return what the pores that are left add to the relief, mm, shape (H, W)."""
        return np.where(self.number <= self.left(share), self.height, np.float32(0))

    def light_of(self, share: float) -> Field:
        """Return the factor of the pores that are left on the light, shape (H, W)."""
        return np.where(self.number <= self.left(share), np.float32(1) - self.taken, np.float32(1))

    def per_cm2(self, share: float, canvas: Canvas, region: NDArray[np.bool_]) -> float:
        """Return how many of the pores that are left have their centre in a region of shape (H, W), per cm²."""
        places = self.centre[: self.left(share)] / canvas.pitch + (np.array(canvas.shape) - 1) / 2
        row, column = np.clip(np.rint(places).astype(int), 0, np.array(canvas.shape) - 1).T
        return float(region[row, column].sum() / max(region.sum() * canvas.pitch**2 / 100.0, 1e-9))


def grow_pores(rng: np.random.Generator, canvas: Canvas, pores: Pores) -> Pits:
    """Return random pores of the given make, at least a millimetre from each other."""
    extent = np.array(pores.area or (canvas.height, canvas.width))
    count = round(pores.per_cm2 * extent.prod() / 100.0)
    centres = _apart(rng.uniform(-0.5, 0.5, (4 * count, 2)) * extent)[:count]
    diameters, darks, depths = (
        rng.uniform(*bounds, len(centres)) for bounds in (pores.diameter, pores.darkness, pores.depth)
    )
    number = np.zeros(canvas.shape, np.int32)
    height, taken = np.zeros(canvas.shape, np.float32), np.zeros(canvas.shape, np.float32)
    for at, (y, x) in enumerate(centres):
        # The mean over a pixel widens a pore that is hardly wider than it, and takes from its depth.
        true, sigma = diameters[at] / _FWHM, np.hypot(diameters[at] / _FWHM, canvas.pitch / np.sqrt(12.0))
        where = canvas.window(y, x, _APART_MM / 2)
        away = (canvas.y[where[0]] - np.float32(y)) ** 2 + (canvas.x[:, where[1]] - np.float32(x)) ** 2
        disc = np.where(away < _APART_MM**2 / 4, (true / sigma) ** 2 * np.exp(-0.5 * away / sigma**2), 0.0)
        number[where][disc > 0] = at + 1
        height[where] -= (depths[at] * disc).astype(np.float32)
        taken[where] += (darks[at] * disc).astype(np.float32)
    return Pits(centres, diameters, number, height, taken)


def _apart(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points without those that lie too near an earlier one."""
    kept = np.ones(len(points), np.bool_)
    for first, second in sorted(cKDTree(points).query_pairs(_APART_MM)) if len(points) else ():
        if kept[first]:
            kept[second] = False
    return points[kept]
