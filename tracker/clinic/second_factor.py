"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote

DIGITS, STEP_S, DRIFT = 6, 30, 1
RECOVERY_CODES = 10
#: Crockford's alphabet: no letter that is taken for another.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_secret() -> str:
    """A secret of 160 bits, as authenticator apps take it (base32)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int, *, digits: int = DIGITS) -> str:
    """The code of a step of 30 s since 1970.

    Examples
    --------
    The first test vector of RFC 6238:

    >>> code_at(base64.b32encode(b"12345678901234567890").decode(), 59 // 30, digits=8)
    '94287082'
    """
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(moment: datetime) -> int:
    """The step a moment lies in."""
    return int(moment.timestamp()) // STEP_S


def accepted_step(secret: str, code: str, moment: datetime, last: int) -> int | None:
    """The step that a code belongs to; None if it is wrong, or its step or a later one was used already.

    Parameters
    ----------
    secret : str
    code : str
        Spaces are ignored.
    moment : datetime
        Clocks may differ by one step.
    last : int
        The last step that was used.
    """
    given = "".join(code.split())
    if len(given) != DIGITS or not (given.isascii() and given.isdigit()):
        return None
    here = step_of(moment)
    fits = [s for s in range(here - DRIFT, here + DRIFT + 1) if hmac.compare_digest(code_at(secret, s), given)]
    return next((step for step in fits if step > last), None)


def address_of(secret: str, name: str, issuer: str = "Tracker") -> str:
    """The ``otpauth`` address that an authenticator app reads from a QR code."""
    return f"otpauth://totp/{quote(issuer)}:{quote(name, safe='')}?secret={secret}&issuer={quote(issuer)}"


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 80 bits, in groups that can be read aloud."""
    return tuple(_grouped("".join(secrets.choice(_ALPHABET) for _ in range(16))) for _ in range(RECOVERY_CODES))


def recovery_digest(account_id: str, code: str) -> str:
    """What is kept of a recovery code; case, spaces and dashes do not matter."""
    plain = "".join(code.casefold().split()).replace("-", "").translate(str.maketrans("ilo", "110"))
    return hashlib.sha256(f"{account_id}:{plain}".encode()).hexdigest()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
