"""`Timeline`… → `Report`: everything that is said about a series, and in which words; in no format.

All sentences that reach a practitioner or a patient about a change are made here, so that what must not be said
cannot be said anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tracker.calibration import ColourCalibration, Scale
from tracker.measurement import Direction, Measurement, Metric
from tracker.metrics import metric_named, typology_class
from tracker.quality import Check, Comparability, Status
from tracker.quality.check import ALL_METRICS
from tracker.region import Region
from tracker.timeline import Change, MetricTimeline, Refused, SessionValue, Timeline, Verdict

NOT_A_DIAGNOSIS = (
    "This report measures photographs. It is not a diagnosis, does not judge spots or moles, "
    "and does not say what caused a change."
)
PROVISIONAL_NOTE = (
    "The smallest detectable change is provisional: it is typical for this kind of set-up and was not measured in "
    "this clinic."
)


#: What takes less of a region than this is not worth a word.
LEAST_SHARE_SAID = 0.005


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
    def primary(self) -> MetricTimeline | None:
        """The first measured metric, in display order: the one the headline is about."""
        return next(iter(self.measured), None)


def headline(report: Report) -> str:
    """The one sentence a practitioner reads first."""
    line = report.primary
    if line is None:
        return "Nothing could be measured in these photos."
    if line.latest is None:
        return f"{line.metric.title}: there is a baseline; a change needs a second session."
    return practitioner_sentence(line.latest) + _of_an_earlier_session(line)


def patient_headline(report: Report) -> str:
    """The one sentence a patient reads first."""
    line = report.primary
    if line is None:
        return "These photos cannot be measured yet. Your practitioner will take new ones."
    if line.latest is None:
        return "These are your first photos. The next visit will show whether something changed."
    told = patient_sentence(line.latest)
    if _of_an_earlier_session(line):
        told += f" This was on {_spoken(line.latest.taken_on)}; the photos since then cannot be compared fairly."
    return told


def _of_an_earlier_session(line: MetricTimeline) -> str:
    """What must be added where the last sessions cannot be compared and an older one is spoken of."""
    if line.latest is None or line.changes[-1] is line.latest:
        return ""
    return f" This is the session of {_spoken(line.latest.taken_on)}; no later one can be compared."


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def practitioner_sentence(change: Change) -> str:
    """A change in the practitioner's words.

    Examples
    --------
    >>> from datetime import date
    >>> practitioner_sentence(Change("relief", date(2026, 5, 4), date(2026, 3, 2), 4.0, 3.3, -18.0, -25.0, -11.0,
    ...                              12.0, "%", "study", Verdict.BETTER))
    'Measurable decrease in relief roughness: −18 % (95 % CI −25 to −11); this set-up detects 12 %.'
    """
    metric = metric_named(change.metric)
    if change.verdict is Verdict.NOT_COMPARABLE or change.change is None or change.mdc95 is None:
        return f"Not comparable: {_lowered(change.reason)}"
    unit = _unit(change.unit)
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        return (
            f"No measurable change in {_lowered(metric.title)}: {signed(change.change, change.unit)}{unit} is within "
            f"±{number(change.mdc95, change.unit)}{unit}. This does not show that nothing changed."
        )
    direction = "decrease" if change.change < 0 else "increase"
    low, high = (signed(value or 0.0, change.unit) for value in (change.low, change.high))
    return (
        f"Measurable {direction} in {_lowered(metric.title)}: {signed(change.change, change.unit)}{unit} "
        f"(95 % CI {low} to {high}); this set-up detects {number(change.mdc95, change.unit)}{unit}."
    )


def practitioner_sentences(changes: Sequence[Change]) -> tuple[str, ...]:
    """Changes in the practitioner's words; metrics that are not compared for the same reason share a sentence.

    Examples
    --------
    >>> from datetime import date
    >>> nothing = (None,) * 6
    >>> blurred = [Change(name, date(2026, 5, 4), date(2026, 3, 2), *nothing, "%", "study", Verdict.NOT_COMPARABLE,
    ...                   "The photo is blurred.") for name in ("relief", "delta_mi")]
    >>> practitioner_sentences(blurred)
    ('Not comparable in relief roughness, pigment contrast: the photo is blurred.',)
    """
    groups = same_reason(changes)
    if len(groups) == 1 and len(groups[0]) > 2:
        return (f"Nothing can be compared: {_lowered(groups[0][0].reason)}",)
    return tuple(
        practitioner_sentence(group[0])
        if len(group) == 1
        else f"Not comparable in {metric_titles(group)}: {_lowered(group[0].reason)}"
        for group in groups
    )


def same_reason(changes: Sequence[Change]) -> tuple[tuple[Change, ...], ...]:
    """Changes in their order, those together that are not compared for the same reason."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        alone = change.verdict is not Verdict.NOT_COMPARABLE
        groups.setdefault(change.metric if alone else f" {change.reason}", []).append(change)
    return tuple(tuple(group) for group in groups.values())


