"""People and access: who may sign in, as what, and since when; for the owner of the clinic."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.accounts import Account
from tracker.clinic.actors import STAFF, Role
from tracker.errors import TrackerError
from tracker.pages.frame import NARROW, complain
from tracker.pages.invited import remember_invitation, show_invitation

MAY = {
    Role.OWNER: "everything, and invites the others",
    Role.PRACTITIONER: "their own patients, whole; others in an emergency, with a reason",
    Role.ASSISTANT: "adds photos; sees no stored photo and nothing measured",
    Role.RATER: "the masked pairs of the sittings they are invited to",
    Role.AUDITOR: "the log, and nothing else",
}


def page(clinic: Clinic) -> None:
    """Show the accounts, and let them be added, changed and closed."""
    st.title("People and access", anchor=False)
    with st.container(width=NARROW + 180):
        show_invitation()
        with st.popover("Invite somebody", icon=":material/person_add:"):
            _invite(clinic)
        for account in clinic.accounts():
            _row(clinic, account)


def _invite(clinic: Clinic) -> None:
    with st.form("invite", border=False, clear_on_submit=True):
        name = st.text_input("Name, with which they sign in", max_chars=80)
        role = st.radio("Role", list(MAY), format_func=_title, captions=list(MAY.values()), index=1)
        if not st.form_submit_button("Make an invitation", type="primary"):
            return
    try:
        token = clinic.add_account(role, name)
    except TrackerError as error:
        complain(error)
    else:
        remember_invitation(name, token)


def _row(clinic: Clinic, account: Account) -> None:
    with st.container(border=True, key=f"account-{account.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(account.name, width="stretch")
            _state(account)
            st.text(_title(account.role), width="content")
        if account.role in STAFF:
            with st.expander("Change"):
                _change(clinic, account)
        else:
            with st.container(horizontal=True):
                _again(clinic, account)
                _end_or_close(clinic, account)


def _state(account: Account) -> None:
    if account.is_disabled:
        st.badge("Closed", color="gray")
    elif not (account.has_password or account.is_connected):
        st.badge("Invited", color="blue")
    elif account.needs_second_factor and not account.is_connected:
        st.badge("Second factor missing", color="orange")


def _change(clinic: Clinic, account: Account) -> None:
    roles = list(MAY)
    box = f"role-{account.id}"
    chosen = st.selectbox("Role", roles, index=roles.index(account.role), format_func=_title, key=box)
    st.caption(MAY[chosen].capitalize() + ".")
    if chosen is not account.role and st.button("Change the role", key=f"store-{account.id}", type="primary"):
        _done(lambda: clinic.set_role(account.id, chosen))
    with st.container(horizontal=True):
        _again(clinic, account)
        if account.has_second_factor and st.button("Take the second factor away", key=f"factor-{account.id}"):
            _done(lambda: clinic.reset_second_factor(account.id))
        _end_or_close(clinic, account)


def _end_or_close(clinic: Clinic, account: Account) -> None:
    open_sessions = clinic.sessions(account.id)
    if open_sessions:
        number = len(open_sessions)
        words = "End 1 session" if number == 1 else f"End {number} sessions"
        if st.button(words, key=f"end-{account.id}"):
            _done(lambda: clinic.revoke_sessions(account.id))
    if account.is_disabled:
        if st.button("Open again", key=f"open-{account.id}"):
            _done(lambda: clinic.enable_account(account.id))
    elif st.button("Close the account", key=f"close-{account.id}"):
        _done(lambda: clinic.disable_account(account.id))


def _again(clinic: Clinic, account: Account) -> None:
    if not account.is_disabled and st.button("New invitation (password forgotten)", key=f"again-{account.id}"):
        _invite_again(clinic, account)


def _invite_again(clinic: Clinic, account: Account) -> None:
    try:
        token = clinic.invite_again(account.id)
    except TrackerError as error:
        complain(error)
    else:
        remember_invitation(account.name, token)


def _done(change) -> None:  # type: ignore[no-untyped-def]
    try:
        change()
    except TrackerError as error:
        complain(error)
    else:
        st.rerun()


def _title(role: Role) -> str:
    return str(role).capitalize()
