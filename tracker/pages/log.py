"""The log: who did what, when, with whom; and whether the log is as it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Role, Verb
from tracker.clinic.audit import LogEntry
from tracker.pages.access import may
from tracker.pages.frame import day_text, look_at_width, on_phone, plain
from tracker.pages.log_words import what

PER_PAGE = 100
BEFORE = "log-before"
WITHOUT_ACCOUNT = {
    "practitioner": "a visitor of the demonstration",
    "patient": "a patient, by a link",
    "nobody": "somebody unknown",
}


def page(clinic: Clinic) -> None:
    """Show the log of the clinic, the latest first."""
    look_at_width()
    st.title("Log", anchor=False)
    _wholeness(clinic)
    before = st.session_state.get(BEFORE)
    entries = clinic.log(before=before, limit=PER_PAGE)
    if not entries:
        st.info("Nothing has been done yet.")
    elif on_phone():
        _list(entries, _names(clinic))
    else:
        _table(entries, _names(clinic))
    with st.container(horizontal=True):
        if before is not None:
            st.button("Latest", icon=":material/first_page:", on_click=_go, args=(None,))
        if len(entries) == PER_PAGE:
            st.button("Earlier", icon=":material/chevron_right:", on_click=_go, args=(entries[-1].number,))


def who_looked(clinic: Clinic, patient_id: str) -> None:
    """Show a patient who did what with what is theirs."""
    entries = clinic.log_of(patient_id)
    if not entries:
        st.caption("Nobody has looked at your photos yet.")
        return
    own = clinic.acting().account_id
    for entry in entries:
        if entry.outcome == "done":
            with st.container(gap=None):
                st.markdown(plain(what(entry).capitalize()))
                st.caption(plain(f"{_told_moment(entry)}  ·  {_told_who(entry, own)}"))


def _told_moment(entry: LogEntry) -> str:
    local = entry.at.astimezone()
    return f"{day_text(local.date())}, {local:%H:%M}"


def _told_who(entry: LogEntry, own: str) -> str:
    """Who it was, to a patient: no name, but what to ask the clinic about."""
    if not entry.account_id:
        return "you, by a link" if entry.role == Role.PATIENT else WITHOUT_ACCOUNT.get(entry.role, entry.role)
    if entry.account_id == own or entry.role == Role.PATIENT:
        return "you"
    return "the program" if entry.role == Role.SYSTEM else f"your clinic ({entry.role}, {entry.account_id[:8]})"


def _wholeness(clinic: Clinic) -> None:
    if not st.button("Check that nothing was changed", icon=":material/verified_user:"):
        return
    found = clinic.verify_log()
    if not found:
        st.success("Every entry is as it was written, and none is missing.", icon=":material/verified_user:")
        return
    places = ", ".join(f"{each.number} ({each.what})" for each in found[:20])
    st.error(
        plain(f"The log is not as it was written. Entries: {places}. Please find out who could change the database."),
        icon=":material/gpp_bad:",
    )


def _names(clinic: Clinic) -> Mapping[str, str]:
    """Names of accounts, for those who may know them; an auditor reads identifiers."""
    return {each.id: each.name for each in clinic.accounts()} if may(clinic, Verb.ADMINISTER) else {}


def _table(entries: Sequence[LogEntry], names: Mapping[str, str]) -> None:
    rows = [
        {
            "When (UTC)": _moment(entry),
            "What": what(entry),
            "Who": _who(entry, names),
            "Patient": entry.patient_id[:8],
            "Reason": entry.reason,
            "No.": entry.number,
        }
        for entry in entries
    ]
    st.dataframe(rows, hide_index=True, width="stretch", height=min(38 + 35 * len(rows), 900))


def _list(entries: Sequence[LogEntry], names: Mapping[str, str]) -> None:
    """The same as a list: a phone has no room for six columns."""
    for entry in entries:
        said = [_who(entry, names), f"patient {entry.patient_id[:8]}" if entry.patient_id else "", entry.reason]
        with st.container(gap=None):
            st.markdown(f"**{plain(what(entry).capitalize())}**")
            st.caption(plain("  ·  ".join([f"{_moment(entry)} UTC", *filter(None, said), f"no. {entry.number}"])))


def _moment(entry: LogEntry) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M:%S}"


def _who(entry: LogEntry, names: Mapping[str, str]) -> str:
    if entry.role == Role.SYSTEM:
        return "the program"
    if not entry.account_id:
        return WITHOUT_ACCOUNT.get(entry.role, entry.role)
    return f"{names.get(entry.account_id, entry.account_id[:8])} ({entry.role})"


def _go(before: int | None) -> None:
    st.session_state[BEFORE] = before
