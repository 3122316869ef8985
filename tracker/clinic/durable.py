"""Files that survive a power cut, readable by nobody but their owner."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tracker.errors import RecordError

if os.name == "posix":
    import fcntl


def not_saved(error: object) -> RecordError:
    """The refusal for a disk that did not take what it was given."""
    return RecordError(
        f"This was not saved and nothing was changed: {error}. Please check the disk and try again.", code="not_saved"
    )


def private(path: Path) -> BinaryIO:
    """A new file that only the owner may read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other thread or process of this machine is between reading and writing a file.

    Parameters
    ----------
    path : Path
        The file; beside it a lock is left, which says nothing.
    """
    make_folder(path.parent)
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if os.name == "posix":
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_new(path: Path, data: bytes) -> None:
    """Write a new file to the disk; its name is safe only once its folder is synced."""
    with private(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_with(path: Path, data: bytes, *, by_way_of: Path | None = None) -> None:
    """Write a file so that its name holds either what it held or all of the data, whenever the power goes.

    Parameters
    ----------
    path : Path
        In an existing folder.
    data : bytes
    by_way_of : Path, optional
        Folder on the same disk where it is written first; by default that of the file.

    Raises
    ------
    OSError
        The disk did not take it; nothing is left behind.
    """
    part = (by_way_of or path.parent) / f".{secrets.token_hex(16)}"
    try:
        write_new(part, data)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """A folder for the owner only, with those it lies in, whose names survive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
