"""The cookies: an opaque token of a signed-in session, and what a browser is known by at its next sign-in."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response
from starlette.types import Scope

SECURE_NAME, LONGEST_TOKEN = "__Host-tracker", 128
KNOWN_SECONDS, LONGEST_KNOWN, MOST_KNOWN = 180 * 24 * 3600, 256, 8


def cookie_name(scope: Scope, *, is_https: bool) -> str:
    """Name of the cookie: bound to the host over TLS, to the port on this machine.

    Browsers share the cookies of 127.0.0.1 between ports, so two clinics on one machine need two names.
    """
    if is_https:
        return SECURE_NAME
    server = scope.get("server")
    return f"tracker_{server[1] if server else 0}"


def token_in(cookies: str, name: str, *, longest: int = LONGEST_TOKEN) -> str | None:
    """The token in a ``Cookie`` header; None if there is none, more than one, or one that is too long.

    Examples
    --------
    >>> token_in("a=1; tracker_8501=xyz", "tracker_8501")
    'xyz'
    >>> token_in("tracker_8501=x; tracker_8501=y", "tracker_8501") is None
    True
    """
    pairs = (part.strip().partition("=") for part in cookies.split(";"))
    found = [value for key, _, value in pairs if key == name]
    usable = len(found) == 1 and 0 < len(found[0]) <= longest and found[0].isascii()
    return found[0] if usable else None


def known_in(cookies: str, name: str) -> tuple[str, ...]:
    """What a browser keeps of the accounts that signed in with it; `name` is that of the cookie of a session.

    Examples
    --------
    >>> known_in("a=1; tracker_8501=xyz; tracker_8501-known-5e=5e.1.2.3", "tracker_8501")
    ('5e.1.2.3',)
    """
    pairs = (part.strip().partition("=") for part in cookies.split(";"))
    found = [value for key, _, value in pairs if key.startswith(f"{name}-known-") and len(value) <= LONGEST_KNOWN]
    return tuple(found[:MOST_KNOWN])


def without(headers: Iterable[tuple[bytes, bytes]], name: str) -> list[tuple[bytes, bytes]]:
    """Headers without our cookies: nobody behind the guard needs what is in them."""
    kept = []
    for key, value in headers:
        if key.lower() == b"cookie":
            parts = (part.strip() for part in value.decode("latin-1").split(";"))
            value = "; ".join(part for part in parts if not _is_ours(part.partition("=")[0], name)).encode("latin-1")
        if value or key.lower() != b"cookie":
            kept.append((key, value))
    return kept


def give(response: Response, token: str, name: str, *, is_https: bool) -> None:
    """Put the token into an answer; it lives as long as the browser's window, the session may end sooner."""
    response.set_cookie(name, token, path="/", httponly=True, secure=is_https, samesite="strict")


def let_know(response: Response, known: str, name: str, *, is_https: bool) -> None:
    """Let the browser keep what it is known by, for half a year; one cookie for each account that signs in with it."""
    own = f"{name}-known-{known.partition('.')[0]}"
    response.set_cookie(own, known, max_age=KNOWN_SECONDS, path="/", httponly=True, secure=is_https, samesite="strict")


def _is_ours(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}-known-")


def take_back(response: Response, name: str, *, is_https: bool) -> None:
    """Remove the cookie from the browser."""
    response.delete_cookie(name, path="/", httponly=True, secure=is_https, samesite="strict")
