"""Whether a record is whole: the invariants that no fault may break, each violation as a sentence."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.faults.desk import Desk, Told
from tests.faults.journal import Journal, answered
from tests.faults.pictures import Decoded, jpeg
from tracker.clinic import Clinic
from tracker.clinic.doctor import examine as ask_doctor
from tracker.clinic.examining import State
from tracker.clinic.sweeping import named
from tracker.errors import RecordError

#: An empty journal is one that was never begun; SQLite removes it when it next writes there.
_KNOWN = {
    *("record.id", "clinic.sqlite", "clinic.lock", "keys.sqlite", "clinic.sqlite-journal", "keys.sqlite-journal"),
    *("incoming", "photos", "quarantine", "derived", "copy.id", "copy.id.lock"),
}


@dataclass
class Findings:
    """What was seen in a record: damage, failures that nobody worded, and leftovers that do no harm."""

    damage: list[str] = field(default_factory=list)
    unworded: list[str] = field(default_factory=list)
    photos: int = 0
    orphans: int = 0
    parts: int = 0


def examine(home: Path, journal: Journal, decoded: Decoded, *, number: int, doctor: bool = True) -> Findings:
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
    doctor : bool
        Whether the program's own check looks at it, too: at every row, the log, the keys and every sealed file.
    """
    decoded.take_over()
    told, found = Told.of(journal.events()), Findings()
    found.unworded += told.crashed
    journal.note("examined")
    try:
        with Clinic.open(home) as clinic:
            _check_told(clinic, told, found)
            _check_next(clinic, journal, told, found, number)
            _check_leftovers(home, clinic, found)
        found.damage += [f"doctor: {text}" for text in (complaints(home) if doctor else ())]
    except RecordError as error:
        found.damage.append(f"the record refuses: {error.code}: {error.reason}")
    return found


def seen_in(home: Path, journal: Journal, decoded: Decoded, *, number: int, doctor: bool = True) -> Findings:
    """What `examine` finds in a process of its own: a record that is opened there leaves no threads here."""
    return Findings(**answered(lambda: asdict(examine(home, journal, decoded, number=number, doctor=doctor))))


def left_after_sweep(home: Path) -> Findings:
    """What is wrong with a record, or left lying there, after its sweeper had a month."""

    def look() -> dict[str, Any]:
        found = Findings()
        swept_up(home, found)
        return asdict(found)

    return Findings(**answered(look))


def complaints(home: Path) -> list[str]:
    """What the program's own check of a record, with every photo, calls damage."""
    try:
        found = ask_doctor(home, full=True)
    except RecordError as error:
        return [f"{error.code}: {error.reason}"]
    return [f"{each.name}: {each.what}" for each in found if each.state is State.DAMAGE]


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


def _check_leftovers(home: Path, clinic: Clinic, found: Findings) -> None:
    """Files that no row needs do no harm, but they must be of the two kinds that are swept up some days later."""
    with clinic._store.reading() as connection:
        needed = named(connection)
    found.damage += [f"left behind: {path.name}" for path in home.iterdir() if path.name not in _KNOWN]
    found.orphans = len({blob.name for blob in clinic._files.vault.names()} - needed)
    found.parts = len(list((home / "incoming").iterdir()))


def swept_up(home: Path, found: Findings) -> None:
    """Look again after a month: whatever was left behind must be gone, and nothing else."""
    for path in [*(home / "incoming").iterdir(), *(home / "photos").glob("*/*")]:
        os.utime(path, (0, 0))
    now = datetime.now(UTC)
    with Clinic.open(home) as clinic:
        clinic.sweep(now)
        clinic.sweep(now + timedelta(days=40))
        _check_leftovers(home, clinic, found)
    found.damage += [f"doctor, after the sweep: {text}" for text in complaints(home)]
    if found.orphans or found.parts:
        found.damage.append(f"{found.orphans} orphans and {found.parts} parts are never swept up")
