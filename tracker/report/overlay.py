"""Where one value of one metric comes from, as cells; how that is drawn is for the formats to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.measurement import Picture

Mask = NDArray[np.bool_]
Colours = tuple[tuple[int, int, int], ...]

#: Below and above zero, told apart by every eye (blue and orange of Okabe & Ito, darkened at the ends).
DIVERGING: Colours = ((0, 52, 120), (60, 140, 205), (238, 238, 236), (236, 156, 40), (150, 62, 0))
#: From low to high; rises in lightness for every eye (viridis).
SEQUENTIAL: Colours = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))

#: What a map shows that has no unit, from −1 to 1, and what its ends are called.
WORDS: dict[str, tuple[str, str]] = {"bright or dark": ("bright spot", "dark spot")}


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Where one value of one metric comes from, on the grid of the reference.

    Attributes
    ----------
    values : ndarray, shape (h, w), float32, or None
        The quantity in each cell, in `unit`; it means something where `counted` or `compared` is true. None where only
        places are shown.
    counted : ndarray, shape (h, w), bool
        What the statistic sees.
    compared : ndarray, shape (h, w), bool, or None
        What it is compared with.
    span : tuple of float or None
        Values at the ends of the colours: from the reference, so that all photos of a series share them.
    unit : str
    kind : Picture
    """

    values: NDArray[np.float32] | None
    counted: Mask
    compared: Mask | None
    span: tuple[float, float] | None
    unit: str
    kind: Picture

    @property
    def colours(self) -> Colours:
        """From the low end to the high one; empty where nothing is coloured."""
        if self.span is None:
            return ()
        return DIVERGING if self.span[0] < 0 < self.span[1] else SEQUENTIAL

    @property
    def painted(self) -> Mask:
        """Where colours are shown."""
        return self.counted if self.compared is None else self.counted | self.compared
