"""What a timeline is made of: sessions, changes with their interval, and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.measurement import Measurement, Metric

LEVEL = 0.05
"""Of a test: so seldom does unchanged skin seem to change."""


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

    @property
    def days(self) -> tuple[date, ...]:
        """The dates it is a mean of: one, and more for a baseline of several sessions."""
        return tuple(sorted({m.taken_on for m in self.measurements if m.taken_on}))


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
    ruled_out : float or None
        The largest change, in size and in `unit`, that the interval holds: one beyond it is excluded by two one-sided
        tests at 2.5 %. Those at 5 % would exclude a little more, and seem to contradict the interval beside them.
    compared : (float, float) or None
        The difference and the standard error that it would have if nothing had changed, as they were compared: of
        ratios the logarithms.
    among : int
        How many quantities the limit allows for: 1 for one that was named beforehand, more where several are looked at
        and the largest of them would catch the eye.
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
    ruled_out: float | None = None
    compared: tuple[float, float] | None = None
    among: int = 1


@dataclass(frozen=True, slots=True)
class Relative:
    """The change of a treated side less that of an untreated one, in the same sessions.

    Attributes
    ----------
    changes : tuple of Change
        Of each session that both sides give.
    correlation : float
        Of the spread of the two sides between sessions, as far as it is certain; 0 if nothing is known.
    evidence : str
        What that rests on, in words.
    alone : tuple of (date, str)
        Sessions that cannot be compared with the untreated side, and why.
    """

    changes: tuple[Change, ...]
    correlation: float
    evidence: str
    alone: tuple[tuple[date, str], ...] = ()

    def on(self, day: date) -> Change | None:
        """The change of a session."""
        return next((change for change in self.changes if change.taken_on == day), None)


class TrendMethod(StrEnum):
    """How a trend was found."""

    KNOWN_SPREAD = "slope with the spread of the set-up"
    RANKS = "Theil–Sen slope, Mann–Kendall test"


@dataclass(frozen=True, slots=True)
class Trend:
    """A trend over the sessions of a course.

    Attributes
    ----------
    slope, low, high : float
        Per `days` with its interval, in `unit`.
    days : int
        30, or the whole course where that is shorter: nothing is said beyond it.
    unit : str
        ``"%"`` for ratios.
    p : float
        Two-sided, for no trend.
    sessions : int
    method : TrendMethod
    is_certain : bool
        The test rejects no trend at 5 %, and the interval leaves out zero.
    """

    slope: float
    low: float
    high: float
    days: int
    unit: str
    p: float
    sessions: int
    method: TrendMethod

    @property
    def is_certain(self) -> bool:
        """Whether unchanged skin would seldom show such a row."""
        return self.p <= LEVEL and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class MetricTimeline:
    """One metric over the sessions.

    Attributes
    ----------
    metric : Metric
    sessions : tuple of SessionValue
        By date; those of the baseline come first.
    changes : tuple of Change
    after_injection : tuple of Change
        Sessions of the days after an injection: they show side effects, and are no part of the course.
    start : SessionValue or None
        The baseline, if it is the mean of several sessions.
    relative : Relative or None
        The same beside an untreated side.
    trend : Trend or None
        Over the whole course; None for fewer than three sessions.
    """

    metric: Metric
    sessions: tuple[SessionValue, ...]
    changes: tuple[Change, ...]
    after_injection: tuple[Change, ...] = ()
    start: SessionValue | None = None
    relative: Relative | None = None
    trend: Trend | None = None

    @property
    def baseline(self) -> SessionValue | None:
        """The first session with a value, or the mean of the first ones."""
        return self.start or (self.sessions[0] if self.sessions else None)

    @property
    def latest(self) -> Change | None:
        """The last change that could be stated; if there is none, the last session's."""
        stated = [c for c in self.changes if c.verdict is not Verdict.NOT_COMPARABLE]
        # What was refused before there was a baseline is no change from it.
        first = self.sessions[0].taken_on if self.sessions else None
        later = [c for c in self.changes if first is None or c.taken_on > first]
        return stated[-1] if stated else (later[-1] if later else None)


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
