"""The broad shape of a part of the body."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field


@dataclass(frozen=True, slots=True)
class Body:
    """The broad shape of the part of the body, which does not change in a course.

    Its cross-section is a superellipse that tapers downwards: the silhouette
    of a thigh. With `half_width` far outside the picture it is a gentle curve.
    """

    half_width: float
    """Half the width at the centre row, mm."""
    depth: float
    """How far the crest rises above the silhouette, mm."""
    exponent: float = 2.4
    """2 is an ellipse; more is flatter in front."""
    taper: float = 0.0
    """Loss of half-width per millimetre downwards."""
    sway: float = 0.0
    """Sideways bow of the axis, mm."""

    def across(self, y: NDArray[np.floating], x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the position across the body: 0 on its axis, -1 and 1 on its silhouette."""
        axis = self.sway * np.cos(y / 70.0)
        return np.asarray((x - axis) / (self.half_width - self.taper * y))

    def slope_across(self, y: Field, x: Field) -> Field:
        """Return dz/dx of the broad shape, finite at the silhouette, shape (H, W)."""
        across = self.across(y, x)
        u = np.minimum(np.abs(across), 0.99)
        steep = u ** (self.exponent - 1) * (1 - u**self.exponent) ** (1 / self.exponent - 1)
        return np.asarray(-np.sign(across) * (self.depth / self.half_width) * steep, np.float32)
