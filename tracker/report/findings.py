"""What was found in one series of photos, without words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tracker.calibration import ColourCalibration, Scale
from tracker.measurement import Measurement, Metric
from tracker.metrics import primary_among
from tracker.quality import Check, Comparability, Status
from tracker.region import Region
from tracker.timeline import NO_SCHEDULE, MetricTimeline, Refused, Schedule, Timeline, Verdict


@dataclass(frozen=True, slots=True)
class ReportedPhoto:
    """One photo of the series as the report shows it.

    Attributes
    ----------
    digest, name : str
    taken_on : date
    is_reference : bool
    checks : tuple of Check
        Quality checks against the reference (of the photo itself, for the reference).
    overlap, error_px, error_mm : float or None
        Of the alignment; None for the reference. Errors are claimed medians.
    notes : tuple of str
        What was done on reading.
    colour : ColourCalibration or None
        What its colours rest on; None where that was not kept.
    scale : Scale or None
        Its own scale; None without one, and where it was not kept.
    through : str
        Digest of the photo through which it was aligned with the reference; empty for directly.
    camera : str
        Make, model and lens as the camera wrote them; empty if unknown.
    taken_at : datetime or None
        By the camera's own clock, without a time zone.
    lent : bool
        Whether it is the second photo of a pair: its light is used with the first one, by itself it gives no value.
    """

    digest: str
    name: str
    taken_on: date
    is_reference: bool
    checks: tuple[Check, ...] = ()
    overlap: float | None = None
    error_px: float | None = None
    error_mm: float | None = None
    notes: tuple[str, ...] = ()
    colour: ColourCalibration | None = field(default=None, compare=False, repr=False)
    scale: Scale | None = None
    through: str = ""
    camera: str = ""
    taken_at: datetime | None = None
    lent: bool = False

    @property
    def status(self) -> Status:
        """The worst of its checks."""
        return Comparability(self.checks).status

    def stopping(self, metric: Metric) -> tuple[Check, ...]:
        """The checks because of which a metric is not compared in this photo."""
        return Comparability(self.checks).stopping(metric.needs)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A photo that was left out, and why.

    Attributes
    ----------
    digest, name : str
    taken_on : date or None
    reason : str
        One sentence with the next step.
    code : str
        Stable identifier of the reason.
    """

    digest: str
    name: str
    taken_on: date | None
    reason: str
    code: str


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was found in one series of photos.

    Attributes
    ----------
    title : str
        Of the series; never a name of a person.
    photos : tuple of ReportedPhoto
        In order of date; the first one marked ``is_reference`` is the reference.
    rejections : tuple of Rejection
    region : Region
    timeline : Timeline
    refused : tuple of Refused
        Metrics that single photos did not give.
    mm_per_px : float or None
        Scale of the reference photo.
    colour_evidence : str
        What the colours rest on.
    set_up : str
        The set-up the detectable change holds for.
    control : Report or None
        The same for the untreated side.
    schedule : Schedule
        When was injected.
    unused_lines : tuple of str
        What was typed beside the photos and cannot be used, one sentence each.
    """

    title: str
    photos: tuple[ReportedPhoto, ...]
    rejections: tuple[Rejection, ...]
    region: Region
    timeline: Timeline
    refused: tuple[Refused, ...] = ()
    mm_per_px: float | None = None
    colour_evidence: str = ""
    set_up: str = ""
    control: Report | None = field(default=None)
    schedule: Schedule = NO_SCHEDULE
    unused_lines: tuple[str, ...] = ()

    @property
    def reference(self) -> ReportedPhoto:
        """The photo everything is compared with."""
        return next(photo for photo in self.photos if photo.is_reference)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Every measurement, metric by metric in order of date."""
        return tuple(m for line in self.timeline.metrics for s in line.sessions for m in s.measurements)

    @property
    def measured(self) -> tuple[MetricTimeline, ...]:
        """The metrics with at least one value."""
        return tuple(line for line in self.timeline.metrics if line.sessions)

    @property
    def shown(self) -> str | None:
        """Digest of the latest photo that the headline rests on; None if no later photo gave what it is about."""
        lines = [self.primary] if self.primary else []
        given = {m.digest for line in lines for session in line.sessions for m in session.measurements}
        return next((p.digest for p in reversed(self.photos) if p.digest in given and not p.is_reference), None)

    def gives(self, photo: ReportedPhoto) -> bool:
        """Whether any metric has a value from a photo."""
        return any(m.digest == photo.digest for m in self.measurements)

    @property
    def declared(self) -> tuple[MetricTimeline, ...]:
        """The primary metric of each topic that was asked about, in that order, measured or not.

        Which ones these are follows from what was asked and whether a patch is marked, not from what was found.
        """
        metrics = [line.metric for line in self.timeline.metrics]
        names = [metric.name for metric in primary_among(metrics, marked=not self.region.is_whole_skin)]
        return tuple(self.timeline.of(name) for name in names)

    @property
    def leading(self) -> tuple[MetricTimeline, ...]:
        """Those of the declared metrics that were measured: verdicts rest on these."""
        return tuple(line for line in self.declared if line.sessions)

    @property
    def further(self) -> tuple[MetricTimeline, ...]:
        """The other measured metrics: exploratory, for nothing is judged by them; see `without_judgement`."""
        leading = {line.metric.name for line in self.leading}
        return tuple(without_judgement(line) for line in self.measured if line.metric.name not in leading)

    def untreated(self, line: MetricTimeline) -> MetricTimeline | None:
        """The same metric on the untreated side, if it was photographed: judged only if the treated side is."""
        lines = self.control.timeline.metrics if self.control else ()
        found = next((other for other in lines if other.metric.name == line.metric.name), None)
        leads = any(other.metric.name == line.metric.name for other in self.leading)
        return found if leads or found is None else without_judgement(found)

    def origin_of(self, line: MetricTimeline) -> str | None:
        """Digest of the latest photo that what is said of a metric rests on; None if only the reference gives it."""
        day = line.latest.taken_on if line.latest else None
        found = [m.digest for session in line.sessions if session.taken_on == day for m in session.measurements]
        return found[-1] if found else None

    @property
    def primary(self) -> MetricTimeline | None:
        """The metric the headline is about: the first declared one that was measured."""
        return next(iter(self.leading), None)


def without_judgement(line: MetricTimeline) -> MetricTimeline:
    """A metric by which nothing is judged: its changes are not called better or worse, only changed."""
    changes = tuple(replace(c, verdict=Verdict.CHANGED) if c.verdict.is_change else c for c in line.changes)
    return replace(line, changes=changes)
