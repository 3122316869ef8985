"""Whether a record is whole: the invariants that no fault may break, each violation as a sentence."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.faults.desk import Desk, Told
from tests.faults.journal import Journal, answered
from tests.faults.pictures import Decoded, jpeg
from tracker.clinic import Clinic
from tracker.errors import RecordError


@dataclass
class Findings:
    """What was seen in a record: damage, failures that nobody worded, and leftovers that do no harm."""

    damage: list[str] = field(default_factory=list)
    unworded: list[str] = field(default_factory=list)
    photos: int = 0
    orphans: int = 0
    parts: int = 0


def examine(home: Path, journal: Journal, decoded: Decoded, *, number: int) -> Findings:
    """Look at a record after a fault, as a new start of the program would find it.

    Everything that was acknowledged is there and equals what was sent; nothing is there by halves; the databases are
    sound; and the next photo is taken without anybody's help.

    Parameters
    ----------
    home : Path
    journal : Journal
        What was said about it; the next photo is noted there, too.
    decoded : Decoded
    number : int
        Of the next photo; nobody else uses it.
    """
    decoded.take_over()
    told, found = Told.of(journal.events()), Findings()
    found.unworded += told.crashed
    journal.note("examined")
    _check_databases(home, found)
    try:
        with Clinic.open(home) as clinic:
            _check_told(clinic, told, found)
            _check_next(clinic, journal, told, found, number)
        _count_leftovers(home, found)
    except RecordError as error:
        found.damage.append(f"the record refuses: {error.code}: {error.reason}")
    return found


def seen_in(home: Path, journal: Journal, decoded: Decoded, *, number: int) -> Findings:
    """What `examine` finds in a process of its own: a record that is opened there leaves no threads here."""
    return Findings(**answered(lambda: asdict(examine(home, journal, decoded, number=number))))


def _check_databases(home: Path, found: Findings) -> None:
    for path in sorted(home.glob("*.sqlite")):
        with sqlite3.connect(path) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            broken = list(connection.execute("PRAGMA foreign_key_check"))
        connection.close()
        if said != ["ok"] or broken:
            found.damage.append(f"{path.name}: {said} {broken}")


def _check_told(clinic: Clinic, told: Told, found: Findings) -> None:
    patients = {patient.id: patient for patient in clinic.patients()}
    for patient, name in told.patients.items():
        if patient not in patients or patients[patient].name != name:
            found.damage.append(f"an acknowledged patient is missing or has another name: {patient}")
    views = [view.id for patient in patients for view in clinic.views(patient)]
    found.damage += [f"an acknowledged view is missing: {view}" for view in told.views if view not in views]
    for view in views:
        _check_photos(clinic, view, told, found)


def _check_photos(clinic: Clinic, view: str, told: Told, found: Findings) -> None:
    known = {number: photo for (of, number), photo in told.photos.items() if of == view}
    seen = Counter()
    ids = {}
    for photo in clinic.photos(view):
        try:
            number = told.sent.get(sha256(clinic.original(photo.id)).hexdigest())
        except RecordError as error:
            found.damage.append(f"a row without its photo: {error.code}: {error.reason}")
            continue
        if number is None:
            found.damage.append("a photo that nobody ever sent")
            continue
        seen[number] += 1
        ids[number] = photo.id
    found.photos += sum(seen.values())
    found.damage += [f"photo {number} is stored {times} times" for number, times in seen.items() if times > 1]
    for number, photo in known.items():
        if (view, number) in told.removed:
            if number in ids:
                found.damage.append(f"photo {number} was removed and is there")
        elif photo is not None and ids.get(number) != photo:
            found.damage.append(f"an acknowledged photo is lost: {number}")


def _check_next(clinic: Clinic, journal: Journal, told: Told, found: Findings, number: int) -> None:
    desk = Desk(clinic, journal, number)
    view = next(iter(told.views), None) or desk.add_view(desk.add_patient() or "")
    photo = desk.add_photo(view or "", number)
    if photo is None or clinic.original(photo) != jpeg(number):
        found.damage.append("the next photo is not taken: " + "".join(Told.of(journal.events()).refused[-1:]))


def _count_leftovers(home: Path, found: Findings) -> None:
    """Files that a row does not need: no harm, but they must be of the two kinds that a sweep removes."""
    with sqlite3.connect(home / "clinic.sqlite") as connection:
        needed = {row[0] for row in connection.execute("SELECT file FROM photo")}
    connection.close()
    kept = {path.name for path in (home / "photos").glob("*/*")}
    found.orphans = len(kept - needed)
    found.parts = len(list((home / "incoming").iterdir()))
    known = {"clinic.sqlite", "clinic.lock", "keys.sqlite", "record.id", "incoming", "photos", "derived"}
    found.damage += [f"left behind: {path.name}" for path in home.iterdir() if path.name not in known]
