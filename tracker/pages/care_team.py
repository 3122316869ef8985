"""Whose patient somebody is: the care team, and how to see a patient of somebody else's in an emergency."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import Patient
from tracker.errors import TrackerError
from tracker.pages.frame import complain, plain
from tracker.pages.notices import say

_EMERGENCY = (
    "You see the patients of your care teams. In an emergency you can open another one for eight hours. The reason is "
    "kept in the log; the owner of the clinic and the patient can read it."
)

_OPENED = "emergency-opened"
IN_EMERGENCY = ":material/emergency: Open to you in an emergency, for eight hours"


def break_glass_popover(clinic: Clinic) -> None:
    """Offer to open a patient of somebody else's, with a reason."""
    # Under another key it is another one, and closed: what it was opened for is done.
    opened = st.session_state.setdefault(_OPENED, 0)
    with st.popover("Emergency access", icon=":material/emergency:", key=f"emergency-{opened}", on_change="rerun"):
        st.caption(_EMERGENCY)
        with st.form("break-glass", border=False, clear_on_submit=True):
            code = st.text_input("Code of the patient, exactly", max_chars=40)
            reason = st.text_area("Reason", max_chars=400, height=80)
            if not st.form_submit_button("Open for eight hours", type="primary"):
                return
        try:
            patient, until = clinic.break_glass(code, reason)
        except TrackerError as error:
            complain(error)
        else:
            st.session_state[_OPENED] += 1
            say(plain(f"{patient.code} is open to you until {until.astimezone():%H:%M}."), icon=":material/lock_open:")
            st.rerun()


def care_team_popover(clinic: Clinic, patient: Patient) -> None:
    """Show who takes care of a patient, and let that be changed."""
    with st.popover("Care team", icon=":material/groups:", type="tertiary"):
        team = clinic.care_team(patient.id)
        if not team:
            st.caption("Only the owner of the clinic sees this patient.")
        for member in team:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.text(member.name)
                if st.button("Remove", key=f"leave-{patient.id}-{member.id}", type="tertiary", icon=":material/close:"):
                    clinic.remove_from_care_team(patient.id, member.id)
                    st.rerun()
        others = {each.id: each.name for each in clinic.colleagues() if each.id not in {m.id for m in team}}
        if not others:
            return
        with st.form(f"team-{patient.id}", border=False, clear_on_submit=True):
            chosen = st.selectbox("Add", list(others), index=None, format_func=others.__getitem__)
            if st.form_submit_button("Add to the team", icon=":material/add:") and chosen:
                clinic.add_to_care_team(patient.id, chosen)
                st.rerun()
