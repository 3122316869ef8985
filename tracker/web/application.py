"""The app put together: the clinic is opened, the routes are mounted, the pages are declared."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import Page

from tracker.clinic import Clinic
from tracker.clinic.demonstration import load_demonstration
from tracker.pages import PAGES, PATIENT_PAGE, PageEntry
from tracker.pages.frame import NARROW, frame
from tracker.web.guard import Guard
from tracker.web.routes import routes

FAULT = "This page has a fault of ours. Your photos are stored safely; please reload the page."


def clinic() -> Clinic:
    """The clinic of this process, opened once and filled with the demonstration when it is empty."""
    return _opened(os.environ.get("TRACKER_HOME"))


@cache
def _opened(_home: str | None) -> Clinic:
    record = Clinic.open()
    if not record.patients():
        load_demonstration(record)
    return record


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[dict[str, Any]]:
    """Open the clinic and start measuring before the first page is asked for."""
    record = await asyncio.to_thread(clinic)
    record.start_worker()
    # What is loaded now lives as long as the process. Unfrozen, the collection after every rerun of a page walks
    # all of it (0.1 s).
    gc.collect()
    gc.freeze()
    yield {}


def show() -> None:
    """Run the page that was asked for."""
    st.set_page_config(page_title="tracker", page_icon=":material/compare:", layout="wide")
    pages = {_declared(entry): entry for entry in (*PAGES, PATIENT_PAGE)}
    chosen = st.navigation(list(pages), position="hidden")
    entry = pages[chosen]
    if entry is PATIENT_PAGE:
        # What a patient holds in the hand shows no way to other patients.
        frame(chosen.run, width=NARROW)
        return
    st.navigation(list(pages), position="top")
    frame(chosen.run)


def report_fault(fault: Exception) -> bool:
    """Say that something broke without saying what: the message of a fault may hold a name."""
    logging.getLogger(__name__).error("A page failed: %s", type(fault).__name__)
    st.error(FAULT, icon=":material/bug_report:")
    return True


def _declared(entry: PageEntry) -> Page:
    return st.Page(
        partial(entry.page, clinic()),
        title=entry.title,
        icon=entry.icon,
        url_path=entry.path,
        default=entry is PAGES[0],
        visibility="hidden" if entry is PATIENT_PAGE else "visible",
    )


ROUTES = routes(clinic)
MIDDLEWARE = [Middleware(Guard)]
