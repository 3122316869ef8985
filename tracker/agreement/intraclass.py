"""How much of the spread of readings is between subjects: ICC(2,1), absolute agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tracker.agreement.estimate import Estimate
from tracker.errors import StudyInvalid


@dataclass(frozen=True, slots=True)
class Intraclass:
    """Intraclass correlation of single readings, two-way random effects, absolute agreement.

    Attributes
    ----------
    value : Estimate
        ICC(2,1); can be negative if the subjects differ less than their readings.
    subjects, readings : int
        Rows and columns it is from.
    """

    value: Estimate
    subjects: int
    readings: int


def intraclass(table: ArrayLike, confidence: float = 0.95) -> Intraclass:
    """ICC(2,1) with its F-based interval.

    Parameters
    ----------
    table : array_like, shape (n, k)
        One row per subject, one column per rater or re-posed set; complete.
    confidence : float
        Of the interval, 0 to 1.

    Returns
    -------
    Intraclass

    Raises
    ------
    StudyInvalid
        If there are fewer than two rows or columns, a value is missing, or all values are the same.

    Notes
    -----
    It depends on how much the subjects of the sample differ: the same spread of readings gives a high ICC in a
    varied group and a low one in a uniform group. So it is never stated without the spread itself.

    Own code, because the library that has it brings four plotting and learning libraries with it; held to the
    published table and to that library's numbers by tests.

    References
    ----------
    Shrout, Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychol. Bull. 86:420, 1979;
    McGraw, Wong, "Forming inferences about some intraclass correlation coefficients", Psychol. Methods 1:30, 1996,
    case 2A, ICC(A,1).

    Examples
    --------
    >>> judges = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> round(intraclass(judges).value.value, 2)
    0.29
    """
    values = _complete(table)
    n, k = values.shape
    rows, columns, error = _mean_squares(values)
    share = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    low, high = _interval(float(share), rows, columns, error, (n, k), confidence)
    return Intraclass(Estimate(float(share), low, high), n, k)


def _complete(table: ArrayLike) -> np.ndarray:
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        raise StudyInvalid("An intraclass correlation needs at least two subjects with at least two readings each.")
    if not np.isfinite(values).all():
        raise StudyInvalid("A reading is missing; please leave out the subjects who do not have all of them.")
    if np.ptp(values) == 0.0:
        raise StudyInvalid("All readings are the same, so nothing can be said about how subjects differ.")
    return values


def _mean_squares(values: np.ndarray) -> tuple[float, float, float]:
    """Mean squares of rows, columns and what is left, of a two-way layout with one value per cell."""
    n, k = values.shape
    by_row, by_column, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    left = values - by_row[:, None] - by_column[None, :] + mean
    rows = k * float(((by_row - mean) ** 2).sum()) / (n - 1)
    columns = n * float(((by_column - mean) ** 2).sum()) / (k - 1)
    return rows, columns, float((left**2).sum()) / ((n - 1) * (k - 1))


def _interval(
    share: float, rows: float, columns: float, error: float, shape: tuple[int, int], confidence: float
) -> tuple[float, float]:
    from scipy.stats import f  # loads for a second; the first page shows no study

    n, k = shape
    if error == 0.0 and columns == 0.0:
        return share, share
    a = k * share / (n * (1.0 - share))
    b = 1.0 + k * share * (n - 1) / (n * (1.0 - share))
    # Satterthwaite: degrees of freedom of the sum of two mean squares.
    freedom = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    upper_tail = (1.0 - confidence) / 2.0
    f_low, f_high = f.isf(upper_tail, n - 1, freedom), f.isf(upper_tail, freedom, n - 1)
    noise = k * columns + (k * n - k - n) * error
    low = n * (rows - f_low * error) / (f_low * noise + n * rows)
    high = n * (f_high * rows - error) / (noise + n * f_high * rows)
    return float(low), float(high)
