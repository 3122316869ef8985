"""All sentences about a change that reach a practitioner, so that what must not be said cannot be said anywhere.

Each passes `tracker.claims.stated`, the whitelist of what may be said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from tracker.claims import ForbiddenClaim, said, stated
from tracker.measurement import Direction, Metric
from tracker.metrics import METRICS, metric_named, typology_class
from tracker.quality import Need
from tracker.report.findings import Report
from tracker.report.words import in_short, lowered, number, signed
from tracker.timeline import Change, MetricTimeline, SessionValue, Trend, Verdict

NOT_A_DIAGNOSIS = (
    "This report measures photographs. It is not a diagnosis, does not judge spots or moles, "
    "and does not say what caused a change."
)
PROVISIONAL_NOTE = (
    "The smallest detectable change is provisional: it is typical for this kind of set-up and was not measured in "
    "this clinic."
)
PARTLY_PROVISIONAL_NOTE = (
    "Where a smallest detectable change is called provisional, it is typical for this kind of set-up and was not "
    "measured in this clinic; the others were."
)
EXPLORATORY_NOTE = "Nothing is judged by these: they were not named beforehand, and one of twenty may seem to change."
TONE_NOTE = "The ± of tone is that of a comparison; as a colour it is known to about ΔE00 1 to 2."
#: By metric: what a value is called, beside the number.
IN_WORDS: Mapping[str, Callable[[float], str]] = {"ita": typology_class}


def provisional_note(changes: Iterable[Change]) -> str:
    """What to know of the smallest detectable changes that are stated; empty if all were measured in this clinic."""
    sources = {change.mdc_source for change in changes if change.mdc95 is not None}
    if "provisional" not in sources:
        return ""
    return PROVISIONAL_NOTE if len(sources) == 1 else PARTLY_PROVISIONAL_NOTE


def headline(report: Report) -> str:
    """The one sentence a practitioner reads first."""
    line = report.primary
    if line is None:
        return _nothing(report)
    sentence, older = beside_control_sentence(line) or metric_sentence(line), of_an_earlier_session(line)
    return stated(sentence + older, line.metric) if older else sentence


def beside_control_sentence(line: MetricTimeline, day: date | None = None) -> str:
    """The change of a session, by default the latest, relative to the untreated side; empty where that is not known.

    Where it is known it leads: what happened to both sides happened whatever was done.
    """
    day = day or (line.latest.taken_on if line.latest else None)
    change = line.relative.on(day) if line.relative and day else None
    if change is None or change.change is None or change.mdc95 is None:
        return ""
    title, unit = lowered(line.metric.title), said(change.unit)
    number_of, limit = signed(change.change, change.unit), number(change.mdc95, change.unit)
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        return stated(
            f"Relative to the untreated side, no measurable change in {title}: {number_of}{unit} is within "
            f"±{limit}{unit}. This does not show that nothing changed.",
            line.metric,
        )
    what = "decrease" if change.change < 0 else "increase"
    if line.metric.direction is Direction.TOWARDS_ZERO:
        what = "change"
    low, high = (signed(value or 0.0, change.unit) for value in (change.low, change.high))
    return stated(
        f"Relative to the untreated side, measurable {what} in {title}: {number_of}{unit} (95 % CI {low} to {high}); "
        f"the two sides together detect {limit}{unit}.",
        line.metric,
    )


def course_sentences(line: MetricTimeline) -> tuple[str, ...]:
    """What else is known of a metric by which is judged: beside the untreated side, what is ruled out, the trend."""
    latest = line.latest
    if latest is None:
        return ()
    beside = beside_control_sentence(line)
    found = [beside, _sides(line)] if beside else [_without_control(line, latest.taken_on)]
    judged = line.relative.on(latest.taken_on) if beside and line.relative else latest
    if judged and judged.verdict is Verdict.NO_MEASURABLE_CHANGE and judged.ruled_out is not None:
        most = f"{number(judged.ruled_out, judged.unit)}{said(judged.unit)}"
        what = f"change in {lowered(line.metric.title)} larger than {most} is ruled out."
        found.append(stated(f"Relative to the untreated side, a {what}" if beside else f"A {what}", line.metric))
    if line.trend is not None:
        found.append(_trend_sentence(line.trend, line.metric, alone=bool(beside)))
    return tuple(filter(None, found))


def _without_control(line: MetricTimeline, day: date) -> str:
    """Why the latest session is not compared with the untreated side; empty where there is none."""
    reason = next((why for when, why in line.relative.alone if when == day), "") if line.relative else ""
    return stated(f"Not compared with the untreated side: {lowered(reason)}", quoted=lowered(reason)) if reason else ""


def _sides(line: MetricTimeline) -> str:
    """Which of the two comparisons is the more certain, and what the correlation of the sides rests on."""
    assert line.relative is not None
    assert line.latest is not None
    both = line.relative.on(line.latest.taken_on)
    assert both is not None
    if line.metric.vanishes or both.compared is None or line.latest.compared is None:
        return ""
    certain = "more certain" if both.compared[1] < line.latest.compared[1] else "less certain"
    text = f"The two sides together are {certain} than this side alone: their correlation is "
    return stated(f"{text}{line.relative.evidence}.", quoted=f"{line.relative.evidence}.")


def headline_verdict(line: MetricTimeline) -> Verdict | None:
    """The verdict that the headline states: beside the untreated side where that is known. None before a change."""
    if line.latest is None:
        return None
    beside = line.relative.on(line.latest.taken_on) if line.relative else None
    return beside.verdict if beside else line.latest.verdict


def _trend_sentence(trend: Trend, metric: Metric, *, alone: bool) -> str:
    title, unit = lowered(metric.title), said(trend.unit)
    over = f"{'This side alone, over' if alone else 'Over'} {trend.sessions} sessions"
    if not trend.is_certain:
        return stated(f"{over} no trend of {title} can be told from chance.", metric)
    sizes = sorted(abs(end) for end in (trend.low, trend.high))
    low, high = (number(size, trend.unit) for size in sizes)
    return stated(
        f"{over} {title} goes {'down' if trend.slope < 0 else 'up'} by {number(abs(trend.slope), trend.unit)}{unit} "
        f"in {trend.days} days (95 % CI {low} to {high}).",
        metric,
    )


def _nothing(report: Report) -> str:
    """What is said where no declared metric was measured, with the reason of the one that was to lead."""
    if not report.declared:
        return stated("No metric was asked for that a verdict may rest on.")
    line = report.declared[0]
    reason = lowered(why_not_measured(report, line))
    text = "Nothing that was asked about could be measured in these photos"
    return stated(f"{text}: {reason}", quoted=reason) if reason else stated(f"{text}.")


def why_not_measured(report: Report, line: MetricTimeline) -> str:
    """What the latest session lacked for a metric; before a second one, what the reference does. Empty if not known."""
    if line.changes:
        return line.changes[-1].reason
    if line.after_injection:
        return "All photos are of the days after an injection. Take one before the next, or more than five days later."
    return next((refused.reason for refused in report.refused if refused.metric == line.metric.name), "")


def of_an_earlier_session(line: MetricTimeline) -> str:
    """What must be added where the last sessions cannot be compared and an older one is spoken of."""
    if line.latest is None or line.changes[-1] is line.latest:
        return ""
    return f" This is the session of {spoken(line.latest.taken_on)}; no later one can be compared."


def spoken(day: date) -> str:
    """A day within a sentence."""
    return f"{day.day} {day:%B %Y}"


def practitioner_sentence(change: Change, metric: Metric | None = None) -> str:
    """A change in the practitioner's words.

    Parameters
    ----------
    change : Change
    metric : Metric, optional
        What it is a change of; by default the one of this name.

    Raises
    ------
    ForbiddenClaim
        The change states what may not be stated.

    Examples
    --------
    >>> from datetime import date
    >>> practitioner_sentence(Change("relief", date(2026, 5, 4), date(2026, 3, 2), 4.0, 3.3, -18.0, -25.0, -11.0,
    ...                              12.0, "%", "study", Verdict.BETTER))
    'Measurable decrease in relief roughness: −18 % (95 % CI −25 to −11); this set-up detects 12 %.'
    """
    metric = metric or metric_named(change.metric)
    if change.verdict is Verdict.NOT_COMPARABLE or change.change is None or change.mdc95 is None:
        if any(value is not None for value in (change.change, change.low, change.high, change.mdc95)):
            raise ForbiddenClaim(f"{metric.title}: a number was to be stated of what is not comparable")
        reason = lowered(change.reason)
        return stated(f"Not comparable: {reason}", metric, quoted=reason)
    unit = said(change.unit)
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        return stated(
            f"No measurable change in {lowered(metric.title)}: {signed(change.change, change.unit)}{unit} is within "
            f"±{number(change.mdc95, change.unit)}{unit}{_limit_among(change)}. This does not show that nothing "
            "changed.",
            metric,
        )
    low, high = (signed(value or 0.0, change.unit) for value in (change.low, change.high))
    return stated(
        f"Measurable {_what_happened(change, metric)}: {signed(change.change, change.unit)}{unit} "
        f"(95 % CI {low} to {high}); {_among(change)}this set-up detects {number(change.mdc95, change.unit)}{unit}.",
        metric,
    )


def _among(change: Change) -> str:
    """That the limit allows for several quantities."""
    return f"among {change.among} quantities " if change.among > 1 else ""


def _limit_among(change: Change) -> str:
    return f", the limit among {change.among} quantities" if change.among > 1 else ""


def _what_happened(change: Change, metric: Metric) -> str:
    """What became of a quantity, in words that agree with its verdict.

    Below zero, what comes nearer to zero increases and is called better, so it is not called an increase. A quantity
    that is only said to have changed has no verdict that a direction could contradict.
    """
    title = lowered(metric.title)
    below = any((value or 0.0) < 0 for value in (change.baseline, change.value))
    if metric.direction is Direction.TOWARDS_ZERO and below and change.verdict is not Verdict.CHANGED:
        return f"change in {title} {'towards' if change.verdict is Verdict.BETTER else 'away from'} zero"
    return f"{'decrease' if (change.change or 0.0) < 0 else 'increase'} in {title}"


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
        reason = lowered(shared_reason(groups[0]))
        return (stated(f"Nothing can be compared: {reason}", quoted=reason),)
    return tuple(group_sentence(group) for group in groups)


def group_sentence(changes: Sequence[Change]) -> str:
    """Changes that are not compared for one reason in a sentence; one alone in its own."""
    if len(changes) == 1:
        return practitioner_sentence(changes[0])
    reason = lowered(shared_reason(changes))
    return stated(f"Not comparable in {metric_titles(changes)}: {reason}", quoted=reason)


def same_reason(changes: Sequence[Change]) -> tuple[tuple[Change, ...], ...]:
    """Changes in their order, those together that are not compared for the same reason."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        alone = change.verdict is not Verdict.NOT_COMPARABLE
        key = change.metric if alone else f" {without_title(change.reason, title_of(change))}"
        groups.setdefault(key, []).append(change)
    return tuple(tuple(group) for group in groups.values())


