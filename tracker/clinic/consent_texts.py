"""What patients are asked to consent to, word for word; a clinic may replace every wording by its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker.clinic import schema
from tracker.clinic.entries import paragraphs
from tracker.clinic.register import random_id

_TEXT = schema.consent_text.c
MOST_LETTERS = 6000


class Purpose(StrEnum):
    """What photos and data of a patient may be used for; each is asked for by itself."""

    CARE = "care"
    PORTAL = "portal"
    TEACHING = "teaching"
    MARKETING = "marketing"
    RESEARCH = "research"

    @property
    def said(self) -> str:
        """Name of the purpose beside its switch."""
        return _TITLES[self]


_TITLES = {
    Purpose.CARE: "My care in this clinic",
    Purpose.PORTAL: "Share my results with me online",
    Purpose.TEACHING: "Teaching within this clinic",
    Purpose.MARKETING: "Showing to others (website, brochure, talks)",
    Purpose.RESEARCH: "Research",
}

#: Wordings to begin with. They are this program's, not a lawyer's: a clinic has them checked under its own law.
OFFERED_VERSION = "offered 1"
OFFERED = {
    Purpose.CARE: (
        "I agree that this clinic photographs the areas named with me at my visits, keeps these photos with what is "
        "written down of my treatment, encrypted, and measures in them whether my skin changes. Only those who treat "
        "me may see them, and every look at them is written down; I may read who looked. I may withdraw this at any "
        "time; what the law makes the clinic keep is then locked, not shown."
    ),
    Purpose.PORTAL: (
        "I agree that the clinic gives me my photos and reports over the internet, through a link that only works for "
        "me, for some days. Whoever has both the link and its PIN can see them: I keep them to myself. I may withdraw "
        "this at any time; links then stop working at once."
    ),
    Purpose.TEACHING: (
        "I agree that staff of this clinic learn from my photos, without my name, and without my face or marks by "
        "which I could be known. They do not leave the clinic. My care does not depend on this, and I may withdraw it "
        "at any time."
    ),
    Purpose.MARKETING: (
        "I agree that the clinic shows photos of the areas named here to other people, in print and on the internet, "
        "without my name, and covered as said here. I know that what has been published can be copied and cannot be "
        "called back everywhere, and that people who know me may know me by marks of my skin. My care does not depend "
        "on this, and I may withdraw it for the future at any time."
    ),
    Purpose.RESEARCH: (
        "I agree that my photos and measurements are used for research under a number in place of my name, without my "
        "face or marks by which I could be known. Studies with other people's data say more than one person's. My care "
        "does not depend on this, and I may withdraw it at any time; results that exist by then remain."
    ),
}


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A wording that a consent is asked with.

    Attributes
    ----------
    id : str
        Empty for an offered wording that nobody has consented to yet.
    purpose : Purpose
    version : str
    text : str
    hash : str
        SHA-256 of the text in UTF-8: the proof of what was signed.
    """

    id: str
    purpose: Purpose
    version: str
    text: str
    hash: str


def current_text(connection: Connection, purpose: Purpose) -> ConsentText:
    """The wording that is asked with now: the clinic's latest, else the one offered."""
    chosen = select(schema.consent_text).where(_TEXT.purpose == purpose).order_by(_TEXT.arrival.desc())
    row = connection.execute(chosen.limit(1)).first()
    if row is not None:
        return text_of(row)
    text = OFFERED[purpose]
    return ConsentText("", purpose, OFFERED_VERSION, text, hash_of(text))


def set_text(connection: Connection, purpose: Purpose, text: str) -> ConsentText:
    """Ask with another wording from now on; consents given before keep theirs.

    Raises
    ------
    RecordError
        The text is empty, too long, or cannot be stored.
    """
    text = paragraphs("text of the consent", text, most=MOST_LETTERS, needed=True)
    now = current_text(connection, purpose)
    if text == now.text:
        return now
    return keep(connection, ConsentText("", purpose, f"clinic {datetime.now(UTC):%Y-%m-%d}", text, hash_of(text)))


def keep(connection: Connection, text: ConsentText) -> ConsentText:
    """The wording as a row; an offered one becomes a row when the first patient consents to it."""
    if text.id:
        return text
    kept = ConsentText(random_id(), text.purpose, text.version, text.text, text.hash)
    connection.execute(
        insert(schema.consent_text).values(
            id=kept.id, purpose=kept.purpose, version=kept.version, text=kept.text, hash=kept.hash,
            added_at=datetime.now(UTC),
        )
    )  # fmt: skip
    return kept


def hash_of(text: str) -> str:
    """SHA-256 of a wording."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(row: Row[Any]) -> ConsentText:
    """A wording of its row."""
    return ConsentText(row.id, Purpose(row.purpose), row.version, row.text, row.hash)
