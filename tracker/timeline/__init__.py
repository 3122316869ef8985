"""`Measurement`… → `Timeline`: what changed since the baseline, with its interval, and the verdict.

One date is one session; its photos are replicates and are averaged. A change is called a change only if it
exceeds what the set-up can resolve (MDC95); everything else is said to be what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from tracker.measurement import Measurement, Metric
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline.change import Change, MetricTimeline, Refused, SessionValue, Timeline, Verdict
from tracker.timeline.comparing import Z95, compare_sessions, not_comparable, session_value
from tracker.timeline.crosstalk import without_cross_talk

__all__ = [
    "Z95",
    "Change",
    "MetricTimeline",
    "Refused",
    "SessionValue",
    "Timeline",
    "Verdict",
    "compare_sessions",
    "not_comparable",
    "session_value",
    "timeline",
]


def timeline(
    measurements: Iterable[Measurement],
    refused: Iterable[Refused],
    metrics: Sequence[Metric],
    repeatability: Repeatability = PROVISIONAL,
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

    Returns
    -------
    Timeline
    """
    found, missing = list(measurements), list(refused)
    lines = [_line(m, found, missing, repeatability) for m in metrics]
    return Timeline(tuple(without_cross_talk(lines)))


def _line(
    metric: Metric, measurements: list[Measurement], refused: list[Refused], repeatability: Repeatability
) -> MetricTimeline:
    own = sorted(
        (m for m in measurements if m.metric == metric.name and m.method == metric.method and m.taken_on),
        key=lambda m: (m.taken_on or date.min, m.digest),
    )
    sessions = tuple(
        session_value(metric, tuple(group), repeatability) for _, group in groupby(own, key=lambda m: m.taken_on)
    )
    changes = [compare_sessions(metric, sessions[0], s, repeatability) for s in sessions[1:]]
    have = {s.taken_on for s in sessions}
    reasons = {r.taken_on: r.reason for r in refused if r.metric == metric.name and r.taken_on not in have}
    changes += [not_comparable(metric, day, reason, repeatability) for day, reason in reasons.items()]
    return MetricTimeline(metric, sessions, tuple(sorted(changes, key=lambda c: c.taken_on)))
