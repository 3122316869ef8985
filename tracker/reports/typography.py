"""Text as people read it: printable, unbroken where it belongs together, and days that cannot be mistaken."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DIRECTION_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def plain(text: str) -> str:
    r"""Text that is shown as it is: no control characters, no lone surrogates, no overriding of direction.

    Examples
    --------
    >>> plain("a\x00b\u202egpj.exe")
    'a�bgpj.exe'
    """
    return "".join(_plain_character(character) for character in text)


def _plain_character(character: str) -> str:
    if character in _DIRECTION_OVERRIDES:
        return ""
    if character in "\n\r\t":
        return " "
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") else character


def unbroken(text: str) -> str:
    r"""`plain` text in which what belongs to a number stays on its line: a per cent sign, ``±`` and ``CI``.

    Also where Markdown escapes the sign.

    Examples
    --------
    >>> unbroken("95 % CI −60 to −20").replace("\xa0", "_")
    '95_%_CI_−60 to −20'
    """
    return re.sub(r"(?<=\d) (?=\\?%)|(?<=%) (?=CI )|(?<=CI) (?=[−+\d])|(?<=±) (?=\d)", "\u00a0", plain(text))


def spoken_day(day: date | None) -> str:
    """A day in words.

    Examples
    --------
    >>> spoken_day(date(2026, 5, 4))
    '4 May 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else "no date"
