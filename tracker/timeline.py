"""`Measurement`… → `Timeline`: what changed since the baseline, with its interval, and the verdict.

One date is one session; its photos are replicates and are averaged. A change is called a change only if it
exceeds what the set-up can resolve (MDC95); everything else is said to be what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tracker.measurement import Direction, Measurement, Metric
from tracker.repeatability import PROVISIONAL, Repeatability

Z95 = 1.96
PIGMENT, ERYTHEMA, REDNESS = "delta_mi", "delta_ei", "delta_a"
#: What pigment is called by, and the witness for the blood in the same place.
WITNESSES = {
    PIGMENT: ERYTHEMA,
    "spot_contrast": "spot_redness",
    "spot_load": "spot_redness",
    "spot_area": "spot_redness",
    "melanin_mottling": "blood_mottling",
}
#: The same for what witnesses are disturbed by themselves.
DISTURBED = {ERYTHEMA: PIGMENT, "spot_redness": "spot_contrast"}
#: How far the share of melanin in the erythema index is from what the tone of the skin lets expect: 0.15 in daylight,
#: 0.25 and more under LEDs and tubes, whose spectra nobody tells the program.
MELANIN_SHARE_ERROR = 0.25


class Verdict(StrEnum):
    """What may be said about a change."""

    BETTER = "better"
    WORSE = "worse"
    CHANGED = "changed"
    NO_MEASURABLE_CHANGE = "no measurable change"
    NOT_COMPARABLE = "not comparable"

    @property
    def is_change(self) -> bool:
        """True if a measurable change is stated."""
        return self in (Verdict.BETTER, Verdict.WORSE, Verdict.CHANGED)


@dataclass(frozen=True, slots=True)
class SessionValue:
    """Mean of the replicates of one session, for one metric.

    Attributes
    ----------
    taken_on : date
    value : float
        In the unit of the metric (geometric mean if it is multiplicative).
    uncertainty : float
        Standard uncertainty with the spread between sessions, in the unit of the metric.
    measurements : tuple of Measurement
    """

    taken_on: date
    value: float
    uncertainty: float
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Difference of one session from the baseline, for one metric.

    Attributes
    ----------
    metric : str
    taken_on : date
    baseline_on : date or None
    baseline, value : float or None
        In the unit of the metric; None where there is none.
    change, low, high : float or None
        Difference with its 95 % interval: in `unit`.
    mdc95 : float or None
        Smallest detectable change in the direction of the change, in `unit`.
    unit : str
        ``"%"`` for multiplicative metrics, else the unit of the metric.
    mdc_source : str
        ``"study"`` or ``"provisional"``.
    verdict : Verdict
    reason : str
        Why it is not comparable; empty otherwise.
    """

    metric: str
    taken_on: date
    baseline_on: date | None
    baseline: float | None
    value: float | None
    change: float | None
    low: float | None
    high: float | None
    mdc95: float | None
    unit: str
    mdc_source: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MetricTimeline:
    """One metric over the sessions."""

    metric: Metric
    sessions: tuple[SessionValue, ...]
    changes: tuple[Change, ...]

    @property
    def baseline(self) -> SessionValue | None:
        """The first session with a value."""
        return self.sessions[0] if self.sessions else None

    @property
    def latest(self) -> Change | None:
        """The last change that could be stated; if there is none, the last session's."""
        stated = [c for c in self.changes if c.verdict is not Verdict.NOT_COMPARABLE]
        return stated[-1] if stated else (self.changes[-1] if self.changes else None)


