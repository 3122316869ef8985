"""The end of the log as it is known outside the database: a small file beside the master key.

It is written after the transaction and before anybody is told that something was done. A process that is ended in
between leaves an anchor that is behind, which is no alarm; one that is ahead is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from tracker.clinic import audit
from tracker.clinic.audit import Head
from tracker.clinic.durable import make_folder, not_saved, replace_with
from tracker.clinic.keys import key_file, record_id
from tracker.clinic.store import Store

if os.name == "posix":
    import fcntl


class Anchor:
    """The anchor of one record.

    Parameters
    ----------
    home : Path
        Folder of the record. The anchor lies beside its master key, or in the folder that ``TRACKER_ANCHOR`` names.
    """

    def __init__(self, home: Path) -> None:
        chosen = os.environ.get("TRACKER_ANCHOR")
        folder = Path(chosen) if chosen else key_file(home).parent
        self.path = folder / f"{record_id(home)}.anchor"
        self._lock = threading.Lock()

    def read(self) -> Head | None:
        """What is known outside; None if nothing is."""
        try:
            number, mac = self.path.read_text().split()
            return Head(int(number), mac)
        except (FileNotFoundError, ValueError):
            return None

    def follow(self, store: Store) -> None:
        """Move the anchor to the end of the log, on the disk when this returns.

        A log that does not contain what the anchor says was cut or exchanged: the anchor then stays as the proof.

        Raises
        ------
        RecordError
            ``not_saved``: the disk did not take it.
        """
        try:
            with self._alone():
                with store.reading() as connection:
                    here, known = audit.head(connection), self.read()
                    if known is not None and not self._is_before(connection, known, here):
                        return
                self._write(here)
        except OSError as error:
            raise not_saved(error.strerror or error) from error

    def put(self, head: Head) -> None:
        """Take a log as it is now as the true one: after a backup was restored."""
        with self._alone():
            self._write(head)

    def _is_before(self, connection: Connection, known: Head, here: Head) -> bool:
        return known.number < here.number and audit.mac_of(connection, known.number) == known.mac

    def _write(self, head: Head) -> None:
        replace_with(self.path, f"{head.number} {head.mac}\n".encode())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process and one thread at a time: an older end must not replace a newer one."""
        with self._lock:
            make_folder(self.path.parent)
            if os.name != "posix":
                yield
                return
            handle = os.open(self.path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
