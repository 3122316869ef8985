"""The broad shape of a part of the body."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field

_STEEPEST = 0.99
"""Share of the way to the silhouette from where on the slope no longer grows: it would become infinite."""


@dataclass(frozen=True, slots=True)
class Body:
    """The broad shape of the part of the body, which does not change in a course.

    Its cross-section is a superellipse that tapers downwards: the silhouette
    of a thigh. With `half_width` far outside the picture it is a gentle curve.
    A `bulge` bends it along the other axis too: an abdomen, a buttock, a cheek.
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
    bulge: float = 0.0
    """Radius of the circle that the crest follows from top to bottom, mm; 0 for a straight one."""

    @classmethod
    def plane(cls) -> Self:
        """Return flat skin as far as the picture reaches."""
        return cls(half_width=1e4, depth=0.0, exponent=2.0)

    @classmethod
    def cylinder(cls, radius: float) -> Self:
        """Return a limb of circular cross-section: a thigh has a radius of some 90 mm, an arm 45 mm."""
        return cls(half_width=radius, depth=radius, exponent=2.0)

    @classmethod
    def dome(cls, across: float, along: float) -> Self:
        """Return a body of circular profile both ways, with the radii `across` and `along`, mm."""
        return cls(half_width=across, depth=across, exponent=2.0, bulge=along)

    def across(self, y: NDArray[np.floating], x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the position across the body: 0 on its axis, -1 and 1 on its silhouette."""
        axis = self.sway * np.cos(y / 70.0)
        return np.asarray((x - axis) / (self.half_width - self.taper * y))

    def slope_across(self, y: Field, x: Field) -> Field:
        """Return dz/dx of the broad shape, finite at the silhouette, shape (H, W)."""
        across = self.across(y, x)
        u = np.minimum(np.abs(across), _STEEPEST)
        steep = u ** (self.exponent - 1) * (1 - u**self.exponent) ** (1 / self.exponent - 1)
        return np.asarray(-np.sign(across) * (self.depth / self.half_width) * steep, np.float32)

    def slope_along(self, y: Field) -> Field:
        """Return dz/dy of the bulge, shape of `y`; the little that taper and sway add is left out."""
        if not self.bulge:
            return np.zeros_like(y, np.float32)
        u = np.clip(y / self.bulge, -_STEEPEST, _STEEPEST)
        return np.asarray(-u / np.sqrt(1.0 - u * u), np.float32)

    def height(self, y: Field, x: Field) -> Field:
        """Return the height of the broad shape above its silhouette, mm, shape (H, W); for what throws shadows."""
        u = np.minimum(np.abs(self.across(y, x)), 1.0)
        crest = self.depth * (1.0 - u**self.exponent) ** (1.0 / self.exponent)
        if self.bulge:
            crest = crest - self.bulge * (1.0 - np.sqrt(1.0 - np.minimum(np.abs(y / self.bulge), 1.0) ** 2))
        return np.asarray(crest, np.float32)
