"""What people type into the record: texts, days and numbers, each checked once and refused in one sentence."""

from __future__ import annotations

import math
import unicodedata
from datetime import date

from tracker.errors import RecordError

EARLIEST = date(1990, 1, 1)
"""No day of a treatment, a consent or a grade is before it: an earlier one is a slip of the finger."""


def one_line(what: str, text: str, *, most: int = 120, needed: bool = False) -> str:
    """A short text in one line, with single spaces, composed as people see it.

    Raises
    ------
    RecordError
        ``missing``, ``too_long`` or ``bad_text``.
    """
    return _checked(what, " ".join(text.split()), most, needed=needed)


def paragraphs(what: str, text: str, *, most: int = 4000, needed: bool = False) -> str:
    """A longer text with its line breaks; errors as of `one_line`."""
    return _checked(what, "\n".join(line.rstrip() for line in text.strip().splitlines()), most, needed=needed)


def past_day(what: str, day: date, *, today: date, earliest: date = EARLIEST) -> date:
    """A day that has come already.

    Raises
    ------
    RecordError
        ``future`` or ``too_early``.
    """
    if day > today:
        raise RecordError(f"The {what} is in the future; please check it.", code="future")
    if day < earliest:
        raise RecordError(f"The {what} is before {earliest.year}; please check the year.", code="too_early")
    return day


def amount(what: str, value: float | None, *, least: float, most: float, unit: str) -> float | None:
    """A number within what makes sense, or None where it was not given.

    Raises
    ------
    RecordError
        ``bad_number``
    """
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        raise RecordError(f"The {what} has to be {least:g} to {most:g}{unit}; please check it.", code="bad_number")
    return value


def compared(text: str) -> str:
    """A text as it is compared: capitals, spaces and kinds of dashes do not make another one.

    Examples
    --------
    >>> compared("ab 12–7 ") == compared("AB12-7")
    True
    """
    folded = _folded(text)
    return _folded(
        "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in folded if not sign.isspace())
    )


def _folded(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", composed.casefold()).casefold())


def _checked(what: str, text: str, most: int, *, needed: bool) -> str:
    composed = unicodedata.normalize("NFC", text)
    if needed and not composed:
        raise RecordError(f"The {what} is missing; please fill it in.", code="missing")
    if len(composed) > most:
        raise RecordError(f"The {what} is too long; {most} letters are the most.", code="too_long")
    # A lone surrogate cannot be encoded, and PostgreSQL keeps no NUL; no control character belongs in a text.
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in composed):
        raise RecordError(f"The {what} holds a character that cannot be stored.", code="bad_text")
    return composed
