"""A backup made into a record again: every digest checked, and who was erased since erased again.

It is put together beside the folder it is to become and takes its name at the end: a restore that was ended half-way
has left nothing that could be taken for a record.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select

from tracker.clinic import audit, clock, patient_links, schema, web_sessions
from tracker.clinic.actors import SYSTEM, Verb
from tracker.clinic.audit import Entry, Head
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.backup_form import (
    BLOBS,
    DATABASE,
    ERASED,
    KEYS,
    MANIFEST,
    Blob,
    backups_in,
    check_manifest,
    copy_checked,
    digest_of,
    make_durable,
    pool_file,
    read_list,
    read_manifest,
)
from tracker.clinic.blobs import Area, Blobs
from tracker.clinic.clinic import Clinic
from tracker.clinic.durable import make_folder, sync_folder, write_new
from tracker.clinic.erasing import Eraser
from tracker.clinic.files import Files
from tracker.clinic.keys import RECORD_FILE, copy_id, master_key
from tracker.clinic.keystore import KEYS_FILE
from tracker.clinic.leftovers import RESTORING
from tracker.clinic.sealing import Secrets
from tracker.clinic.snapshot import load_snapshot
from tracker.clinic.store import FILE_NAME, Store
from tracker.clinic.store.store import of_folder
from tracker.clinic.tombstones import add_tombstones, read_tombstones, tombstone_file
from tracker.clinic.vault import bucket_of
from tracker.errors import RecordError

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done after a record was put back.

    Attributes
    ----------
    erased : tuple of str
        Patients who were erased since the backup, and now again.
    log_entries_lost : int
        Entries of the log that were written after the backup.
    links_ended : int
        Links of patients that worked when the backup was made.
    """

    erased: tuple[str, ...]
    log_entries_lost: int
    links_ended: int = 0


@dataclass(frozen=True, slots=True)
class Restored:
    """A record that was put back.

    Attributes
    ----------
    home, backup : Path
    files, bytes : int
        Sealed photos and reports that were copied and checked.
    missing : tuple of str
        Names of files that the record had lost before the backup was made.
    damaged : tuple of str
        Names of files that are damaged in the backup; everything else was put back.
    seconds : float
    reads_only : bool
        The photos lie in a bucket that another copy of the record owns: this one changes nothing there, and `missing`
        names as well what the bucket lacks.
    """

    home: Path
    backup: Path
    files: int
    bytes: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    seconds: float
    reads_only: bool = False


class _Copied(NamedTuple):
    files: int
    size: int
    damaged: tuple[str, ...]
    absent: tuple[str, ...] = ()
    reads_only: bool = False


def chosen_backup(place: Path) -> Path:
    """The backup that a folder is, or the latest one in it.

    Raises
    ------
    RecordError
        ``no_backup``: there is none.
    """
    if (place / MANIFEST).is_file():
        return place
    found = backups_in(place)
    if not found:
        raise RecordError(f"There is no backup in {place}; please name the folder given to backup.", code="no_backup")
    return found[-1]


