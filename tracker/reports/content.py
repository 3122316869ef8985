"""What a report for people says, in reading order and finished words; HTML and PDF only lay it out.

Everything that is said about a change comes from `tracker.report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from tracker.measurement import Metric, Role
from tracker.quality import Check, Status
from tracker.report import (
    AFTERMATH_NOTE,
    EXPLORATORY_NOTE,
    NOT_A_DIAGNOSIS,
    TONE_NOTE,
    Report,
    ReportedPhoto,
    aftermath,
    area_sentence,
    beside_tone,
    change_text,
    check_finding,
    confounders,
    course_sentences,
    detectable_text,
    direction_sentence,
    found_text,
    headline,
    headline_verdict,
    is_absolute_colour,
    metric_sentence,
    number,
    photo_standing,
    practitioner_sentence,
    provisional_note,
    stopped_sentence,
    uncertainty_parts,
    value_sentence,
    without_title,
)
from tracker.reports.parts import Card, CheckRow, Content, MethodRow, PhotoRow, Remark, SessionRow, Side
from tracker.reports.typography import plain, spoken_day, unbroken
from tracker.timeline import Change, MetricTimeline, SessionValue, Verdict

TREATED, UNTREATED, ALONE = "This series", "Untreated side", "This side alone"
_OUTCOMES = {Status.OK: "passed", Status.WARN: "look at this", Status.BLOCK: "not passed"}
_SOURCES = {"study": "measured in this clinic", "provisional": "provisional, typical for this kind of set-up"}


def content_of(report: Report) -> Content:
    """Everything a report for people says.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Content
        Text only; without control characters and without marks that change the direction of text.
    """
    leading, lines = len(report.leading), (*report.leading, *report.further)
    cards = tuple(_card(report, line, report.untreated(line)) for line in lines)
    return Content(
        title=plain(report.title),
        period=_period(report),
        headline=unbroken(headline(report)),
        verdict=_verdict_of(report.leading[0]) if leading else "not measured",
        newer=cards[0].newer if leading else "",
        control=cards[0].sides[1].sentence if leading and len(cards[0].sides) > 1 else "",
        cards=cards,
        leading=leading,
        exploratory=EXPLORATORY_NOTE if report.further else "",
        photos=_photo_lists(report),
        declined=_declined(report),
        methods=tuple(_method(line) for line in lines or report.timeline.metrics),
        basis=_basis(report),
        notes=tuple(_notes(report)),
        cautions=tuple(unbroken(plain(text)) for text in confounders(report)),
        aftermath=tuple((day, unbroken(plain(text))) for day, text in aftermath(report)),
        aftermath_note=AFTERMATH_NOTE,
    )


def _notes(report: Report) -> Iterator[str]:
    yield NOT_A_DIAGNOSIS
    parts = [report] + ([report.control] if report.control else [])
    note = provisional_note(change for part in parts for line in part.measured for change in line.changes)
    if note:
        yield note
    if any(is_absolute_colour(line.metric) for line in report.measured):
        yield TONE_NOTE


def _period(report: Report) -> str:
    days = sorted({photo.taken_on for photo in report.photos} | {r.taken_on for r in report.rejections if r.taken_on})
    if not days:
        return ""
    sessions = f"{len(days)} session{'s' if len(days) > 1 else ''}"
    return f"{spoken_day(days[0])} to {spoken_day(days[-1])}, {sessions}" if len(days) > 1 else spoken_day(days[0])


def _card(report: Report, line: MetricTimeline, control: MetricTimeline | None) -> Card:
    alone = ALONE if line.relative and line.relative.changes else TREATED
    sides = [_side(alone, line)] + ([_side(UNTREATED, control)] if control else [])
    change, detects = (change_text(line.latest), detectable_text(line.latest)) if line.latest else ("", "")
    standing = "experimental" if line.metric.role is Role.EXPERIMENTAL else ""
    return Card(
        line.metric.name, line.metric.title, sides[0].verdict, change, detects, _facts(line), _newer(line),
        tuple(sides), _parts(line), standing, unbroken(_beside(report, line)),
    )  # fmt: skip


def _beside(report: Report, line: MetricTimeline) -> str:
    tone = beside_tone(report.timeline.metrics, line, line.latest.taken_on if line.latest else None)
    leads = any(line.metric.name == other.metric.name for other in report.leading)
    return " ".join(filter(None, (tone, *(course_sentences(line) if leads else ()))))


def _verdict_of(line: MetricTimeline) -> str:
    """The verdict that the headline states."""
    return str(headline_verdict(line) or "baseline")


def _side(title: str, line: MetricTimeline) -> Side:
    verdict = str(line.latest.verdict) if line.latest else "baseline"
    changes = {change.taken_on: change for change in line.changes}
    values = {session.taken_on: session for session in line.sessions}
    rows = [_session(line, day, values.get(day), changes.get(day)) for day in sorted(changes.keys() | values.keys())]
    return Side(title, verdict, unbroken(metric_sentence(line)), tuple(rows))


def _session(line: MetricTimeline, day: date, session: SessionValue | None, change: Change | None) -> SessionRow:
    value = value_sentence(session, line) if session else ""
    if change is None:
        return SessionRow(spoken_day(day), value, "", "baseline", "")
    return SessionRow(spoken_day(day), value, change_text(change), str(change.verdict), plain(change.reason))


def _facts(line: MetricTimeline) -> tuple[tuple[str, str], ...]:
    assert line.baseline is not None
    days = " and ".join(map(spoken_day, line.baseline.days))
    facts = [(f"Baseline, {days}", value_sentence(line.baseline, line))]
    latest = line.latest
    now = next((s for s in line.sessions if latest and s.taken_on == latest.taken_on), None)
    if latest and now and latest.verdict is not Verdict.NOT_COMPARABLE:
        facts += [
            (f"Now, {spoken_day(now.taken_on)}", value_sentence(now, line)),
            ("This side alone, 95 % interval" if line.relative else "Change, 95 % interval", change_text(latest)),
            ("This set-up detects", detectable_text(latest)),
        ]
    return tuple(facts)


def _parts(line: MetricTimeline) -> tuple[tuple[str, str, str], ...]:
    """Where the ± of the session comes from that is spoken of."""
    day = line.latest.taken_on if line.latest else None
    session = next((s for s in line.sessions if s.taken_on == day), line.baseline)
    if session is None:
        return ()
    return tuple((p.words, p.text, f"{100 * p.share:.0f} %") for p in uncertainty_parts(session, line))


def _newer(line: MetricTimeline) -> str:
    newest = line.changes[-1] if line.changes else None
    if newest is None or newest is line.latest:
        return ""
    return unbroken(f"{spoken_day(newest.taken_on)}: {practitioner_sentence(newest)}")


def _photo_lists(report: Report) -> tuple[tuple[str, tuple[PhotoRow, ...]], ...]:
    parts = [(TREATED, report)] + ([(UNTREATED, report.control)] if report.control else [])
    return tuple((title, _photo_rows(part)) for title, part in parts)


def _photo_rows(report: Report) -> tuple[PhotoRow, ...]:
    # What these photos give is what a check can stop; it is no news of the rest.
    metrics = [line.metric for line in report.measured or report.timeline.metrics]
    areas = {
        m.digest: area_sentence(m) for line in [report.primary] if line for s in line.sessions for m in s.measurements
    }
    used = [
        (
            photo.taken_on,
            _kept_apart(report, photo, metrics)
            or _used(photo, metrics, areas.get(photo.digest, ""), gives=report.gives(photo)),
        )
        for photo in report.photos
    ]
    left_out = [
        (
            r.taken_on,
            PhotoRow(r.digest, spoken_day(r.taken_on), plain(r.name), "rejected", "", "", (Remark(plain(r.reason)),)),
        )
        for r in report.rejections
    ]
    return tuple(row for _, row in sorted(used + left_out, key=lambda dated: (dated[0] or date.max, dated[1].name)))


def _kept_apart(report: Report, photo: ReportedPhoto, metrics: Sequence[Metric]) -> PhotoRow | None:
    """A photo of the days after an injection; None for any other."""
    if not report.schedule.is_aftermath(photo.taken_on):
        return None
    days = report.schedule.days_after(photo.taken_on)
    row = _used(photo, metrics, "", gives=True)
    return replace(row, standing=f"kept apart: {days} day{'' if days == 1 else 's'} after an injection", remarks=())


def _used(photo: ReportedPhoto, metrics: Sequence[Metric], area: str, *, gives: bool) -> PhotoRow:
    error = "" if photo.error_px is None else f"{number(photo.error_px, 'px')} px"
    if photo.error_mm is not None:
        error += f" ({number(photo.error_mm, 'mm')} mm)"
    overlap = "" if photo.overlap is None else f"{100 * photo.overlap:.0f} %"
    told = _told([check for check in photo.checks if check.advice], metrics)
    return PhotoRow(
        photo.digest,
        spoken_day(photo.taken_on),
        plain(photo.name),
        photo_standing(photo, gives=gives),
        error,
        overlap,
        (*told, *(Remark(plain(text)) for text in (area, *photo.notes) if text)),
        tuple(_check(check) for check in photo.checks),
    )


def _told(checks: Sequence[Check], metrics: Sequence[Metric]) -> list[Remark]:
    """What to do, and what was found: advice that several checks give, and what they stop, is said once."""
    found: dict[str, list[str]] = {}
    stopped: set[str] = set()
    for check in checks:
        stops = stopped_sentence(check, metrics)
        text = check_finding(check) if stops in stopped else " ".join(filter(None, (check_finding(check), stops)))
        found.setdefault(check.advice, []).append(text)
        stopped.add(stops)
    return [Remark(plain(advice), plain(" ".join(texts))) for advice, texts in found.items()]


def _check(check: Check) -> CheckRow:
    return CheckRow(plain(check.check.capitalize()), found_text(check), plain(check.limit), _OUTCOMES[check.status])


def _declined(report: Report) -> tuple[tuple[str, str], ...]:
    """Metrics without any value, those together for which most of the photos gave the same reason; and typed lines."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for line in report.timeline.metrics:
        if not line.sessions:
            reasons = Counter(r.reason for r in report.refused if r.metric == line.metric.name)
            reason = reasons.most_common(1)[0][0] if reasons else "–"
            groups.setdefault(without_title(reason, line.metric.title), []).append((line.metric.title, reason))
    rows = [
        (", ".join(title for title, _ in found), plain(found[0][1] if len(found) == 1 else shared))
        for shared, found in groups.items()
    ]
    return (*rows, *(("Typed", plain(sentence)) for sentence in report.unused_lines))


def _method(line: MetricTimeline) -> MethodRow:
    metric = line.metric
    sources = {change.mdc_source for change in line.changes}
    detectable = "; ".join(_SOURCES.get(source, source) for source in sorted(sources))
    return MethodRow(
        metric.title, metric.symbol, metric.method, metric.unit, detectable or "–", direction_sentence(metric)
    )


def _basis(report: Report) -> tuple[tuple[str, str], ...]:
    scale = f"{report.mm_per_px:.3f} mm per pixel of the reference" if report.mm_per_px else "none in the picture"
    region = "the whole skin" if report.region.is_whole_skin else "marked by hand on the reference photo"
    rows = [
        ("Reference photo", f"{spoken_day(report.reference.taken_on)}, {report.reference.name}"),
        ("Region", region),
        ("Scale", scale),
        ("Colour", report.colour_evidence or "not known"),
        ("Set-up", report.set_up or "not stated"),
    ]
    return tuple((label, plain(text)) for label, text in rows)
