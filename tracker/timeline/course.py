"""The whole row of sessions of one metric: does it go one way, and how fast."""

from __future__ import annotations

import numpy as np

from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline.change import MetricTimeline, Trend, TrendMethod
from tracker.timeline.comparing import Arithmetic, spread_of_session
from tracker.trend import LEAST_SESSIONS, known_sd_slope, mann_kendall, theil_sen

FEWEST = 3
"""Two sessions are a change and no trend."""
DAYS = 30.0
"""A slope is stated per so many days."""


def trend_of(line: MetricTimeline, repeatability: Repeatability = PROVISIONAL) -> Trend | None:
    """Trend over the sessions of a metric, those of the baseline included; None for fewer than three.

    Parameters
    ----------
    line : MetricTimeline
    repeatability : Repeatability

    Returns
    -------
    Trend or None

    Notes
    -----
    With three or four sessions a weighted line whose error is that of the set-up: residuals of so few points tell
    nothing. From five on the median of the slopes of all pairs (Theil–Sen) and the exact test of Mann and Kendall, that
    need no spread and no straight line; four sessions in perfect order happen by chance in one of twelve courses
    (MEASUREMENT.md §6.5).
    """
    sessions = [session for session in line.sessions if np.isfinite(session.value)]
    if len(sessions) < FEWEST:
        return None
    days = np.array([(s.taken_on - sessions[0].taken_on).days for s in sessions], dtype=np.float64)
    scale = Arithmetic(line.metric)
    values = scale.of(np.array([s.value for s in sessions]))
    if len(sessions) < LEAST_SESSIONS:
        sds = [spread_of_session(scale, s, repeatability) for s in sessions]
        line_found = known_sd_slope(days, values, np.array(sds))
        found = (line_found.value, line_found.low, line_found.high, line_found.p)
        method = TrendMethod.KNOWN_SPREAD
    else:
        slopes, test = theil_sen(days, values), mann_kendall(values)
        found, method = (slopes.value, slopes.low, slopes.high, test.p), TrendMethod.RANKS
    slope, low, high = (scale.stated(DAYS * each) for each in found[:3])
    unit = "%" if line.metric.multiplicative else line.metric.unit
    return Trend(slope, low, high, unit, found[3], len(sessions), method)
