"""Today: who is due, who is followed here, how far the measuring is, and where to go next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.actors import Verb
from tracker.clinic.course_plans import Due
from tracker.clinic.overview import PatientSummary, ViewSummary
from tracker.clinic.records import Patient
from tracker.pages.access import is_in_emergency, is_visitor, may
from tracker.pages.attention import show_attention
from tracker.pages.care_team import IN_EMERGENCY, break_glass_popover, care_team_popover
from tracker.pages.choice import demonstration_badge
from tracker.pages.due import due_words, injected_words
from tracker.pages.emergencies import show_emergencies
from tracker.pages.frame import day_text, link, plain
from tracker.pages.work import show_work

PER_PAGE = 20
SOON_DAYS = 7
"""Who is due within so many days stands first."""
NOBODY = "Nobody is followed here yet. Add the first patient above."
NOT_YOURS = "No patient is yours yet. Add one above, or ask to be put on the care team of one who is treated here."


def page(clinic: Clinic) -> None:
    """Show the list of patients, those who are due first."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Today", anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if may(clinic, Verb.EMERGENCY) and not is_visitor(clinic):
                break_glass_popover(clinic)
            if may(clinic, Verb.REGISTER):
                link("new-patient", "New patient", icon=":material/person_add:")
    show_work(clinic)
    show_emergencies(clinic)
    show_attention(clinic)
    patients = clinic.patients()
    if not patients:
        st.info(_nobody(clinic))
        return
    today = clock.today()
    dues = {each.patient_id: each.due for each in clinic.dues()}
    own = [patient for patient in patients if not patient.is_demonstration]
    rendered = [patient for patient in patients if patient.is_demonstration]
    if not own and may(clinic, Verb.ADMINISTER):
        _first_steps()
    _rows(clinic, _shown(_by_urgency(own or patients, dues, today)), today)
    if own and rendered:
        with st.expander(f"Demonstration ({len(rendered)})", icon=":material/science:"):
            _rows(clinic, rendered, today)
            if may(clinic, Verb.ADMINISTER):
                link("practice", "Remove the demonstration", icon=":material/delete:")


def _first_steps() -> None:
    """What comes next in a clinic that was just set up."""
    with st.container(border=True, key="first-steps"):
        st.markdown("**This clinic has no patient yet.** What is below is the demonstration.")
        with st.container(horizontal=True, vertical_alignment="center"):
            link("new-patient", "Add a patient", icon=":material/person_add:")
            link("people", "Invite somebody", icon=":material/group:")
            link("practice", "Remove the demonstration", icon=":material/delete:")


def _rows(clinic: Clinic, shown: Sequence[Patient], today: date) -> None:
    ids = [patient.id for patient in shown]
    summaries = {each.patient_id: each for each in clinic.summaries(ids)}
    rejected = {each.view_id: each.photos for each in clinic.rejected(ids)} if may(clinic, Verb.MEASURED) else {}
    for patient in shown:
        if patient.id in summaries:
            _row(clinic, patient, summaries[patient.id], rejected, today)


def _nobody(clinic: Clinic) -> str:
    """Why the list is empty: to whom all patients belong, there are none; to others, none is theirs."""
    if not may(clinic, Verb.REGISTER):
        return "No patient is yours to see here yet."
    is_everybodys = may(clinic, Verb.ADMINISTER) or is_visitor(clinic)
    return NOBODY if is_everybodys else NOT_YOURS


def _by_urgency(patients: Sequence[Patient], dues: Mapping[str, Due], today: date) -> Sequence[Patient]:
    """Who is due soon or overdue, the earliest first; then the others by code."""

    def urgency(patient: Patient) -> tuple[bool, date]:
        due = dues.get(patient.id)
        is_soon = due is not None and not due.is_beyond_plan and (due.day - today).days <= SOON_DAYS
        return (False, due.day) if due is not None and is_soon else (True, date.max)

    return sorted(patients, key=urgency)


def _shown(patients: Sequence[Patient]) -> Sequence[Patient]:
    """The patients that match the search, one page of them."""
    if len(patients) <= PER_PAGE:
        return patients
    wanted = st.text_input("Find", placeholder="Code or name", label_visibility="collapsed").casefold()
    found = [p for p in patients if wanted in f"{p.code} {p.name}".casefold()]
    if len(found) > PER_PAGE:
        st.caption(f"{PER_PAGE} of {len(found)} patients are shown; type more of the code or name to find others.")
    return found[:PER_PAGE]


def _row(clinic: Clinic, patient: Patient, summary: PatientSummary, rejected: Mapping[str, int], today: date) -> None:
    cares = may(clinic, Verb.MEASURED)
    with st.container(border=True, key=f"patient-{patient.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(patient.code)}**", width="content")
            st.text(patient.name, width="stretch")
            demonstration_badge(patient)
        if cares and patient.note and not patient.is_demonstration:
            st.caption(plain(patient.note))
        _next(summary, today)
        for view in summary.views:
            _view(view, rejected.get(view.view_id, 0), cares=cares)
        if not summary.views:
            st.caption("Nothing is photographed yet.")
        with st.container(horizontal=True, vertical_alignment="center"):
            link("session", "Add a session", icon=":material/add_a_photo:", patient=patient.id)
            if cares:
                link("record", "Record", icon=":material/clinical_notes:", patient=patient.id)
                link("patient-view", "Patient's page", icon=":material/person:", patient=patient.id)
            if not may(clinic, Verb.ISSUE) or is_visitor(clinic) or patient.is_demonstration:
                return
            if is_in_emergency(clinic, patient):
                st.caption(IN_EMERGENCY, width="content")
            else:
                care_team_popover(clinic, patient)


def _next(summary: PatientSummary, today: date) -> None:
    """When the next session is, and how long ago the last injection was."""
    said = [due_words(summary.due, today)] if summary.due else []
    said += [injected_words((today - summary.last_injection).days)] if summary.last_injection else []
    if said:
        st.markdown(plain("  ·  ".join(said)))


def _view(view: ViewSummary, rejected: int, *, cares: bool) -> None:
    left, middle, right = st.columns([4, 5, 3], vertical_alignment="center")
    left.text(view.title)
    if view.latest is None:
        middle.caption("No photos yet")
        return
    said = [f"{view.sessions} {'session' if view.sessions == 1 else 'sessions'}, latest {day_text(view.latest)}"]
    said += [f"{view.waiting} waiting"] if view.waiting else []
    said += [f"{rejected} not comparable"] if rejected else []
    middle.caption("  ·  ".join(said))
    if cares:
        with right.container(horizontal=True, horizontal_alignment="right"):
            link("compare", "Compare", icon=":material/compare:", view=view.view_id)
            link("progress", "Progress", icon=":material/timeline:", view=view.view_id)
