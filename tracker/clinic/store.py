"""The database of the record: how it is opened, read and written so that what was saved stays saved."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, update
from sqlalchemy.exc import DatabaseError, OperationalError

from tracker.clinic.durable import not_saved
from tracker.clinic.schema import SCHEMA_VERSION, about, metadata
from tracker.clinic.sealing import Secrets
from tracker.errors import RecordError

FILE_NAME = "clinic.sqlite"
BUSY_TIMEOUT_MS = 30_000
#: SQLite before this version can corrupt a write-ahead log that several connections use (sqlite.org/wal.html).
SAFE_LOG_VERSION = (3, 51, 3)


class Store:
    """A SQLite database with one writer at a time.

    Parameters
    ----------
    home : Path
        Existing folder of the record.
    secrets : Secrets
        What seals and opens the texts in it; every connection carries them.

    Raises
    ------
    RecordError
        The file is damaged, or was written by a newer version of the program.
    """

    def __init__(self, home: Path, secrets: Secrets) -> None:
        self._lock = threading.RLock()
        self._engine = _engine(home / FILE_NAME, secrets)
        try:
            self._prepare()
        except DatabaseError as error:
            self.close()
            raise RecordError(
                f"The record in {home} cannot be opened ({error.orig}); please restore it from a backup.",
                code="damaged",
            ) from error
        except RecordError:
            self.close()
            raise

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
        except OperationalError as error:
            raise RecordError(
                f"The record cannot be read: {error.orig}. Please check the disk and try again.", code="not_read"
            ) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are saved together or not at all.

        Raises
        ------
        RecordError
            The disk is full or faulty, or another process kept the record busy; nothing has been changed.
        """
        with self._lock:
            try:
                with self._engine.connect().execution_options(immediate=True) as connection, connection.begin():
                    yield connection
            except OperationalError as error:
                raise not_saved(error.orig or error) from error

    def _prepare(self) -> None:
        with self.reading() as connection:
            known = _version(connection)
        if known is None:
            with self.writing() as connection:
                if _version(connection) is None:  # another process may have been faster
                    metadata.create_all(connection)
                    connection.execute(insert(about).values(name="schema_version", value=str(SCHEMA_VERSION)))
        elif known < SCHEMA_VERSION:
            with self.writing() as connection:
                _bring_up_to_date(connection)
        elif known > SCHEMA_VERSION:
            raise RecordError(
                f"This record was written by a newer version of the program (schema {known}, here {SCHEMA_VERSION}); "
                "please update the program. Nothing has been changed.",
                code="newer_schema",
            )


def _bring_up_to_date(connection: Connection) -> None:
    """Add the tables and columns that an older record lacks; what it holds is left as it is."""
    known = inspect(connection)
    for table in metadata.sorted_tables:
        if known.has_table(table.name):
            present = {column["name"] for column in known.get_columns(table.name)}
            for column in table.columns:
                if column.name not in present:
                    kind = column.type.compile(connection.dialect)
                    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")
    metadata.create_all(connection)
    connection.execute(update(about).where(about.c.name == "schema_version").values(value=str(SCHEMA_VERSION)))


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(about.name):
        return None
    found = connection.execute(select(about.c.value).where(about.c.name == "schema_version")).scalar()
    return int(found) if found else None


def _engine(path: Path, secrets: Secrets) -> Engine:
    # SQLite would create the file readable by everybody; its journal takes over the mode found here.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        execution_options={"secrets": secrets},
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    journal, synchronous = ("wal", 2) if sqlite3.sqlite_version_info >= SAFE_LOG_VERSION else ("delete", 3)
    wanted = {
        "busy_timeout": BUSY_TIMEOUT_MS,
        "foreign_keys": 1,
        "journal_mode": journal,
        "synchronous": synchronous,  # 2 = FULL, enough for a log; 3 = EXTRA, which also syncs the folder
    }
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise RecordError(f"The record cannot be kept safely here: {name} is {found}, not {value}.", code="unsafe")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