def shared_reason(changes: Sequence[Change]) -> str:
    """The reason that some changes share, without the name of one of them."""
    first = changes[0]
    return first.reason if len(changes) == 1 else without_title(first.reason, title_of(first))


def without_title(reason: str, title: str) -> str:
    """A reason that speaks of one metric, as it is said of several.

    Examples
    --------
    >>> without_title("Typology angle needs a colour chart in the picture.", "Typology angle")
    'Each needs a colour chart in the picture.'
    """
    return reason.replace(f"{title} ", "Each ").replace(f"{title}: ", "Each: ")


def title_of(change: Change) -> str:
    """The title of the metric of a change; a metric that is not one of the product's has its name only."""
    try:
        return metric_named(change.metric).title
    except KeyError:
        return change.metric


def metric_titles(changes: Sequence[Change]) -> str:
    """The metrics of some changes in plain words, many of them topic by topic."""
    try:
        return in_short([metric_named(change.metric) for change in changes], METRICS)
    except KeyError:
        return ", ".join(lowered(title_of(change)) for change in changes)


def metric_sentence(line: MetricTimeline) -> str:
    """One metric in the practitioner's words: its latest change, or why there is none yet."""
    if line.baseline is None:
        return stated(f"{line.metric.title} could not be measured in these photos.", line.metric)
    if line.latest is None:
        return stated(f"{line.metric.title}: there is a baseline; a change needs a second session.", line.metric)
    return practitioner_sentence(line.latest, line.metric)


def value_sentence(session: SessionValue, line: MetricTimeline) -> str:
    """A session's value with its expanded uncertainty, such as ``"3.42 ± 0.8 % log-luminance"``."""
    unit = line.metric.unit
    text = f"{number(session.value, unit)} ± {number(1.96 * session.uncertainty, unit)}{said(unit)}"
    words = _in_words(session, line.metric)
    return stated(f"{text} ({words})" if words else text, line.metric, value=words)


def _in_words(session: SessionValue, metric: Metric) -> str:
    """What a value is called, such as the class of its angle: every class that its 95 % interval reaches."""
    reach = 1.96 * session.uncertainty
    if metric.name not in IN_WORDS or not math.isfinite(session.value + reach):
        return ""
    inside = np.linspace(session.value + reach, session.value - reach, 201)
    return " or ".join(dict.fromkeys(IN_WORDS[metric.name](float(value)) for value in inside))


def is_absolute_colour(metric: Metric) -> bool:
    """Whether a value is a colour by itself, to which `TONE_NOTE` belongs, not only a difference of colours."""
    return Need.COLOUR_REFERENCE in metric.needs
