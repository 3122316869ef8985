"""One guard in front of every request: who may ask at all, from where, and with which headers the answer leaves.

There is no sign-in yet, so the guard lets in only the machine the app runs on. Everything it decides, it decides
from the ASGI scope: `request.url` is built from the Host header, which the client writes.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PRIVATE_PATHS = ("/photo/", "/difference/", "/overlay/", "/rating/", "/report/", "/_stcore/upload_file")
CLOSED_PATHS = ("/media", "/component", "/_stcore/metrics", "/_stcore/agent")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
LOCAL_ONLY = "This clinic can only be opened on the computer it runs on."
POLICY_VIOLATION = 1008

_HOST = re.compile(r"^(?P<name>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?$")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Guard:
    """ASGI middleware that refuses what must not pass and adds the security headers to what does.

    Parameters
    ----------
    app : ASGI application
        Everything behind the guard, Streamlit's own routes and its websocket included.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        refused = refusal(scope, headers)
        if refused is None:
            await self.app(scope, receive, _with_headers(send, scope, headers))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            status, text = refused
            answer = PlainTextResponse(text, status_code=status)
            await answer(scope, receive, _with_headers(send, scope, headers))


def refusal(scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
    """Why this connection is refused, as status and sentence; None if it may pass.

    Parameters
    ----------
    scope : mapping
        ASGI scope of type ``http`` or ``websocket``.
    headers : dict of str to str
        Its headers, names in lower case.
    """
    if not _from_this_machine(scope, headers):
        return 403, LOCAL_ONLY
    path = str(scope["path"])
    if path.startswith(CLOSED_PATHS):
        return 404, "Not found"
    if (scope["type"] == "websocket" or path.startswith(PRIVATE_PATHS)) and not _from_our_own_page(headers):
        return 403, "This address answers only the clinic's own pages."
    return None


def is_loopback(name: str) -> bool:
    """Whether a host name or address means the machine itself.

    Examples
    --------
    >>> [is_loopback(name) for name in ("localhost", "127.0.0.1", "[::1]", "192.168.1.4", "localhost.example.org")]
    [True, True, True, False, False]
    """
    bare = name.strip("[]").rstrip(".").lower()
    if bare == "localhost":
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _from_this_machine(scope: Scope, headers: dict[str, str]) -> bool:
    """Client and Host are loopback, and no proxy stands between: it would make everybody look local."""
    client, host = scope.get("client"), _HOST.match(headers.get("host", ""))
    if client is None or host is None or any(name in headers for name in FORWARDED):
        return False
    return is_loopback(client[0]) and is_loopback(host["name"])


def _from_our_own_page(headers: dict[str, str]) -> bool:
    """The browser says that our own page asks, or that a person typed the address.

    Another port of this machine is the same *site* but not the same *origin*, so ``same-site`` is refused too.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _with_headers(send: Send, scope: Scope, headers: dict[str, str]) -> Send:
    """`send`, with the security headers on the start of every response."""
    ours = {
        b"content-security-policy": _policy(headers.get("host", "")).encode("latin-1"),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"x-frame-options": b"DENY",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"permissions-policy": b"geolocation=(), microphone=(), camera=(), payment=(), usb=()",
    }
    if str(scope["path"]).startswith(PRIVATE_PATHS):
        ours[b"cache-control"] = b"no-store, private"

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(k, v) for k, v in message.get("headers", []) if k.lower() not in ours]
            message = {**message, "headers": [*kept, *ours.items()]}
        await send(message)

    return guarded


def _policy(host: str) -> str:
    """Content security policy for pages served to this host.

    ``blob:`` carries our own components, whose code Streamlit hands to the browser as text. Styles are inline in
    Streamlit's front end. The websocket is named because not every browser counts it as ``'self'``.
    """
    own = f" ws://{host} wss://{host}" if _HOST.match(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {_inline_script_hashes()}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self'{own}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


@cache
def _inline_script_hashes() -> str:
    """The inline scripts of Streamlit's start page, as CSP sources; they change with its version."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = (hashlib.sha256(code.encode()).digest() for code in _INLINE_SCRIPT.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
