"""The patient's page, for a phone: one honest sentence, the two pictures, and what they can and cannot show."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.choice import PATIENT, asked_view, demonstration_badge, view_label
from tracker.pages.frame import day_text, link, plain
from tracker.pages.visits import show_visits
from tracker.pages.work import follow_work
from tracker.report import NOT_A_DIAGNOSIS, patient_headline, told_visits
from tracker.web.components import Picture, slider
from tracker.web.links import photo_url, report_url

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


def page(clinic: Clinic) -> None:
    """Show a patient what the photos of one view say."""
    views = _views(clinic)
    if not views:
        st.info("There are no photos to show yet.")
        return
    if len(views) > 1:
        titles = {v.id: v.title for v in views}
        chosen = st.selectbox("Area", list(titles), format_func=titles.__getitem__, key=f"area-{views[0].patient_id}")
        view = next(v for v in views if v.id == chosen)
    else:
        view = views[0]
    _story(clinic, view)


def _views(clinic: Clinic) -> list[View]:
    """The view of the address, or the treated views of its patient; never those of anybody else."""
    view = asked_view(clinic)
    if view is not None:
        return [view]
    wanted = st.query_params.get(PATIENT) or st.session_state.get(PATIENT)
    return [v for v in clinic.views(wanted) if not v.is_control] if wanted else []


def _story(clinic: Clinic, view: View) -> None:
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
    with st.expander("What does this mean?"):
        st.markdown(MEANING)
    with st.expander("What can photos not show?"):
        st.markdown(NOT_SHOWN)
        st.markdown(NOT_A_DIAGNOSIS)
    st.link_button("Download the report", report_url(view.id, "pdf"), icon=":material/download:", width="stretch")
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
