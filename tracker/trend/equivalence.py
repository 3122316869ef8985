"""Which changes can be ruled out: two one-sided tests."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from tracker.errors import StudyInvalid


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether a change larger than a margin is ruled out.

    Attributes
    ----------
    lower, upper : float
        The margin: the change is said to be above the one and below the other.
    low, high : float
        90 % interval of the change (for a level of 5 %).
    p : float
        The larger of the two one-sided ones.
    ruled_out : bool
        The interval lies inside the margin.
    """

    lower: float
    upper: float
    low: float
    high: float
    p: float
    ruled_out: bool


def equivalence(
    change: float,
    standard_error: float,
    margin: float | tuple[float, float],
    *,
    freedom: float | None = None,
    alpha: float = 0.05,
) -> Equivalence:
    """Two one-sided tests: "a change larger than X is ruled out".

    Parameters
    ----------
    change, standard_error : float
        In one unit; logarithms if ratios are judged.
    margin : float or tuple of float
        X for −X to +X, or its lower and upper end: for ratios log(1 − X) and log(1 + X).
    freedom : float, optional
        Degrees of freedom of the standard error; without, it is taken as known.
    alpha : float
        Level of each of the two tests.

    Returns
    -------
    Equivalence

    Raises
    ------
    StudyInvalid
        If the standard error is not above zero, or the margin does not hold zero.

    References
    ----------
    Schuirmann, "A comparison of the two one-sided tests procedure and the power approach …", J. Pharmacokinet.
    Biopharm. 15:657, 1987.

    Examples
    --------
    >>> equivalence(0.1, 0.2, 0.5).ruled_out, equivalence(0.1, 0.2, 0.4).ruled_out
    (True, False)
    """
    lower, upper = margin if isinstance(margin, tuple) else (-margin, margin)
    if not lower < 0.0 < upper:
        raise StudyInvalid("The change to rule out must be larger than zero in both directions.")
    half = _quantile(1.0 - alpha, freedom) * _known(standard_error)
    low, high = change - half, change + half
    p = max(_below((lower - change) / standard_error, freedom), _below((change - upper) / standard_error, freedom))
    return Equivalence(lower, upper, low, high, p, lower < low and high < upper)


def ruled_out_beyond(
    change: float, standard_error: float, *, freedom: float | None = None, alpha: float = 0.05
) -> tuple[float, float]:
    """The smallest margin that `equivalence` could rule out: its ends.

    Parameters
    ----------
    change, standard_error, freedom, alpha
        As in `equivalence`.

    Returns
    -------
    lower, upper : float
        A change below the one or above the other is ruled out, each at level `alpha`. The lower end is at most zero,
        the upper at least zero.

    Raises
    ------
    StudyInvalid
        If the standard error is not above zero.
    """
    half = _quantile(1.0 - alpha, freedom) * _known(standard_error)
    return min(change - half, 0.0), max(change + half, 0.0)


def _known(standard_error: float) -> float:
    if not 0.0 < standard_error < float("inf"):
        raise StudyInvalid("Ruling out a change needs its standard error, above zero.")
    return standard_error


def _quantile(share: float, freedom: float | None) -> float:
    return float(ndtri(share) if freedom is None else stdtrit(freedom, share))


def _below(deviation: float, freedom: float | None) -> float:
    return float(ndtr(deviation) if freedom is None else stdtr(freedom, deviation))
