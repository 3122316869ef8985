"""Small statistics of the benchmarks: spread, smallest detectable change, proportions, agreement with truth.

Not named `statistics`: beside a script, such a file is imported in place of the standard library's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, chi2

MDC95_PER_SD = float(1.96 * np.sqrt(2.0))
"""The smallest detectable change is 2.77 within-subject standard deviations (MEASUREMENT.md §6.2)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Within-subject standard deviation with its 95 % interval.

    Attributes
    ----------
    sd, low, high : float
        NaN without two values of one subject.
    freedom : int
        Degrees of freedom: values minus subjects.
    subjects : int
        With at least two values.
    """

    sd: float
    low: float
    high: float
    freedom: int
    subjects: int

    @property
    def mdc95(self) -> float:
        """Smallest change between two single values that the spread cannot explain, in the same unit."""
        return float(MDC95_PER_SD * self.sd)


def within_subject_sd(subjects: Sequence[Sequence[float]]) -> Spread:
    """Standard deviation between repeated values of one subject, by one-way analysis of variance.

    Parameters
    ----------
    subjects : sequence of sequences of float
        Values of each subject; those with fewer than two say nothing and are left out.

    Examples
    --------
    >>> spread = within_subject_sd([[1.0, 3.0], [10.0, 12.0], [5.0]])
    >>> round(spread.sd, 3), spread.freedom, spread.subjects
    (1.414, 2, 2)
    """
    counted = [np.asarray(values, dtype=np.float64) for values in subjects if len(values) > 1]
    freedom = sum(len(values) - 1 for values in counted)
    if freedom == 0:
        return Spread(np.nan, np.nan, np.nan, 0, 0)
    squares = float(sum(((values - values.mean()) ** 2).sum() for values in counted))
    low, high = (np.sqrt(squares / chi2.ppf(p, freedom)) for p in (0.975, 0.025))
    return Spread(float(np.sqrt(squares / freedom)), float(low), float(high), freedom, len(counted))


def percent_decrease(logarithm: float) -> float:
    """A step in natural logarithms as a decrease in per cent: what "smaller by" would say.

    Examples
    --------
    >>> round(percent_decrease(0.3324), 1), round(percent_increase(0.3324), 1)
    (28.3, 39.4)
    """
    return float(-100 * np.expm1(-logarithm))


def percent_increase(logarithm: float) -> float:
    """A step in natural logarithms as an increase in per cent."""
    return float(100 * np.expm1(logarithm))


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share with its exact (Clopper–Pearson) 95 % interval, all in [0, 1]; NaN of nothing."""

    count: int
    of: int
    share: float
    low: float
    high: float

    def __str__(self) -> str:
        if not self.of:
            return "–"
        return f"{100 * self.share:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f}; {self.count}/{self.of})"


def proportion(count: int, of: int) -> Proportion:
    """Share of `count` in `of` trials.

    Examples
    --------
    >>> str(proportion(5, 100))
    '5.0 % (1.6–11.3; 5/100)'
    """
    if of == 0:
        return Proportion(0, 0, np.nan, np.nan, np.nan)
    interval = binomtest(count, of).proportion_ci(method="exact")
    return Proportion(count, of, count / of, float(interval.low), float(interval.high))


def interval_by_subject(counts: Sequence[tuple[int, int]], *, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of a share when the trials of one subject are alike: subjects are drawn, not trials.

    Parameters
    ----------
    counts : sequence of (int, int)
        Of each subject: how many of its trials count, and how many there are.
    draws : int

    Notes
    -----
    Where none or all of the trials count, a bootstrap knows no spread; then subjects are taken as the trials of the
    exact interval, as if all trials of a subject were one.

    Examples
    --------
    >>> low, high = interval_by_subject([(0, 5)] * 20)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.168)
    """
    table = np.array([pair for pair in counts if pair[1]], dtype=np.int64).reshape(-1, 2)
    count, of = table.sum(axis=0)
    if of == 0:
        return np.nan, np.nan
    if count in (0, of):
        alone = proportion(len(table) if count else 0, len(table))
        return alone.low, alone.high
    chosen = np.random.default_rng(0).integers(0, len(table), (draws, len(table)))
    drawn = table[chosen].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return float(low), float(high)


def intraclass_correlation(subjects: Sequence[Sequence[float]]) -> float:
    """Share of the variance of single values that lies between subjects: ICC of one-way analysis of variance.

    Absolute agreement. Every subject has sessions of its own, so that there is no effect of a session to take out;
    where sessions differ by chance only, it is the ICC(2,1).

    Examples
    --------
    >>> round(intraclass_correlation([[1.0, 1.2], [3.0, 3.2], [5.0, 4.8]]), 3)
    0.994
    """
    counted = [np.asarray(values, dtype=np.float64) for values in subjects if len(values) > 1]
    if len(counted) < 2:
        return np.nan
    sizes = np.array([len(values) for values in counted])
    means = np.array([values.mean() for values in counted])
    total, groups = sizes.sum(), len(sizes)
    between = float((sizes * (means - (sizes * means).sum() / total) ** 2).sum() / (groups - 1))
    within = within_subject_sd(subjects).sd ** 2
    typical = (total - (sizes**2).sum() / total) / (groups - 1)
    return float((between - within) / (between + (typical - 1) * within))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How values follow the truth.

    Attributes
    ----------
    slope : float
        Of the least-squares line of found on truth.
    bias : float
        Mean of found minus truth.
    r2 : float
        Squared correlation with the truth.
    n : int
    rmse : float
        Root mean square of found minus truth.
    """

    slope: float
    bias: float
    r2: float
    n: int
    rmse: float


def agreement(found: ArrayLike, truth: ArrayLike) -> Agreement:
    """Slope, bias, R² and error of found values against the truth; pairs with a NaN are left out.

    Examples
    --------
    >>> line = agreement([1.0, 2.0, 3.0], [0.0, 2.0, 4.0])
    >>> round(line.slope, 6), round(line.bias, 6), round(line.r2, 6), line.n
    (0.5, 0.0, 1.0, 3)
    """
    y, x = np.asarray(found, dtype=np.float64).ravel(), np.asarray(truth, dtype=np.float64).ravel()
    known = np.isfinite(x) & np.isfinite(y)
    y, x = y[known], x[known]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        error = float(np.mean(y - x)) if len(x) else np.nan
        return Agreement(np.nan, error, np.nan, len(x), float(np.sqrt(np.mean((y - x) ** 2))) if len(x) else np.nan)
    slope = float(np.polyfit(x, y, 1)[0])
    r2 = float(np.corrcoef(x, y)[0, 1] ** 2)
    return Agreement(slope, float(np.mean(y - x)), r2, len(x), float(np.sqrt(np.mean((y - x) ** 2))))
