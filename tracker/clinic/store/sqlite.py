"""SQLite in the mode in which it loses nothing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from tracker.errors import RecordError

FILE_NAME = "clinic.sqlite"
#: Connections that stay open when nobody uses them: opening one takes longer than most of what is then asked.
_KEPT_OPEN = 32
BUSY_TIMEOUT_MS = 30_000
#: SQLite before this version can corrupt a write-ahead log that several connections use (sqlite.org/wal.html).
SAFE_LOG_VERSION = (3, 51, 3)


def sqlite_engine(path: Path, options: dict[str, Any]) -> Engine:
    """Connections to a file, which is made for its owner only if there is none.

    Parameters
    ----------
    path : Path
    options : dict
        Execution options of every connection.

    Raises
    ------
    RecordError
        ``not_read``: the disk does not let the file be opened.
    """
    try:
        # SQLite would create the file readable by everybody; its journal takes over the mode found here.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise RecordError(
            f"The record cannot be read: {error.strerror or error}. Please check the disk and try again.",
            code="not_read",
        ) from error
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        execution_options=options,
        pool_size=_KEPT_OPEN,
        max_overflow=-1,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def copy_of(path: Path, target: Path) -> None:
    """A consistent copy of a database, durable when this returns; an older copy of this name is replaced."""
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source, copy = sqlite3.connect(path), sqlite3.connect(part)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    for synced in (part, part.parent):
        number = os.open(synced, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
        if synced is part:
            part.replace(target)


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    journal, synchronous = ("wal", 2) if sqlite3.sqlite_version_info >= SAFE_LOG_VERSION else ("delete", 3)
    wanted = {
        "busy_timeout": BUSY_TIMEOUT_MS,
        "foreign_keys": 1,
        "recursive_triggers": 1,  # a row that another one replaces is noted as removed
        "journal_mode": journal,
        "synchronous": synchronous,  # 2 = FULL, enough for a log; 3 = EXTRA, which also syncs the folder
        "secure_delete": 1,  # what was removed is overwritten, not only let go
        "cell_size_check": 1,  # a damaged page is noticed when it is read, not when it is written back
    }
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise RecordError(f"The record cannot be kept safely here: {name} is {found}, not {value}.", code="unsafe")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
