"""What `doctor` looks at in the database: its structure, every row, the log, and the keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from tracker.clinic import audit, schema
from tracker.clinic.audit import Head
from tracker.clinic.examining import Examined, State, good
from tracker.clinic.keys import key_file
from tracker.clinic.keystore import KEYS_FILE, is_as_made
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.clinic.store import Store
from tracker.clinic.tombstones import read_tombstones, tombstone_file
from tracker.clinic.verifying import verify
from tracker.errors import RecordError

_LISTED = 20
_BRING_KEYS = "Stop the app and bring keys.sqlite back from DIR/keys of the last backup."
#: What to do about damage.
RESTORE = "Restore the record from the last backup into a new folder: python -m tracker restore DIR --home FOLDER"


def examine_record(store: Store, home: Path, secrets: Secrets, anchor: Head | None) -> Iterator[Examined]:
    """All checks of this module.

    Parameters
    ----------
    store : Store
        May be open for reading only.
    home : Path
    secrets : Secrets
    anchor : Head or None
        The end of the log as it is known outside the record.
    """
    yield _key_place(home)
    yield _key_store(home)
    if store.is_sqlite:
        yield _reading(store, "structure", _structure)
        yield _reading(store, "references", _references)
    yield _reading(store, "rows", _rows)
    yield _reading(store, "log", lambda connection: _log(connection, anchor))
    yield _reading(store, "keys", lambda connection: _keys(connection, secrets))
    yield _reading(store, "erased", lambda connection: _erased(connection, home))


def newest_moment(store: Store) -> datetime | None:
    """When the record was written to last, as far as its photos and its log say; None if it says nothing."""
    with store.reading() as connection:
        found = [
            connection.execute(select(column).order_by(column.desc()).limit(1)).scalar()
            for column in (schema.photo.c.received_at, schema.audit.c.at)
        ]
    return max((moment for moment in found if moment is not None), default=None)


def _reading(store: Store, name: str, check: Callable[[Connection], Examined]) -> Examined:
    try:
        with store.reading() as connection:
            return check(connection)
    except RecordError as error:
        return Examined(name, State.DAMAGE, error.reason, RESTORE)
    except Exception as error:  # what was flipped need not be a value of its kind any more
        return Examined(name, State.DAMAGE, f"This cannot be read ({type(error).__name__}).", RESTORE)


def _structure(connection: Connection) -> Examined:
    rows = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    if rows == ["ok"]:
        return good("structure", "The file of the database is sound.")
    what = f"The file of the database is damaged: {rows[0]}."
    return Examined("structure", State.DAMAGE, what, RESTORE, places=tuple(rows[:_LISTED]))


def _references(connection: Connection) -> Examined:
    rows = [f"{row[0]} {row[1]} → {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    if not rows:
        return good("references", "Every row refers to rows that are there.")
    what = f"{len(rows)} rows refer to rows that are gone."
    return Examined("references", State.DAMAGE, what, RESTORE, places=tuple(rows[:_LISTED]))


def _rows(connection: Connection) -> Examined:
    """Every row against its seal: SQLite's own check does not see a changed value."""
    found = verify(connection)
    if not found.broken:
        return good("rows", f"All {found.checked} rows are as the program wrote them.", checked=found.checked)
    places = tuple(" ".join(filter(None, (row.table, row.key, row.what))) for row in found.broken)
    what = f"{len(places)} rows or tables are not as the program wrote them; the first: {places[0]}."
    return Examined("rows", State.DAMAGE, what, RESTORE, found.checked, places=places[:_LISTED])


def _log(connection: Connection, anchor: Head | None) -> Examined:
    here = audit.head(connection)
    broken = audit.verify(connection, anchor)
    if broken:
        places = tuple(f"entry {each.number} {each.what}" for each in broken)
        what = f"The log was tampered with or cut off: {len(places)} entries; the first: {places[0]}."
        advice = "Keep this record as it is, find out who had access, and restore a backup into a new folder."
        return Examined("log", State.DAMAGE, what, advice, here.number, places=places[:_LISTED])
    if anchor is None and here.number:
        return Examined(
            "log",
            State.ATTENTION,
            f"The chain of {here.number} entries is whole, but its end is not known outside the record.",
            "Bring back the file that ends in .anchor beside the master key; without it entries could be cut off.",
            here.number,
        )
    return good("log", f"The log of {here.number} entries is whole up to its end.", checked=here.number)


