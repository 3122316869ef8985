"""The patient's page, for a phone: one honest sentence, the two pictures, and what they can and cannot show.

A patient sees what was issued to them, and it stays as it was issued. The clinic sees the same page made of the present
report: what the patient would read if it were shared now.
"""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Role
from tracker.clinic.issue_records import IssuedReport
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.choice import PATIENT, asked_view, demonstration_badge, view_label
from tracker.pages.frame import day_text, link, plain
from tracker.pages.own import show_own
from tracker.pages.visits import show_visits
from tracker.pages.work import follow_work
from tracker.report import NOT_A_DIAGNOSIS, patient_headline, told_visits
from tracker.web.components import Picture, slider
from tracker.web.links import issued_picture_url, issued_url, photo_url, report_url

MEANING = (
    "Two photos of the same skin never look quite the same: light, distance and posture differ a little each time. "
    "We line the photos up, measure, and speak of a change only when it is larger than those differences. "
    "A measurable change says that the skin in the photos is different. It does not say why, "
    "and it promises nothing for the next visit."
)
NOT_SHOWN = (
    "Photos cannot show how firm or how swollen the skin is, nor what lies beneath it. "
    "If something hurts, itches or worries you, ask your clinic; do not wait for the next photo."
)
NOTHING_YET = "Your clinic has not shared a report with you yet. It will be here when it does."
REPORT_SCOPE = "report:"


def page(clinic: Clinic) -> None:
    """Show a patient what was shared with them, or the clinic what would be shared."""
    actor = clinic.acting()
    if actor.role is Role.PATIENT:
        reports = sorted(part.removeprefix(REPORT_SCOPE) for part in actor.scope)
        if reports:
            _issued(clinic, clinic.issued(reports[0]))
        else:
            _portal(clinic, actor.patient_id)
        return
    views = _views(clinic)
    if not views:
        st.info("There are no photos to show yet.")
        return
    titles = {view.id: view.title for view in views}
    chosen = _asked_area(titles, views[0].patient_id)
    _preview(clinic, next(view for view in views if view.id == chosen))


def _portal(clinic: Clinic, patient_id: str) -> None:
    """Everything that a patient with an account has: the latest report of each area, and what is theirs to say."""
    latest: dict[str, IssuedReport] = {}
    for report in clinic.issued_reports(patient_id):
        latest.setdefault(report.view_id, report)
    if latest:
        chosen = _asked_area({view_id: report.story.title for view_id, report in latest.items()}, patient_id)
        _issued(clinic, latest[chosen])
    else:
        st.header(NOTHING_YET, anchor=False)
    show_own(clinic, patient_id)


def _asked_area(titles: dict[str, str], patient_id: str) -> str:
    """One of several areas; the first where there is no choice."""
    if len(titles) == 1:
        return next(iter(titles))
    return st.selectbox("Area", list(titles), format_func=titles.__getitem__, key=f"area-{patient_id}")


def _issued(clinic: Clinic, report: IssuedReport) -> None:
    """What was issued, as it was issued."""
    story = report.story
    st.caption(plain(f"{story.title} · report of {day_text(report.issued_at.date())}"))
    st.header(plain(story.headline), anchor=False)
    if len(story.days) == 2:
        pictures = [
            Picture(issued_picture_url(report.id, position), day_text(day), f"{story.title} on {day_text(day)}")
            for position, day in enumerate(story.days)
        ]
        slider(pictures[0], pictures[1], shape=story.shape, key=f"issued-{report.id}", compact=True)
    show_visits(story.visits)
    _explained()
    st.link_button("Download the report", issued_url(report.id), icon=":material/download:", width="stretch")


def _explained() -> None:
    with st.expander("What does this mean?"):
        st.markdown(MEANING)
    with st.expander("What can photos not show?"):
        st.markdown(NOT_SHOWN)
        st.markdown(NOT_A_DIAGNOSIS)


def _views(clinic: Clinic) -> list[View]:
    """The view of the address, or the treated views of its patient; never those of anybody else."""
    view = asked_view(clinic)
    if view is not None:
        return [view]
    wanted = st.query_params.get(PATIENT) or st.session_state.get(PATIENT)
    if not wanted:
        return []
    at_home = clinic.home_views(wanted)
    return [view for view in clinic.views(wanted) if not view.is_control and view not in at_home]


def _preview(clinic: Clinic, view: View) -> None:
    demonstration_badge(clinic.patient(view.patient_id))
    st.caption(plain(view_label(view)))
    follow_work(clinic)
    report = clinic.report(view.id)
    photos = [p for p in clinic.photos(view.id) if p.state is PhotoState.MEASURED]
    if report is None:
        st.header("Your photos are being looked at.", anchor=False)
        return
    st.header(plain(patient_headline(report)), anchor=False)
    _pictures(view, photos, report.shown)
    show_visits(told_visits(report))
    _explained()
    st.link_button("Download the report", report_url(view.id, "pdf"), icon=":material/download:", width="stretch")
    st.caption("The patient reads this once it is shared, under Progress, and from then on as it was shared.")
    link("today", "Back to the clinic")


def _pictures(view: View, photos: list[StoredPhoto], shown: str | None) -> None:
    """The first photo and the latest that the headline rests on: no other may stand beside it."""
    first = next((p for p in photos if p.is_reference), None)
    later = [p for p in photos if p.digest == shown]
    if first is None or not later:
        return
    before, after = day_text(first.taken_on), day_text(later[-1].taken_on)
    slider(
        Picture(photo_url(first.id), before, f"{view.title} on {before}"),
        Picture(photo_url(later[-1].id, aligned=True), after, f"{view.title} on {after}"),
        shape=first.shape,
        key=f"slider-{view.id}",
        compact=True,
    )
