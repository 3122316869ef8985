"""The open clinic and its pages: what the first page stands on, and what is done behind it."""

from __future__ import annotations

import gc
import importlib
import os
import threading
from contextlib import suppress
from functools import cache, partial

import streamlit as st
from streamlit.navigation.page import Page

from tracker.clinic import Clinic
from tracker.clinic.demonstration import load_demonstration
from tracker.errors import RecordError
from tracker.pages import PAGES, PATIENT_PAGE, PageEntry
from tracker.pages.frame import NARROW, complain, frame
from tracker.web.sign import WORDMARK


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
    """An empty clinic shows the demonstration; one that comes without sample images stays empty."""
    if not record.patients():
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
    # What is loaded now lives as long as the process. Unfrozen, the collection after every rerun of a page walks
    # all of it (0.1 s).
    gc.collect()
    gc.freeze()


def show(*, fill_first: bool) -> None:
    """Run the page that was asked for.

    Parameters
    ----------
    fill_first : bool
        True without a server, as in a test, where `prepare` does not run.
    """
    try:
        record = clinic()
    except RecordError as error:
        complain(error)
        return
    if fill_first:
        fill(record)
    pages = {_declared(entry, record): entry for entry in (*PAGES, PATIENT_PAGE)}
    chosen = st.navigation(list(pages), position="hidden")
    if pages[chosen] is PATIENT_PAGE:
        # What a patient holds in the hand shows no way to other patients.
        frame(chosen.run, width=NARROW)
        return
    st.navigation(list(pages), position="top")
    st.logo(WORDMARK)
    frame(chosen.run)


def _declared(entry: PageEntry, record: Clinic) -> Page:
    return st.Page(
        partial(entry.page, record),
        title=entry.title,
        icon=entry.icon,
        url_path=entry.path,
        default=entry is PAGES[0],
        visibility="hidden" if entry is PATIENT_PAGE else "visible",
    )
