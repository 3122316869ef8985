"""How a backup lies on the disk, and how what it says of itself is checked.

::

    DIR/blobs/3f/<name>          sealed photos and reports; of all backups together, each once
    DIR/keys/keys.sqlite         the wrapped keys of patients, as they were last; never older ones
    DIR/erased                   who was erased until the last backup
    DIR/<moment>/record.sqlite   one state of the database
    DIR/<moment>/blobs.txt       name, bytes and SHA-256 of every file that state needs
    DIR/<moment>/manifest.json   what this is, digests of the two, and a code made with the master key

The master key is not in it: who steals a backup has noise. Keys of patients are kept once, and as they were last, so
that with the next backup no older one can bring an erased patient back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.clinic.durable import make_folder, sync_folder, write_new
from tracker.clinic.masterkey import MasterKey
from tracker.errors import RecordError

FORM = 1
KIND = "tracker backup"
MANIFEST, DATABASE, BLOBS, KEYS, ERASED = "manifest.json", "record.sqlite", "blobs.txt", "keys", "erased"
POOL = "blobs"
_PIECE = 1 << 20
_MANY = 64
_FACTS = {"form", "record", "database", "database_kind", "files", "log", "mac"}


@dataclass(frozen=True, slots=True)
class Blob:
    """A sealed file of a backup.

    Attributes
    ----------
    name : str
    size : int
    digest : str
        SHA-256 of the sealed bytes.
    """

    name: str
    size: int
    digest: str


def pool_file(out: Path, name: str) -> Path:
    """Where a sealed file lies among those of all backups; names that are none of ours are refused.

    Raises
    ------
    RecordError
        ``damaged``: a list names something that is no name.
    """
    if not name.isalnum() or not name.isascii() or len(name) < 8:
        raise RecordError("The list of files of this backup is damaged; please use another one.", code="damaged")
    return out / POOL / name[:2] / name


def write_list(path: Path, blobs: list[Blob]) -> None:
    """The list of files of a backup, by name."""
    lines = [f"{blob.name} {blob.size} {blob.digest}\n" for blob in sorted(blobs, key=lambda blob: blob.name)]
    write_new(path, "".join(lines).encode("ascii"))


def read_list(path: Path) -> tuple[Blob, ...]:
    """The files that a backup needs.

    Raises
    ------
    RecordError
        ``damaged``.
    """
    try:
        parts = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return tuple(Blob(name, int(size), digest) for name, size, digest in parts)
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} is damaged or missing; please use another backup.", code="damaged") from error


def files_of(folder: Path, master: MasterKey) -> tuple[Blob, ...] | None:
    """The files that a backup needs; None if what it says of itself is not as the program wrote it."""
    try:
        facts = read_manifest(folder)
        check_manifest(facts, master)
        if digest_of(folder / BLOBS) != facts["files"]["sha256"]:
            return None
        return read_list(folder / BLOBS)
    except (RecordError, OSError):
        return None


def write_manifest(folder: Path, facts: dict[str, Any], master: MasterKey) -> None:
    """What a backup says of itself, with a code that nobody can make without the master key."""
    facts = {"kind": KIND, "form": FORM, **facts}
    facts["mac"] = _mac(facts, master)
    write_new(folder / MANIFEST, (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a backup says of itself, not checked yet; see `check_manifest`.

    Raises
    ------
    RecordError
        ``no_backup``: there is none here. ``newer_backup``: a newer program made it.
    """
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if facts["kind"] != KIND or not facts.keys() >= _FACTS or not str(facts["record"]).isalnum():
            raise ValueError(facts["kind"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{folder} is no backup of this program, or not a whole one.", code="no_backup") from error
    if facts["form"] > FORM:
        raise RecordError("A newer version of the program made this backup; please update.", code="newer_backup")
    return dict(facts)


def check_manifest(facts: dict[str, Any], master: MasterKey) -> None:
    """See whether a manifest is as the program wrote it.

    Raises
    ------
    RecordError
        ``damaged``.
    """
    if not hmac.compare_digest(str(facts.get("mac")), _mac(facts, master)):
        raise RecordError("This backup was changed or is of another record; please use another one.", code="damaged")


def _mac(facts: dict[str, Any], master: MasterKey) -> str:
    plain = json.dumps({name: value for name, value in facts.items() if name != "mac"}, sort_keys=True)
    return hmac.digest(master.derive("backups"), plain.encode(), "sha256").hex()


def backups_in(out: Path) -> tuple[Path, ...]:
    """The whole backups in a folder, the oldest first."""
    if not out.is_dir():
        return ()
    return tuple(sorted(path.parent for path in out.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")))


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_checked(source: Path, target: Path, digest: str | None = None, *, is_synced: bool = True) -> tuple[int, str]:
    """Copy a file, and check it on the way.

    Parameters
    ----------
    source, target : Path
    digest : str, optional
        SHA-256 it has to have; the target is not made otherwise.
    is_synced : bool
        The copy is on the disk when this returns; otherwise `make_durable` has to follow.

    Returns
    -------
    tuple of int and str
        Its bytes and SHA-256.

    Raises
    ------
    RecordError
        ``damaged``: it is another one.
    OSError
        It cannot be read, or the disk is full.
    """
    part, found, size = target.with_name(f".{target.name}.part"), hashlib.sha256(), 0
    try:
        with source.open("rb") as file, os.fdopen(_new(part), "wb") as out:
            while piece := file.read(_PIECE):
                found.update(piece)
                size += len(piece)
                out.write(piece)
            if is_synced:
                out.flush()
                os.fsync(out.fileno())
        if digest is not None and found.hexdigest() != digest:
            raise RecordError(f"{source} is damaged; please use another backup.", code="damaged")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size, found.hexdigest()


def _new(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Only one program at a time writes into a folder of backups.

    Raises
    ------
    RecordError
        ``busy``: another one does.
    """
    make_folder(out)
    handle = os.open(out / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _lock(handle)
        try:
            yield
        finally:
            _unlock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise RecordError("Another backup into this folder is running; please wait for it.", code="busy") from error


def _unlock(handle: int) -> None:
    """Let go at once: a program that another thread is just starting holds a copy of the handle for a moment."""
    if os.name != "posix":
        return
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_UN)


def make_durable(files: Sequence[Path]) -> None:
    """Make files that were just written, and their names, survive a power cut.

    Of many files the disk is told once: thousands of single calls would take most of the time of a backup.
    """
    if len(files) > _MANY and sys.platform == "linux":  # where this call waits until all is written
        os.sync()
        return
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for folder in {path.parent for path in files}:
        sync_folder(folder)


def sync_tree(folder: Path) -> None:
    """Make all files and names below a folder survive a power cut."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