def metric_titles(changes: Sequence[Change]) -> str:
    """The metrics of some changes in plain words."""
    return ", ".join(_lowered(metric_named(change.metric).title) for change in changes)


def metric_sentence(line: MetricTimeline) -> str:
    """One metric in the practitioner's words: its latest change, or why there is none yet."""
    if line.baseline is None:
        return f"{line.metric.title} could not be measured in these photos."
    if line.latest is None:
        return f"{line.metric.title}: there is a baseline; a change needs a second session."
    return practitioner_sentence(line.latest)


def change_text(change: Change) -> str:
    """A change with its 95 % interval, such as ``"−18 % (−25 to −11)"``; empty where there is none."""
    if change.change is None or change.low is None or change.high is None:
        return ""
    low, high = (signed(value, change.unit) for value in (change.low, change.high))
    return f"{signed(change.change, change.unit)}{_unit(change.unit)} ({low} to {high})"


def detectable_text(change: Change) -> str:
    """The smallest change this set-up detects, such as ``"12 %"``; empty where there is none."""
    return "" if change.mdc95 is None else f"{number(change.mdc95, change.unit)}{_unit(change.unit)}"


def direction_sentence(metric: Metric) -> str:
    """Which change of a metric is called better."""
    return {
        Direction.LESS: "Lower is better.",
        Direction.TOWARDS_ZERO: "Closer to zero is better.",
        Direction.NONE: "Neither direction is called better.",
    }[metric.direction]


def photo_standing(photo: ReportedPhoto, *, gives: bool = True) -> str:
    """What a photo is good for, in a few words.

    Parameters
    ----------
    photo : ReportedPhoto
    gives : bool
        Whether any metric has a value from it.
    """
    if photo.is_reference:
        return "reference"
    blocking = {check.blocks for check in photo.checks if check.status is Status.BLOCK}
    if ALL_METRICS in blocking or (blocking and not gives):
        return "not comparable"
    if blocking:
        return "partly comparable"
    return "comparable, with a remark" if photo.status is Status.WARN else "comparable"


def check_finding(check: Check, metrics: Sequence[Metric] = ()) -> str:
    """What a check found and what it stops.

    Examples
    --------
    >>> from tracker.metrics import METRICS
    >>> check_finding(Check("rotation", 12.0, "at most 10°", Status.WARN, "", unit="°"), METRICS)
    'Rotation: 12.0°, should be at most 10°.'
    """
    found = f"{check.check.capitalize()}: {found_text(check)}, should be {check.limit}."
    if check.status is not Status.BLOCK:
        return found
    return f"{found} Stops {stopped_text(check, metrics) or check.blocks}."


def found_text(check: Check) -> str:
    """The value of a check with its unit, such as ``"12.0°"``."""
    return number(check.value, "") + (_unit(check.unit) if check.unit else "")


def stopped_text(check: Check, metrics: Sequence[Metric]) -> str:
    """The metrics that a check stops, in plain words; empty if it stops none of them."""
    stopped = [_lowered(metric.title) for metric in metrics if check.stops(metric.needs)]
    return ALL_METRICS if stopped and len(stopped) == len(metrics) > 1 else ", ".join(stopped)


