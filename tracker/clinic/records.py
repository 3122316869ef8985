"""What the record says, as values: patients, views, photos, the gate's tile and the state of the work."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

import platformdirs

from tracker.calibration import KnownDistance
from tracker.quality import Check
from tracker.region import Region


def data_folder() -> Path:
    """Folder of the clinic's record: ``TRACKER_HOME``, else where this system keeps data of applications."""
    chosen = os.environ.get("TRACKER_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("tracker", appauthor=False))


class PhotoState(StrEnum):
    """How far a stored photo has come."""

    WAITING = "waiting"
    MEASURED = "measured"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Patient:
    """A person whose skin is followed.

    Attributes
    ----------
    id : str
        Random; says nothing about the person and cannot be guessed.
    code : str
        What the clinic calls the person, such as ``"DEMO-01"``; unique.
    name, note : str
        As typed in.
    is_demonstration : bool
    """

    id: str
    code: str
    name: str
    is_demonstration: bool
    note: str


@dataclass(frozen=True, slots=True)
class View:
    """Body site, side and pose: only photos of one view form a series.

    Attributes
    ----------
    id, patient_id : str
    site : str
        Such as ``"thigh"``.
    laterality : str
        ``"left"``, ``"right"`` or empty.
    pose, indication : str
    is_control : bool
        True for skin that is not treated.
    control_id : str or None
        The untreated view this one is compared with.
    region : Region or None
        In pixels of the reference photo; None = the whole skin.
    distance : KnownDistance or None
        In pixels of the reference photo; None = the scale comes from printed markers, if there are any.
    """

    id: str
    patient_id: str
    site: str
    laterality: str
    pose: str
    indication: str
    is_control: bool
    control_id: str | None
    region: Region | None = field(compare=False)
    distance: KnownDistance | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """Name for people.

        Examples
        --------
        >>> View("v", "p", "thigh", "left", "standing", "", False, None, None).title
        'Left thigh, standing'
        """
        where = f"{self.laterality} {self.site}".strip()
        return ", ".join(part for part in (where[:1].upper() + where[1:], self.pose) if part)


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo in the record.

    Attributes
    ----------
    id : str
        Random; not the digest, from which the owner of a copy could tell that the photo is here.
    view_id : str
    digest : str
        Keyed digest of the original file (`Secrets.digest`): equal files of this record have it in common, and the
        owner of a copy learns nothing from it.
    name : str
        File name as it was given.
    taken_on : date
    received_at : datetime
        With a time zone.
    state : PhotoState
    is_reference : bool
        True for the photo the others of its view are compared with.
    reason, code : str
        Why it was rejected; empty otherwise.
    shape : tuple of int
        Height and width in pixels, upright.
    status : str or None
        ``"ok"``, ``"warn"`` or ``"block"``: the worst of its checks; None while it waits.
    opposite : str
        Digest of the photo of the same moment, lit from the other side, that was measured with it; empty if none was.
    lent_to : str
        Digest of the photo that this one was measured with; it gives nothing by itself then.
    patient_id : str
        Whose skin it shows.
    """

    id: str
    view_id: str
    digest: str
    name: str
    taken_on: date
    received_at: datetime
    state: PhotoState
    is_reference: bool
    reason: str
    code: str
    shape: tuple[int, int]
    status: str | None
    opposite: str = ""
    lent_to: str = ""
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class CardValues:
    """A table of measured colours of the clinic's printed cards.

    Attributes
    ----------
    id : str
    batch : str
        As it is printed on the cards.
    since : date
        The first day on which these cards lay in the photos.
    """

    id: str
    batch: str
    since: date


@dataclass(frozen=True, slots=True)
class Tile:
    """What the quick gate says about a photo before it is stored.

    Attributes
    ----------
    status : str
        ``"ok"``, ``"warn"`` or ``"block"``.
    headline : str
        One sentence.
    advice : tuple of str
        What was found and what to do, one sentence each.
    taken_on : date or None
        None: the photo does not say, and a day has to be given.
    digest : str
        Keyed digest of the file, as of a `StoredPhoto`.
    already_stored : bool
        True if the view holds this very file.
    checks : tuple of Check
        All checks that this photo can be put through before it is compared.
    """

    status: str
    headline: str
    advice: tuple[str, ...]
    taken_on: date | None
    digest: str
    already_stored: bool
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """How far the measuring of waiting photos has come.

    Attributes
    ----------
    done, total : int
        Photos of the present batch, which begins when photos arrive and ends when none waits.
    current : str
        Name of the photo that is being measured; empty if none is.
    failed : int
        Photos of the record that could not be measured through no fault of theirs.
    """

    done: int
    total: int
    current: str
    failed: int

    @property
    def is_finished(self) -> bool:
        """Whether no photo waits."""
        return self.done >= self.total
