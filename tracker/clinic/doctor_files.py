"""What `doctor` looks at among the sealed files: every one is there, and opens to what was stored."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from tracker.clinic import schema
from tracker.clinic.blobs import Area
from tracker.clinic.examining import Examined, State, good
from tracker.clinic.files import Files
from tracker.clinic.leftovers import left_copies
from tracker.clinic.snapshot import blob_names
from tracker.clinic.store import Store
from tracker.clinic.sweeping import GRACE
from tracker.clinic.vault import NOT_OWNER, ORIGINAL, REPORT
from tracker.errors import RecordError

SAMPLE = 200
_LISTED = 20
_BACK = "Bring them back: python -m tracker restore DIR --home FOLDER, then import the photos from there."
T = TypeVar("T")
_Wanted = tuple[str, str, str, str]  # photo, patient, file, digest


def examine_files(store: Store, files: Files, *, full: bool = False) -> Iterator[Examined]:
    """All checks of this module.

    Parameters
    ----------
    store : Store
    files : Files
    full : bool
        Open every photo and issued report; otherwise the newest and a random sample, `SAMPLE` of each, and the number
        of the others is said.
    """
    try:
        with store.reading() as connection:
            named, wanted, issued = blob_names(connection), _originals(connection), _reports(connection)
        kept = {blob.name: blob for blob in files.vault.blobs.listed()}
        aside = {blob.name for blob in files.vault.blobs.listed(Area.ASIDE)}
        is_others = files.vault.belongs_to_another_copy()
    except RecordError as error:
        yield Examined("files", State.DAMAGE, error.reason, "See that the disk or the object store answers.")
        return
    if is_others:
        yield Examined("owner", State.ATTENTION, NOT_OWNER.partition(". ")[0] + ".", NOT_OWNER.partition(". ")[2] + ".")
    yield _present(named, set(kept), aside, wanted)
    yield _open(files, [each for each in wanted if each[2] in kept or each[2] in aside], full)
    yield _reports_open(files, [each for each in issued if each[2] in kept or each[2] in aside], full)
    yield _spare(
        [blob.since for name, blob in kept.items() if name not in named], len(aside - named), _litter(files.home)
    )
    yield _copies(files.home)


def _originals(connection: Connection) -> list[_Wanted]:
    """Photos, the newest last."""
    photo, view = schema.photo, schema.view
    chosen = select(photo.c.id, view.c.patient_id, photo.c.file, photo.c.digest).join(
        view, photo.c.view_id == view.c.id
    )
    return [
        (row.id, row.patient_id, row.file, row.digest) for row in connection.execute(chosen.order_by(photo.c.arrival))
    ]


def _reports(connection: Connection) -> list[tuple[str, str, str]]:
    """Issued reports, the newest last."""
    report = schema.issued_report.c
    rows = connection.execute(select(report.id, report.patient_id, report.file).order_by(report.arrival))
    return [(row.id, row.patient_id, row.file) for row in rows]


def _present(named: set[str], kept: set[str], aside: set[str], wanted: list[_Wanted]) -> Examined:
    missing = named - kept - aside
    if not missing:
        return good("files", f"All {len(named)} sealed photos and reports are there.", checked=len(named))
    photos = tuple(f"photo {each[0]} of patient {each[1]}" for each in wanted if each[2] in missing)
    what = f"{len(missing)} sealed photos or reports are missing."
    return Examined("files", State.DAMAGE, what, _BACK, len(named), places=photos[:_LISTED])


def _open(files: Files, wanted: list[_Wanted], full: bool) -> Examined:
    chosen = wanted if full else _sample(wanted)
    broken = []
    for photo_id, patient_id, file, digest in chosen:
        try:
            data = files.vault.get(patient_id, ORIGINAL, file)
        except RecordError as error:
            broken.append(f"photo {photo_id} of patient {patient_id}: {error.code}")
            continue
        if files.secrets.digest(data) != digest:
            broken.append(f"photo {photo_id} of patient {patient_id}: another photo")
    left = len(wanted) - len(chosen)
    if broken:
        what = f"{len(broken)} of {len(chosen)} opened photos are damaged."
        return Examined("originals", State.DAMAGE, what, _BACK, len(chosen), left, tuple(broken[:_LISTED]))
    unseen = f" {left} were not opened; doctor --full opens all." if left else ""
    what = f"{len(chosen)} photos were opened and are what was stored.{unseen}"
    return good("originals", what, checked=len(chosen), not_checked=left)


def _reports_open(files: Files, wanted: list[tuple[str, str, str]], full: bool) -> Examined:
    """What patients were given has to open too: the clinic must be able to show what it said."""
    chosen, broken = wanted if full else _sample(wanted), []
    for report_id, patient_id, file in chosen:
        try:
            files.vault.get(patient_id, REPORT, file)
        except RecordError as error:
            broken.append(f"issued report {report_id} of patient {patient_id}: {error.code}")
    left = len(wanted) - len(chosen)
    if broken:
        what = f"{len(broken)} of {len(chosen)} opened issued reports are damaged."
        return Examined("reports", State.DAMAGE, what, _BACK, len(chosen), left, tuple(broken[:_LISTED]))
    what = f"{len(chosen)} issued reports were opened and are what was given."
    return good("reports", what, checked=len(chosen), not_checked=left)


def _sample(wanted: list[T]) -> list[T]:
    """The newest, which no backup may hold yet, and as many of the others by chance; other ones each time."""
    if len(wanted) <= SAMPLE:
        return wanted
    newest, others = wanted[-SAMPLE // 2 :], wanted[: -SAMPLE // 2]
    return random.SystemRandom().sample(others, SAMPLE - len(newest)) + newest


def _spare(unnamed: list[datetime], aside: int, litter: int) -> Examined:
    """What no row names: left by programs that were ended half-way, and no loss."""
    old = sum(datetime.now(UTC) - since > 2 * GRACE for since in unnamed)
    what = (
        f"{len(unnamed)} sealed files belong to no row yet or any more, {aside} more are set aside, {litter} were left "
        "half-written."
    )
    if old:
        advice = "Run: python -m tracker doctor --repair, which sets them aside for 30 days and then removes them."
        return Examined("spare", State.ATTENTION, what, advice, len(unnamed) + aside)
    return good("spare", what, checked=len(unnamed) + aside)


def _copies(home: Path) -> Examined:
    """A copy beside the record keeps the keys of whoever is erased after it was made."""
    found = left_copies(home)
    if not found:
        return good("copies", "No restore and no drill left a copy of a record beside it.")
    return Examined(
        "copies",
        State.ATTENTION,
        f"{len(found)} copies of a record lie beside it, left by a restore or a drill that was ended half-way.",
        "Run: python -m tracker doctor --repair, which removes them; an erasure does not reach them.",
        len(found),
        places=tuple(path.name for path in found[:_LISTED]),
    )


def _litter(home: Path) -> int:
    limit = datetime.now(UTC) - timedelta(days=1)
    folder = home / "incoming"
    if not folder.is_dir():
        return 0
    return sum(datetime.fromtimestamp(part.stat().st_mtime, UTC) < limit for part in folder.iterdir())
