"""One guard in front of every request and every websocket message.

It says who may ask at all, from where, as whom, how much, and with which headers the answer leaves. Everything it
decides, it decides from the ASGI scope: `request.url` is built from the Host header, which the client writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.web.cookies import cookie_name, known_in, token_in, without
from tracker.web.faults import quietly
from tracker.web.headers import is_from_our_own_page, is_navigation, request_headers, with_security_headers
from tracker.web.links import ENROL, SIGN_IN
from tracker.web.place import Caller, Place
from tracker.web.presence import Presence
from tracker.web.quotas import Sockets, Uploads
from tracker.web.sockets import POLICY_VIOLATION, Still, watch

if TYPE_CHECKING:
    from tracker.clinic.actors import Actor

UPLOAD = "/_stcore/upload_file/"
PRIVATE_PATHS = ("/photo/", "/difference/", "/overlay/", "/rating/", "/report/", "/session/", "/r/", UPLOAD)
OWN_PAGES_ONLY = ("/photo/", "/difference/", "/overlay/", "/rating/", "/report/", UPLOAD)
CLOSED_PATHS = ("/media", "/component", "/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
PUBLIC_PATHS = ("/session/", "/r/", "/static/", "/favicon", "/manifest", "/healthz", "/_stcore/health")
FORMS = ("/session/", "/r/")
SOCKETS_OF_STAFF, SOCKETS_OF_PATIENT = 8, 4
LOCAL_ONLY = "This clinic cannot be opened from here."
VISITOR = "tracker.visitor"
"""Key of the `Visitor` in the scope, for our own routes."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a request comes from.

    Attributes
    ----------
    caller : Caller
    actor : Actor or None
        None for somebody who is not signed in.
    token : str or None
        What the cookie held.
    known : tuple of str
        What the browser keeps from earlier sign-ins.
    """

    caller: Caller
    actor: Actor | None
    token: str | None
    known: tuple[str, ...] = ()


class Guard:
    """ASGI middleware that refuses what must not pass and adds the security headers to what does.

    Parameters
    ----------
    app : ASGI application
        Everything behind the guard, Streamlit's own routes and its websocket included.
    presence : Presence
    place : Place
    """

    def __init__(self, app: ASGIApp, *, presence: Presence, place: Place) -> None:
        self.app, self.presence, self.place = app, presence, place
        self.sockets, self.uploads = Sockets(), Uploads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = request_headers(scope)
        caller = self.place.caller(scope, headers)
        private = str(scope["path"]).startswith(PRIVATE_PATHS)
        is_https = caller is not None and caller.is_https
        send = with_security_headers(send, headers.get("host", ""), private=private, is_https=is_https)
        refused = refusal(scope, headers, caller)
        if caller is None or refused is not None:
            await _refuse(refused or (403, LOCAL_ONLY), scope, receive, send)
            return
        name = cookie_name(scope, is_https=is_https)
        token = token_in(headers.get("cookie", ""), name)
        known = known_in(headers.get("cookie", ""), name)
        visitor = Visitor(caller, await self.presence.find(token, active=_is_activity(scope)), token, known)
        scope = {**scope, VISITOR: visitor, "headers": _trusted(without(scope["headers"], name), visitor.actor)}
        await quietly(partial(self._admit, visitor, headers), scope, receive, send)

    async def _admit(
        self, visitor: Visitor, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let a visitor in as far as their session goes."""
        path = str(scope["path"])
        if visitor.actor is not None and visitor.actor.is_enrolling and not path.startswith(PUBLIC_PATHS):
            await _send_away((401, "Please set up your second factor."), ENROL, scope, receive, send, headers)
        elif visitor.actor is None and not (scope["type"] == "http" and path.startswith(PUBLIC_PATHS)):
            await _send_away((401, "Please sign in."), SIGN_IN, scope, receive, send, headers)
        elif scope["type"] == "websocket":
            await self._socket(visitor, scope, receive, send)
        elif path.startswith(UPLOAD):
            await self._upload(visitor, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _socket(self, visitor: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        actor, token = visitor.actor, visitor.token
        assert actor is not None  # `_admit` lets nobody else come here
        assert token is not None
        limit = SOCKETS_OF_PATIENT if actor.role == "patient" else SOCKETS_OF_STAFF
        with self.sockets.one_more(actor.account_id or actor.session_id, visitor.caller.network, limit=limit) as may:
            if not may:
                await _refuse((429, "Too many open pages."), scope, receive, send)
                return
            with self.presence.connected(actor, token):
                await watch(self.app, scope, receive, send, still=self._still(actor, token))

    def _still(self, actor: Actor, token: str) -> Still:
        async def still(*, active: bool) -> bool:
            return await self.presence.find(token, active=active) == actor

        return still

    async def _upload(self, visitor: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        """A file for a tab of the same session, within what a session may send."""
        actor = visitor.actor
        assert actor is not None
        tab = str(scope["path"]).removeprefix(UPLOAD).split("/")[0]
        if not self.presence.owns_tab(tab, actor.session_id):
            await _refuse((404, "Not found"), scope, receive, send)
            return
        self.uploads.forget_idle()

        async def counted() -> Message:
            message = await receive()
            size = len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if size and not self.uploads.may_send(actor.session_id, size):
                raise HTTPException(429, "So much cannot be sent at once; please wait some minutes.")
            return message

        await self.app(scope, counted, send)


def refusal(scope: Scope, headers: Mapping[str, str], caller: Caller | None) -> tuple[int, str] | None:
    """Why this connection is refused whoever asks, as status and sentence; None if it may pass.

    Parameters
    ----------
    scope : mapping
        ASGI scope of type ``http`` or ``websocket``.
    headers : mapping of str to str
        Its headers, names in lower case.
    caller : Caller or None
        None if nobody may ask from there.
    """
    if caller is None:
        return 403, LOCAL_ONLY
    path, method = str(scope["path"]), str(scope.get("method", "GET"))
    if path.startswith(CLOSED_PATHS):
        return 404, "Not found"
    if method not in _methods(path):
        return 405, "This address does not do that."
    asks_more = scope["type"] == "websocket" or method not in ("GET", "HEAD") or path.startswith(OWN_PAGES_ONLY)
    if asks_more and not is_from_our_own_page(headers):
        return 403, "This address answers only the clinic's own pages."
    return None


def _methods(path: str) -> tuple[str, ...]:
    if path.startswith(UPLOAD):
        return ("PUT", "DELETE", "OPTIONS")
    return ("GET", "HEAD", "POST") if path.startswith(FORMS) else ("GET", "HEAD")


def _is_activity(scope: Scope) -> bool:
    """Whether a request shows that somebody is there; our page asking how much time is left does not."""
    return scope["type"] == "http" and (scope["path"] != "/session/left" or scope["method"] == "POST")


def _trusted(headers: list[tuple[bytes, bytes]], actor: Actor | None) -> list[tuple[bytes, bytes]]:
    """Headers that say who asks: ours, and never the client's."""
    kept = [(name, value) for name, value in headers if not name.lower().replace(b"_", b"-").startswith(b"x-app-")]
    if actor is None:
        return kept
    said = {"x-app-account": actor.account_id, "x-app-role": str(actor.role), "x-app-session": actor.session_id}
    return [*kept, *((name.encode(), value.encode()) for name, value in said.items())]


async def _send_away(
    refused: tuple[int, str], place: str, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]
) -> None:
    """Bring a person who goes to a page to the place where they can enter; tell everything else."""
    if is_navigation(scope, headers):
        await RedirectResponse(place, 303)(scope, receive, send)
    else:
        await _refuse(refused, scope, receive, send)


async def _refuse(refused: tuple[int, str], scope: Scope, receive: Receive, send: Send) -> None:
    status, text = refused
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    answer: Response = PlainTextResponse(text, status_code=status)
    await answer(scope, receive, send)
