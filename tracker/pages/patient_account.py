"""An account of the patient's own, to which somebody who treats them invites them."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.records import Patient
from tracker.errors import TrackerError
from tracker.pages.access import is_in_emergency, is_visitor, may
from tracker.pages.frame import complain
from tracker.pages.invited import remember_invitation, show_invitation

WHAT_FOR = (
    "With it they read what was shared with them, keep a diary, withdraw a consent and see who looked. Nothing is "
    "shared by the account itself."
)


def account_section(clinic: Clinic, patient: Patient) -> None:
    """Offer an account to a patient who has agreed to read results online."""
    if patient.is_demonstration or is_visitor(clinic) or not may(clinic, Verb.ISSUE):
        return
    if is_in_emergency(clinic, patient):
        return
    show_invitation()
    if not clinic.has_consent(patient.id, Purpose.PORTAL):
        return
    with st.expander("Give the patient an account", icon=":material/person_add:"):
        st.caption(WHAT_FOR)
        with st.form(f"account-{patient.id}", border=False):
            name = st.text_input("Name, with which they sign in", patient.name or patient.code, max_chars=80)
            if not st.form_submit_button("Make an invitation", type="primary"):
                return
        try:
            token = clinic.invite_patient(patient.id, name)
        except TrackerError as error:
            complain(error)
        else:
            remember_invitation(name, token)
