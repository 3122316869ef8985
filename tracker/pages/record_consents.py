"""Consents of a patient: what holds, how to withdraw it, and everything that was ever given."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import Channel, Consent
from tracker.clinic.records import Patient
from tracker.errors import TrackerError
from tracker.pages.consent_sheet import SHARED, ask_consents, keep_consents
from tracker.pages.frame import NARROW, complain, day_text, plain
from tracker.pages.notices import say
from tracker.pages.patient_account import account_section

GENERATION = "consents"


def consents_section(clinic: Clinic, patient: Patient) -> None:
    """Show the consents, and let them be given and withdrawn."""
    given = clinic.consents(patient.id)
    holding = {consent.purpose: consent for consent in given if consent.holds}
    with st.container(width=NARROW + 180):
        for purpose in Purpose:
            _state(clinic, patient, purpose, holding.get(purpose))
        missing = [purpose for purpose in Purpose if purpose not in holding]
        if missing:
            _ask(clinic, patient, missing)
        account_section(clinic, patient)
        if given:
            with st.expander(f"Everything that was ever given ({len(given)})", icon=":material/history:"):
                for consent in given:
                    _row(consent)


def _state(clinic: Clinic, patient: Patient, purpose: Purpose, consent: Consent | None) -> None:
    with (
        st.container(border=True, key=f"consent-{purpose}"),
        st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"),
    ):
        if consent is None:
            st.markdown(f":material/toggle_off: {plain(purpose.said)}")
            st.caption("not given", width="content")
            return
        with st.container(gap=None):
            st.markdown(f":material/check_circle: **{plain(purpose.said)}**")
            st.caption(plain(_said(consent)))
        if st.button("Withdraw", key=f"withdraw-{purpose}", icon=":material/undo:"):
            try:
                clinic.withdraw_consent(patient.id, purpose, channel=Channel.CLINIC)
            except TrackerError as error:
                complain(error)
            else:
                say(f"Withdrawn: {plain(purpose.said)}.")
                st.rerun()


def _ask(clinic: Clinic, patient: Patient, purposes: list[Purpose]) -> None:
    generation = st.session_state.setdefault(GENERATION, 0)
    with st.expander("Ask for a consent", icon=":material/add:"), st.form("ask-consents", border=False):
        signed = ask_consents(
            clinic, purposes, key=f"ask-{patient.id}-{generation}", signer=patient.name or patient.code
        )
        if not st.form_submit_button("Keep what is switched on", type="primary"):
            return
    fault = "Nothing is switched on." if not signed.given else signed.fault()
    if fault:
        st.error(fault, icon=":material/error:")
        return
    try:
        keep_consents(clinic, patient.id, signed)
    except TrackerError as error:
        complain(error)
        return
    st.session_state[GENERATION] += 1
    say("The consent is kept." if len(signed.given) == 1 else "The consents are kept.")
    st.rerun()


def _row(consent: Consent) -> None:
    with st.container(gap=None):
        st.markdown(f"**{plain(consent.purpose.said)}**")
        st.caption(plain(_said(consent)))
        if consent.withdrawn_at is not None:
            st.caption(plain(f"Withdrawn {day_text(consent.withdrawn_at.date())}, {consent.withdrawn_channel}."))
        with st.popover("The words", type="tertiary"):
            st.text(consent.text.text)
            st.caption(plain(f"Wording {consent.text.version}, SHA-256 {consent.text.hash[:16]}…"))


def _said(consent: Consent) -> str:
    said = [f"Signed {day_text(consent.signed_on)} by {consent.given_by}, {consent.channel}"]
    if consent.purpose in SHARED:
        scope = consent.scope
        said += [f"{scope.pictures}", f"{scope.masking}", ", ".join(scope.sites) or "all sites"]
    return "  ·  ".join(said)
