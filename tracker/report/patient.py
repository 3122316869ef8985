"""What a patient is told: never a number, never a promise, never a cause.

A sentence says of a metric what it measures and nothing beside it; each passes `tracker.claims.told`.
"""

from __future__ import annotations

from tracker.claims import told
from tracker.measurement import Metric, Topic
from tracker.measurement.typed import TYPED
from tracker.metrics import metric_named
from tracker.report.courses import headline_verdict, of_an_earlier_session, spoken
from tracker.report.findings import Report
from tracker.timeline import Change, MetricTimeline, Verdict

_SINCE = "than at your first visit."
_SMOOTHER = ("Your skin in this area is measurably smoother", "Your skin in this area is measurably less smooth")
_LESS_RED = (
    "Beside the skin around it, there is measurably less redness in this area",
    "Beside the skin around it, there is measurably more redness in this area",
)
#: By metric, what is said of a better and of a worse value; what is not here is only said to be different.
_JUDGED: dict[str, tuple[str, str]] = {
    "relief": _SMOOTHER,
    "dual_relief": _SMOOTHER,
    "waviness": (
        "The broad waves of your skin in this area stand out measurably less",
        "The broad waves of your skin in this area stand out measurably more",
    ),
    "dual_depth": (
        "The relief of your skin in this area is measurably shallower",
        "The relief of your skin in this area is measurably deeper",
    ),
    "dimple_count": (
        "There are measurably fewer dimples in this area",
        "There are measurably more dimples in this area",
    ),
    "dimple_area": (
        "The dimples cover measurably less of the skin in this area",
        "The dimples cover measurably more of the skin in this area",
    ),
    "dimple_depth": (
        "The dimples in this area are measurably shallower",
        "The dimples in this area are measurably deeper",
    ),
    "delta_mi": (
        "The patch stands out measurably less from the skin around it",
        "The patch stands out measurably more from the skin around it",
    ),
    "spot_contrast": (
        "The dark spots in this area stand out measurably less",
        "The dark spots in this area stand out measurably more",
    ),
    "spot_load": (
        "Taken together, the dark spots in this area stand out measurably less",
        "Taken together, the dark spots in this area stand out measurably more",
    ),
    "spot_area": (
        "The dark spots in this area cover measurably less of the skin",
        "The dark spots in this area cover measurably more of the skin",
    ),
    "melanin_mottling": (
        "The brown colour of your skin in this area is measurably more even",
        "The brown colour of your skin in this area is measurably less even",
    ),
    "blood_mottling": (
        "The redness of your skin in this area is measurably more even",
        "The redness of your skin in this area is measurably less even",
    ),
    "delta_ei": _LESS_RED,
    "delta_a": _LESS_RED,
    "bruise_contrast": (
        "The bruise stands out measurably less from the skin around it",
        "The bruise stands out measurably more from the skin around it",
    ),
    "bruise_area": ("The bruise is measurably smaller", "The bruise is measurably larger"),
    "line_contrast": (
        "The lines in this area stand out measurably less",
        "The lines in this area stand out measurably more",
    ),
    "line_length": (
        "The photos show measurably fewer or shorter lines in this area",
        "The photos show measurably more or longer lines in this area",
    ),
    "fine_roughness": (
        "The fine relief of your skin in this area stands out measurably less",
        "The fine relief of your skin in this area stands out measurably more",
    ),
    "pores": (
        "The photos show measurably fewer pores in this area",
        "The photos show measurably more pores in this area",
    ),
}
#: What a metric is about, within a sentence, where what a patient would call it does not fit there.
_SUBJECTS = {
    "relief": "the surface of your skin",
    "dual_relief": "the surface of your skin",
    "waviness": "the broad waves of your skin",
    "dual_depth": "the depth of the relief of your skin",
    "dimple_count": "the number of dimples",
    "dimple_area": "the area of the dimples",
    "dimple_depth": "the depth of the dimples",
    "melanin_mottling": "how even the brown colour of your skin is",
    "blood_mottling": "how even the redness of your skin is",
    "delta_ei": "the redness of this area",
    "delta_a": "the redness of this area",
    "spot_redness": "the redness of the spots",
    "fine_roughness": "the fine texture of your skin",
    "ita": "the tone of your skin",
    "lightness": "how light your skin is",
}
#: What is typed is no photo's: what is said of a change, and of none.
_TYPED = {
    "tape": (
        "What the tape measured is measurably different from your first visit.",
        "What the tape measured shows no change larger than its own error.",
    ),
    "weight": (
        "Your weight is measurably different from your first visit.",
        "Your weight shows no change larger than it has from one day to the next.",
    ),
}
_SOMETHING_ELSE = "Something else in these photos changed: ask your practitioner."


