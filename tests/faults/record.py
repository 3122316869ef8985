"""A record to start from: one patient with one view and a few photos, made once and copied.

A record is ``FOLDER/home``; its master key and the anchor of its log are in ``FOLDER/keys``, outside the data, and
travel with it.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from tests.faults.desk import Desk, day
from tests.faults.journal import Journal, answered
from tests.faults.pictures import Decoded
from tracker.clinic import Clinic
from tracker.clinic.doctor import examine as ask_doctor


class Template:
    """A record with a few photos.

    Parameters
    ----------
    folder : Path
        Where it is kept.
    photos : int
        So many.
    """

    def __init__(self, folder: Path, decoded: Decoded, *, photos: int = 2) -> None:
        self._folder = folder
        folder.mkdir()
        journal = Journal()

        def make() -> None:
            decoded.take_over()
            use(folder / "home")
            with Clinic.open(folder / "home") as clinic:
                desk = Desk(clinic, journal, 0)
                view = desk.add_view(desk.add_patient() or "")
                for _ in range(photos):
                    desk.add_photo(view or "")

        answered(make)
        self._events = journal.events()

    def copy(self, home: Path) -> Journal:
        """Put a copy at a place and use it from now on; returns what was said about it."""
        self.none(home)
        for name, to in (("home", home), ("keys", keys_of(home))):
            shutil.copytree(self._folder / name, to)
        journal = Journal()
        for event in self._events:
            journal.note(**event)
        return journal

    def none(self, home: Path) -> Journal:
        """Use a place where there is no record at all, and of which nothing was said."""
        home.parent.mkdir(exist_ok=True)
        use(home)
        for folder in (home, keys_of(home)):
            shutil.rmtree(folder, ignore_errors=True)
        return Journal()


def warm_up(folder: Path, decoded: Decoded, journal: Journal) -> None:
    """Do a first day here and look at it, so that the processes forked from this one find everything loaded."""
    home = folder / "home"
    folder.mkdir()
    use(home)
    day(home, journal, decoded)
    ask_doctor(home, full=True)
    shutil.rmtree(folder)
    running = threading.active_count()
    assert running == 1, f"{running - 1} threads would be missing in a forked process"


def keys_of(home: Path) -> Path:
    """Folder of the master key of a record."""
    return home.with_name("keys")


def use(home: Path) -> None:
    """From now on this process and its children work with this record."""
    os.environ["TRACKER_KEYS"] = str(keys_of(home))
