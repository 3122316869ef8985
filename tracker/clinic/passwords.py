"""Passwords: what is accepted as one, and how it is kept and checked.

Kept as argon2id with the parameters that RFC 9106 recommends where memory is scarce (64 MiB, 3 passes). The rules are
those of NIST SP 800-63B: length and no composition; what everybody tries first is refused.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from tracker.errors import RecordError

SHORTEST, LONGEST = 12, 256
_HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
#: Each check takes 64 MiB: a flood of them shall not take the memory of the clinic's computer.
_AT_ONCE = threading.BoundedSemaphore(2)
#: Words that most common passwords are made of, from the public lists of leaked passwords (such as RockYou) as they are
#: known in general; a password that is one of them, repeated or with digits around it, is no secret.
_COMMON = (
    "password", "passwort", "motdepasse", "contraseña", "qwerty", "qwertz", "azerty", "qwertyuiop", "asdfghjkl",
    "letmein", "welcome", "iloveyou", "admin", "administrator", "changeme", "secret", "default", "monkey", "dragon",
    "football", "baseball", "sunshine", "princess", "superman", "batman", "master", "hello", "login", "abc", "clinic",
    "tracker", "doctor", "patient", "1q2w3e4r5t6y", "1qaz2wsx3edc", "zaq12wsx", "q1w2e3r4t5y6",
)  # fmt: skip
_ROWS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_LEET = str.maketrans("0134$5@7!", "oieassati")


def normal(password: str) -> str:
    """The one form of a password, however a keyboard composed its letters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, *about: str) -> str:
    """A new password in its normal form.

    Parameters
    ----------
    password : str
    *about : str
        What others would try: the name of the account.

    Raises
    ------
    RecordError
        ``weak_password``: it is too short or too long, or one of the first that would be tried.
    """
    given = normal(password)
    if len(given) < SHORTEST:
        raise _weak(
            f"A password needs at least {SHORTEST} characters; a few words that only you would put together do."
        )
    if len(given) > LONGEST:
        raise _weak(f"A password has at most {LONGEST} characters.")
    folded = given.casefold()
    if len(set(folded)) < 5 or any(folded in row * 2 for row in _ROWS):
        raise _weak("This password is one character or one row of keys again and again; please choose another.")
    if any(len(name) >= 3 and len(folded.replace(name, "")) < SHORTEST // 2 for name in map(str.casefold, about)):
        raise _weak("This password is little more than the name; please choose another.")
    if _is_common(folded):
        raise _weak("This password is among the first that anybody would try; please choose another.")
    return given


def _weak(reason: str) -> RecordError:
    return RecordError(reason, code="weak_password")


def _is_common(folded: str) -> bool:
    core = folded.strip("0123456789!?.,-_*#$@+ ")
    forms = {core, core.translate(_LEET), folded.translate(_LEET)}
    return any(form == word * max(1, len(form) // len(word)) for form in forms for word in _COMMON)


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return _HASHER.hash(normal(password))


def matches(kept: str, password: str) -> bool:
    """Whether a password is the one that was kept; without one it takes the same time, and is False."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _nobodys(), normal(password[: LONGEST * 4])) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's password, against which unknown names are checked")
