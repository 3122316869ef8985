"""What a patient is told: never a number, never a promise, never a cause.

Each sentence passes `tracker.claims.told`.
"""

from __future__ import annotations

from tracker.claims import told
from tracker.measurement import Metric, Topic
from tracker.metrics import metric_named
from tracker.report.findings import Report
from tracker.report.sentences import of_an_earlier_session, spoken
from tracker.timeline import Change, Verdict

_SINCE = "than at your first visit."
#: What stands out, by topic, where a change has a good and a bad direction.
_STANDS_OUT = {
    Topic.PIGMENT: "The dark spots in this area stand out",
    Topic.REDNESS: "The redness in this area stands out",
    Topic.LINES: "The lines in this area stand out",
}
#: The same, of what is not what its topic is called after.
_OF_ITS_OWN = {
    "pores": "The pores in this area stand out",
    "fine_roughness": "The fine relief of the skin in this area stands out",
}
#: What is different, where neither direction is called better.
_DIFFERENT = {
    Topic.RELIEF: "The surface of your skin in this area is",
    Topic.LINES: "The lines in this area are",
    Topic.HAIR: "The hair in this area is",
    Topic.CONTOUR: "The outline in these photos is",
}
_TYPED = {"tape": "What the tape measured is", "weight": "Your weight is"}


def patient_headline(report: Report) -> str:
    """The one sentence a patient reads first."""
    line = report.primary
    if line is None:
        return told("These photos cannot be measured yet. Your practitioner will take new ones.")
    if line.latest is None:
        return told("These are your first photos. The next visit will show whether something changed.")
    sentence = patient_sentence(line.latest, line.metric)
    if of_an_earlier_session(line):
        day = spoken(line.latest.taken_on)
        sentence += f" This was on {day}; the photos since then cannot be compared fairly."
    return told(sentence)


def patient_sentence(change: Change, metric: Metric | None = None) -> str:
    """A change in words for the patient.

    Parameters
    ----------
    change : Change
    metric : Metric, optional
        What it is a change of; by default the one of this name.
    """
    metric = metric or metric_named(change.metric)
    if change.verdict is Verdict.NOT_COMPARABLE:
        return told("These two photos cannot be compared fairly, so we do not.")
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        return told("The photos show no change that our camera can measure. Small changes may be hidden.")
    if change.verdict in (Verdict.BETTER, Verdict.WORSE):
        return told(_judged(metric, better=change.verdict is Verdict.BETTER))
    return told(_different(metric))


def _judged(metric: Metric, *, better: bool) -> str:
    if metric.topic is Topic.RELIEF:
        return f"Your skin in this area is measurably {'smoother' if better else 'less smooth'} {_SINCE}"
    how = f"measurably {'less' if better else 'more'}"
    if metric.is_contrast and metric.topic in (Topic.PIGMENT, Topic.REDNESS):
        what = "The patch" if metric.topic is Topic.PIGMENT else "The redness"
        return f"{what} stands out {how} from the skin around it {_SINCE}"
    if stands_out := _OF_ITS_OWN.get(metric.name) or _STANDS_OUT.get(metric.topic):
        return f"{stands_out} {how} {_SINCE}"
    return _different(metric)


def _different(metric: Metric) -> str:
    what = _TYPED.get(metric.name) or _DIFFERENT.get(metric.topic, "The colour of your skin in this area is")
    return f"{what} measurably different from your first visit."
