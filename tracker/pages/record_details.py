"""Details of a patient: name, year of birth, phototype, allergies, history and contacts."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.details import PatientDetails, Phototype
from tracker.clinic.records import Patient
from tracker.errors import TrackerError
from tracker.pages.frame import NARROW, complain
from tracker.pages.notices import say


def details_section(clinic: Clinic, patient: Patient) -> None:
    """Show the details, and let them be corrected."""
    known, year = clinic.details(patient.id), clock.today().year
    key = f"details-{patient.id}"
    with st.container(width=NARROW + 180), st.form(key):
        name = st.text_input("Name", patient.name, max_chars=120, key=f"{key}-name")
        left, right = st.columns(2)
        birth_year = left.number_input(
            "Year of birth", min_value=year - 120, max_value=year, value=known.birth_year, step=1, key=f"{key}-year"
        )
        phototype = right.selectbox(
            "Phototype (Fitzpatrick)",
            list(Phototype),
            index=None if known.phototype is None else list(Phototype).index(known.phototype),
            placeholder="Choose",
            format_func=lambda kind: f"{kind}: {kind.said}",
            key=f"{key}-phototype",
        )
        allergies = st.text_area("Allergies", known.allergies, height=80, key=f"{key}-allergies")
        history = st.text_area("History", known.history, height=120, key=f"{key}-history")
        contacts = st.text_area("Contacts", known.contacts, height=80, key=f"{key}-contacts")
        note = st.text_input("Note", patient.note, max_chars=500, key=f"{key}-note")
        st.caption("All of this but the year and the phototype is stored encrypted with this patient's own key.")
        if not st.form_submit_button("Save", type="primary", icon=":material/save:"):
            return
    new = PatientDetails(None if birth_year is None else int(birth_year), phototype, allergies, history, contacts)
    try:
        clinic.set_details(patient.id, new)
        if (name, note) != (patient.name, patient.note):
            clinic.rename_patient(patient.id, name=name, note=note)
    except TrackerError as error:
        complain(error)
        return
    say("The details are saved.")
    st.rerun()
