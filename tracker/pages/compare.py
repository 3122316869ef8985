"""Compare: two sessions of one view, as pictures and in verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.choice import choose_view
from tracker.pages.frame import day_text, link, plain
from tracker.pages.pictures import choose_pair, show_pictures
from tracker.pages.verdict import checks_table, refused_card, unmeasured_table, verdict_card
from tracker.pages.work import show_work
from tracker.report import (
    EXPLORATORY_NOTE,
    Report,
    beside_control_sentence,
    beside_tone,
    headline,
    provisional_note,
    same_reason,
)
from tracker.timeline import Change, MetricTimeline, Verdict


def page(clinic: Clinic) -> None:
    """Compare two sessions."""
    view = choose_view(clinic, "Compare", key="compare")
    if view is None:
        return
    show_work(clinic)
    everything = clinic.photos(view.id)
    photos = [p for p in everything if p.state is PhotoState.MEASURED and not p.lent_to]
    report = clinic.report(view.id)
    reference = next((p for p in photos if p.is_reference), None)
    if report is None or reference is None or len(photos) < 2:
        _not_yet(view, photos, everything)
        return
    pictures, verdicts = st.columns([7, 5], gap="medium")
    with pictures:
        before, after = choose_pair(photos, report)
        show_pictures(clinic, view, report, reference, before, after)
    with verdicts:
        _verdicts(report, after)
        _checks(report, after)


def _not_yet(view: View, photos: Sequence[StoredPhoto], everything: Sequence[StoredPhoto]) -> None:
    if any(p.state is PhotoState.WAITING for p in everything):
        st.info("The photos of this view are being measured; the comparison appears here by itself.")
        return
    if photos:
        st.info("There is a baseline. A comparison needs a second session that can be compared with it.")
    else:
        st.info("There is nothing to compare yet: no photo of this view has been measured.")
    with st.container(horizontal=True):
        link("session", "Add a session", icon=":material/add_a_photo:", view=view.id)
        link("progress", "See all photos", icon=":material/timeline:", view=view.id)


def _verdicts(report: Report, after: StoredPhoto) -> None:
    st.subheader(f"What changed by {day_text(after.taken_on)}", anchor=False)
    st.caption(f"Against {_baseline(report)}. Photos of one day count together.")
    lines = (*report.leading, *report.further)
    found = [(line, c) for line in lines for c in line.changes if c.taken_on == after.taken_on]
    if not found:
        st.text(_nothing_before(report, after.taken_on))
    leading = [pair for pair in found if pair[0] in report.leading]
    further = [pair for pair in found if pair not in leading]
    if found and not report.leading:
        st.markdown(plain(headline(report)))
    _cards(report, leading)
    note = provisional_note(change for _, change in found)
    if note:
        st.caption(note)
    if further:
        with st.expander(f"More measurements ({len(further)})", icon=":material/more_horiz:"):
            st.caption(EXPLORATORY_NOTE)
            _cards(report, further)
    unmeasured_table(report)


def _baseline(report: Report) -> str:
    """What the sessions are compared with, in words."""
    days = _baseline_days(report)
    if len(days) > 1:
        return f"the baseline, the mean of {' and '.join(map(day_text, days))}, before the first injection"
    return f"the first session, {day_text(report.reference.taken_on)}"


def _baseline_days(report: Report) -> tuple[date, ...]:
    """Days of the sessions that are the baseline: of what is judged, else of anything that was measured."""
    lines = [line for line in (report.primary, *report.leading, *report.further) if line and line.baseline]
    return max((line.baseline.days for line in lines if line.baseline), key=len, default=())


def _nothing_before(report: Report, day: date) -> str:
    """Why a session shows no changes."""
    if report.schedule.is_aftermath(day):
        return "These photos are of the days after an injection. They are kept apart from the course: see Progress."
    if day in _baseline_days(report)[1:]:
        return (
            "This session came before the first injection, when nothing had been treated: it is a part of the baseline "
            "that later sessions are compared with."
        )
    return "This is the first session: there is nothing before it to compare with."


def _cards(report: Report, found: Sequence[tuple[MetricTimeline, Change]]) -> None:
    """One card per change; those that are not compared for one reason share a card."""
    lines = {line.metric.name: line for line, _ in found}
    for group in same_reason([change for _, change in found]):
        if len(group) > 1:
            refused_card(group)
        else:
            line = lines[group[0].metric]
            verdict_card(line, group[0], _beside(report, line, group[0]), _verdict(report, line, group[0]))


def _beside(report: Report, line: MetricTimeline, change: Change) -> str:
    """How far the colour moved beside a tone, or what the untreated side adds to what is judged."""
    leads = any(line.metric.name == other.metric.name for other in report.leading)
    tone = beside_tone(report.timeline.metrics, line, change.taken_on)
    return tone or (beside_control_sentence(line, change.taken_on) if leads else "")


def _verdict(report: Report, line: MetricTimeline, change: Change) -> Verdict | None:
    """The verdict beside the untreated side, where a verdict rests on this metric and both sides were compared."""
    leads = any(line.metric.name == other.metric.name for other in report.leading)
    beside = line.relative.on(change.taken_on) if leads and line.relative else None
    return beside.verdict if beside else None


def _checks(report: Report, after: StoredPhoto) -> None:
    reported = next((p for p in report.photos if p.digest == after.digest), None)
    if reported is not None and reported.checks:
        with st.expander("Quality of this photo", icon=":material/fact_check:"):
            checks_table(reported.checks, [line.metric for line in report.timeline.metrics])
