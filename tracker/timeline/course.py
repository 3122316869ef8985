"""The whole row of sessions of one metric: does it go one way, and how fast."""

from __future__ import annotations

import numpy as np

from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline.change import MetricTimeline, Trend, TrendMethod, Verdict
from tracker.timeline.comparing import Arithmetic, spreads_of_sessions
from tracker.trend import LEAST_SESSIONS, known_sd_slope, mann_kendall, theil_sen

FEWEST = 3
"""Two sessions are a change and no trend."""
LONGEST_DAYS = 30
"""A slope is stated per so many days, or per course if that is shorter."""


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
    silenced = {change.taken_on for change in line.changes if change.verdict is Verdict.NOT_COMPARABLE}
    sessions = [session for session in line.sessions if session.taken_on not in silenced]
    if len(sessions) < FEWEST or (line.metric.vanishes and min(s.value for s in sessions) <= 0):
        return None
    days = np.array([(s.taken_on - sessions[0].taken_on).days for s in sessions], dtype=np.float64)
    scale = Arithmetic(line.metric)
    values = scale.of(np.array([s.value for s in sessions]))
    if len(sessions) < LEAST_SESSIONS:
        line_found = known_sd_slope(days, values, spreads_of_sessions(scale, sessions, repeatability))
        found = (line_found.value, line_found.low, line_found.high, line_found.p)
        method = TrendMethod.KNOWN_SPREAD
    else:
        slopes, test = theil_sen(days, values), mann_kendall(values)
        found, method = (slopes.value, slopes.low, slopes.high, test.p), TrendMethod.RANKS
    span = min(LONGEST_DAYS, int(days[-1]))
    slope, low, high = (scale.stated(span * each) for each in found[:3])
    unit = "%" if line.metric.multiplicative else line.metric.unit
    return Trend(slope, low, high, span, unit, found[3], len(sessions), method)
