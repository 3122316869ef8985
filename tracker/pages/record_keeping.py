"""The end of a patient's record, for the owner: legal hold, keeping without use, and erasing in two steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.actors import Verb
from tracker.clinic.erasing import Preview
from tracker.clinic.issue_records import PatientRequest, Wish
from tracker.clinic.records import Patient
from tracker.errors import TrackerError
from tracker.pages.access import may
from tracker.pages.choice import PATIENT, VIEW
from tracker.pages.frame import NARROW, complain, day_text, go, moment_text, plain

RECEIPT = "receipt"
"""Of whom the receipt is to be shown: who erases is brought to it."""
_SHOWN = "erase-shown"
#: What an erasure destroys: one, several, and the tables it lies in. What is missing here is counted together.
_GOES = (
    ("photo", "photos", ("photo",)),
    ("treatment", "treatments", ("treatment",)),
    ("grade or measure", "grades and measures", ("grade", "body_measure")),
    ("consent", "consents", ("consent",)),
    ("side effect or diary entry", "side effects and diary entries", ("side_effect", "diary_entry")),
    ("shared report", "shared reports", ("issued_report",)),
    ("link", "links", ("patient_link",)),
    ("account", "accounts", ("account",)),
)
_STAYS = (
    "The entries of the log, which hold no name, and a tombstone: a random number, the moment, a fingerprint of the "
    "destroyed key, and how much went. A backup that is restored erases this person again."
)


def may_keep(clinic: Clinic, patient: Patient) -> bool:
    """Whether who acts decides on keeping and erasing this record; a demonstration is removed as a whole."""
    return may(clinic, Verb.ERASE) and not patient.is_demonstration


def waits(clinic: Clinic, patient: Patient) -> bool:
    """Whether an erasure was begun or is asked for, and who acts decides on it."""
    return may_keep(clinic, patient) and (
        any(each.patient_id == patient.id for each in clinic.waiting_erasures())
        or _open_wish(clinic, patient) is not None
    )


def keeping_section(clinic: Clinic, patient: Patient, *, is_open: bool = False) -> None:
    """Show what the record is kept for, to whom it is theirs to decide; folded unless something waits."""
    if not may_keep(clinic, patient):
        return
    preview, wish = clinic.erasure_preview(patient.id), _open_wish(clinic, patient)
    with st.container(width=NARROW + 180), st.expander("Keeping and erasing", is_open, icon=":material/inventory_2:"):
        if wish is not None:
            _wish(clinic, wish)
        st.markdown(plain(_rule_words(preview)))
        reason = clinic.legal_hold(patient.id)
        if reason is not None:
            st.warning(f"Legal hold: {plain(reason)}", icon=":material/gavel:")
        with st.container(horizontal=True):
            _use(clinic, patient)
            _hold(clinic, patient, is_held=reason is not None)
            is_folded = preview.asked_at is None and st.session_state.get(_SHOWN) != patient.id
            if is_folded and st.button(
                "Erase this person…", key=f"erase-{patient.id}", icon=":material/delete_forever:"
            ):
                st.session_state[_SHOWN] = patient.id
                st.rerun()
        if not is_folded:
            with st.container(border=True, key=f"erasure-{patient.id}"):
                _erasure(clinic, patient, preview)


def _open_wish(clinic: Clinic, patient: Patient) -> PatientRequest | None:
    return next((w for w in clinic.requests(patient.id) if w.wish is Wish.ERASURE and w.done_at is None), None)


def names_of(clinic: Clinic) -> Mapping[str, str]:
    """Names of accounts by id, for the owner."""
    return {"system": "somebody at the command line"} | {account.id: account.name for account in clinic.accounts()}


def _wish(clinic: Clinic, wish: PatientRequest) -> None:
    asked = day_text(wish.asked_at.date())
    st.info(f"The patient asked for erasure on {asked}; an answer is due within a month.", icon=":material/mail:")
    st.caption("Erasing answers it. If something has to be kept, say what and why, and mark it as answered.")
    if st.button("Answered without erasing", key=f"answered-{wish.id}", type="tertiary", icon=":material/check:"):
        _done(lambda: clinic.settle_request(wish.id))


def _use(clinic: Clinic, patient: Patient) -> None:
    """Keeping without use, or the end of it."""
    is_restricted = clinic.is_restricted(patient.id)
    label = "Use the record again" if is_restricted else "Only keep it, and use it for nothing"
    icon = ":material/lock_open:" if is_restricted else ":material/lock:"
    if st.button(label, key=f"restrict-{patient.id}", icon=icon):
        _done(lambda: clinic.restrict(patient.id, is_restricted=not is_restricted))


def _rule_words(preview: Preview) -> str:
    if preview.kept is None:
        return "The clinic's rules do not forbid to erase this record."
    if preview.kept.until is None:
        return "This record is kept as long as the legal hold lasts."
    return f"This record is to be kept until {day_text(preview.kept.until)}, by the clinic's rules."


def _hold(clinic: Clinic, patient: Patient, *, is_held: bool) -> None:
    if is_held:
        if st.button("End the legal hold", key=f"end-hold-{patient.id}"):
            _done(lambda: clinic.set_legal_hold(patient.id, None))
        return
    with st.popover("Legal hold", icon=":material/gavel:"), st.form(f"hold-{patient.id}", border=False):
        st.caption("While it lasts, nobody can erase this record, whatever its age. The reason is stored encrypted.")
        why = st.text_area("Reason", max_chars=400, height=80, key=f"hold-why-{patient.id}")
        if st.form_submit_button("Begin the legal hold", type="primary"):
            _done(lambda: clinic.set_legal_hold(patient.id, why))


def _erasure(clinic: Clinic, patient: Patient, preview: Preview) -> None:
    st.markdown("##### Erase this person")
    st.markdown(f"**What goes:** {plain(_goes(preview))}")
    st.markdown(f"**What stays:** {_STAYS}")
    st.markdown(f"**What stands against it:** {plain(_against(preview))}")
    if preview.asked_at is None:
        _begin(clinic, patient, preview)
    else:
        _carry_out(clinic, patient, preview)


def _goes(preview: Preview) -> str:
    said, named = [], 0
    for one, several, tables in _GOES:
        count = sum(preview.rows.get(table, 0) for table in tables)
        named += count
        said += [f"{count} {one if count == 1 else several}"] if count else []
    rest = sum(preview.rows.values()) - named
    further = "further " if said else ""
    said.append(f"{rest} {further}{'row' if rest == 1 else 'rows'} of the record, the name among them")
    return f"{', '.join(said)}; and the key, without which no backup shows anything of this person."


def _against(preview: Preview) -> str:
    if preview.kept is None:
        return "nothing."
    if preview.kept.until is None:
        return "the legal hold. Nothing can be erased before it has ended."
    until = day_text(preview.kept.until)
    return f"the clinic's rules, until {until}. Who carries it out before that has to say why; the receipt says it too."


def _begin(clinic: Clinic, patient: Patient, preview: Preview) -> None:
    if preview.kept is not None and preview.kept.until is None:
        return
    hours = clinic.retention_rule().wait_hours
    waits = f" or you, {hours} hours later," if hours else " or you"
    st.caption(f"It takes two steps. You begin it; then somebody else who is owner,{waits} carries it out.")
    with st.container(horizontal=True):
        if st.button("Begin the erasure", key=f"begin-{patient.id}", type="primary"):
            _done(lambda: clinic.begin_erasure(patient.id))
        if st.button("Not now", key=f"not-now-{patient.id}", type="tertiary"):
            st.session_state.pop(_SHOWN, None)
            st.rerun()


def _carry_out(clinic: Clinic, patient: Patient, preview: Preview) -> None:
    assert preview.asked_at is not None
    assert preview.may_from is not None
    by = names_of(clinic).get(preview.asked_by, "somebody whose account is gone")
    st.info(plain(f"Begun by {by} on {moment_text(preview.asked_at)}."), icon=":material/hourglass_top:")
    is_held = preview.kept is not None and preview.kept.until is None
    if preview.asked_by == clinic.acting().account_id and clock.now() < preview.may_from:
        st.markdown(f"Somebody else who is owner can carry it out now; you from {moment_text(preview.may_from)} on.")
    elif not is_held:
        _last_step(clinic, patient, preview)
    if st.button("Take it back", key=f"give-up-{patient.id}", icon=":material/undo:"):
        st.session_state.pop(_SHOWN, None)
        _done(lambda: clinic.give_up_erasure(patient.id))


def _last_step(clinic: Clinic, patient: Patient, preview: Preview) -> None:
    with st.form(f"carry-out-{patient.id}"):
        st.markdown("**There is no way back.**")
        code = st.text_input("Code of the patient, typed again exactly", max_chars=40, key=f"code-{patient.id}")
        why = ""
        if preview.kept is not None and preview.kept.until is not None:
            until = day_text(preview.kept.until)
            why = st.text_input(f"Why although it is to be kept until {until}", max_chars=400, key=f"why-{patient.id}")
        if not st.form_submit_button("Erase for good", type="primary", icon=":material/delete_forever:"):
            return
    if code.strip() != patient.code:
        st.error("That is not the code of this patient; nothing was erased.", icon=":material/error:")
        return
    try:
        receipt = clinic.erase_patient(patient.id, despite=why)
    except TrackerError as error:
        complain(error)
        return
    for name in (PATIENT, VIEW, _SHOWN):
        st.session_state.pop(name, None)
    st.session_state[RECEIPT] = receipt.tombstone.patient_id
    go("keeping")


def _done(change: Callable[[], object]) -> None:
    try:
        change()
    except TrackerError as error:
        complain(error)
    else:
        st.rerun()
