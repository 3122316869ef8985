"""A record to start from: one patient with one view and a few photos, made once and copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.faults.desk import Desk
from tests.faults.journal import Journal, answered
from tests.faults.pictures import Decoded
from tracker.clinic import Clinic


class Template:
    """A record with a few photos, whose copies share its key.

    Parameters
    ----------
    folder : Path
        Where it is kept; its key lies beside it, outside the data.
    photos : int
        So many.
    """

    def __init__(self, folder: Path, decoded: Decoded, *, photos: int = 2) -> None:
        os.environ["TRACKER_KEYS"] = str(folder / "keys")
        self.home = folder / "template"
        journal = Journal()

        def make() -> None:
            decoded.take_over()
            with Clinic.open(self.home) as clinic:
                desk = Desk(clinic, journal, 0)
                view = desk.add_view(desk.add_patient() or "")
                for _ in range(photos):
                    desk.add_photo(view or "")

        answered(make)
        self._events = journal.events()

    def copy(self, to: Path) -> Journal:
        """A copy of the record, and what was said about it."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.home, to)
        return self.told()

    def none(self, at: Path) -> Journal:
        """No record at all, and nothing said."""
        shutil.rmtree(at, ignore_errors=True)
        return Journal()

    def told(self) -> Journal:
        """A journal that begins with what was said about the template."""
        journal = Journal()
        for event in self._events:
            journal.note(**event)
        return journal
