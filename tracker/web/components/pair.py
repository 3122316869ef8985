"""Two pictures of a blinded rating, and the keys that answer: the photos have no name here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_HTML, _CSS, _JS = ((_HERE / f"pair.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
_PAIR = st.components.v2.component("tracker_pair", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class AskedPair:
    """What a rater is asked.

    Attributes
    ----------
    session : str
    position : int
        Of the pair; an answer names it.
    question : str
    left, right : str
        Addresses of the pictures.
    most : int or None
        Largest number that says how clear it was; None if that is not asked.
    ask : str
        How it is asked.
    next : tuple of str
        Addresses of the pictures of the next pair.
    """

    session: str
    position: int
    question: str
    left: str
    right: str
    most: int | None
    ask: str
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a rater answered: ``"left"`` or ``"right"``, how clear it was, and after how many seconds."""

    position: int
    choice: str
    confidence: int | None
    seconds: float


def ask_pair(asked: AskedPair, *, key: str) -> GivenAnswer | None:
    """Show a pair; the answer, in the run of the page after it was given."""
    told = _PAIR(key=key, data=asdict(asked), on_answer_change=_nothing).answer
    if not told:
        return None
    return GivenAnswer(int(told["position"]), str(told["choice"]), told["confidence"], float(told["seconds"]))


def _nothing() -> None:
    """Streamlit keeps what a component tells only if it has a callback."""
