"""What is a patient's own to see and to say: the next visit, consents, who looked, and what can be asked for."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import Channel, Consent
from tracker.clinic.course_plans import Due
from tracker.clinic.issue_records import Wish
from tracker.pages.frame import day_text, link, plain
from tracker.pages.log import who_looked
from tracker.pages.notices import say

_WITHDRAW = {
    Purpose.CARE: (
        "Your clinic then takes no new photos, and locks those it has to keep by law. Talk to it about what that means "
        "for your treatment."
    ),
    Purpose.PORTAL: "Your reports then disappear from this page at once, and links to them stop working.",
}
_FROM_NOW = "Nothing more is used for this from now on. What was already published cannot be called back everywhere."
_WISHES = {
    Wish.EXPORT: "Your photos, everything written down about you, and every report, as one file.",
    Wish.ERASURE: (
        "Everything about you is erased. What the law makes the clinic keep for some years is locked until then; the "
        "clinic tells you what and why."
    ),
}


def show_own(clinic: Clinic, patient_id: str) -> None:
    """Show a patient what follows the report."""
    _next(clinic, patient_id)
    link("diary", "How is it going? Note how you feel", icon=":material/edit_note:")
    with st.expander("My consents", icon=":material/task_alt:"):
        _consents(clinic, patient_id)
    with st.expander("Who looked at my photos", icon=":material/visibility:"):
        who_looked(clinic, patient_id)
    with st.expander("My rights", icon=":material/gavel:"):
        _rights(clinic, patient_id)


def _next(clinic: Clinic, patient_id: str) -> None:
    """The next visit and the cost so far, as far as the clinic wrote them down."""
    course = clinic.own_course(patient_id)
    if course.due is None and not course.spent:
        return
    with st.container(border=True, horizontal=True):
        if course.due is not None:
            with st.container(gap=None):
                st.caption("Next visit")
                st.markdown(f"**{plain(_when(course.due))}**")
                st.caption(f"Session {course.due.number} of {course.due.planned} planned")
        if course.spent:
            with st.container(gap=None):
                st.caption("Cost so far")
                amounts = " + ".join(f"{amount} {currency}".strip() for currency, amount in course.spent)
                st.markdown(f"**{plain(amounts)}**")


def _when(due: Due) -> str:
    if due.agreed is not None:
        return day_text(due.agreed)
    if due.latest <= clock.today():
        return "Please ask your clinic for a day"
    return f"Between {day_text(due.earliest)} and {day_text(due.latest)}; no day is agreed yet"


def _consents(clinic: Clinic, patient_id: str) -> None:
    held = [consent for consent in clinic.consents(patient_id) if consent.holds]
    if not held:
        st.caption("No consent of yours is written down here.")
    for consent in held:
        _consent(clinic, patient_id, consent)
    ended = [consent for consent in clinic.consents(patient_id) if consent.withdrawn_at is not None]
    for consent in ended:
        assert consent.withdrawn_at is not None
        st.caption(plain(f"{consent.purpose.said}: withdrawn on {day_text(consent.withdrawn_at.date())}"))


def _consent(clinic: Clinic, patient_id: str, consent: Consent) -> None:
    purpose = consent.purpose
    with st.container(border=True, key=f"consent-{consent.id}"):
        st.markdown(f"**{plain(purpose.said)}**")
        st.caption(plain(f"Given on {day_text(consent.signed_on)}, {consent.channel}"))
        with st.popover("Read what I agreed to", type="tertiary"):
            st.text(consent.text.text)
        with st.popover("Withdraw", icon=":material/undo:"):
            st.markdown(_WITHDRAW.get(purpose, _FROM_NOW))
            if st.button("Withdraw this consent", type="primary", key=f"withdraw-{consent.id}"):
                clinic.withdraw_consent(patient_id, purpose, channel=Channel.ONLINE)
                say(f"Withdrawn: {plain(purpose.said)}.")
                st.rerun()


def _rights(clinic: Clinic, patient_id: str) -> None:
    asked = {request.wish: request for request in reversed(clinic.requests(patient_id))}
    for wish, words in _WISHES.items():
        with st.container(border=True, key=f"wish-{wish}"):
            st.markdown(f"**{wish.label}**")
            st.caption(words)
            known = asked.get(wish)
            if known is not None and known.done_at is None:
                st.caption(
                    f":material/schedule: Asked for on {day_text(known.asked_at.date())}; "
                    "your clinic answers within a month."
                )
                continue
            if known is not None and known.done_at is not None:
                st.caption(f":material/check: Answered on {day_text(known.done_at.date())}.")
            with st.popover("Ask for it"):
                if st.button("Ask my clinic", type="primary", key=f"ask-{wish}"):
                    clinic.ask_for(patient_id, wish)
                    say("Your clinic has been asked.")
                    st.rerun()
