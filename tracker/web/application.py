"""The app put together, and started so that the first page does not wait for what it does not need.

Importing this module is quick. The record, the pages and what they stand on are imported by `tracker.web.desk`,
in the background, while the browser is still loading its front end.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from tracker.errors import RecordError
from tracker.openid.settings import Settings
from tracker.web.faults import FAULT, log_fault, quiet_streamlit
from tracker.web.guard import Guard
from tracker.web.links import PROVIDER_BACK, SET_UP
from tracker.web.place import Place
from tracker.web.presence import Presence
from tracker.web.routes import routes
from tracker.web.settings import refuse_to_start
from tracker.web.sign import MARK
from tracker.web.sign_in import session_routes

if TYPE_CHECKING:
    from tracker.clinic import Clinic

OPENING_SECONDS = 120

quiet_streamlit()
_SERVING, _OPEN = threading.Event(), threading.Event()


def clinic() -> Clinic:
    """The clinic of this process."""
    from tracker.web import desk

    return desk.clinic()


def _provider(place: Place) -> Settings | None:
    return Settings.of_environment(place.origin, PROVIDER_BACK)


def _provider_or_none() -> Settings | None:
    """The identity provider that the environment names; what is wrong with it ends the program in `middleware`."""
    try:
        return _provider(Place.of_environment())
    except RecordError:
        return None


PRESENCE = Presence(clinic)
ROUTES = [*session_routes(clinic, _provider_or_none()), *routes(clinic, PRESENCE.view_of)]


def middleware() -> list[Middleware]:
    """The guard, for the place the environment names; the program ends where it must not be reached as it is set up."""
    try:
        place = Place.of_environment()
        _provider(place)
        refused = place.refuse_to_start(str(st.get_option("server.address") or ""))
        refused = refused or refuse_to_start(lambda section, name: st.get_option(f"{section}.{name}"))
    except RecordError as error:
        refused = str(error)
    if refused:
        raise SystemExit(refused)
    if place.origin:
        # Streamlit looks at the host of a websocket too.
        host = urlsplit(place.origin).hostname
        config.set_option("server.allowedHosts", [*config.get_option("server.allowedHosts"), host])
    return [Middleware(Guard, presence=PRESENCE, place=place)]


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[dict[str, Any]]:
    """Answer at once; open the clinic, fill it and start measuring meanwhile."""
    _SERVING.set()
    preparing = asyncio.create_task(asyncio.to_thread(_prepare))
    yield {}
    await preparing
    await asyncio.to_thread(_stop)


def show() -> None:
    """Run the page that was asked for."""
    st.set_page_config(page_title="tracker", page_icon=MARK, layout="wide")
    if _SERVING.is_set() and not _OPEN.is_set():
        with st.spinner("Opening the clinic…"):
            _OPEN.wait(OPENING_SECONDS)
    from tracker.web import desk

    desk.show(desk.run_now(PRESENCE))


def report_fault(fault: Exception) -> bool:
    """Say that something broke without saying what: the message of a fault may hold a name."""
    log_fault(fault)
    st.error(FAULT, icon=":material/bug_report:")
    return True


def _prepare() -> None:
    try:
        from tracker.web import desk

        _say_how_it_is(desk.clinic())
        _say_how_to_set_up(desk.clinic())
        desk.prepare(_OPEN)
    except RecordError as error:
        print(error, file=sys.stderr)  # and every page says the same
    finally:
        _OPEN.set()


def _say_how_it_is(record: Clinic) -> None:
    """What whoever starts the program has to know: the record is closed, or its photos are another copy's."""
    try:
        said = record.read_only_reason or record.vault_notice()
    except RecordError as error:  # the bucket does not answer, which is no reason not to start
        said = error.reason
    if said:
        print(said, file=sys.stderr, flush=True)


def _say_how_to_set_up(record: Clinic) -> None:
    """The code that makes the owner is told only to whoever sees the terminal."""
    if not record.has_owner():
        here = Place.of_environment().origin or f"http://127.0.0.1:{st.get_option('server.port')}"
        print(f"This clinic has no owner yet. Set-up code: {record.setup_code()}", file=sys.stderr)
        print(f"Enter it at {here}{SET_UP}", file=sys.stderr, flush=True)


def _stop() -> None:
    try:
        clinic().stop_worker()
    except RecordError:
        return  # it was never open
