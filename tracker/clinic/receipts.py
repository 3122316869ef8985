"""The receipt of an erasure: what was destroyed, what stays, and until when a backup could still be read."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta

from tracker.clinic.tombstones import Tombstone
from tracker.reports.receipt import ReceiptContent, render_receipt

TITLE = "Receipt of an erasure"
_LABEL, _WIDTH = 16, 104
_BY_HAND = "Not kept by the program; write it here by hand if it is needed:"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased; it names nobody, the clinic adds to whom it is given.

    Attributes
    ----------
    tombstone : Tombstone
    backup_days : int
        After how many days the last copy of a backup is destroyed, by the rule of the clinic.
    code : str
        What the clinic called the patient; empty on a receipt that is made again later, for it is not kept.
    despite : str
        Why although it had to be kept longer; empty if it had not, or on a receipt that is made again later.
    """

    tombstone: Tombstone
    backup_days: int
    code: str = ""
    despite: str = ""

    @property
    def photos(self) -> int:
        """How many photos were destroyed."""
        return self.tombstone.photos

    @property
    def rows(self) -> int:
        """How many rows of the record were destroyed."""
        return self.tombstone.rows

    @property
    def backups_gone_on(self) -> str:
        """By when the last backup that holds the patient's key is destroyed, ISO 8601."""
        return (self.tombstone.moment + timedelta(days=self.backup_days)).date().isoformat()

    def lines(self) -> tuple[tuple[str, str], ...]:
        """What it says, each with what it is about."""
        photos = "1 photo" if self.photos == 1 else f"{self.photos} photos"
        rows = "1 row" if self.rows == 1 else f"{self.rows} rows"
        said = [
            ("Code", self.code or _BY_HAND),
            ("Record", f"{self.tombstone.patient_id} (a random number; it says nothing of the person)"),
            ("Erased at", f"{self.tombstone.moment:%Y-%m-%d %H:%M:%S} UTC"),
            ("Destroyed key", f"{self.tombstone.key or 'none'} (fingerprint)"),
            ("Destroyed", f"{photos} with everything made of them, {rows} of the record"),
            (
                "Backups",
                "Without the destroyed key a backup shows nothing of this record, and one that is restored erases it "
                f"again. The last copy that still holds the key is destroyed by {self.backups_gone_on}.",
            ),
            (
                "Kept",
                "This random number, the moment, the fingerprint, how much was destroyed, a keyed index by which the "
                "code is not given again, and the entries of the log, which hold no name.",
            ),
        ]
        if self.despite:
            said.append(("Although", f"The record had to be kept longer: {self.despite}"))
        return tuple(said)

    def text(self) -> str:
        """The receipt in plain words, for a terminal."""
        shown = [TITLE, ""]
        for label, words in self.lines():
            first, *others = textwrap.wrap(words, _WIDTH - _LABEL, break_long_words=False) or [""]
            shown += [f"{label:<{_LABEL}}{first}", *(" " * _LABEL + line for line in others)]
        return "\n".join(shown) + "\n"

    def pdf(self) -> bytes:
        """The receipt as a document, A4; the same for the same receipt."""
        return render_receipt(
            ReceiptContent(TITLE, self.tombstone.moment.date(), self.lines(), is_by_hand=not self.code)
        )
