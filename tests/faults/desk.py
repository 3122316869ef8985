"""Somebody who adds patients and photos as fast as the record takes them, and writes down what it said."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.faults.journal import Journal
from tests.faults.pictures import NAME, Decoded, jpeg
from tracker.clinic import Clinic
from tracker.errors import RecordError

#: Numbers of a photo of a few kilobytes, and of one that is written in several pieces.
SMALL, LARGE = 2_001, 2_002


@dataclass
class Told:
    """What was said about a record by everybody who worked on it.

    Attributes
    ----------
    patients : dict
        Name by patient, as acknowledged.
    views : dict
        Patient by view, as acknowledged.
    photos : dict
        By (view, number of the photo): its id where it was acknowledged, None where that was never said for certain.
    removed : set
        (view, number) of photos whose removal was acknowledged.
    sent : dict
        Number by SHA-256 of everything that was ever sent.
    """

    patients: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    photos: dict[tuple[str, int], str | None] = field(default_factory=dict)
    removed: set[tuple[str, int]] = field(default_factory=set)
    sent: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    refused: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, events: list[dict[str, Any]]) -> Told:
        """What all events together say."""
        told = cls()
        begun: dict[str, Any] = {}
        for event in events:
            getattr(told, f"_{event['what']}")(event, begun)
            begun = event if event["what"] == "begin" else begun
        return told

    def _begin(self, event: dict[str, Any], _begun: dict[str, Any]) -> None:
        if event["act"] == "remove":
            self.photos[event["view"], event["number"]] = None
        elif event["act"] == "photo":
            self.photos.setdefault((event["view"], event["number"]), None)
            self.removed.discard((event["view"], event["number"]))
            self.sent[event["digest"]] = event["number"]

    def _done(self, event: dict[str, Any], begun: dict[str, Any]) -> None:
        act = begun["act"]
        if act == "patient":
            self.patients[event["id"]] = begun["name"]
        elif act == "view":
            self.views[event["id"]] = begun["patient"]
        elif act == "photo":
            self.photos[begun["view"], begun["number"]] = event["id"]
            self.acknowledged += 1
        elif act == "remove":
            self.removed.add((begun["view"], begun["number"]))

    def _refused(self, event: dict[str, Any], _begun: dict[str, Any]) -> None:
        self.refused.append(f"{event['code']}: {event['reason']}")

    def _examined(self, _event: dict[str, Any], _begun: dict[str, Any]) -> None:
        self.crashed.clear()  # they have been told

    def _crashed(self, event: dict[str, Any], _begun: dict[str, Any]) -> None:
        self.crashed.append(event["trace"])


class Desk:
    """One life of a program that works on a record.

    Parameters
    ----------
    clinic : Clinic
    journal : Journal
        Of this record, also of lives before this one.
    first : int
        Numbers of new photos are counted from here.
    """

    def __init__(self, clinic: Clinic, journal: Journal, first: int) -> None:
        self._clinic, self._journal, self._next = clinic, journal, first
        self.refusals = 0

    def add_patient(self) -> str | None:
        """A new patient with a name; its id if the record took it."""
        number = self._new_number()
        name = f"Person {number}"
        self._journal.note("begin", act="patient", name=name)
        return self._said(lambda: self._clinic.add_patient(code=f"P{number}", name=name).id)

    def add_view(self, patient: str) -> str | None:
        """A new view; its id if the record took it."""
        self._journal.note("begin", act="view", patient=patient)
        return self._said(lambda: self._clinic.add_view(patient, site="thigh", indication="cellulite").id)

    def add_photo(self, view: str, number: int | None = None) -> str | None:
        """A new photo, or the one with that number again."""
        number = self._new_number() if number is None else number
        data = jpeg(number)
        self._journal.note("begin", act="photo", view=view, number=number, digest=sha256(data).hexdigest())
        return self._said(lambda: self._clinic.add_photo(view, data, NAME).id)

    def remove_photo(self, view: str, number: int, photo: str) -> None:
        """Take a photo out again."""
        self._journal.note("begin", act="remove", view=view, number=number)

        def remove() -> str:
            self._clinic.remove_photo(photo)
            return photo

        self._said(remove)

    def _said(self, act: Callable[[], str]) -> str | None:
        try:
            made = act()
        except RecordError as error:
            self._journal.note("refused", code=error.code, reason=error.reason)
            self.refusals += 1
            return None
        self._journal.note("done", id=made)
        return made

    def _new_number(self) -> int:
        self._next += 1
        return self._next


def work(
    home: Path, journal: Journal, decoded: Decoded, *, life: int, most: int = 10_000, patience: int = 10_000
) -> None:
    """Work on a record until killed, for so many acts, or until so many were refused.

    Mostly new photos are added, now and then everything else is done.
    """
    decoded.take_over()
    chance = random.Random(life)
    told = Told.of(journal.events())
    try:
        clinic = Clinic.open(home)
    except RecordError as error:
        journal.note("refused", code=error.code, reason=error.reason)
        return
    with clinic:
        desk = Desk(clinic, journal, life * 100_000)
        views = list(told.views)
        known = [(view, number, photo) for (view, number), photo in told.photos.items() if photo]
        for _ in range(most):
            if desk.refusals >= patience:
                break
            act = chance.random()
            if act < 0.1 or not views:
                patient = desk.add_patient()
                view = desk.add_view(patient) if patient else None
                views += [view] if view else []
            elif act < 0.2 and known:
                view, number, _ = chance.choice(known)
                desk.add_photo(view, number)
            elif act < 0.28 and known:
                desk.remove_photo(*known.pop(chance.randrange(len(known))))
            else:
                view = chance.choice(views)
                photo = desk.add_photo(view)
                known += [(view, desk._next, photo)] if photo else []


def day(home: Path, journal: Journal, decoded: Decoded) -> None:
    """A short day on which everything happens once; on the first day, the record is made."""
    decoded.take_over()
    try:
        with Clinic.open(home) as clinic:
            desk = Desk(clinic, journal, 1_000)
            patient = desk.add_patient()
            view = desk.add_view(patient) if patient else None
            for number in (SMALL, LARGE, SMALL) if view else ():
                photo = desk.add_photo(view, number)
            if view and photo:
                desk.remove_photo(view, number, photo)
    except RecordError as error:
        journal.note("refused", code=error.code, reason=error.reason)
