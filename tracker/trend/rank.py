"""Does it go down from session to session, whatever the shape: Mann–Kendall and Theil–Sen, both exact."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.errors import StudyInvalid
from tracker.trend.slope import in_time

#: With four sessions even a perfect order happens by chance in one of twelve courses (two-sided).
LEAST_SESSIONS = 5


@dataclass(frozen=True, slots=True)
class MannKendall:
    """Exact test for a trend.

    Attributes
    ----------
    score : int
        Pairs of sessions that rise, less those that fall.
    p : float
        Two-sided, for no trend: share of the orders of these values that give as large a score.
    sessions : int
    """

    score: int
    p: float
    sessions: int


@dataclass(frozen=True, slots=True)
class TheilSen:
    """Median of the slopes of all pairs of sessions.

    Attributes
    ----------
    value, low, high : float
        Per unit of time.
    confidence : float
        Of the interval, as it is: only some values can be had with few sessions.
    sessions : int
    """

    value: float
    low: float
    high: float
    confidence: float
    sessions: int


def mann_kendall(values: ArrayLike) -> MannKendall:
    """Exact test for a trend.

    Parameters
    ----------
    values : array_like, shape (k,)
        One per session, in order of time; five sessions or more. Equal values are allowed.

    Returns
    -------
    MannKendall

    Raises
    ------
    StudyInvalid
        If there are fewer than five sessions.

    Notes
    -----
    `scipy.stats.kendalltau` is exact without equal values only; this counts the orders of any values.

    References
    ----------
    Mann, "Nonparametric tests against trend", Econometrica 13:245, 1945; Kendall, "Rank Correlation Methods", 1975.

    Examples
    --------
    >>> round(mann_kendall([5, 4, 3, 2, 1]).p, 4)
    0.0167
    """
    times = np.arange(np.size(values))
    _, readings = in_time(times, values, at_least=LEAST_SESSIONS)
    earlier, later = np.triu_indices(len(readings), k=1)
    score = int(np.sign(readings[later] - readings[earlier]).sum())
    _, equal = np.unique(readings, return_counts=True)
    orders = _inversions(len(readings), equal.tolist())
    most = len(orders) - 1
    # A score of most − 2 · inversions; as many orders have a score as have its negative.
    inversions = (most - abs(score)) // 2
    return MannKendall(score, min(2.0 * _share(orders, inversions), 1.0), len(readings))


def theil_sen(times: ArrayLike, values: ArrayLike, confidence: float = 0.95) -> TheilSen:
    """Slope that a single odd session does not move much, with its exact interval.

    Parameters
    ----------
    times : array_like, shape (k,)
        Increasing; five sessions or more.
    values : array_like, shape (k,)
        One per session; logarithms if ratios are judged.
    confidence : float
        The least confidence of the interval, 0 to 1.

    Returns
    -------
    TheilSen

    Raises
    ------
    StudyInvalid
        If there are fewer than five sessions, or too few for this confidence, or they are not in order.

    Notes
    -----
    The interval is the set of slopes that the exact Mann–Kendall test does not reject in what is left without them, so
    it leaves out zero exactly where the test finds a trend. `scipy.stats.theilslopes` takes the normal approximation,
    which does not agree with the exact test for so few sessions.

    References
    ----------
    Theil, "A rank-invariant method of linear and polynomial regression analysis", 1950; Sen, "Estimates of the
    regression coefficient based on Kendall's tau", J. Am. Stat. Assoc. 63:1379, 1968; Hollander, Wolfe, "Nonparametric
    Statistical Methods", chapter 9.

    Examples
    --------
    >>> found = theil_sen([1, 2, 3, 4, 5], [1.26, 1.27, 1.12, 1.16, 1.03])
    >>> f"{found.value:.3f}"
    '-0.056'
    """
    moments, readings = in_time(times, values, at_least=LEAST_SESSIONS)
    slopes = _slopes(moments, readings)
    orders = _inversions(len(moments), [1] * len(moments))
    total, tail = sum(orders), (1.0 - confidence) / 2.0
    cut = sum(so_far / total <= tail for so_far in accumulate(orders))
    if cut == 0:
        raise StudyInvalid(
            f"{len(moments)} sessions are too few for an interval of {100 * confidence:g} %; please ask for less."
        )
    held = 1.0 - 2.0 * _share(orders, cut - 1)
    ends = float(slopes[cut - 1]), float(slopes[-cut])
    return TheilSen(float(np.median(slopes)), *ends, held, len(moments))


def _slopes(times: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slopes of all pairs, sorted, shape (k (k − 1) / 2,)."""
    earlier, later = np.triu_indices(len(times), k=1)
    return np.sort((values[later] - values[earlier]) / (times[later] - times[earlier]))


def _inversions(count: int, equal: list[int]) -> list[int]:
    """How many orders of `count` values have 0, 1, 2 … inversions, with groups of `equal` ones.

    The coefficients of the Gaussian multinomial coefficient, ∏ (1 − qⁱ) over ∏ ∏ (1 − qʲ): whole numbers, so exact.
    """
    most = count * (count - 1) // 2 - sum(n * (n - 1) // 2 for n in equal)
    orders = [1] + [0] * most
    for i in range(1, count + 1):
        for k in range(most, i - 1, -1):
            orders[k] -= orders[k - i]
    for n in equal:
        for j in range(1, n + 1):
            for k in range(j, most + 1):
                orders[k] += orders[k - j]
    return orders


def _share(orders: list[int], inversions: int) -> float:
    """Share of the orders with so many inversions or fewer."""
    return sum(orders[: inversions + 1]) / sum(orders)
