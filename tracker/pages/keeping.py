"""Keeping and erasing, for the owner: how long records are kept, what is due, what waits, and the receipts."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.issue_records import Wish
from tracker.clinic.receipts import Receipt
from tracker.clinic.retention import LIMITS, RetentionRule
from tracker.errors import TrackerError
from tracker.pages.frame import NARROW, complain, day_text, link, moment_text, plain
from tracker.pages.notices import say
from tracker.pages.record_keeping import RECEIPT, names_of
from tracker.web.links import receipt_url

MOST = 50
_LABELS = {
    "years": ("Keep a record after the last visit, years", "Ten years in many countries; check your own law."),
    "minors_until": ("Of a minor at least until the age of", "Counted to the end of that year of life."),
    "wait_hours": (
        "An erasure may be carried out by who began it after, hours",
        "24 at least. Somebody else who is owner can carry it out at once.",
    ),
    "backup_days": (
        "The last copy of a backup is destroyed after, days",
        "A promise of the clinic, which the receipt repeats: only you can destroy copies elsewhere.",
    ),
    "consent_years": (
        "Ask again for a consent to more than care after, years",
        "0 is never. No law names a number; `doctor` lists those that are older.",
    ),
}


def page(clinic: Clinic) -> None:
    """Show what is kept for how long, and what was erased."""
    st.title("Keeping and erasing", anchor=False)
    with st.container(width=NARROW + 180):
        receipts = clinic.erasures()
        _new_receipt(receipts)
        _waiting(clinic)
        _due(clinic)
        _rules(clinic)
        _receipts(receipts)


def _new_receipt(receipts: tuple[Receipt, ...]) -> None:
    """What was erased just now; code and reason stand on it now and not later."""
    wanted = st.session_state.get(RECEIPT)
    receipt = next((each for each in receipts if each.tombstone.patient_id == wanted), None)
    if receipt is None:
        return
    with st.container(border=True, key="new-receipt"):
        st.markdown("##### :material/check_circle: Erased. Keep this receipt")
        for label, words in receipt.lines():
            st.markdown(f":gray[{label}]  \n{plain(words)}")
        st.caption("The code stands on it now, and not on one that is made later: the program does not keep it.")
        with st.container(horizontal=True):
            _download(receipt, "Download the receipt")
            if st.button("I have it", key="receipt-kept", type="tertiary", icon=":material/check:"):
                st.session_state.pop(RECEIPT, None)
                st.rerun()


def _download(receipt: Receipt, label: str) -> None:
    st.link_button(label, receipt_url(receipt.tombstone.patient_id), icon=":material/download:")


def _waiting(clinic: Clinic) -> None:
    """Erasures that were begun, and those that patients ask for."""
    st.subheader("Waiting", anchor=False)
    begun = clinic.waiting_erasures()
    asked = [wish for wish in clinic.open_requests() if wish.wish is Wish.ERASURE]
    if not begun and not asked:
        st.caption("No erasure was begun, and no patient asks for one.")
        return
    names, codes = names_of(clinic), _codes(clinic)
    for each in begun:
        assert each.asked_at is not None
        by = names.get(each.asked_by, "somebody whose account is gone")
        _person("begun", each.patient_id, each.code, f"begun by {by} on {moment_text(each.asked_at)}")
    for wish in asked:
        if wish.patient_id not in {each.patient_id for each in begun}:
            since = f"asks for erasure since {day_text(wish.asked_at.date())}; an answer is due within a month"
            _person("asked", wish.patient_id, codes.get(wish.patient_id, "–"), since)


def _due(clinic: Clinic) -> None:
    st.subheader("Kept long enough", anchor=False)
    due, codes = clinic.due_records(), _codes(clinic)
    if not due:
        st.caption("No record is older than it has to be kept.")
        return
    st.caption("Decide for each whether it is still needed; what is not needed should go.")
    for patient_id in due[:MOST]:
        _person("due", patient_id, codes.get(patient_id, "–"), "has been kept as long as it has to be")
    if len(due) > MOST:
        st.caption(f"{MOST} of {len(due)} records are shown.")


def _person(why: str, patient_id: str, code: str, words: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"{why}-{patient_id}"):
        st.markdown(f"**{plain(code)}** {plain(words)}", width="stretch")
        link("record", "Open the record", icon=":material/clinical_notes:", patient=patient_id)


def _rules(clinic: Clinic) -> None:
    st.subheader("Rules of this clinic", anchor=False)
    st.caption("The values offered follow common law and are no legal advice. A legal hold outlasts all of them.")
    rule = clinic.retention_rule()
    with st.form("retention"):
        chosen = {}
        for name, (label, helps) in _LABELS.items():
            least, most = LIMITS[name]
            value = getattr(rule, name)
            chosen[name] = st.number_input(label, least, most, value, step=1, help=helps, key=f"rule-{name}")
        if not st.form_submit_button("Save the rules", type="primary", icon=":material/save:"):
            return
    _save(clinic, replace(rule, **{name: int(value) for name, value in chosen.items()}))


def _save(clinic: Clinic, rule: RetentionRule) -> None:
    try:
        clinic.set_retention_rule(rule)
    except TrackerError as error:
        complain(error)
        return
    say("Saved.")
    st.rerun()


def _receipts(receipts: tuple[Receipt, ...]) -> None:
    if not receipts:
        return
    with st.expander(f"Everything that was erased ({len(receipts)})", icon=":material/history:"):
        for receipt in receipts[:MOST]:
            with st.container(horizontal=True, vertical_alignment="center", key=f"r-{receipt.tombstone.patient_id}"):
                photos = "1 photo" if receipt.photos == 1 else f"{receipt.photos} photos"
                said = f"{moment_text(receipt.tombstone.moment)}  ·  {photos}  ·  {receipt.tombstone.patient_id[:8]}"
                st.markdown(plain(said), width="stretch")
                _download(receipt, "Receipt")
        if len(receipts) > MOST:
            st.caption(f"The latest {MOST} of {len(receipts)} are shown.")


def _codes(clinic: Clinic) -> dict[str, str]:
    return {patient.id: patient.code for patient in clinic.patients()}
