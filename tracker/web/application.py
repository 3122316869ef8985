"""The app put together: the clinic is opened, the routes are mounted, the pages are declared."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from traceback import extract_tb
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import Page

from tracker.clinic import Clinic
from tracker.clinic.demonstration import load_demonstration
from tracker.errors import RecordError
from tracker.pages import PAGES, PATIENT_PAGE, PageEntry
from tracker.pages.frame import NARROW, complain, frame
from tracker.web.guard import Guard
from tracker.web.routes import routes

# Given as SVG text, a picture reaches the page as a data address: no font or icon server is asked.
_SIGN = (
    '<circle cx="16" cy="16" r="14" fill="#3f8fcf"/><path d="M16 2a14 14 0 0 1 0 28z" fill="#14639e"/>'
    '<path d="M16 2v28" stroke="#fff" stroke-width="2.5"/>'
)
MARK = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">{_SIGN}</svg>'
WORDMARK = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 124 32" width="124" height="32">{_SIGN}'
    '<text x="40" y="23" font-family="system-ui, sans-serif" font-size="21" font-weight="600" fill="#3f8fcf">'
    "tracker</text></svg>"
)
_SERVING = threading.Event()
FAULT = "This page has a fault of ours. Your photos are stored safely; please reload the page."


def clinic() -> Clinic:
    """The clinic of this process, opened once."""
    return _opened(os.environ.get("TRACKER_HOME"))


@cache
def _opened(_home: str | None) -> Clinic:
    return Clinic.open()


def _fill(record: Clinic) -> None:
    """An empty clinic shows the demonstration; one that comes without sample images stays empty."""
    if not record.patients():
        with suppress(RecordError):
            load_demonstration(record)


def _prepare(record: Clinic) -> None:
    """What the first page does not need: the demonstration, the measuring, and what later pages import."""
    _fill(record)
    record.start_worker()
    for needed_by_tables in ("pandas", "pyarrow"):
        importlib.import_module(needed_by_tables)
    # What is loaded now lives as long as the process. Unfrozen, the collection after every rerun of a page walks
    # all of it (0.1 s).
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[dict[str, Any]]:
    """Open the clinic, and fill it and start measuring while the first page is already being shown."""
    try:
        record = await asyncio.to_thread(clinic)
    except RecordError as error:
        print(error, file=sys.stderr)
        yield {}  # every page says the same
        return
    _SERVING.set()
    preparing = asyncio.create_task(asyncio.to_thread(_prepare, record))
    yield {}
    await preparing
    await asyncio.to_thread(record.stop_worker)


def show() -> None:
    """Run the page that was asked for."""
    st.set_page_config(page_title="tracker", page_icon=MARK, layout="wide")
    try:
        record = clinic()
    except RecordError as error:
        complain(error)
        return
    if not _SERVING.is_set():
        _fill(record)  # run without a server, as in a test: nobody else does it
    pages = {_declared(entry, record): entry for entry in (*PAGES, PATIENT_PAGE)}
    chosen = st.navigation(list(pages), position="hidden")
    entry = pages[chosen]
    if entry is PATIENT_PAGE:
        # What a patient holds in the hand shows no way to other patients.
        frame(chosen.run, width=NARROW)
        return
    st.navigation(list(pages), position="top")
    st.logo(WORDMARK)
    frame(chosen.run)


def report_fault(fault: Exception) -> bool:
    """Say that something broke without saying what: the message of a fault may hold a name."""
    where = " < ".join(f"{step.name}:{step.lineno}" for step in reversed(extract_tb(fault.__traceback__)[-4:]))
    logging.getLogger(__name__).error("A page failed: %s in %s", type(fault).__name__, where)
    st.error(FAULT, icon=":material/bug_report:")
    return True


def _declared(entry: PageEntry, record: Clinic) -> Page:
    return st.Page(
        partial(entry.page, record),
        title=entry.title,
        icon=entry.icon,
        url_path=entry.path,
        default=entry is PAGES[0],
        visibility="hidden" if entry is PATIENT_PAGE else "visible",
    )


ROUTES = routes(clinic)
MIDDLEWARE = [Middleware(Guard)]
