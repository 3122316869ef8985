"""What every page stands in: its width, its header, its links to other pages, and how it says that something failed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import NoReturn

import streamlit as st

from tracker.errors import TrackerError
from tracker.pages.notices import show_said
from tracker.web.components import is_narrow
from tracker.web.place import ORIGIN

WIDE, NARROW = 1240, 620
_ON_PHONE = "on_phone"
LOCAL_LINE = "On this computer only, for those who have signed in. Photos are kept encrypted, and none leaves it."
PROXY_LINE = "For those who have signed in. Photos are kept encrypted in this clinic, and none is sent anywhere else."

# Streamlit turns addresses in a text into links, escaped or not; an invisible joiner in them prevents that.
_ADDRESS = re.compile(r"(https?:)(?=//)|(www)(?=\.)|(@)", re.IGNORECASE)
_JOINER = "\u2060"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    r"""Text as Streamlit's Markdown shows it verbatim: names and notes are never markup.

    Examples
    --------
    >>> print(plain("![x](y) *bold*"))
    \!\[x\]\(y\) \*bold\*
    """
    unlinked = _ADDRESS.sub(rf"\g<0>{_JOINER}", " ".join(text.split()))
    return _PUNCTUATION.sub(r"\\\1", unlinked)


def day_text(day: date) -> str:
    """A day as people write it.

    Examples
    --------
    >>> day_text(date(2026, 3, 2))
    '2 Mar 2026'
    """
    return f"{day.day} {day:%b %Y}"


def moment_text(moment: datetime) -> str:
    """A moment as people here write it."""
    local = moment.astimezone()
    return f"{day_text(local.date())} at {local:%H:%M}"


def frame(run: Callable[[], None], *, width: int = WIDE) -> None:
    """Run a page in the middle of the window; an expected error becomes one sentence on it."""
    with st.container(horizontal_alignment="center"), st.container(width=width):
        show_said()
        try:
            run()
        except TrackerError as error:
            complain(error)
        st.space("small")
        st.caption(PROXY_LINE if os.environ.get(ORIGIN) else LOCAL_LINE)


def complain(error: TrackerError) -> None:
    """Show an expected error; its sentence may hold the name of a file."""
    st.error(plain(str(error)), icon=":material/error:")


def link(
    place: str, label: str, *, icon: str | None = None, patient: str | None = None, view: str | None = None
) -> None:
    """Link to another page; ids travel in the address.

    Parameters
    ----------
    place : str
        Path of the page, such as ``"compare"``.
    label : str
    icon : str, optional
    patient, view : str, optional
        Ids to open there.
    """
    chosen = {name: value for name, value in (("patient", patient), ("view", view)) if value}
    page = st.Page(_elsewhere, url_path=place, title=label)
    st.page_link(page, label=label, icon=icon, query_params=chosen or None)


def go(place: str, *, patient: str | None = None) -> NoReturn:
    """Leave for another page, with or without a patient."""
    chosen = {"patient": patient} if patient else None
    st.switch_page(st.Page(_elsewhere, url_path=place, title=place), query_params=chosen)


def on_phone() -> bool:
    """Whether the window is as narrow as a phone's: what is laid out in columns is then laid out in a list.

    The name the browser gives itself is only the first guess.
    """
    return bool(st.session_state.get(_ON_PHONE, _calls_itself_a_phone()))


def look_at_width() -> None:
    """Ask the window how wide it is; once on each page, before anything depends on it."""
    st.session_state[_ON_PHONE] = is_narrow(guess=_calls_itself_a_phone())


def _calls_itself_a_phone() -> bool:
    return "Mobi" in st.context.headers.get("User-Agent", "")


def _elsewhere() -> None:
    """Stand for a page that `st.navigation` has declared: Streamlit knows pages by their path."""
