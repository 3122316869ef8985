"""Builds of the program that lose data, made by taking one step away: a harness that does not catch them is broken."""

from __future__ import annotations

import os
import stat
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from tracker.clinic import originals
from tracker.clinic.files import Files


def sound() -> None:
    """The program as it is."""


def no_file_sync() -> None:
    """Photos are left to the cache of the system; folders and databases are not."""
    real = os.fsync

    def sync(handle: int) -> None:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            real(handle)

    os.fsync = sync


def log_without_sync() -> None:
    """The database keeps a log that is not synced at every commit."""
    _every_connection("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")


def no_database_sync() -> None:
    """The database never syncs."""
    _every_connection("PRAGMA synchronous = OFF")


def no_waiting() -> None:
    """A process that finds the database busy gives up at once."""
    _every_connection("PRAGMA busy_timeout = 0")


def row_before_photo() -> None:
    """The row that makes a photo count is saved before its file is."""
    store = originals.store_original
    real = Files.save_original

    def row_first(records: Any, files: Files, new: Any, data: bytes) -> Any:
        late: list[tuple[str, bytes]] = []

        def later(_self: Files, content: bytes) -> str:
            late.append((os.urandom(16).hex(), content))
            return late[-1][0]

        Files.save_original = later  # type: ignore[method-assign]
        stored = store(records, files, new, data)
        Files.save_original = real  # type: ignore[method-assign]
        for name, content in late:
            os.rename(_kept(files, real(files, content)), _folder(files._original(name)))
        return stored

    from tracker.clinic import clinic

    clinic.store_original = row_first


def _kept(files: Files, name: str) -> str:
    return str(files._original(name))


def _folder(path: Any) -> str:
    path.parent.mkdir(exist_ok=True)
    return str(path)


def _every_connection(*pragmas: str) -> None:
    def weaken(connection: Any, *_: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma).fetchone()

    event.listen(Pool, "checkout", weaken)


BUILDS = {
    build.__name__: build
    for build in (sound, no_file_sync, log_without_sync, no_database_sync, no_waiting, row_before_photo)
}
