"""Browsers in which somebody signed in before: strangers who fail under the same name do not make these wait.

Without this, a handful of networks could keep a name at its wait for ever, and its owner out with it. A browser that
is known has tries of its own instead (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): who steals what
it keeps gains those few tries, and neither password nor second factor.

What a browser keeps is ``tag.nonce.seconds.code``: a keyed name of the account, a random name of the browser, until
when it holds, and a code over all of it and the password as it is kept, so that a new password ends it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from tracker.clinic.sealing import secrets_of

LASTS = timedelta(days=180)
#: So many accounts may be known in one browser.
MOST = 8
_TAG = 16


def made(connection: Connection, row: Row[Any], moment: datetime) -> str:
    """What a browser keeps, in which the holder of an account has just signed in completely."""
    nonce, until = secrets.token_hex(16), str(int((moment + LASTS).timestamp()))
    return ".".join((_tag(connection, row), nonce, until, _code(connection, row, nonce, until)))


def known(connection: Connection, row: Row[Any], kept: Iterable[str], moment: datetime) -> str:
    """The name of a browser that keeps what fits an account; empty if it keeps nothing that does."""
    tag = _tag(connection, row)
    for each in list(kept)[:MOST]:
        own, nonce, until, code = ([*each.split("."), "", "", ""])[:4]
        if own != tag or not code.isascii() or not until.isascii() or not until.isdigit() or len(until) > 12:
            continue
        fits = hmac.compare_digest(code, _code(connection, row, nonce, until))
        if fits and moment.timestamp() < int(until):
            return nonce
    return ""


def _tag(connection: Connection, row: Row[Any]) -> str:
    return secrets_of(connection).index("known browser.account", row.id)[:_TAG]


def _code(connection: Connection, row: Row[Any], nonce: str, until: str) -> str:
    return secrets_of(connection).index("known browser", f"{row.id} {nonce} {until} {row.password}")
