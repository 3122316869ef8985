"""How far two readings of the same thing lie apart: bias and limits of agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.agreement.estimate import Estimate
from tracker.errors import StudyInvalid


@dataclass(frozen=True, slots=True)
class Limits:
    """Bias and limits of agreement of two readings, in their unit.

    Attributes
    ----------
    bias : Estimate
        Mean of first − second.
    sd : float
        Standard deviation of the differences.
    lower, upper : Estimate
        Limits between which most differences lie, each with its interval.
    slope : Estimate or None
        Of the difference over the mean of the two; None if all means are the same.
    slope_p : float or None
        Two-sided, for no slope.
    pairs : int
    """

    bias: Estimate
    sd: float
    lower: Estimate
    upper: Estimate
    slope: Estimate | None
    slope_p: float | None
    pairs: int


def bland_altman(first: ArrayLike, second: ArrayLike, multiplier: float = 1.96) -> Limits:
    """Bias, limits of agreement and whether the difference follows the size.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Readings of the same subjects, in one unit; logarithms if what repeats is a ratio.
    multiplier : float
        Standard deviations from the bias to a limit. The paper of 1986 used 2.

    Returns
    -------
    Limits

    Raises
    ------
    StudyInvalid
        If the readings are not paired, or there are fewer than three pairs.

    Notes
    -----
    The standard error of a limit is SD · √((1 + multiplier² / 2) / n), a large-sample value: 1.71 SD / √n.

    References
    ----------
    Bland, Altman, "Statistical methods for assessing agreement between two methods of clinical measurement",
    Lancet 327:307, 1986.

    Examples
    --------
    >>> found = bland_altman([494, 395, 516, 434], [490, 397, 512, 401])
    >>> f"{found.bias.value:.2f}, {found.lower.value:.1f} to {found.upper.value:.1f}"
    '9.75, -21.1 to 40.6'
    """
    from scipy.stats import t  # loads for a second; the first page shows no study

    one, other = _paired(first, second)
    difference = one - other
    n, mean, sd = len(difference), float(difference.mean()), float(difference.std(ddof=1))
    quantile = float(t.isf(0.025, n - 1))
    half, half_limit = (quantile * sd * float(np.sqrt(of / n)) for of in (1.0, 1.0 + multiplier**2 / 2.0))
    ends = (mean - multiplier * sd, mean + multiplier * sd)
    lower, upper = (Estimate(end, end - half_limit, end + half_limit) for end in ends)
    slope, p = _slope(difference, (one + other) / 2.0)
    return Limits(Estimate(mean, mean - half, mean + half), sd, lower, upper, slope, p, n)


def _paired(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise StudyInvalid("Each subject needs both readings; please leave out those who have only one.")
    if len(one) < 3:
        raise StudyInvalid("Limits of agreement need at least three subjects with two readings.")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise StudyInvalid("A reading is missing; please leave out the subjects who do not have both.")
    return one, other


def _slope(difference: NDArray[np.float64], mean: NDArray[np.float64]) -> tuple[Estimate | None, float | None]:
    from scipy.stats import linregress, t

    if np.ptp(mean) == 0.0:
        return None, None
    line = linregress(mean, difference)
    half = float(t.isf(0.025, len(mean) - 2) * line.stderr)
    return Estimate(float(line.slope), float(line.slope) - half, float(line.slope) + half), float(line.pvalue)
