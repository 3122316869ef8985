"""The open clinic and its pages: what the first page stands on, and what is done behind it."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial

import streamlit as st
from streamlit.navigation.page import Page
from streamlit.runtime.scriptrunner import get_script_run_ctx

from tracker.clinic import Clinic
from tracker.clinic.actors import Actor, Role
from tracker.clinic.demonstration import load_demonstration
from tracker.errors import RecordError
from tracker.pages import PageEntry, pages_of
from tracker.pages.frame import NARROW, WIDE, complain, frame, plain
from tracker.web.components.session import SignedIn, session_menu
from tracker.web.presence import Presence
from tracker.web.read_only import STEPS, TITLE, WHY
from tracker.web.sign import WORDMARK
from tracker.web.tidying import Tidying

FEW_PAGES = 6
ROLE_NAMES = {role: str(role).capitalize() for role in Role}
TIDYING = Tidying()
SIGNED_OUT = "You are signed out. Please reload this page to sign in."


def clinic() -> Clinic:
    """The clinic of this process, opened once.

    Raises
    ------
    RecordError
        The folder of the record cannot be used.
    """
    return _opened(os.environ.get("TRACKER_HOME"))


@cache
def _opened(_home: str | None) -> Clinic:
    return Clinic.open()


def fill(record: Clinic) -> None:
    """An empty clinic shows the demonstration, until it has an owner; one without sample images stays empty."""
    if not record.patients() and not record.has_owner():
        with suppress(RecordError):
            load_demonstration(record)


def prepare(is_open: threading.Event) -> None:
    """Open the clinic, then do what the first page does not need.

    Parameters
    ----------
    is_open : Event
        Set as soon as there is something to show.
    """
    record = clinic()
    filling = threading.Thread(target=fill, args=(record,))
    filling.start()
    while filling.is_alive() and record.work().is_finished:
        filling.join(0.02)
    is_open.set()
    filling.join()
    record.start_worker()
    for needed_by_tables in ("pandas", "pyarrow"):
        importlib.import_module(needed_by_tables)
    TIDYING.start()


@dataclass(frozen=True, slots=True)
class Run:
    """Who runs a page.

    Attributes
    ----------
    actor : Actor
    view : str
        What the log calls this view of the page.
    """

    actor: Actor
    view: str = ""


def run_now(presence: Presence) -> Run | None:
    """Who runs the page now: asked of the record on every run, by the session the guard has put into `st.user`.

    Parameters
    ----------
    presence : Presence

    Returns
    -------
    Run or None
        None without a session that lives; nothing is shown then.
    """
    session_id, context = st.user.get("session"), get_script_run_ctx(suppress_warning=True)
    actor = presence.now(session_id) if isinstance(session_id, str) and session_id else None
    if actor is None or actor.is_enrolling or context is None:
        return None
    presence.note_tab(context.session_id, actor.session_id)
    place = f"{context.session_id} {st.context.url} {sorted(st.query_params.items())}"
    return Run(actor, presence.begin_view(actor.session_id, place))


def show(run: Run | None) -> None:
    """Run the page that was asked for.

    Parameters
    ----------
    run : Run or None
        Who asked for it.
    """
    TIDYING.note_run()
    try:
        record = clinic()
        if record.read_only_reason:
            _say_closed(record)
            return
        if run is None:
            st.info(SIGNED_OUT)
            return
        actor = run.actor
        record = record.acting_for(actor, request_id=run.view)
        name = _name(record, actor)
    except RecordError as error:
        complain(error)
        return
    declared = {_declared(entry, record, actor): entry for entry in pages_of(actor)}
    if not declared:
        st.info("There is no page for you here; please ask the owner of the clinic.")
        return
    chosen = st.navigation(list(declared), position="hidden")
    session_menu(SignedIn(name, ROLE_NAMES[actor.role], bool(actor.account_id), may_set_up=actor.is_visitor))
    if declared[chosen].path == "patient-view":
        # What a patient holds in the hand shows no way to other patients.
        frame(chosen.run, width=NARROW)
        return
    st.navigation(_sections(declared), position="top")
    st.logo(WORDMARK)
    frame(chosen.run, width=WIDE)


def _say_closed(record: Clinic) -> None:
    """The same that is said to who is not signed in."""
    st.title(TITLE, anchor=False)
    st.error(plain(record.read_only_reason))
    st.markdown(plain(WHY))
    st.markdown("\n".join(f"{number}. {plain(step)}" for number, step in enumerate(STEPS, 1)))


def _sections(declared: Mapping[Page, PageEntry]) -> dict[str, list[Page]]:
    """The pages under their headings; a few stand side by side without any."""
    is_short = len(declared) <= FEW_PAGES
    sections: dict[str, list[Page]] = {}
    for page, entry in declared.items():
        sections.setdefault("" if is_short else entry.section, []).append(page)
    return sections


def _name(record: Clinic, actor: Actor) -> str:
    if actor.is_visitor:
        return "Demonstration"
    return record.account(actor.account_id).name if actor.account_id else "Your report"


def _declared(entry: PageEntry, record: Clinic, actor: Actor) -> Page:
    return st.Page(
        partial(entry.page, record),
        title=entry.title,
        icon=entry.icon,
        url_path=entry.path,
        default=entry is pages_of(actor)[0],
        visibility="hidden" if actor.role in entry.is_hidden_from else "visible",
    )
