"""What was found in one series of photos, without words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from tracker.calibration import ColourCalibration, Scale
from tracker.measurement import Measurement, Metric, Role
from tracker.quality import Check, Comparability, Status
from tracker.region import Region
from tracker.timeline import MetricTimeline, Refused, Timeline


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
    def leading(self) -> tuple[MetricTimeline, ...]:
        """The measured primary metrics, in the order in which was asked about them."""
        return tuple(line for line in self.measured if line.metric.role is Role.PRIMARY)

    @property
    def further(self) -> tuple[MetricTimeline, ...]:
        """The other measured metrics: exploratory, for nothing is judged by them."""
        return tuple(line for line in self.measured if line.metric.role is not Role.PRIMARY)

    def origin_of(self, line: MetricTimeline) -> str | None:
        """Digest of the latest photo that what is said of a metric rests on; None if only the reference gives it."""
        day = line.latest.taken_on if line.latest else None
        found = [m.digest for session in line.sessions if session.taken_on == day for m in session.measurements]
        return found[-1] if found else None

    @property
    def primary(self) -> MetricTimeline | None:
        """The metric the headline is about: the first primary one that was measured, without one the first at all."""
        return next(iter((*self.leading, *self.measured)), None)