def restore(
    place: Path, home: Path, *, is_drill: bool = False, take_over: bool = False, progress: Progress | None = None
) -> Restored:
    """Put a record back.

    Parameters
    ----------
    place : Path
        A backup, or the folder of several: then the latest.
    home : Path
        A folder that does not exist or is empty.
    is_drill : bool
        Everything goes into the folder, whatever database and object store the environment names: the real ones are
        not touched. The copy is good for looking at it with `doctor`, not for going on with it.
    take_over : bool
        The bucket becomes this copy's, and the one that owned it only reads from now on. Otherwise a bucket that
        another copy of the record owns is only read.
    progress : callable, optional
        Called with (done, total, what) as files are copied.

    Raises
    ------
    RecordError
        ``not_empty``: there is something in the folder. ``no_backup``, ``damaged``, ``newer_backup``: the backup cannot
        be used. ``key_missing``, ``key_wrong``: without the master key it is noise. ``not_saved``: the disk did not
        take it. Nothing is left behind.
    """
    began, backup = time.monotonic(), chosen_backup(place.absolute())
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise RecordError(
            f"{home} is not empty; a record is restored into a new folder, please name one.", code="not_empty"
        )
    part = home.absolute().parent / f"{RESTORING}{secrets.token_hex(8)}"
    try:
        make_folder(part)
        facts = _checked(backup, part)
        told = progress or (lambda done, total, what: None)
        copied = _copy(backup, part, facts, (*_targets(home, is_drill), take_over), told)
        with suppress(FileNotFoundError):
            home.rmdir()
        part.replace(home)
        sync_folder(home.absolute().parent)
    except OSError as error:
        raise RecordError(
            f"The record could not be restored: {error.strerror or error}. Please see that the disk has room and "
            "can be written, and try again.",
            code="not_saved",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    missing, seconds = (*facts["files"]["missing"], *copied.absent), time.monotonic() - began
    return Restored(home, backup, copied.files, copied.size, missing, copied.damaged, seconds, copied.reads_only)


def _checked(backup: Path, part: Path) -> dict[str, Any]:
    """What the backup says of itself, with the keys that prove it in their place."""
    facts, out = read_manifest(backup), backup.parent
    write_new(part / RECORD_FILE, f"{facts['record']}\n".encode())
    copy_checked(out / KEYS / KEYS_FILE, part / KEYS_FILE)
    check_manifest(facts, master_key(part))
    return facts


def _copy(
    backup: Path, part: Path, facts: dict[str, Any], targets: tuple[Blobs | None, str, bool], progress: Progress
) -> _Copied:
    out, size, (bucket, url, take_over) = backup.parent, 0, targets
    copy_checked(backup / DATABASE, part / FILE_NAME, facts["database"]["sha256"])
    if digest_of(backup / BLOBS) != facts["files"]["sha256"]:
        raise RecordError(f"{backup / BLOBS} is damaged; please use another backup.", code="damaged")
    owns = bucket is None or bucket.claim(facts["record"], copy_id(part), take_over=take_over)
    if url or facts["database_kind"] != "sqlite":  # last: what was refused has changed no database
        _load(part, url)
    listed, copied, damaged = read_list(backup / BLOBS), list[Path](), list[str]()
    if bucket is not None and not owns:
        absent = tuple(blob.name for blob in listed if bucket.find(blob.name) is None)
        add_tombstones(tombstone_file(part), read_tombstones(out / ERASED))
        return _Copied(len(listed) - len(absent), 0, (), absent, reads_only=True)
    for done, blob in enumerate(listed):
        progress(done, len(listed), "restoring")
        target = part / Area.KEPT / blob.name[:2] / blob.name
        try:
            if bucket is not None:
                size += _into_bucket(bucket, pool_file(out, blob.name), blob)
                continue
            make_folder(target.parent)
            size += copy_checked(pool_file(out, blob.name), target, blob.digest, is_synced=False)[0]
        except (RecordError, FileNotFoundError) as error:
            if isinstance(error, RecordError) and error.code != "damaged":
                raise
            damaged.append(blob.name)  # one photo must not cost the others
        else:
            copied.append(target)
    progress(len(listed), len(listed), "")
    make_durable(copied)
    add_tombstones(tombstone_file(part), read_tombstones(out / ERASED))
    return _Copied(len(listed) - len(damaged), size, tuple(damaged))


def _targets(home: Path, is_drill: bool) -> tuple[Blobs | None, str]:
    """The object store and the database that the environment names; nothing for the folder of the record."""
    if is_drill:
        return None, ""
    return bucket_of(home), of_folder(os.environ.get("TRACKER_DATABASE", ""), home)


def _load(part: Path, url: str) -> None:
    """The rows of the snapshot, in the database that is to keep them from now on."""
    rows = part / DATABASE
    (part / FILE_NAME).replace(rows)
    secrets = Secrets.of_record(part)
    try:
        store = Store(part, secrets, url)
        try:
            load_snapshot(store, rows)
        finally:
            store.close()
    finally:
        secrets.close()
    rows.unlink()


def _into_bucket(bucket: Blobs, source: Path, blob: Blob) -> int:
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != blob.digest:
        raise RecordError(f"{source} is damaged; please use another backup.", code="damaged")
    if not bucket.create(blob.name, data) and bucket.read(blob.name) != data:  # the one that is there was damaged
        bucket.replace(blob.name, data)
    return len(data)


def settle(restored: Restored) -> Settled:
    """Make a record that was put back the record: who was erased since is erased again, its log is the log.

    Sessions, links of patients and invitations end: which of them were used or taken back since, nobody knows.

    Parameters
    ----------
    restored : Restored
        From `restore`; nobody has opened it yet.

    Raises
    ------
    RecordError
        ``tampered``: its log is not the one that was backed up.
    """
    log = read_manifest(restored.backup)["log"]
    here, outside = Head(log["number"], log["mac"]), Anchor(restored.home).read()
    secrets = Secrets.of_record(restored.home)
    try:
        store = Store(restored.home, secrets)
        try:
            with store.reading() as connection:
                broken = audit.verify(connection, here)
            if broken:
                raise RecordError("The log in this backup is not whole; please use another backup.", code="tampered")
            erased = Eraser(store, Files(restored.home, secrets)).replay()
            with store.writing() as connection:
                ended = _close_doors(connection)
        finally:
            store.close()
    finally:
        secrets.close()
    with Clinic.open(restored.home) as clinic:
        clinic.adopt_log_head(f"restored from the backup {restored.backup.name}")
        clinic.note_restore()
    return Settled(erased, max(0, outside.number - here.number) if outside else 0, ended)


def _close_doors(connection: Connection) -> int:
    """End whatever opens the record without a password; the number of patients' links among it."""
    moment, link = clock.now(), schema.patient_link.c
    web_sessions.revoke(connection, moment)
    connection.execute(delete(schema.invitation))
    working = select(link.id).where(link.revoked_at.is_(None), link.expires_at > moment)
    ended = connection.execute(working).scalars().all()
    for link_id in ended:
        patient_id = patient_links.revoke(connection, link_id, moment)
        audit.append(connection, Entry(SYSTEM, Verb.ISSUE, "revoke_link", patient_id, f"link:{link_id}"))
    return len(ended)
