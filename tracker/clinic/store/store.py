"""One record on SQLite or PostgreSQL, with one writer at a time and every row sealed."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DatabaseError, DataError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from tracker.clinic.durable import not_saved
from tracker.clinic.schema import touched
from tracker.clinic.sealing import Secrets
from tracker.clinic.seals import last_touched, seal_touched
from tracker.clinic.store.postgres import postgres_engine
from tracker.clinic.store.sqlite import BUSY_TIMEOUT_MS, FILE_NAME, sqlite_engine
from tracker.clinic.store.turns import turn
from tracker.clinic.store.upgrade import bring_up_to_date, check_frame, check_version
from tracker.clinic.verifying import Verified, verify
from tracker.errors import RecordError

LOCK_NAME = "clinic.lock"


class Store:
    """A database with one writer at a time.

    Parameters
    ----------
    home : Path
        Existing folder of the record.
    secrets : Secrets
        What texts are encrypted and rows are sealed with; `sealing.secrets_of` gives it for every connection.
    url : str, optional
        Of a PostgreSQL database. By default what the environment names as ``TRACKER_DATABASE``, and a SQLite file in
        the folder if that is nothing. ``{folder}`` in it becomes a name made of the folder's path, so that several
        records can be kept apart on one server, each in a schema of its own.
    read_only : bool
        Nothing is written, and the record is opened even if its frame is not as the program made it.

    Raises
    ------
    RecordError
        ``damaged``: it cannot be opened. ``tampered``: what holds the rows was changed; it can be opened for reading.
        ``newer_schema``, ``older_schema``: it was written by another version of the program. ``unsafe``: the database
        does not keep what it promised to keep.
    """

    def __init__(self, home: Path, secrets: Secrets, url: str | None = None, *, read_only: bool = False) -> None:
        self.home, self.read_only, self.read_only_reason = home, read_only, ""
        self._lock = threading.RLock()
        options = {"secrets": secrets, "seal_key": secrets.master.derive("rows")}
        chosen = os.environ.get("TRACKER_DATABASE", "") if url is None else url
        self._engine: Engine = (
            postgres_engine(of_folder(chosen, home), options) if chosen else sqlite_engine(home / FILE_NAME, options)
        )
        try:
            self._prepare()
        except RecordError:
            self.close()
            raise
        except (DatabaseError, UnicodeDecodeError) as error:  # SQLite may quote damaged text that is none
            self.close()
            raise _damaged(error) from error

    @classmethod
    def of_record(cls, home: Path, secrets: Secrets) -> Self:
        """The store of a record; one that something else has changed can be read, and says why it is not written.

        Raises
        ------
        RecordError
            As of `Store`, but for ``tampered``.
        """
        try:
            return cls(home, secrets)
        except RecordError as error:
            if error.code != "tampered":
                raise
            store = cls(home, secrets, read_only=True)
            store.read_only_reason = error.reason
            return store

    @property
    def is_sqlite(self) -> bool:
        """Whether the record is one file."""
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the record; not to be held while writing.

        Raises
        ------
        RecordError
            The disk is faulty, or another process kept the record busy.
        """
        try:
            with self._engine.connect() as connection, connection.begin():
                yield connection
        except (OperationalError, InternalError, NoConnection) as error:
            medium = "disk" if self.is_sqlite else "database server"
            raise RecordError(
                f"The record cannot be read: {_plain(error)}. Please check the {medium} and try again.", code="not_read"
            ) from error
        except UnicodeDecodeError as error:
            raise _damaged(error) from error
        except DatabaseError as error:
            raise _unusual(error) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are saved and sealed together or not at all.

        Raises
        ------
        RecordError
            The disk is full or faulty, or another process kept the record busy; nothing has been changed. Or the
            record is open for reading only.
        """
        self.expect_writable()
        with self._transaction() as connection:
            since = last_touched(connection)
            yield connection
            seal_touched(connection, since)

    def expect_writable(self) -> None:
        """Refuse what is not to be begun in a record that takes nothing, such as keeping a file.

        Raises
        ------
        RecordError
            ``read_only``
        """
        if self.read_only:
            raise RecordError(
                f"Nothing was saved: {self.read_only_reason or 'this is for reading only.'}", code="read_only"
            )

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """As `writing`, on a database that may have no tables yet; only for `upgrade`."""
        with self._transaction() as connection:
            since = last_touched(connection) if inspect(connection).has_table(touched.name) else 0
            yield connection
            seal_touched(connection, since)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._lock, self._turn():
            is_through = False
            try:
                with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
                    yield connection
                    is_through = True
            except (OperationalError, InternalError, NoConnection) as error:
                raise self._not_saved(error, is_through) from error
            except DatabaseError as error:
                raise _unusual(error) from error

    def _not_saved(self, error: Exception, is_through: bool) -> RecordError:
        if self.is_sqlite:
            return not_saved(_plain(error))
        if is_through:  # it broke off between our commit and its answer
            return RecordError(
                f"The database server broke off while this was saved ({_plain(error)}), so that it may or may not be "
                "there; please look, and do it again if it is not.",
                code="not_certain",
            )
        return RecordError(
            f"This was not saved and nothing was changed: {_plain(error)}. Please check the database server and try "
            "again.",
            code="not_saved",
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.is_sqlite:  # the server lets its writers wait in order
            yield
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(turn(self.home / LOCK_NAME, BUSY_TIMEOUT_MS / 1000))
            except TimeoutError as error:
                raise not_saved("another program kept the record busy") from error
            except OSError as error:
                raise not_saved(error.strerror or error) from error
            yield

    def verify(self) -> Verified:
        """Read every row and compare it with its seal."""
        with self.reading() as connection:
            return verify(connection)

    def _prepare(self) -> None:
        with self.reading() as connection:
            is_ready = check_version(connection)
        if not is_ready and not self.read_only:
            bring_up_to_date(self)
        if not self.read_only:
            with self.reading() as connection:
                check_frame(connection)


def of_folder(url: str, home: Path) -> str:
    """The address of the record of one folder, on a server that holds several."""
    return url.replace("{folder}", f"record_{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:24]}")


def _damaged(error: Exception) -> RecordError:
    return RecordError(
        f"The record cannot be opened ({_plain(error)}); please restore it from a backup.", code="damaged"
    )


def _unusual(error: DatabaseError) -> Exception:
    """What the database says that is about neither disk nor server."""
    if type(error) is DatabaseError:  # SQLite, of a file that is malformed
        return _damaged(error)
    if isinstance(error, DataError):
        return RecordError(
            f"This cannot be stored ({_plain(error)}); please change it. Nothing was changed.", code="bad_text"
        )
    return error


def _plain(error: Exception) -> str:
    """The first line of what the database said; those below may quote what was to be stored."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else type(error).__name__
