"""New patient: who they are, and what they consent to, on one sheet."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.details import PatientDetails, Phototype
from tracker.errors import TrackerError
from tracker.pages.access import is_visitor
from tracker.pages.consent_sheet import Signed, ask_consents, keep_consents
from tracker.pages.frame import NARROW, complain, go
from tracker.web.links import SET_UP

DEMONSTRATION = (
    "This is the demonstration. Patients of your own can be added once the clinic has an owner who signs in: their "
    "photos must not be open to everybody at this computer."
)
CODE = "What the clinic calls this person; not shown to others. The next in your own pattern is proposed."
_CODE = "new-patient-code"
ASKED = (Purpose.CARE, Purpose.PORTAL, Purpose.TEACHING, Purpose.MARKETING)


def page(clinic: Clinic) -> None:
    """Ask for a new patient, and go on to their first session."""
    st.title("New patient", anchor=False)
    with st.container(width=NARROW + 180):
        if is_visitor(clinic):
            st.info(DEMONSTRATION, icon=":material/science:")
            st.link_button("Set up this clinic", SET_UP, icon=":material/key:")
            return
        new_patient_form(clinic)


def new_patient_form(clinic: Clinic) -> None:
    """Ask for a new patient."""
    with st.form("new-patient"):
        left, right = st.columns(2)
        code = left.text_input("Code", max_chars=40, help=CODE, key=_proposed(clinic), placeholder="such as A-01")
        name = right.text_input("Name", max_chars=120)
        details = _details(clock.today().year)
        note = st.text_input("Note", max_chars=500)
        st.subheader("Consents", anchor=False)
        st.caption("Each is given by itself, and care does not depend on the others. Only what is switched on is kept.")
        signed = ask_consents(clinic, ASKED, key="new", signer=name)
        if not st.form_submit_button("Add patient", type="primary", icon=":material/person_add:"):
            return
    _add(clinic, code, name, note, details, signed)


def _proposed(clinic: Clinic) -> str:
    """The box of the code, filled with the next one when the form is opened; what was typed stays."""
    if _CODE not in st.session_state:
        st.session_state[_CODE] = clinic.proposed_code()
    return _CODE


def _details(year: int) -> PatientDetails:
    left, right = st.columns(2)
    birth_year = left.number_input("Year of birth", min_value=year - 120, max_value=year, value=None, step=1)
    phototype = right.selectbox(
        "Phototype (Fitzpatrick)",
        list(Phototype),
        index=None,
        placeholder="Choose",
        format_func=lambda kind: f"{kind}: {kind.said}",
    )
    allergies = st.text_input("Allergies", max_chars=500, placeholder="none known")
    return PatientDetails(None if birth_year is None else int(birth_year), phototype, allergies)


def _add(clinic: Clinic, code: str, name: str, note: str, details: PatientDetails, signed: Signed) -> None:
    fault = signed.fault()
    if fault:
        st.error(fault, icon=":material/error:")
        return
    try:
        patient = clinic.add_patient(code=code, name=name, note=note)
        if details != PatientDetails():
            clinic.set_details(patient.id, details)
        keep_consents(clinic, patient.id, signed)
    except TrackerError as error:
        complain(error)
    else:
        st.session_state.pop(_CODE, None)
        go("session", patient=patient.id)
