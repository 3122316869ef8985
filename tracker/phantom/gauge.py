"""A relief gauge: a small matte grey pyramid of known slope, which shows the light whatever the skin is like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field
from tracker.phantom.light import Light, illumination


@dataclass(frozen=True, slots=True)
class Gauge:
    """A four-sided pyramid that stands upright in the scene."""

    centre: tuple[float, float]
    """(y, x) in the scene, mm."""
    side: float = 24.0
    """Of its base, mm."""
    degrees: float = 10.0
    """Slope of its facets."""
    grey: float = 0.35
    """Its reflectance, linear."""

    def lit(self, colour: Field, y: Field, x: Field, light: Light, roll: float) -> Field:
        """Return the scene with the gauge in it, shape (H, W, 3).

        Parameters
        ----------
        colour : ndarray, shape (H, W, 3)
            Light that leaves the scene without it, linear RGB, where flat matte grey would leave its reflectance.
        y, x : ndarray, shape (H, 1) and (1, W)
            Of the pixels, mm; finer than the pixels is not resolved.
        light, roll : Light and float
            As in `tracker.phantom.light.illumination`.
        """
        down, right = np.broadcast_arrays(y - self.centre[0], x - self.centre[1])
        inside = np.maximum(np.abs(down), np.abs(right)) < self.side / 2
        steep = np.float32(np.sin(np.deg2rad(self.degrees)))
        sideways = np.abs(right) > np.abs(down)
        nx = np.where(sideways, np.sign(right) * steep, np.float32(0.0))
        ny = np.where(sideways, np.float32(0.0), np.sign(down) * steep)
        nz = np.sqrt(1.0 - nx * nx - ny * ny)
        found = illumination((_f32(nx), _f32(ny), _f32(nz)), light, roll).total * np.float32(self.grey)
        return _f32(np.where(inside[..., None], found[..., None], colour))


def _f32(values: NDArray[np.generic]) -> Field:
    return np.asarray(values, np.float32)
