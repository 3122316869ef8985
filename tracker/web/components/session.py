"""Who is signed in, the way out, and the warning before a session that is idle ends."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_HTML, _CSS, _JS = ((_HERE / f"session.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
_SESSION = st.components.v2.component("tracker_session", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, as the page says it.

    Attributes
    ----------
    name, role : str
    has_account : bool
        There is a password to change.
    may_set_up : bool
        They look around the demonstration, and the clinic has no owner yet.
    """

    name: str
    role: str
    has_account: bool
    may_set_up: bool


def session_menu(signed_in: SignedIn) -> None:
    """Show the menu at the top of the page, and watch over the session from there."""
    _SESSION(key="session-menu", data=asdict(signed_in))
