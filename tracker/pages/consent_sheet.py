"""The sheet on which consents are asked for: a switch each, the words behind it, a name and a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import WHOLE, Channel, Masking, Pictures, Scope
from tracker.pages.frame import plain

SHARED = frozenset({Purpose.TEACHING, Purpose.MARKETING, Purpose.RESEARCH})
"""What shows pictures to others than those who treat and the patient: how much of them is asked as well."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A filled sheet.

    Attributes
    ----------
    given : dict of Purpose to Scope
        What was switched on.
    by : str
    on : date or None
    channel : Channel
    """

    given: dict[Purpose, Scope]
    by: str
    on: date | None
    channel: Channel = Channel.CLINIC

    def fault(self) -> str:
        """What is missing, in one sentence; empty if nothing is."""
        if self.given and not self.by.strip():
            return "A consent needs the name of the person who signs; please fill it in."
        return "A consent needs the day on which it was signed; please choose it." if self.given and not self.on else ""


def ask_consents(clinic: Clinic, purposes: Sequence[Purpose], *, key: str, signer: str = "") -> Signed:
    """Show the switches; to be called within a form.

    Parameters
    ----------
    clinic : Clinic
    purposes : sequence of Purpose
    key : str
        Of the widgets.
    signer : str
        Who signs where no other name is given.
    """
    given: dict[Purpose, Scope] = {}
    for purpose in purposes:
        text = clinic.consent_text(purpose)
        if st.toggle(purpose.said, key=f"{key}-{purpose}"):
            given[purpose] = WHOLE
        with st.expander("What it says"):
            st.text(text.text)
            st.caption(plain(f"Wording: {text.version}"))
            if purpose in SHARED:
                scope = _scope(purpose, key)
                given |= {purpose: scope} if purpose in given else {}
    left, middle, right = st.columns(3)
    by = left.text_input("Signed by", placeholder="the patient", key=f"{key}-by", max_chars=120)
    on = middle.date_input("On", value=clock.today(), max_value=clock.today(), key=f"{key}-on")
    channel = right.selectbox("How", [Channel.CLINIC, Channel.PAPER, Channel.LETTER], key=f"{key}-how")
    return Signed(given, by or signer, on, channel)


def keep_consents(clinic: Clinic, patient_id: str, signed: Signed) -> None:
    """Write down what was consented to."""
    for purpose, scope in signed.given.items():
        assert signed.on is not None
        clinic.give_consent(
            patient_id, purpose, given_by=signed.by, signed_on=signed.on, channel=signed.channel, scope=scope
        )


def _scope(purpose: Purpose, key: str) -> Scope:
    all_pictures, all_masking = list(Pictures), list(Masking)
    left, right = st.columns(2)
    pictures = left.selectbox("Pictures", all_pictures, key=f"{key}-{purpose}-pictures")
    masking = right.selectbox("Covered before", all_masking, key=f"{key}-{purpose}-masking")
    sites = st.text_input(
        "Only these body sites, separated by commas", placeholder="all", key=f"{key}-{purpose}-sites", max_chars=300
    )
    return Scope(pictures, masking, tuple(site.strip() for site in sites.split(",") if site.strip()))
