"""Do two raters give the same ordered grades: weighted κ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.errors import StudyInvalid


@dataclass(frozen=True, slots=True)
class Kappa:
    """Weighted κ of two raters.

    Attributes
    ----------
    value : float
        1: always the same grade; 0: no better than chance.
    standard_error : float
    low, high : float or None
        95 % interval; None where the raters never differed by anything, because the formula then gives an interval
        of no width, which a few pairs do not support.
    of : int
        Pictures graded by both.
    """

    value: float
    standard_error: float
    low: float | None
    high: float | None
    of: int


def cross_table(first: Sequence[object], second: Sequence[object], grades: Sequence[object]) -> NDArray[np.int64]:
    """How often each pair of grades was given.

    Parameters
    ----------
    first, second : sequence
        Grades of two raters for the same pictures, in the same order.
    grades : sequence
        All grades there are, in their order.

    Returns
    -------
    ndarray of int64, shape (k, k)
        Rows: grades of the first rater.

    Raises
    ------
    StudyInvalid
        If one rater graded more pictures, or a grade is not on the scale.

    Examples
    --------
    >>> cross_table(["none", "some"], ["some", "some"], ["none", "some"]).tolist()
    [[0, 1], [0, 1]]
    """
    if len(first) != len(second):
        raise StudyInvalid(
            f"One rater graded {len(first)} pictures and the other {len(second)}; please compare those both graded."
        )
    place = {grade: k for k, grade in enumerate(grades)}
    strange = [grade for grade in (*first, *second) if grade not in place]
    if strange:
        raise StudyInvalid(f"The grade {strange[0]!r} is not on the scale; please correct it.")
    table = np.zeros((len(grades), len(grades)), dtype=np.int64)
    for one, other in zip(first, second, strict=True):
        table[place[one], place[other]] += 1
    return table


def weighted_kappa(table: ArrayLike, disagreement: ArrayLike | None = None) -> Kappa:
    """κ with quadratic weights, or with others.

    Parameters
    ----------
    table : array_like, shape (k, k)
        How often the raters gave each pair of grades, in the order of the grades.
    disagreement : array_like, shape (k, k), optional
        How bad each pair is, 0 on the diagonal; without it the square of the distance between the grades.

    Returns
    -------
    Kappa

    Raises
    ------
    StudyInvalid
        If the table is not square, empty, or all pictures have one and the same grade.

    Notes
    -----
    The standard error is the large-sample one. Own code: the library that has it (statsmodels) is 44 MB and loads
    for two seconds, for these few lines; tests hold them to its numbers and to published ones.

    References
    ----------
    Cohen, "Weighted kappa", Psychol. Bull. 70:213, 1968; Fleiss, Cohen, Everitt, "Large sample standard errors of
    kappa and weighted kappa", Psychol. Bull. 72:323, 1969.

    Examples
    --------
    >>> round(weighted_kappa([[88, 14, 18], [10, 40, 10], [2, 6, 12]]).value, 4)
    0.4545
    """
    counts = _square(table)
    total, grades = counts.sum(), np.arange(len(counts))
    badness = np.subtract.outer(grades, grades) ** 2.0 if disagreement is None else np.asarray(disagreement, np.float64)
    if badness.shape != counts.shape:
        raise StudyInvalid("The weights are for another number of grades; please give one for each pair of grades.")
    shares = counts / total
    by_row, by_column = shares.sum(axis=1), shares.sum(axis=0)
    by_chance = float((badness * np.outer(by_row, by_column)).sum())
    if by_chance == 0.0:
        raise StudyInvalid("All pictures were given the same grade, so agreement cannot be told from chance.")
    value = 1.0 - float((badness * shares).sum()) / by_chance
    error = _standard_error(shares, 1.0 - badness / badness.max(), int(total))
    width = 1.96 * error
    low, high = (None, None) if value == 1.0 else (max(value - width, -1.0), min(value + width, 1.0))
    return Kappa(value, error, low, high, int(total))


def _square(table: ArrayLike) -> NDArray[np.float64]:
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2:
        raise StudyInvalid("Agreement of grades needs a square table with at least two grades.")
    if (counts < 0).any() or counts.sum() < 2:
        raise StudyInvalid("Agreement of grades needs at least two pictures that both raters graded.")
    return counts


def _standard_error(shares: NDArray[np.float64], weights: NDArray[np.float64], total: int) -> float:
    """Large-sample standard error of κ, from proportions and weights of agreement, both of shape (k, k)."""
    by_row, by_column = shares.sum(axis=1), shares.sum(axis=0)
    observed, by_chance = float((weights * shares).sum()), float((weights * np.outer(by_row, by_column)).sum())
    # Mean weight of each grade of one rater over the grades of the other.
    mean = (weights @ by_column)[:, None] + (by_row @ weights)[None, :]
    spread = (shares * (weights * (1.0 - by_chance) - mean * (1.0 - observed)) ** 2).sum()
    left = float(spread) - (observed * by_chance - 2.0 * by_chance + observed) ** 2
    return float(np.sqrt(max(left, 0.0) / total)) / (1.0 - by_chance) ** 2
