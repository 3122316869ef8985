"""Record: what is planned for a patient, what was given, what they consent to, and what a clinician judged."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.records import Patient
from tracker.pages.choice import choose_patient
from tracker.pages.due import due_words, injected_words, money
from tracker.pages.frame import link, plain
from tracker.pages.record_consents import consents_section
from tracker.pages.record_course import course_section
from tracker.pages.record_details import details_section
from tracker.pages.record_grades import grades_section
from tracker.pages.record_keeping import keeping_section, waits
from tracker.pages.record_treatment import treatment_section

ONLY_KEPT = "This record is only kept, and used for nothing; the owner of the clinic can lift that."
SECTIONS: dict[str, Callable[[Clinic, Patient], None]] = {
    "Treatment": treatment_section,
    "Course": course_section,
    "Grades and measures": grades_section,
    "Consents": consents_section,
    "Details": details_section,
}


def page(clinic: Clinic) -> None:
    """Show the record of a patient."""
    patient = choose_patient(clinic, "Record", key="record")
    if patient is None:
        return
    if clinic.is_restricted(patient.id):
        st.info(ONLY_KEPT, icon=":material/lock:")
        keeping_section(clinic, patient, is_open=True)
        return
    _summary(clinic, patient)
    is_waiting = waits(clinic, patient)
    if is_waiting:
        keeping_section(clinic, patient, is_open=True)
    chosen = st.segmented_control(
        "Part of the record", list(SECTIONS), default="Treatment", required=True, label_visibility="collapsed"
    )
    SECTIONS[chosen](clinic, patient)
    if not is_waiting:
        st.space("small")
        keeping_section(clinic, patient)


def _summary(clinic: Clinic, patient: Patient) -> None:
    """What to know before anything is done today."""
    today = clock.today()
    (summary,) = clinic.summaries([patient.id])
    details, spent = clinic.details(patient.id), clinic.spent(patient.id)
    said = [due_words(summary.due, today)] if summary.due else []
    said += [injected_words((today - summary.last_injection).days)] if summary.last_injection else []
    said += [f"Spent so far: {money(spent)}"] if spent else []
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(plain("  ·  ".join(said)) if said else "Nothing is planned and nothing was given yet.")
        with st.container(horizontal=True, width="content"):
            link("session", "Add photos", icon=":material/add_a_photo:", patient=patient.id)
            link("side-effects", "Side effects and diary", icon=":material/healing:", patient=patient.id)
    if details.allergies:
        st.warning(f"Allergies: {plain(details.allergies)}", icon=":material/emergency:")