@dataclass(frozen=True, slots=True)
class Refused:
    """A metric that one photo does not give, and why."""

    metric: str
    digest: str
    taken_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All metrics of one view over its sessions, in display order."""

    metrics: tuple[MetricTimeline, ...]

    def of(self, name: str) -> MetricTimeline:
        """Timeline of the metric with this name."""
        for line in self.metrics:
            if line.metric.name == name:
                return line
        raise KeyError(name)


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
    return Timeline(tuple(_without_cross_talk(lines)))


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


def session_value(metric: Metric, replicates: tuple[Measurement, ...], repeatability: Repeatability) -> SessionValue:
    """Mean of the replicates of one date, with the uncertainty of the session."""
    assert replicates[0].taken_on is not None
    scaled = np.array([_scaled(metric, m.value) for m in replicates])
    spread = float(np.sqrt(_photo_variance(metric, replicates) + repeatability.of(metric) ** 2))
    value = _unscaled(metric, float(scaled.mean()))
    return SessionValue(replicates[0].taken_on, value, spread * value if metric.multiplicative else spread, replicates)


def compare_sessions(
    metric: Metric, baseline: SessionValue, session: SessionValue, repeatability: Repeatability = PROVISIONAL
) -> Change:
    """Change of one session against the baseline.

    Parameters
    ----------
    metric : Metric
    baseline, session : SessionValue
    repeatability : Repeatability

    Returns
    -------
    Change

    Notes
    -----
    The standard error holds twice the variance between sessions, the variance of each photo's own terms divided
    by the number of replicates, and the spread of the *difference* over resampled skin, in which what both
    photos share cancels. MDC95 is 1.96 standard errors: a larger change is one that unchanged skin shows in at
    most one of twenty sessions.
    """
    difference = _mean_scaled(metric, session) - _mean_scaled(metric, baseline)
    error = _standard_error(metric, baseline, session, repeatability)
    low, high, mdc = difference - Z95 * error, difference + Z95 * error, Z95 * error
    return Change(
        metric=metric.name,
        taken_on=session.taken_on,
        baseline_on=baseline.taken_on,
        baseline=baseline.value,
        value=session.value,
        change=_stated(metric, difference),
        low=_stated(metric, low),
        high=_stated(metric, high),
        mdc95=abs(_stated(metric, float(np.copysign(mdc, difference)))),
        unit="%" if metric.multiplicative else metric.unit,
        mdc_source=repeatability.source_of(metric),
        verdict=_verdict(metric, baseline.value, session.value, limit=mdc, exceeds=abs(difference) > mdc),
    )


def not_comparable(metric: Metric, taken_on: date, reason: str, repeatability: Repeatability = PROVISIONAL) -> Change:
    """The change of a session that cannot be compared."""
    unit = "%" if metric.multiplicative else metric.unit
    source = repeatability.source_of(metric)
    none = (None, None, None, None, None, None, None)
    return Change(metric.name, taken_on, *none, unit, source, Verdict.NOT_COMPARABLE, reason)


def _verdict(metric: Metric, before: float, after: float, *, limit: float, exceeds: bool) -> Verdict:
    if not exceeds:
        return Verdict.NO_MEASURABLE_CHANGE
    if metric.direction is Direction.TOWARDS_ZERO:
        # A dark patch that turned into a light one has changed; it stands out less only if it does so measurably.
        gain = abs(before) - abs(after)
        if before * after < 0 and abs(gain) <= limit:
            return Verdict.CHANGED
        return Verdict.BETTER if gain > 0 else Verdict.WORSE
    if metric.direction is Direction.NONE:
        return Verdict.CHANGED
    return Verdict.BETTER if after < before else Verdict.WORSE


def _scaled(metric: Metric, value: float) -> float:
    return float(np.log(max(value, 1e-9))) if metric.multiplicative else value


def _unscaled(metric: Metric, value: float) -> float:
    return float(np.exp(value)) if metric.multiplicative else value


def _stated(metric: Metric, difference: float) -> float:
    """A difference as it is shown: per cent for ratios."""
    return 100 * float(np.expm1(difference)) if metric.multiplicative else difference


def _mean_scaled(metric: Metric, session: SessionValue) -> float:
    return float(np.mean([_scaled(metric, m.value) for m in session.measurements]))


def _scaled_part(metric: Metric, measurement: Measurement, name: str) -> float:
    part = dict(measurement.parts).get(name, 0.0)
    return part / max(abs(measurement.value), 1e-9) if metric.multiplicative else part


def _photo_variance(metric: Metric, replicates: tuple[Measurement, ...], *, with_region: bool = True) -> float:
    """Variance of the mean of the replicates from what differs between photos (and the region's, which does not)."""
    own = [sum(_scaled_part(metric, m, name) ** 2 for name, _ in m.parts if name != "region") for m in replicates]
    region = max(_scaled_part(metric, m, "region") ** 2 for m in replicates) if with_region else 0.0
    return sum(own) / len(own) ** 2 + region


def _standard_error(
    metric: Metric, baseline: SessionValue, session: SessionValue, repeatability: Repeatability
) -> float:
    paired = _mean_draws(metric, session) - _mean_draws(metric, baseline)
    own = sum(_photo_variance(metric, s.measurements, with_region=False) for s in (baseline, session))
    return float(np.sqrt(2 * repeatability.of(metric) ** 2 + own + np.var(paired, ddof=1)))


def _mean_draws(metric: Metric, session: SessionValue) -> NDArray[np.float64]:
    draws = np.array([m.draws for m in session.measurements])
    return np.asarray((np.log(np.maximum(draws, 1e-9)) if metric.multiplicative else draws).mean(axis=0))


def _without_cross_talk(lines: list[MetricTimeline]) -> list[MetricTimeline]:
    """Pigment and redness disturb each other's index: where one changed, the other is not judged.

    Melanin also moves a* and blood also moves the melanin index (MEASUREMENT.md §0.2). EI′ is corrected for
    melanin, so it is the witness for redness; ΔMI is the witness for pigment. The correction follows the tone of the
    skin, but not the lamp: where the pigment changed by so much that the error of the correction could reach the
    smallest detectable change, EI′ is no witness and is not judged itself.
    """
    lines = [
        _silenced(line, *_beyond_correction(lines, line.metric.name, DISTURBED[line.metric.name]))
        if line.metric.name in DISTURBED
        else line
        for line in lines
    ]
    reddened = {name: _changed_days(lines, witness) for name, witness in WITNESSES.items()}
    rules = {
        name: (days, "Redness of the same place changed too, and blood also darkens it.")
        for name, days in reddened.items()
    }
    dark = _changed_days(lines, PIGMENT)
    rules[REDNESS] = (dark, "The pigment of the same patch changed too, and it also moves a*.")
    return [_silenced(line, *rules[line.metric.name]) if line.metric.name in rules else line for line in lines]


def _beyond_correction(lines: list[MetricTimeline], erythema: str, pigment: str) -> tuple[set[date], str]:
    limits = {c.taken_on: c.mdc95 for line in lines if line.metric.name == erythema for c in line.changes if c.mdc95}
    moved = {c.taken_on: c.change for line in lines if line.metric.name == pigment for c in line.changes if c.change}
    days = {day for day, limit in limits.items() if abs(moved.get(day, 0.0)) * MELANIN_SHARE_ERROR > limit}
    return days, "The pigment of the same place changed so much that its part in the redness is not known."


def _changed_days(lines: list[MetricTimeline], name: str) -> set[date]:
    return {c.taken_on for line in lines if line.metric.name == name for c in line.changes if c.verdict.is_change}


def _without_value(change: Change, reason: str) -> Change:
    return replace(change, change=None, low=None, high=None, mdc95=None, verdict=Verdict.NOT_COMPARABLE, reason=reason)


def _silenced(line: MetricTimeline, days: set[date], reason: str) -> MetricTimeline:
    changes = tuple(
        _without_value(c, reason) if c.taken_on in days and c.verdict.is_change else c for c in line.changes
    )
    return MetricTimeline(line.metric, line.sessions, changes)
