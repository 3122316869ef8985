"""Inviting a rater who signs in: they see the masked pairs of their sittings, and nothing else of the clinic."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Role, Verb
from tracker.clinic.records import View
from tracker.errors import TrackerError
from tracker.pages.access import may
from tracker.pages.frame import complain, plain


def invite_rater_popover(clinic: Clinic, view: View) -> None:
    """Offer a sitting over a view to a rater with an account; only the owner knows who has one."""
    if not may(clinic, Verb.ADMINISTER):
        return
    raters = {each.id: each.name for each in clinic.accounts() if each.role is Role.RATER and not each.is_disabled}
    if not raters:
        return
    with st.popover("Invite a rater who signs in", icon=":material/person_add:"):
        st.caption("They find the sitting when they sign in, and see no name, no date and no other photo.")
        with st.form(f"invite-rater-{view.id}", border=False):
            chosen = st.selectbox("Rater", list(raters), index=None, format_func=raters.__getitem__)
            if not st.form_submit_button("Invite", type="primary") or chosen is None:
                return
        try:
            _invite(clinic, view, chosen, raters[chosen])
        except TrackerError as error:
            complain(error)
        else:
            st.success(plain(f"{raters[chosen]} finds the sitting at the next sign-in."))


def _invite(clinic: Clinic, view: View, account_id: str, name: str) -> None:
    """A new sitting, or the one that this rater broke off."""
    known = [each for each in clinic.ratings(view.id) if not each.is_finished and each.rater == name]
    sitting = known[0] if known else clinic.start_rating(view.id, name)
    clinic.invite_rater(sitting.id, account_id)
