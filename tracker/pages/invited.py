"""An invitation as it is handed over: its address is shown once, because it is kept nowhere."""

from __future__ import annotations

import os

import streamlit as st

from tracker.pages.frame import plain
from tracker.web.place import ORIGIN

INVITED = "invited"
ONLY_HERE = (
    "This address opens on this computer only: the clinic has no address on the network yet. How it gets one is in "
    "docs/operations.md."
)


def remember_invitation(name: str, token: str) -> None:
    """Keep an invitation for the next run of the page, and begin it."""
    st.session_state[INVITED] = (name, token)
    st.rerun()


def show_invitation() -> None:
    """Show the invitation that was just made, and forget it."""
    invited = st.session_state.pop(INVITED, None)
    if invited is None:
        return
    name, token = invited
    with st.container(border=True, key="invitation"):
        st.markdown(f"**Invitation for {plain(name)}**")
        st.caption(
            "Give them this address in person, or by a way nobody else reads. It works once, within seven days, and is "
            f"shown only now. From then on they sign in as {plain(name)}."
        )
        st.code(f"{origin()}/session/invitation/{token}", language=None, wrap_lines=True)
        say_where_it_opens()


def origin() -> str:
    """Scheme and host under which this clinic is reached."""
    return "/".join((os.environ.get(ORIGIN) or st.context.url or "").split("/")[:3])


def say_where_it_opens() -> None:
    """Say that an address leads nowhere on another device, as long as that is so."""
    if not os.environ.get(ORIGIN):
        st.caption(f":orange[:material/info:] {ONLY_HERE}")
