"""What is said of a whole course: its headline, the untreated side, what is ruled out, and the trend.

Each sentence passes `tracker.claims.stated`, the whitelist of what may be said.
"""

from __future__ import annotations

from datetime import date

from tracker.claims import said, stated
from tracker.measurement import Direction, Metric
from tracker.report.findings import Report
from tracker.report.sentences import metric_sentence
from tracker.report.words import lowered, number, signed
from tracker.timeline import MetricTimeline, Trend, Verdict


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
    # Few sessions have no trend to speak of beside a change that is there.
    if line.trend is not None and (line.trend.is_certain or not latest.verdict.is_change):
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
    quoted = f"{line.relative.evidence}."
    return stated(f"The two sides together are {certain} than this side alone: {quoted}", quoted=quoted)


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