_PATIENT_BETTER = {
    "relief": "Your skin in this area is measurably smoother than at your first visit.",
    "dual_relief": "Your skin in this area is measurably smoother than at your first visit.",
    "dual_depth": "The hollows in this area are measurably shallower than at your first visit.",
    "dimple_count": "There are measurably fewer dimples in this area than at your first visit.",
    "dimple_area": "Dimples take up measurably less of this area than at your first visit.",
    "dimple_depth": "The dimples in this area are measurably shallower than at your first visit.",
    "delta_mi": "The patch stands out measurably less from the skin around it than at your first visit.",
    "delta_ei": "The redness stands out measurably less from the skin around it than at your first visit.",
    "delta_a": "The redness stands out measurably less from the skin around it than at your first visit.",
}
_PATIENT_WORSE = {
    "relief": "Your skin in this area is measurably less smooth than at your first visit.",
    "dual_relief": "Your skin in this area is measurably less smooth than at your first visit.",
    "dual_depth": "The hollows in this area are measurably deeper than at your first visit.",
    "dimple_count": "There are measurably more dimples in this area than at your first visit.",
    "dimple_area": "Dimples take up measurably more of this area than at your first visit.",
    "dimple_depth": "The dimples in this area are measurably deeper than at your first visit.",
    "delta_mi": "The patch stands out measurably more from the skin around it than at your first visit.",
    "delta_ei": "The redness stands out measurably more from the skin around it than at your first visit.",
    "delta_a": "The redness stands out measurably more from the skin around it than at your first visit.",
}


def patient_sentence(change: Change) -> str:
    """A change in words for the patient; never a number, never a promise, never a cause."""
    if change.verdict is Verdict.NOT_COMPARABLE:
        return "These two photos cannot be compared fairly, so we do not."
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        return "The photos show no change that our camera can measure. Small changes may be hidden."
    if change.verdict is Verdict.BETTER:
        return _PATIENT_BETTER[change.metric]
    if change.verdict is Verdict.WORSE:
        return _PATIENT_WORSE[change.metric]
    return "The colour of your skin in this area is measurably different from your first visit."


def value_sentence(session: SessionValue, line: MetricTimeline) -> str:
    """A session's value with its expanded uncertainty, such as ``"3.42 ± 0.8 % log-luminance"``."""
    unit = line.metric.unit
    text = f"{number(session.value, unit)} ± {number(1.96 * session.uncertainty, unit)}{_unit(unit)}"
    return f"{text} ({typology_class(session.value)})" if line.metric.name == "ita" else text


def area_sentence(measurement: Measurement) -> str:
    """Where a value was measured, in one calm phrase.

    Examples
    --------
    >>> from dataclasses import replace
    >>> measured = Measurement("relief", "relief@2", "%", 3.4, 0.1, "", None, (), (), 0.96, 14260.0,
    ...                        (("hair", 0.031), ("shine", 0.009)))
    >>> area_sentence(measured)
    'Measured on 143 cm², 4 % left out: hair 3 %, shine 1 %.'
    >>> area_sentence(replace(measured, area_share=1.0, area_mm2=250.0, left_out=(), also_seen=(("hair", 0.02),)))
    'Measured on 2.5 cm². Seen and measured too: hair 2 %.'
    """
    if measurement.area_mm2 is None:
        text = f"Measured on {100 * measurement.area_share:.0f} % of the region"
    else:
        text = f"Measured on {_area(measurement.area_mm2)}"
    gone, kept = (_shares(found) for found in (measurement.left_out, measurement.also_seen))
    if gone:
        text += f", {_share(sum(share for _, share in measurement.left_out))} left out: {gone}"
    return f"{text}. Seen and measured too: {kept}." if kept else f"{text}."


def _area(mm2: float) -> str:
    return f"{mm2 / 100:.0f} cm²" if mm2 >= 1000 else f"{mm2 / 100:.1f} cm²"


def _shares(found: tuple[tuple[str, float], ...]) -> str:
    """What took at least half a per cent of a region, with how much."""
    return ", ".join(f"{reason} {_share(share)}" for reason, share in found if share >= LEAST_SHARE_SAID)


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def number(value: float, unit: str) -> str:
    """A number with the digits its unit deserves; a minus sign is a minus sign."""
    digits = 0 if unit == "%" and abs(value) >= 1 else 1 if abs(value) >= 10 or unit in ("°", "%", "CIELAB") else 2
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.lstrip("−") if set(text) <= set("−0.") else text


def signed(value: float, unit: str) -> str:
    """As `number`, with the sign always shown."""
    text = number(value, unit)
    return text if text.startswith("−") or set(text) <= set("0.") else f"+{text}"


def _unit(unit: str) -> str:
    return {"°": "°", "index": " units", "CIELAB": " CIELAB units"}.get(unit, f" {unit}")


def _lowered(text: str) -> str:
    keep = len(text) > 1 and (text[1].isupper() or not text[1].isalpha())
    return text if keep or not text else text[0].lower() + text[1:]
