"""Who opened a patient of somebody else's in an emergency: an owner is told, and says that they have read it."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.pages.access import may
from tracker.pages.frame import link, moment_text, plain


def show_emergencies(clinic: Clinic) -> None:
    """Show on Today what an owner has not read yet; nothing to anybody else, and nothing where nothing happened."""
    if not may(clinic, Verb.ADMINISTER):
        return
    found = clinic.emergencies()
    if not found:
        return
    codes = {patient.id: patient.code for patient in clinic.patients()}
    names = {account.id: account.name for account in clinic.accounts()}
    with st.container(border=True, key="emergencies"):
        st.markdown("##### :material/e911_emergency: Opened in an emergency")
        for each in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                who, whom = names.get(each.account_id, "–"), codes.get(each.patient_id, "–")
                st.badge("emergency", color="red")
                said = f"was opened by {who} on {moment_text(each.since)}, for eight hours"
                st.markdown(f"**{plain(whom)}** {plain(said)}", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center"):
            link("log", "The reasons are in the log", icon=":material/history:")
            if st.button("I have read this", key="read-emergencies", icon=":material/check:"):
                clinic.read_emergencies(found[0].since)
                st.rerun()
