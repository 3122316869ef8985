"""That something was done: said on the run of the page after it.

What is said in the very run that did it is taken off the screen again when the page begins anew, which it does at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import streamlit as st

SHOWN_SECONDS = 10.0
_SAID = "said"


@dataclass(slots=True)
class _Said:
    text: str
    icon: str
    shown_at: float | None = None


def say(text: str, *, icon: str = ":material/check:") -> None:
    """Say that something was done, as soon as the page has begun anew.

    Parameters
    ----------
    text : str
        One sentence, as Markdown: names in it have to be made plain.
    icon : str
    """
    st.session_state[_SAID] = _Said(text, icon)


def show_said() -> None:
    """Show what `say` was given; a page that is run again meanwhile goes on showing it for its time."""
    kept = st.session_state.get(_SAID)
    if not isinstance(kept, _Said):
        return
    now = monotonic()
    kept.shown_at = now if kept.shown_at is None else kept.shown_at
    if now - kept.shown_at > SHOWN_SECONDS:
        del st.session_state[_SAID]
        return
    st.toast(kept.text, icon=kept.icon, duration=int(SHOWN_SECONDS))
