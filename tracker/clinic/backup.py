"""A backup of a record that is in use: one state of the database and every file that it needs.

Files come first and again after the state was taken; what was added meanwhile is not in that state, and what was
removed meanwhile makes it be taken anew. So no row is without its file, however much is written while it runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert, select

from tracker.clinic import schema
from tracker.clinic.backup_form import (
    BLOBS,
    DATABASE,
    ERASED,
    KEYS,
    POOL,
    Blob,
    alone,
    backups_in,
    digest_of,
    files_of,
    make_durable,
    pool_file,
    read_list,
    read_manifest,
    sync_tree,
    write_list,
    write_manifest,
)
from tracker.clinic.durable import make_folder, private, replace_with, sync_folder
from tracker.clinic.files import Files
from tracker.clinic.keystore import KEYS_FILE, kept_keys
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.clinic.snapshot import blob_names, copy_database, log_head_in, names_in, snapshot_of
from tracker.clinic.store import Store
from tracker.clinic.tombstones import tombstone_file
from tracker.errors import RecordError

Progress = Callable[[int, int, str], None]
#: What the record knows of when it was copied last, and when a copy was last tried, among the facts about it.
LAST_BACKUP, LAST_RESTORE = "last_backup", "last_restore"
#: Names of the backups that were found damaged by then, if there are any.
DAMAGED_BACKUPS = "damaged_backups"
#: In so many days every file in a backup's pool is read through once, if a backup is made each day.
CHECKED_IN_DAYS = 7
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made.

    Attributes
    ----------
    folder : Path
    files : int
        Sealed photos and reports that it needs.
    copied, copied_bytes : int
        Those that were new.
    missing : tuple of str
        Names of files that the record itself has lost; `doctor` says whose they are.
    removed : tuple of str
        Names of older backups that were removed.
    damaged : tuple of str
        Names of older backups that are kept and cannot be restored: their lists were damaged.
    seconds : float
    """

    folder: Path
    files: int
    copied: int
    copied_bytes: int
    missing: tuple[str, ...]
    removed: tuple[str, ...]
    damaged: tuple[str, ...]
    seconds: float


