"""`Measurement`… → `Timeline`: what changed since the baseline, with its interval, and the verdict.

One date is one session; its photos are replicates and are averaged. A change is called a change only if it
exceeds what the set-up can resolve (MDC95); everything else is said to be what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from math import isfinite

from tracker.measurement import Measurement, Metric, Role
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline.change import (
    Change,
    MetricTimeline,
    Refused,
    Relative,
    SessionValue,
    Timeline,
    Trend,
    TrendMethod,
    Verdict,
)
from tracker.timeline.comparing import Z95, compare_sessions, mean_of_sessions, not_comparable, session_value
from tracker.timeline.control import beside_control, correlation_of, relative_to
from tracker.timeline.course import trend_of
from tracker.timeline.crosstalk import without_cross_talk
from tracker.timeline.schedule import NO_SCHEDULE, SIDE_EFFECT_DAYS, Schedule
from tracker.timeline.several import judged_together

__all__ = [
    "NO_SCHEDULE",
    "SIDE_EFFECT_DAYS",
    "Z95",
    "Change",
    "MetricTimeline",
    "Refused",
    "Relative",
    "Schedule",
    "SessionValue",
    "Timeline",
    "Trend",
    "TrendMethod",
    "Verdict",
    "beside_control",
    "compare_sessions",
    "correlation_of",
    "not_comparable",
    "relative_to",
    "session_value",
    "timeline",
    "trend_of",
]


NO_NUMBER = "It gave no number in this photo."
NOTHING_BEFORE = "There is no session before the injection that it could be compared with."


def timeline(
    measurements: Iterable[Measurement],
    refused: Iterable[Refused],
    metrics: Sequence[Metric],
    repeatability: Repeatability = PROVISIONAL,
    *,
    schedule: Schedule = NO_SCHEDULE,
    primary: Collection[str] | None = None,
) -> Timeline:
    """What changed, metric by metric.

    Parameters
    ----------
    measurements : iterable of Measurement
        Of one view and one region; each has a date.
    refused : iterable of Refused
        Metrics that a photo did not give; they explain the sessions that are not comparable.
    metrics : sequence of Metric
    repeatability : Repeatability
    schedule : Schedule
        Injections, and how many sessions the baseline is of.
    primary : collection of str, optional
        Metrics that were named before anything was measured; by default those whose role it is. The others are judged
        together, see `tracker.timeline.several`.

    Returns
    -------
    Timeline
    """
    found, missing = list(measurements), list(refused)
    named = {m.name for m in metrics if m.role is Role.PRIMARY} if primary is None else primary
    lines = [_line(m, found, missing, repeatability, schedule) for m in metrics]
    lines = judged_together(without_cross_talk(lines), named)
    return Timeline(tuple(replace(line, trend=trend_of(line, repeatability)) for line in lines))


def _line(
    metric: Metric,
    measurements: list[Measurement],
    refused: list[Refused],
    repeatability: Repeatability,
    schedule: Schedule,
) -> MetricTimeline:
    own = [m for m in measurements if m.metric == metric.name and m.method == metric.method and m.taken_on]
    own, without_number = [m for m in own if _is_number(m)], [m for m in own if not _is_number(m)]
    # By value before digest: records call the same photo differently, and their sums must agree to the last bit.
    own.sort(key=lambda m: (m.taken_on or date.min, m.value, m.digest))
    every = [session_value(metric, tuple(group), repeatability) for _, group in groupby(own, key=lambda m: m.taken_on)]
    aside = [s for s in every if schedule.is_aftermath(s.taken_on)]
    sessions = [s for s in every if not schedule.is_aftermath(s.taken_on)]
    count = schedule.of_baseline([s.taken_on for s in sessions])
    baseline = mean_of_sessions(metric, sessions[:count]) if sessions else None
    changes, after = (
        [compare_sessions(metric, baseline, s, repeatability) for s in some] if baseline else []
        for some in (sessions[count:], aside)
    )
    have = {s.taken_on for s in every}
    reasons = {r.taken_on: r.reason for r in refused if r.metric == metric.name and r.taken_on not in have}
    reasons |= {m.taken_on: NO_NUMBER for m in without_number if m.taken_on and m.taken_on not in have}
    if aside and baseline is None:
        reasons |= {s.taken_on: NOTHING_BEFORE for s in aside}
    for day, reason in reasons.items():
        missed = not_comparable(metric, day, reason, repeatability)
        (after if schedule.is_aftermath(day) else changes).append(missed)
    return MetricTimeline(metric, tuple(sessions), _by_day(changes), _by_day(after), baseline if count > 1 else None)


def _is_number(measurement: Measurement) -> bool:
    """Whether a value and all that is computed from it are numbers."""
    numbers = (measurement.value, *measurement.draws, *(part for _, part in measurement.parts))
    return all(map(isfinite, numbers))


def _by_day(changes: list[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: change.taken_on))