def patient_headline(report: Report) -> str:
    """What a patient reads first: one sentence about what was asked about first, and whether there is more."""
    line = report.primary
    if line is None:
        return told(
            "What was asked about cannot be measured in these photos yet. Ask your practitioner what comes next."
        )
    others = [headline_verdict(other) for other in report.leading if other is not line]
    more = f" {_SOMETHING_ELSE}" if any(verdict and verdict.is_change for verdict in others) else ""
    if line.latest is None:
        return told(f"These are your first photos. The next visit will show whether something changed.{more}")
    sentence = patient_visit_sentence(line, line.latest)
    if of_an_earlier_session(line):
        day = spoken(line.latest.taken_on)
        sentence += f" This was on {day}; the photos since then cannot be compared fairly."
    return told(sentence + more)


def patient_visit_sentence(line: MetricTimeline, change: Change) -> str:
    """The change of one visit for the patient: compared with the untreated side where that is known."""
    return _beside_control(line, change) or patient_sentence(change, line.metric)


def _beside_control(line: MetricTimeline, alone: Change) -> str:
    """A change compared with the untreated side; empty where that is not known."""
    change = line.relative.on(alone.taken_on) if line.relative else None
    if change is None:
        return ""
    said = "Compared with your untreated side,"
    if change.verdict.is_change:
        judged = _JUDGED.get(line.metric.name)
        if change.verdict is not alone.verdict:
            # What is said of a better or worse value is said of this side, and this side alone says something else.
            return told(
                f"Since your first visit, {_subject(line.metric)} has measurably changed otherwise than on your "
                "untreated side. Ask your practitioner what that means."
            )
        if judged is None or change.verdict is Verdict.CHANGED or _is_paler(change, line.metric):
            return told(f"{said} the photos show that {_subject(line.metric)} is measurably different.")
        text = judged[change.verdict is Verdict.WORSE]
        return told(f"{said} {text[0].lower()}{text[1:]} {_SINCE}")
    text = f"the photos show no change in {_subject(line.metric)} that our camera can measure."
    both = (
        " What changed may have changed on both sides." if alone.verdict.is_change else " Small changes may be hidden."
    )
    return told(f"{said} {text}{both}")


def patient_sentence(change: Change, metric: Metric | None = None) -> str:
    """A change in words for the patient.

    Parameters
    ----------
    change : Change
    metric : Metric, optional
        What it is a change of; by default the one of this name.
    """
    metric = metric or metric_named(change.metric)
    if metric.name in {typed.name for typed in TYPED}:
        return told(_typed(change, metric))
    if change.verdict is Verdict.NOT_COMPARABLE:
        return told("These two photos cannot be compared fairly, so we do not.")
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        text = f"In {_subject(metric)} the photos show no change that our camera can measure."
        return told(f"{text} Small changes may be hidden.")
    judged = _JUDGED.get(metric.name)
    if judged is None or change.verdict is Verdict.CHANGED or _is_paler(change, metric):
        return told(f"In {_subject(metric)} the photos are measurably different from your first visit.")
    return told(f"{judged[change.verdict is Verdict.WORSE]} {_SINCE}")


def _typed(change: Change, metric: Metric) -> str:
    different, same = _TYPED[metric.name]
    if change.verdict is Verdict.NOT_COMPARABLE:
        return "What was noted on these two days cannot be compared fairly, so we do not."
    return same if change.verdict is Verdict.NO_MEASURABLE_CHANGE else different


def _is_paler(change: Change, metric: Metric) -> bool:
    """Whether the area was or is less red than its surroundings: nearer to them is redder then, not less red."""
    return metric.topic is Topic.REDNESS and any((value or 0.0) < 0 for value in (change.baseline, change.value))


def _subject(metric: Metric) -> str:
    return _SUBJECTS.get(metric.name, metric.plain)
