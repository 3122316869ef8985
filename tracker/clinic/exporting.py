"""One patient's record as a ZIP for the patient: originals, everything that is stored, numbers, reports.

::

    README.txt             what is in it, in plain words
    record.json            every row of every table (schema 1)
    measurements.csv       one row for each number that holds now
    originals/<view>/      the photos, byte for byte as they came
    reports/<view>/        reports as they read today
    issued/                reports as they were handed over
    who-looked.csv         the log of this patient
    SHA256SUMS             of the originals; plain, for they are the patient's own

It is written as a stream: nothing but one photo at a time is in memory, and nothing is on the disk but the ZIP itself.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, select

from tracker.clinic import photos, register, schema
from tracker.clinic.belongings import owned, rows_of
from tracker.clinic.files import Files
from tracker.clinic.locked import LockedWriter
from tracker.clinic.originals import read_original
from tracker.clinic.records import Patient, StoredPhoto, View
from tracker.clinic.store import Store
from tracker.photo import PHOTO_SUFFIXES

SCHEMA = 1
KIND = "tracker record of one patient"
SUMS = "SHA256SUMS"
COLUMNS = ("view", "taken_on", "photo", "metric", "method", "unit", "value", "uncertainty", "area_share")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")

#: Files of one view to put beside the photos: (name, bytes).
Reports = Callable[[str], Iterable[tuple[str, bytes]]]
#: Further files of the patient by their place in the ZIP.
Further = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into an export.

    Attributes
    ----------
    photos, rows, reports : int
    """

    photos: int
    rows: int
    reports: int


class Exporter:
    """Writes what a record holds of one patient.

    Parameters
    ----------
    store : Store
    files : Files
    """

    def __init__(self, store: Store, files: Files) -> None:
        self._store, self._files = store, files

    def write(
        self, patient_id: str, out: BinaryIO, *, reports: Reports, further: Further, password: str | None = None
    ) -> Exported:
        """Write the ZIP; parameters and errors are those of `Custody.export_patient`."""
        if password is None:
            return self._zip(patient_id, out, reports, further)
        with LockedWriter(out, password) as locked:
            return self._zip(patient_id, cast(BinaryIO, locked), reports, further)

    def _zip(self, patient_id: str, out: BinaryIO, reports: Reports, further: Further) -> Exported:
        with self._store.reading() as connection:
            patient, rows = register.patient(connection, patient_id), rows_of(connection, patient_id)
            views = _views(connection, patient_id)
            listed = {view.id: photos.photos(connection, view.id) for view in views}
            table = list(_measured(connection, patient_id, listed, views))
        folders, written, sums = _folders(views), 0, list[str]()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            _text(archive, "README.txt", readme(patient, views, listed))
            _text(archive, "record.json", _document(patient, rows, listed, folders))
            _text(archive, "measurements.csv", _csv(COLUMNS, table))
            for view in views:
                for number, photo in enumerate(listed[view.id], 1):
                    place, data = (
                        _place(folders[view.id], number, photo),
                        read_original(self._store, self._files, photo),
                    )
                    archive.writestr(place, data)
                    sums.append(f"{hashlib.sha256(data).hexdigest()}  {place}\n")
                for name, data in reports(view.id):
                    archive.writestr(f"reports/{folders[view.id]}/{name}", data)
                    written += 1
            for name, data in further:
                archive.writestr(name, data)
            _text(archive, SUMS, "".join(sums))
        return Exported(sum(map(len, listed.values())), sum(map(len, rows.values())), written)


def log_table(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """The log of a patient as a table, one row for each entry."""
    rows = list(entries)
    names = tuple(rows[0]) if rows else ("at", "verb")
    return _csv(names, (tuple(row[name] for name in names) for row in rows)).encode()


def readme(patient: Patient, views: Iterable[View], listed: Mapping[str, tuple[StoredPhoto, ...]]) -> str:
    """What is in the ZIP, for the person whom it is about."""
    lines = [
        f"The record of patient {patient.code}, written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        "",
        "originals/        your photos, exactly as they were received",
        "reports/          what can be said of them today; open report.html or report.pdf",
        "issued/           reports as you received them",
        "measurements.csv  the numbers, for a spreadsheet",
        "record.json       everything that is stored about you, for a program",
        "who-looked.csv    who looked at what, and when",
        "SHA256SUMS        of the originals; whether they are still the same: sha256sum --check SHA256SUMS",
        "",
        "WARNING. The originals may say in which place, when and with which camera they were taken, and so may",
        "say where somebody lives. Before you pass a photo on, remove that (most phones offer it under Share).",
        "",
    ]
    for view in views:
        count = len(listed[view.id])
        lines.append(f"{view.title}: {count} {'photo' if count == 1 else 'photos'}")
    return "\n".join(lines) + "\n"


def _views(connection: Connection, patient_id: str) -> tuple[View, ...]:
    """All views of a patient, also those of a study."""
    ids = connection.execute(
        select(schema.view.c.id).where(schema.view.c.patient_id == patient_id).order_by(schema.view.c.arrival)
    ).scalars()
    return tuple(register.view(connection, view_id) for view_id in ids)


def _folders(views: Iterable[View]) -> dict[str, str]:
    """Names of the views' folders: what they show, and a number."""
    return {view.id: f"{number:02}-{_plain_name(view.title)}" for number, view in enumerate(views, 1)}


def _plain_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "view"


def _place(folder: str, number: int, photo: StoredPhoto) -> str:
    """Place of a photo; not its own name, in which a person's may be."""
    suffix = PurePosixPath(photo.name).suffix.lower()
    return f"originals/{folder}/{photo.taken_on}_{number:03}{suffix if suffix in PHOTO_SUFFIXES else '.jpg'}"


def _document(
    patient: Patient,
    rows: Mapping[str, Any],
    listed: Mapping[str, tuple[StoredPhoto, ...]],
    folders: Mapping[str, str],
) -> str:
    places = {
        photo.id: _place(folders[view_id], number, photo)
        for view_id, found in listed.items()
        for number, photo in enumerate(found, 1)
    }
    document = {
        "kind": KIND,
        "schema": SCHEMA,
        "schema_of_record": schema.SCHEMA_VERSION,
        "written_at": datetime.now(UTC).isoformat(),
        "patient": patient.code,
        "originals": places,
        "tables": rows,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)


def _measured(
    connection: Connection,
    patient_id: str,
    listed: Mapping[str, tuple[StoredPhoto, ...]],
    views: Iterable[View],
) -> Iterator[tuple[Any, ...]]:
    titles = {view.id: view.title for view in views}
    shown = {photo.id: photo for found in listed.values() for photo in found}
    value, photo = schema.measurement.c, schema.photo.c
    chosen = (
        select(photo.id, *(value[name] for name in COLUMNS[3:]))
        .join(schema.measurement, value.result_id == photo.result_id)
        .where(owned(patient_id)[schema.photo])
        .order_by(photo.taken_on, photo.arrival, value.metric)
    )
    for row in connection.execute(chosen):
        of = shown[row.id]
        yield (titles[of.view_id], of.taken_on.isoformat(), of.name, *row[1:])


def _csv(names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would calculate is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _text(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(name, text.encode("utf-8", "replace"), compress_type=zipfile.ZIP_DEFLATED)
