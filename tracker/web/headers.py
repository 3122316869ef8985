"""Headers of a request as the guard reads them, and the security headers every answer leaves with."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.types import Message, Scope, Send

CLEAR_SITE_DATA = '"cache", "storage"'
"""Not the cookies: the browser would clear those of the whole domain, and sign people out of other programs on it."""
_YEARS_OF_TLS = b"max-age=63072000; includeSubDomains"
_HOST = re.compile(r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def request_headers(scope: Scope) -> dict[str, str]:
    """Headers by their names in lower case; what came more than once is joined, as RFC 9110 has it."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        between = "; " if name == "cookie" else ", "
        found[name] = f"{found[name]}{between}{value}" if name in found else value
    return found


def is_from_our_own_page(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that our own page asks, or that a person typed the address.

    Another port of this machine is the same *site* but not the same *origin*, so ``same-site`` is refused too.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in (None, "same-origin", "none"):
        return False
    if origin == "null":  # what a browser sends with a form of a page that keeps its address to itself, as ours do
        return site == "same-origin"
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def is_navigation(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Whether a person goes to a page, rather than a page asking for something."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else "text/html" in headers.get("accept", "")


def with_security_headers(send: Send, host: str, *, private: bool, is_https: bool) -> Send:
    """`send`, with the security headers on the start of every response.

    Parameters
    ----------
    send : callable
    host : str
        As the browser calls us.
    private : bool
        The answer must be kept nowhere.
    is_https : bool
        The browser is to speak TLS to us from now on.
    """
    ours = {
        b"content-security-policy": _policy(host).encode("latin-1"),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"x-frame-options": b"DENY",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"permissions-policy": b"geolocation=(), microphone=(), camera=(), payment=(), usb=()",
    }
    if is_https:
        ours[b"strict-transport-security"] = _YEARS_OF_TLS
    if private:
        ours[b"cache-control"] = b"no-store, private"

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(k, v) for k, v in message.get("headers", []) if k.lower() not in ours and k.lower() != b"server"]
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
