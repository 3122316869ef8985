"""One state of the database as a SQLite file, whatever database it is kept in; and back."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import NullPool

from tracker.clinic import schema
from tracker.clinic.store import FILE_NAME, Store
from tracker.errors import RecordError


def blob_names(connection: Connection) -> set[str]:
    """Names of all sealed files that the rows of a record name."""
    columns = [c for table in schema.metadata.sorted_tables for c in table.columns if c.info.get("names_blob")]
    return {name for c in columns for name in connection.execute(select(c).where(c != "")).scalars() if name}


def names_in(path: Path) -> set[str]:
    """Names of all files that the rows of a snapshot name."""
    engine = create_engine(f"sqlite+pysqlite:///file:{path}?mode=ro&uri=true", poolclass=NullPool)
    with engine.connect() as connection:
        return blob_names(connection)


def snapshot_of(store: Store, home: Path, target: Path) -> None:
    """Write one state of the database into a file that does not exist, or is replaced.

    Raises
    ------
    RecordError
        ``not_read``: the record is damaged or cannot be read.
    """
    copy_database(home / FILE_NAME, target)


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that is in use; durable when this returns, an older copy of this name is replaced.

    Raises
    ------
    RecordError
        ``not_read``: it is damaged or cannot be read.
    OSError
        The disk did not take the copy.
    """
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        here, copy = sqlite3.connect(source, timeout=30), sqlite3.connect(part)
        try:
            here.backup(copy)
        except sqlite3.Error as error:
            raise RecordError(
                f"The record could not be copied ({error}); please run doctor and try again.", code="not_read"
            ) from error
        finally:
            copy.close()
            here.close()
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
