"""A straight line through a few sessions whose spread is known from a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from tracker.errors import StudyInvalid


@dataclass(frozen=True, slots=True)
class Slope:
    """Slope of a straight line with known standard deviations.

    Attributes
    ----------
    value, standard_error, low, high : float
        Per unit of time; the interval is of the confidence asked for, 95 % unless said.
    p : float
        Two-sided, for no slope.
    sessions : int
    """

    value: float
    standard_error: float
    low: float
    high: float
    p: float
    sessions: int


def known_sd_slope(times: ArrayLike, values: ArrayLike, sd: ArrayLike, confidence: float = 0.95) -> Slope:
    """Weighted least squares slope, its error from the spread of a session instead of from the few residuals.

    Parameters
    ----------
    times : array_like, shape (k,)
        Increasing, as days since the first session; three sessions or more.
    values : array_like, shape (k,)
        One per session; logarithms if ratios are judged.
    sd : float or array_like, shape (k,)
        Standard deviation of the value of a session, or of each.
    confidence : float
        Of the interval, 0 to 1.

    Returns
    -------
    Slope

    Raises
    ------
    StudyInvalid
        If there are fewer than three sessions, two of one time, or a spread is not above zero.

    Notes
    -----
    b = Σ w (t − t̄)(y − ȳ) / Σ w (t − t̄)², standard error 1 / √Σ w (t − t̄)², with w = 1 / sd² and weighted means.
    The interval is as right as the spread is, and takes it as exact.

    Examples
    --------
    >>> found = known_sd_slope([0, 7, 14], [8.0, 7.4, 6.9], 0.3)
    >>> f"{found.value:.3f} ± {found.standard_error:.3f} a day"
    '-0.079 ± 0.030 a day'
    """
    moments, readings = in_time(times, values, at_least=3)
    spread = np.broadcast_to(np.asarray(sd, dtype=np.float64), moments.shape)
    if not (np.isfinite(spread).all() and (spread > 0.0).all()):
        raise StudyInvalid(
            "A slope needs the spread of a session, above zero; please use measured or provisional ones."
        )
    weights = spread**-2.0
    centred = moments - np.average(moments, weights=weights)
    precision = float((weights * centred**2).sum())
    slope, error = float((weights * centred * readings).sum()) / precision, precision**-0.5
    half = float(ndtri(0.5 + confidence / 2.0)) * error
    return Slope(slope, error, slope - half, slope + half, float(2.0 * ndtr(-abs(slope) / error)), len(moments))


def in_time(times: ArrayLike, values: ArrayLike, *, at_least: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times and values as arrays of shape (k,), or the reason why they make no row of sessions."""
    moments, readings = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if moments.shape != readings.shape or moments.ndim != 1:
        raise StudyInvalid("Each session needs one time and one value; please average the photos of a session first.")
    if len(moments) < at_least:
        raise StudyInvalid(f"A trend of this kind needs {at_least} sessions; there are {len(moments)}.")
    if not (np.isfinite(moments).all() and np.isfinite(readings).all()):
        raise StudyInvalid("A session has no value; please leave it out of the trend.")
    if not (np.diff(moments) > 0.0).all():
        raise StudyInvalid(
            "The sessions must be in order of time, each at its own; photos of one date are one session."
        )
    return moments, readings
