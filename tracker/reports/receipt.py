"""The receipt of an erasure on paper, A4, accessible (PDF/UA-1) where its letters allow; it names nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker.reports.pdf import FONTS, compiled
from tracker.reports.typography import plain

_TEMPLATE = Path(__file__).parent / "receipt.typ"


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """What stands on a receipt.

    Attributes
    ----------
    title : str
    day : date
        Of what it is about.
    lines : tuple of (str, str)
        Label and words.
    is_by_hand : bool
        The first line leaves room to be written by hand.
    """

    title: str
    day: date
    lines: tuple[tuple[str, str], ...]
    is_by_hand: bool = False


def render_receipt(content: ReceiptContent) -> bytes:
    """The receipt as a PDF document.

    Parameters
    ----------
    content : ReceiptContent

    Returns
    -------
    bytes
        The same for the same content: its date is that of the erasure, not of the clock.
    """
    document = {
        "title": plain(content.title),
        "date": [content.day.year, content.day.month, content.day.day],
        "lines": [[plain(label), plain(words)] for label, words in content.lines],
        "by_hand": content.is_by_hand,
        "fonts": FONTS,
    }
    with TemporaryDirectory(prefix="tracker-receipt-") as name:
        folder = Path(name)
        (folder / "content.json").write_text(json.dumps(document), encoding="utf-8")
        (folder / "receipt.typ").write_bytes(_TEMPLATE.read_bytes())
        return compiled(folder / "receipt.typ")
