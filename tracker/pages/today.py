"""Today: who is followed here, how far the measuring is, and where to go next."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.records import Patient, PhotoState, View
from tracker.pages.access import is_visitor, may
from tracker.pages.care_team import break_glass_popover, care_team_popover
from tracker.pages.choice import demonstration_badge, view_label
from tracker.pages.frame import day_text, link, plain
from tracker.pages.new_patient import new_patient_form
from tracker.pages.work import show_work

PER_PAGE = 20
NOBODY = "Nobody is followed here yet. Add the first patient above."


def page(clinic: Clinic) -> None:
    """Show the list of patients."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Today", anchor=False, width="content")
        with st.container(horizontal=True, width="content"):
            if may(clinic, Verb.EMERGENCY) and not is_visitor(clinic):
                break_glass_popover(clinic)
            if may(clinic, Verb.REGISTER):
                with st.popover("New patient", icon=":material/person_add:"):
                    new_patient_form(clinic)
    show_work(clinic)
    patients = clinic.patients()
    if not patients:
        st.info(NOBODY if may(clinic, Verb.REGISTER) else "No patient is yours to see here yet.")
        return
    for patient in _shown(patients):
        _row(clinic, patient)


def _shown(patients: Sequence[Patient]) -> Sequence[Patient]:
    """The patients that match the search, one page of them."""
    if len(patients) <= PER_PAGE:
        return patients
    wanted = st.text_input("Find", placeholder="Code or name", label_visibility="collapsed").casefold()
    found = [p for p in patients if wanted in f"{p.code} {p.name}".casefold()]
    if len(found) > PER_PAGE:
        st.caption(f"{PER_PAGE} of {len(found)} patients are shown; type more of the code or name to find others.")
    return found[:PER_PAGE]


def _row(clinic: Clinic, patient: Patient) -> None:
    with st.container(border=True, key=f"patient-{patient.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(patient.code)}**", width="content")
            st.text(patient.name, width="stretch")
            demonstration_badge(patient)
        if patient.note and not patient.is_demonstration:
            st.caption(plain(patient.note))
        for view in clinic.views(patient.id):
            _view(clinic, view)
        with st.container(horizontal=True):
            link("session", "Add a session", icon=":material/add_a_photo:", patient=patient.id)
            if may(clinic, Verb.MEASURED):
                link("patient-view", "Patient's page", icon=":material/person:", patient=patient.id)
            if may(clinic, Verb.ISSUE) and not is_visitor(clinic) and not patient.is_demonstration:
                care_team_popover(clinic, patient)


def _view(clinic: Clinic, view: View) -> None:
    if not may(clinic, Verb.MEASURED):
        st.text(view_label(view))
        return
    photos = clinic.photos(view.id)
    left, middle, right = st.columns([4, 5, 3], vertical_alignment="center")
    left.text(view_label(view))
    if not photos:
        middle.caption("No photos yet")
        return
    waiting = sum(p.state is PhotoState.WAITING for p in photos)
    rejected = sum(p.state is PhotoState.REJECTED for p in photos)
    days = {p.taken_on for p in photos}
    said = [f"{len(days)} {'session' if len(days) == 1 else 'sessions'}, latest {day_text(max(days))}"]
    said += [f"{waiting} waiting"] if waiting else []
    said += [f"{rejected} not comparable"] if rejected else []
    middle.caption("  ·  ".join(said))
    with right.container(horizontal=True, horizontal_alignment="right"):
        link("compare", "Compare", icon=":material/compare:", view=view.id)
        link("progress", "Progress", icon=":material/timeline:", view=view.id)
