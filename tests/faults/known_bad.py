"""Builds of the program that lose data, made by taking one step away: a harness that does not catch them is broken."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from tracker.clinic import clinic
from tracker.clinic.blobs import blob_name
from tracker.clinic.store import store
from tracker.clinic.vault import Vault


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
    """A process that finds the record busy gives up at once."""

    @contextmanager
    def at_once(*_: object) -> Iterator[None]:
        yield

    store.turn = at_once  # type: ignore[assignment]
    _every_connection("PRAGMA busy_timeout = 0")


def row_before_photo() -> None:
    """The row that makes a photo count is saved before its blob is."""
    real_put, real_store = Vault.put, clinic.store_original
    late: list[tuple[Any, ...]] = []

    def put(self: Vault, patient_id: str, kind: str, data: bytes) -> str:
        late.append((self, patient_id, kind, data))
        return blob_name(self._keys.derive(patient_id, "names"), kind, data)

    def row_first(*given: Any) -> Any:
        stored = real_store(*given)
        time.sleep(0.005)  # as long as a photo of some megabytes takes
        while late:
            real_put(*late.pop())
        return stored

    Vault.put, Vault.ensure = put, lambda *_: None  # type: ignore[method-assign, assignment]
    clinic.store_original = row_first


def _every_connection(*pragmas: str) -> None:
    def weaken(connection: Any, *_: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma).fetchone()

    event.listen(Pool, "checkout", weaken)


BUILDS = {
    build.__name__: build
    for build in (sound, no_file_sync, log_without_sync, no_database_sync, no_waiting, row_before_photo)
}