class Backup:
    """Makes backups of one record into one folder.

    Parameters
    ----------
    store : Store
    files : Files
    out : Path
        Made if it does not exist, for the owner only.

    Raises
    ------
    RecordError
        ``backup_in_record``: a copy beside the original is none.
    """

    def __init__(self, store: Store, files: Files, out: Path) -> None:
        self._store, self._files, self._out = store, files, out.absolute()
        if self._out.resolve().is_relative_to(files.home.resolve()):
            raise RecordError(
                "The backup would lie in the folder of the record; please choose another disk.", code="backup_in_record"
            )
        self._master = files.secrets.master
        self._copied = self._copied_bytes = 0

    def make(self, *, keep: int | None = None, progress: Progress | None = None) -> BackedUp:
        """Make a backup.

        Parameters
        ----------
        keep : int, optional
            How many to keep, this one among them; by default all.
        progress : callable, optional
            Called with (done, total, what) as files are copied.

        Raises
        ------
        RecordError
            ``busy``: another backup into the folder is running; ``other_record``: the folder is another record's;
            ``keys_damaged``: keys of the record are; ``not_saved``: the disk is full or faulty. Whatever was in the
            folder before is as it was.
        """
        began = time.monotonic()
        try:
            with alone(self._out):
                self._check_own()
                self._tidy()
                folder, missing = self._made(progress or (lambda done, total, what: None))
                removed, damaged = self._pruned(keep)
                self._note(damaged)
                files = len(read_list(folder / BLOBS))
        except OSError as error:
            raise RecordError(
                f"The backup could not be made: {error.strerror or error}. Please see that the disk has room and "
                "can be written, and try again.",
                code="not_saved",
            ) from error
        seconds = time.monotonic() - began
        return BackedUp(folder, files, self._copied, self._copied_bytes, missing, removed, damaged, seconds)

    def _made(self, progress: Progress) -> tuple[Path, tuple[str, ...]]:
        moment = datetime.now(UTC)
        part = self._out / f".{moment:%Y-%m-%dT%H%M%S.%fZ}"
        make_folder(part)
        with self._store.reading() as connection:
            secrets, first = secrets_of(connection), blob_names(connection)
        known = self._known()
        self._copy(sorted(first), known, progress)
        wanted, lost = self._settled(part, known, progress)
        write_list(part / BLOBS, [known[name] for name in wanted if name in known])
        self._keys(secrets)
        self._manifest(part, moment, known, wanted, lost, secrets)
        sync_tree(part)
        folder = self._out / part.name[1:]
        part.replace(folder)
        sync_folder(self._out)
        with self._store.writing() as connection:
            connection.execute(delete(schema.about).where(schema.about.c.name == LAST_BACKUP))
            connection.execute(insert(schema.about).values(name=LAST_BACKUP, value=moment.isoformat()))
        return folder, tuple(sorted(lost))

    def _settled(self, part: Path, known: dict[str, Blob], progress: Progress) -> tuple[set[str], set[str]]:
        """A state of the database and the files it needs: all that there are, and those that the record has lost."""
        for attempt in range(1, _ATTEMPTS + 1):
            snapshot_of(self._store, self._files.home, part / DATABASE)
            wanted = names_in(part / DATABASE)
            lost = self._copy(sorted(wanted), known, progress)
            if not lost or attempt == _ATTEMPTS:
                break
            with self._store.reading() as connection:
                if lost <= blob_names(connection):  # not removed meanwhile: these are lost for good
                    break
        return wanted, lost

    def _copy(self, names: Iterable[str], known: dict[str, Blob], progress: Progress) -> set[str]:
        """Copy files that the folder lacks; names of those that cannot be read."""
        new, lost, copied = [name for name in names if name not in known], set(), list[Path]()
        for done, name in enumerate(new):
            progress(done, len(new), "copying")
            data = self._raw(name)
            if data is None:
                lost.add(name)
                continue
            path = pool_file(self._out, name)
            make_folder(path.parent)
            part = path.with_name(f".{name}")
            part.unlink(missing_ok=True)
            with private(part) as file:
                file.write(data)
            part.replace(path)
            copied.append(path)
            known[name] = Blob(name, len(data), hashlib.sha256(data).hexdigest())
            self._copied += 1
            self._copied_bytes += len(data)
        make_durable(copied)  # before a list names them
        if new:
            progress(len(new), len(new), "")
        return lost

    def _raw(self, name: str) -> bytes | None:
        """A sealed file as it lies there; None if the record has lost it."""
        vault = self._files.vault
        found = vault.blobs.read(name)
        return vault.blobs.read(name) if found is None and vault.bring_back(name) else found

    def _known(self) -> dict[str, Blob]:
        """Files that earlier backups copied and that are still there; a part of them is read through each day.

        What has rotted since is copied anew while the record still has it: all backups share these files. So is what
        only a damaged list named.
        """
        lists = (files_of(folder, self._master) or () for folder in backups_in(self._out))
        found = {blob.name: blob for blobs in lists for blob in blobs}
        present = {path.name: path.stat().st_size for path in (self._out / POOL).glob("??/*")}
        due = datetime.now(UTC).toordinal() % CHECKED_IN_DAYS

        def is_whole(name: str, blob: Blob) -> bool:
            if present.get(name) != blob.size:
                return False
            is_due = int(name[:4], 16) % CHECKED_IN_DAYS == due
            return not is_due or digest_of(pool_file(self._out, name)) == blob.digest

        return {name: blob for name, blob in found.items() if is_whole(name, blob)}

    def _check_own(self) -> None:
        """Keys are kept once for all backups in a folder: those of another record would take their place."""
        own = (self._files.home / "record.id").read_text().strip()
        found = backups_in(self._out)
        if any(files_of(folder, self._master) is not None for folder in found):
            return  # it is ours; what does not fit in it was damaged
        if any(_record_of(folder) not in (own, None) for folder in found):
            raise RecordError(
                f"{self._out} holds backups of another record; please choose a folder of its own.", code="other_record"
            )

    def _keys(self, secrets: Secrets) -> None:
        """The keys as they are now take the place of older ones; and who was erased until now."""
        folder = self._out / KEYS
        make_folder(folder)
        _check_keys(secrets, folder / KEYS_FILE)
        copy_database(self._files.home / KEYS_FILE, folder / KEYS_FILE)
        with suppress(FileNotFoundError):
            replace_with(self._out / ERASED, tombstone_file(self._files.home).read_bytes())

    def _manifest(
        self,
        part: Path,
        moment: datetime,
        known: dict[str, Blob],
        wanted: set[str],
        lost: set[str],
        secrets: Secrets,
    ) -> None:
        database = part / DATABASE
        head = log_head_in(database)
        facts = {
            "database_kind": "sqlite" if self._store.is_sqlite else "rows",
            "log": {"number": head.number, "mac": head.mac},
            "made_at": moment.isoformat(),
            "record": (self._files.home / "record.id").read_text().strip(),
            "schema": schema.SCHEMA_VERSION,
            "master_key": secrets.master.id,
            "database": {"bytes": database.stat().st_size, "sha256": digest_of(database)},
            "files": {
                "count": len(wanted - lost),
                "bytes": sum(known[name].size for name in wanted - lost),
                "sha256": digest_of(part / BLOBS),
                "missing": sorted(lost),
            },
        }
        write_manifest(part, facts, secrets.master)

    def _pruned(self, keep: int | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Remove the oldest backups, then the files that no backup needs any more; names of what went, and of what is
        damaged. What a damaged list named nobody knows: as long as it is kept no file goes.
        """
        whole = backups_in(self._out)
        old = whole[: -max(keep, 1)] if keep is not None else ()
        for folder in old:
            _remove(folder)
        lists = {folder.name: files_of(folder, self._master) for folder in whole if folder not in old}
        damaged = tuple(name for name, blobs in lists.items() if blobs is None)
        needed = {blob.name for blobs in lists.values() for blob in blobs or ()}
        for path in (self._out / POOL).glob("??/*"):
            if path.name not in needed and not damaged:
                path.unlink()
        return tuple(folder.name for folder in old), damaged

    def _note(self, damaged: tuple[str, ...]) -> None:
        """What `doctor` reminds of: it does not know where the backups lie."""
        with self._store.writing() as connection:
            connection.execute(delete(schema.about).where(schema.about.c.name == DAMAGED_BACKUPS))
            if damaged:
                connection.execute(insert(schema.about).values(name=DAMAGED_BACKUPS, value=" ".join(damaged)))

    def _tidy(self) -> None:
        """Remove what a backup left that was ended half-way; we are alone here."""
        for path in self._out.glob(".2*Z"):
            shutil.rmtree(path)
        for path in (self._out / POOL).glob("??/.*"):
            path.unlink()


def _record_of(folder: Path) -> str | None:
    """Whose a backup is; None if it is damaged."""
    try:
        return str(read_manifest(folder)["record"])
    except RecordError as error:
        if error.code == "newer_backup":
            raise
        return None


def _check_keys(secrets: Secrets, before: Path) -> None:
    """Refuse to let damaged or missing keys take the place of those that older backups are read with.

    Raises
    ------
    RecordError
        ``keys_damaged``.
    """
    here = set(secrets.keys.patients())
    destroyed = set(secrets.keys.destroyed()) if secrets.keys.is_destroyed_list_whole() else set()
    lost = kept_keys(before) - here - destroyed  # what somebody else wrote explains no key that is gone
    for patient_id in here:
        try:
            secrets.keys.key(patient_id)
        except RecordError as error:
            if error.code not in ("erased", "no_key"):  # erased since they were listed
                lost.add(patient_id)
    if lost:
        raise RecordError(
            f"The keys of {len(lost)} patients are damaged or missing in the record, and no backup was made: it would "
            f"replace the last good ones. Please stop the app and bring {KEYS_FILE} back from {before.parent}.",
            code="keys_damaged",
        )


def _remove(folder: Path) -> None:
    """Remove a backup: its name first, so that a half removed one is not taken for a whole one."""
    hidden = folder.with_name(f".{folder.name}")
    os.replace(folder, hidden)
    shutil.rmtree(hidden)


def last_backup(store: Store) -> datetime | None:
    """When the record was backed up last, as it knows itself."""
    with store.reading() as connection:
        found = connection.execute(select(schema.about.c.value).where(schema.about.c.name == LAST_BACKUP)).scalar()
    return datetime.fromisoformat(found) if found else None
