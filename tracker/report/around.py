"""What happened around the photos, in words: what else can explain a change, and the days after an injection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from tracker.claims import check_words
from tracker.quality import Status
from tracker.report.courses import spoken
from tracker.report.findings import Report, ReportedPhoto
from tracker.report.words import change_text, detectable_text
from tracker.timeline import MetricTimeline, Verdict

WEIGHT_SHARE = 0.05
"""A change of weight beyond which contour and relief follow it (MEASUREMENT.md §6.5)."""
HOURS_APART = 4.0
"""Swelling of the day and light through a window move more in a longer time."""
TONE_CHECKS = frozenset({"tone around"})
AFTERMATH_NOTE = (
    "These photos show what an injection does at once; they are kept apart from the course. Redness and bumps are "
    "expected for a few days, bruises for up to three weeks (sources differ). What gets worse instead of better, or "
    "lasts longer, is a reason to contact the clinic."
)


def confounders(report: Report) -> tuple[str, ...]:
    """What else can explain the change that the headline is about, one sentence each.

    Parameters
    ----------
    report : Report

    Returns
    -------
    tuple of str
        Of the latest session that it rests on, compared with the first: another camera, another time of day, a tan,
        another weight. Empty where nothing is known to differ.
    """
    line = report.primary
    if line is None or line.latest is None or line.baseline is None:
        return ()
    then, now = (_photos_of(report, day) for day in (line.baseline.taken_on, line.latest.taken_on))
    if not then or not now:
        return ()
    ours = (*_hour(then, now), *_tan(now), *_weight(report, line))
    for sentence in ours:
        check_words(sentence)
    return (*_camera(then, now), *ours)  # what a camera is called is not ours


def _photos_of(report: Report, day: date) -> list[ReportedPhoto]:
    return [photo for photo in report.photos if photo.taken_on == day]


def _camera(then: list[ReportedPhoto], now: list[ReportedPhoto]) -> Iterator[str]:
    before, after = ({photo.camera for photo in photos if photo.camera} for photos in (then, now))
    if before and after and not before & after:
        yield (
            f"The camera or its lens is another ({_listed(after)} instead of {_listed(before)}): part of a change may "
            "be the camera's. Photograph one session with both."
        )


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _hour(then: list[ReportedPhoto], now: list[ReportedPhoto]) -> Iterator[str]:
    moments = [next((p.taken_at for p in photos if p.taken_at), None) for photos in (then, now)]
    if moments[0] and moments[1] and _hours_apart(moments[0], moments[1]) > HOURS_APART:
        yield (
            f"The photos were taken at {moments[0]:%H:%M} and at {moments[1]:%H:%M}: skin is not the same over a day. "
            "Take them at one time of day."
        )


def _hours_apart(first: datetime, second: datetime) -> float:
    apart = abs((first.hour - second.hour) + (first.minute - second.minute) / 60)
    return min(apart, 24 - apart)


def _tan(now: list[ReportedPhoto]) -> Iterator[str]:
    if any(check.check in TONE_CHECKS and check.status is not Status.OK for photo in now for check in photo.checks):
        yield (
            "The skin around has another tone than at first: a tan, other light, or a change of all of the skin. The "
            "photos cannot tell which."
        )


def _weight(report: Report, line: MetricTimeline) -> Iterator[str]:
    known = next((each for each in report.measured if each.metric.name == "weight"), None)
    if known is None or line.latest is None or known.baseline is None:
        return
    later = [session for session in known.sessions if session.taken_on <= line.latest.taken_on]
    change = later[-1].value / known.baseline.value - 1 if len(later) > 1 else 0.0
    if abs(change) > WEIGHT_SHARE:
        yield (
            f"The weight is {100 * abs(change):.0f} % {'lower' if change < 0 else 'higher'} than at first: contour and "
            "relief follow it."
        )


def aftermath(report: Report) -> tuple[tuple[str, str], ...]:
    """Sessions of the days after an injection: the day in words, and what changed since the baseline.

    Returns
    -------
    tuple of (str, str)
        Only what had a value or a reason there; by day.
    """
    days = sorted({change.taken_on for line in report.timeline.metrics for change in line.after_injection})
    return tuple((_after(report, day), _on(report, day)) for day in days)


def _after(report: Report, day: date) -> str:
    passed = report.schedule.days_after(day)
    return f"{spoken(day)}, {passed} day{'' if passed == 1 else 's'} after"


def _on(report: Report, day: date) -> str:
    """What a session shows of the metrics that the course has, and why others of them are not compared."""
    found: list[str] = []
    reasons: dict[str, None] = {}
    lines = [line for line in report.timeline.metrics if line.baseline] or report.declared
    changes = [(line, change) for line in lines for change in line.after_injection if change.taken_on == day]
    for line, change in changes:
        if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
            found.append(f"{line.metric.title}: no measurable change ({detectable_text(change)} can be detected)")
        elif change.change is not None:
            found.append(f"{line.metric.title} {change_text(change)}")
        else:
            reasons[change.reason] = None
    rest = f"Not compared: {' '.join(reasons)}" if found and reasons else " ".join(reasons)
    return " ".join(filter(None, (f"{'; '.join(found)}." if found else "", rest)))