def _key_place(home: Path) -> Examined:
    """A key on the same disk protects from nothing that takes the disk."""
    path = key_file(home)
    if not path.is_file():
        return good("key", "The master key is given from outside and fits the record.")
    if path.stat().st_mode & 0o077:
        return Examined("key", State.ATTENTION, f"Others may read the master key ({path}).", f"Run: chmod 600 {path}")
    if path.stat().st_dev == home.stat().st_dev:
        return Examined(
            "key",
            State.ATTENTION,
            "The master key fits, but lies on the same disk as the record: whoever takes the disk has both.",
            "Keep it elsewhere: set TRACKER_KEYS to a folder on another medium, or use the keyring of the system.",
        )
    return good("key", "The master key fits the record and lies on another disk.")


def _key_store(home: Path) -> Examined:
    """The file of the keys: its own index has to say the same as its rows, and its tables are those we made."""
    try:
        with closing(sqlite3.connect(f"file:{home / KEYS_FILE}?mode=ro", uri=True, timeout=30)) as file:
            rows = [str(row[0]) for row in file.execute("PRAGMA integrity_check(20)")]
            if rows == ["ok"] and not is_as_made(file):
                rows = ["its tables are described in other words than ours"]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        rows = [str(error)]
    if rows == ["ok"]:
        return good("key_store", "The file of the patients' keys is sound.")
    what = "The file of the patients' keys is damaged."
    return Examined("key_store", State.DAMAGE, what, _BRING_KEYS, places=tuple(rows[:_LISTED]))


def _keys(connection: Connection, secrets: Secrets) -> Examined:
    patients = set(connection.execute(select(schema.patient.c.id)).scalars())
    broken = secrets.keys.broken()
    if broken:
        what = f"The file of the keys is damaged: {broken[0]}."
        advice = "Stop the app and bring keys.sqlite back from DIR/keys of the last backup."
        return Examined("keys", State.DAMAGE, what, advice, len(patients), places=broken)
    if not secrets.keys.is_destroyed_list_whole():
        what = "The list of destroyed keys is not as the program wrote it: who was erased, and when, is not certain."
        return Examined("keys", State.DAMAGE, what, _BRING_KEYS, len(patients))
    known, destroyed = set(secrets.keys.patients()), secrets.keys.destroyed()
    missing = sorted(patients - known - set(destroyed))
    if missing:
        what = f"The keys of {len(missing)} patients are missing: nothing of theirs can be read."
        return Examined("keys", State.DAMAGE, what, _BRING_KEYS, len(patients), places=tuple(missing[:_LISTED]))
    unreadable = [patient_id for patient_id in sorted(known) if not _opens(secrets, patient_id)]
    if unreadable:
        what = f"The keys of {len(unreadable)} patients are damaged."
        return Examined("keys", State.DAMAGE, what, _BRING_KEYS, len(patients), places=tuple(unreadable[:_LISTED]))
    return good("keys", f"The key of every patient is there ({len(patients)}).", checked=len(patients))


def _opens(secrets: Secrets, patient_id: str) -> bool:
    try:
        secrets.keys.key(patient_id)
    except RecordError:
        return False
    return True


def _erased(connection: Connection, home: Path) -> Examined:
    secrets = secrets_of(connection)
    listed = {each.patient_id for each in read_tombstones(tombstone_file(home))} | set(secrets.keys.destroyed())
    here = set(connection.execute(select(schema.patient.c.id)).scalars()) | set(secrets.keys.patients())
    left = sorted(listed & here)
    if left:
        what = f"{len(left)} patients who were erased are here again, or still."
        advice = "Run: python -m tracker doctor --repair, which carries the erasures to their end."
        return Examined("erased", State.ATTENTION, what, advice, len(listed), places=tuple(left[:_LISTED]))
    return good("erased", f"Nothing is here of those who were erased ({len(listed)}).", checked=len(listed))
