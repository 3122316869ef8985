"""Progress: every session of a view over time, what was left out and why, and the report to take away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.beside import show_beside
from tracker.pages.choice import choose_view
from tracker.pages.frame import day_text, link, look_at_width, plain
from tracker.pages.injections import injections_popover
from tracker.pages.photos import photo_rows
from tracker.pages.sharing import share_section
from tracker.pages.side_effects import show_side_effects
from tracker.pages.timeline import show_timeline
from tracker.pages.work import show_work
from tracker.report import (
    AFTERMATH_NOTE,
    Report,
    aftermath,
    beside_control_sentence,
    confounders,
    course_sentences,
    headline,
    metric_sentence,
)
from tracker.reports import FORMATS
from tracker.web.downloads import suffix_of
from tracker.web.links import report_url


def page(clinic: Clinic) -> None:
    """Show the timeline of a view."""
    look_at_width()
    view = choose_view(clinic, "Progress", key="progress")
    if view is None:
        return
    show_work(clinic)
    photos = clinic.photos(view.id)
    report = clinic.report(view.id)
    if report is None:
        st.info("The first photos are being measured." if photos else "There are no photos of this view yet.")
        link("session", "Add a session", icon=":material/add_a_photo:", view=view.id)
    else:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"#### {plain(headline(report))}", width="stretch")
            _downloads(view)
        with st.container(gap="xsmall"):
            _more(report)
        show_timeline(view, report)
        _aftermath(report)
    show_beside(clinic, view)
    show_side_effects(clinic, view)
    with st.container(horizontal=True, vertical_alignment="center"):
        injections_popover(clinic, view)
        if not view.is_control:
            link("points", "Injection points", icon=":material/my_location:", view=view.id)
        link("side-effects", "Side effects and diary", icon=":material/healing:", patient=view.patient_id)
    if report is not None:
        share_section(clinic, view)
    _left_out([p for p in photos if p.state is PhotoState.REJECTED])
    _all(clinic, photos)


def _more(report: Report) -> None:
    """Under the headline: the sides alone, what is ruled out, the trend, and what else can explain a change."""
    line = report.primary
    if line is not None and report.control is not None and beside_control_sentence(line):
        st.caption(plain(f"This side alone: {metric_sentence(line)}"))
    if report.control is not None:
        st.caption(plain(f"{_untreated(report, report.control)}: {headline(report.control)}"))
    for sentence in course_sentences(line)[1 if line and beside_control_sentence(line) else 0 :] if line else ():
        st.caption(plain(sentence))
    cautions = confounders(report)
    if cautions:
        st.caption(f":orange[:material/info:] {plain('Keep in mind: ' + ' '.join(cautions))}")


def _aftermath(report: Report) -> None:
    """The days after an injection, kept apart from the course."""
    rows = [{"Day": plain(day), "Since the baseline": plain(text)} for day, text in aftermath(report)]
    if rows:
        st.subheader("Days after an injection", anchor=False)
        st.caption(AFTERMATH_NOTE)
        st.table(rows, border="horizontal")


def _untreated(report: Report, control: Report) -> str:
    """The name of the untreated side, with its day where that is not the day of the headline above it."""
    days = [r.primary.latest.taken_on if r.primary and r.primary.latest else None for r in (report, control)]
    return "Untreated side" if days[1] is None or days[0] == days[1] else f"Untreated side, {day_text(days[1])}"


def _downloads(view: View) -> None:
    with st.popover("Report", icon=":material/download:"):
        for report_format in sorted(FORMATS, key=lambda f: suffix_of(f) != "pdf"):
            suffix = suffix_of(report_format)
            label = f"{report_format.name} ({suffix.upper()})"
            st.link_button(label, report_url(view.id, suffix), icon=":material/download:", width="stretch")


def _left_out(photos: list[StoredPhoto]) -> None:
    if photos:
        st.subheader("Left out", anchor=False)
        st.caption("These photos are kept, but they are not compared.")
        photo_rows(photos)


def _all(clinic: Clinic, photos: Sequence[StoredPhoto]) -> None:
    if photos:
        with st.expander(f"All photos ({len(photos)})", icon=":material/photo_library:"):
            photo_rows(photos, clinic)
