"""B8 Colour difference: how far skin moved in colour between two sessions, and whether an eye would see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.calibration.fit import delta_e00
from tracker.calibration.linear import xyz_from_lab

JUST_SEEN, SEEN = 1.0, 2.0
"""ΔE00: below the first nobody would see it side by side, above the second anybody would."""
_DRAWS = 4000
_SEED = 20260615


@dataclass(frozen=True, slots=True)
class ColourDifference:
    """Distance between the colours of one region in two sessions.

    Attributes
    ----------
    delta_e : float
        ΔE00 of the two colours as measured. A distance has no sign: uncertainty alone makes it larger than zero.
    by_chance : float
        What the uncertainty alone exceeds in one of twenty comparisons of unchanged skin.
    """

    delta_e: float
    by_chance: float

    @property
    def is_change(self) -> bool:
        """Whether the colour has measurably changed."""
        return self.delta_e > self.by_chance

    @property
    def words(self) -> str:
        """What may be said of it."""
        return perceptible(self.delta_e) if self.is_change else "no measurable difference"


def perceptible(delta_e: float) -> str:
    """Whether people would see a colour difference, in words.

    Parameters
    ----------
    delta_e : float
        ΔE00.

    Notes
    -----
    Half of all observers see a difference of ΔE00 0.6 on light and 1.8 on dark silicone skin, and of ΔE*ab 1.5 between
    faces on a screen (MEASUREMENT.md §2, B8).

    Examples
    --------
    >>> perceptible(0.4), perceptible(1.5), perceptible(3.0)
    ('would not be seen side by side', 'at the border of what is seen side by side', 'visible side by side')
    """
    if delta_e < JUST_SEEN:
        return "would not be seen side by side"
    return "at the border of what is seen side by side" if delta_e <= SEEN else "visible side by side"


def colour_difference(before: ArrayLike, after: ArrayLike, *, sd: ArrayLike) -> ColourDifference:
    """Difference of two measured colours, held against what their uncertainty makes of equal ones.

    Parameters
    ----------
    before, after : array_like, shape (3,)
        L*, a* and b* (D65, 2°): the values of ``lightness``, ``a_star`` and ``b_star``.
    sd : array_like, shape (3,)
        Standard uncertainties of their *differences*, such as those that the smallest detectable changes are made of.

    Returns
    -------
    ColourDifference

    Notes
    -----
    Errors of the three axes are drawn around the mean of the two colours, the same draws for the same input, as if
    nothing had changed; 95 % of the distances that this gives lie below `by_chance`. The errors are taken to be
    independent. The limit is not taken off the distance.

    References
    ----------
    .. [1] Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", Color Res. Appl. 30:21, 2005.

    Examples
    --------
    >>> found = colour_difference([60, 10, 18], [57, 10, 18], sd=[1.0, 0.6, 0.9])
    >>> round(found.delta_e, 2), found.is_change, found.words
    (2.7, True, 'visible side by side')
    """
    one, other = np.asarray(before, np.float64), np.asarray(after, np.float64)
    errors = np.random.default_rng(_SEED).standard_normal((_DRAWS, 3)) * np.asarray(sd, np.float64)
    middle = (one + other) / 2
    chance = _distance(middle - errors / 2, middle + errors / 2)
    return ColourDifference(float(_distance(one, other)), float(np.percentile(chance, 95.0)))


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return delta_e00(xyz_from_lab(one), xyz_from_lab(other))
