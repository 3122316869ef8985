"""The form that adds a patient."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.errors import TrackerError
from tracker.pages.access import is_visitor
from tracker.pages.frame import complain, go
from tracker.web.links import SET_UP

DEMONSTRATION = (
    "This is the demonstration. Patients of your own can be added once the clinic has an owner who signs in: their "
    "photos must not be open to everybody at this computer."
)


def new_patient_form(clinic: Clinic) -> None:
    """Ask for a new patient, and go on to their first session."""
    if is_visitor(clinic):
        st.markdown(DEMONSTRATION)
        st.link_button("Set up this clinic", SET_UP, icon=":material/key:")
        return
    with st.form("new-patient", clear_on_submit=True, border=False):
        code = st.text_input("Code", max_chars=40, help="What the clinic calls this person; not shown to others.")
        name = st.text_input("Name", max_chars=120)
        note = st.text_area("Note", max_chars=500, height=80)
        if not st.form_submit_button("Add patient", type="primary"):
            return
    try:
        patient = clinic.add_patient(code=code, name=name, note=note)
    except TrackerError as error:
        complain(error)
    else:
        go("session", patient=patient.id)
