"""What waits for an answer of the clinic: side effects that are not expected or not read yet, and patients' wishes."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.effect_records import Advice, SideEffect
from tracker.clinic.issue_records import PatientRequest, Wish
from tracker.pages.access import may
from tracker.pages.frame import day_text, link, plain

Colour = Literal["red", "orange", "gray"]
_COLOURS: dict[Advice, Colour] = {Advice.AT_ONCE: "red", Advice.CONTACT: "orange"}
_WORDS = {Advice.AT_ONCE: "now", Advice.CONTACT: "not expected", Advice.EXPECTED: "expected"}


def show_attention(clinic: Clinic) -> None:
    """Show on Today what somebody of the clinic should look at; nothing where nothing waits."""
    if not may(clinic, Verb.MEASURED):
        return
    effects = [effect for effect in clinic.open_side_effects() if effect.needs_attention]
    wishes = clinic.open_requests()
    if not effects and not wishes:
        return
    codes = {patient.id: patient.code for patient in clinic.patients()}
    with st.container(border=True, key="attention"):
        st.markdown("##### :material/notifications: Waiting for you")
        for effect in sorted(effects, key=lambda each: each.answer.advice is not Advice.AT_ONCE):
            _effect(clinic, effect, codes.get(effect.patient_id, "–"))
        for wish in wishes:
            _wish(clinic, wish, codes.get(wish.patient_id, "–"))


def _effect(clinic: Clinic, effect: SideEffect, code: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        advice_badge(effect)
        st.markdown(f"**{plain(code)}** {plain(effect_words(effect))}", width="stretch")
        if effect.seen_at is None and st.button("Read", key=f"read-{effect.id}", type="tertiary"):
            clinic.mark_seen(effect.id)
            st.rerun()
        link("side-effects", "Open", icon=":material/healing:", patient=effect.patient_id)


def advice_badge(effect: SideEffect) -> None:
    """Whether a side effect is expected today, in one word."""
    advice = effect.answer.advice
    st.badge(_WORDS.get(advice, "photograph"), color=_COLOURS.get(advice, "gray"))


def effect_words(effect: SideEffect) -> str:
    """A side effect in a few words: what, how strong, since when, and how long after the injection."""
    after = ""
    if effect.days_after is not None:
        after = f", {effect.days_after} day{'' if effect.days_after == 1 else 's'} after an injection"
    levels = " → ".join(str(level.level) for level in effect.levels)
    until = f" until {day_text(effect.resolved_on)}" if effect.resolved_on else ""
    return f"{effect.kind.label}, {levels} of 10, since {day_text(effect.noticed_on)}{until}{after}"


def _wish(clinic: Clinic, wish: PatientRequest, code: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("asked for", color="blue")
        since = f"asks for: {wish.wish.label.lower()} (since {day_text(wish.asked_at.date())}; answer within a month)"
        st.markdown(f"**{plain(code)}** {plain(since)}", width="stretch")
        if wish.wish is Wish.ERASURE and may(clinic, Verb.ERASE):
            link("record", "Decide", icon=":material/inventory_2:", patient=wish.patient_id)
            return
        if st.button("Done", key=f"settle-{wish.id}", type="tertiary", icon=":material/check:"):
            clinic.settle_request(wish.id)
            st.rerun()
