"""One state of the database as a SQLite file, whatever database it is kept in; and back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, delete, func, insert, select, update
from sqlalchemy.pool import NullPool

from tracker.clinic import audit, schema
from tracker.clinic.audit import Head
from tracker.clinic.store import FILE_NAME, Store
from tracker.clinic.verifying import seal_shape
from tracker.errors import RecordError

_AT_ONCE = 500


def blob_names(connection: Connection) -> set[str]:
    """Names of all sealed files that the rows of a record name."""
    columns = [c for table in schema.metadata.sorted_tables for c in table.columns if c.info.get("names_blob")]
    return {name for c in columns for name in connection.execute(select(c).where(c != "")).scalars() if name}


def names_in(path: Path) -> set[str]:
    """Names of all files that the rows of a snapshot name."""
    engine = _engine_of(path)
    with engine.connect() as connection:
        return blob_names(connection)


def log_head_in(path: Path) -> Head:
    """The end of the log in a snapshot."""
    engine = _engine_of(path)
    with engine.connect() as connection:
        return audit.head(connection)


def snapshot_of(store: Store, home: Path, target: Path) -> None:
    """Write one state of the database into a file that does not exist, or is replaced.

    Raises
    ------
    RecordError
        ``not_read``: the record is damaged or cannot be read.
    """
    if store.is_sqlite:
        copy_database(home / FILE_NAME, target)
        return
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    engine = _engine_of(target, mode="rw")
    with store.reading() as source, engine.begin() as copy:
        schema.metadata.create_all(copy)
        for table in schema.metadata.sorted_tables:
            _copy_rows(source, copy, table)
        revision = source.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        copy.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        copy.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revision,))


def load_snapshot(store: Store, path: Path) -> None:
    """Put the rows of a snapshot, with their seals as they are, into a record that has none.

    Raises
    ------
    RecordError
        ``not_empty``: there are rows in the database already; nothing has been changed.
    """
    engine = _engine_of(path)
    with store.migrating() as sink, engine.connect() as source:
        if any(
            sink.execute(select(table).limit(1)).first() for table in (schema.patient, schema.audit, schema.account)
        ):
            raise RecordError("The database is not empty; a record is restored into a new one.", code="not_empty")
        for table in reversed(schema.metadata.sorted_tables):
            if sink.execute(select(table).limit(1)).first():  # the few rows of a new record; the log lets none go
                sink.execute(delete(table))
        later = [_copy_rows(source, sink, table, is_checked=True) for table in schema.metadata.sorted_tables]
        for update_of in later:
            update_of()
        sink.execute(delete(schema.touched))
        _continue_numbers(sink)
        seal_shape(sink)


def _engine_of(path: Path, mode: str = "ro") -> Engine:
    return create_engine(f"sqlite+pysqlite:///file:{path}?mode={mode}&uri=true", poolclass=NullPool)


def _copy_rows(source: Connection, sink: Connection, table: Table, *, is_checked: bool = False) -> Callable[[], None]:
    """Copy the rows of a table; what is to be done once all tables are there.

    A database that checks references is given those to rows that come later afterwards.
    """
    early = [key.parent for key in table.foreign_keys if is_checked and _comes_later(key.column.table, table)]
    waiting: list[dict[str, Any]] = []
    found = source.execution_options(stream_results=True).execute(select(table)).mappings()
    for some in found.partitions(_AT_ONCE):
        rows = [dict(row) for row in some]
        for row in rows:
            if any(row[column.name] is not None for column in early):
                keys = {f"at_{column.name}": row[column.name] for column in table.primary_key}
                waiting.append({**keys, **{f"to_{column.name}": row[column.name] for column in early}})
                row.update({column.name: None for column in early})
        sink.execute(insert(table), rows)

    def refer() -> None:
        if waiting:
            mine = [column == bindparam(f"at_{column.name}") for column in table.primary_key]
            change: dict[str, Any] = {column.name: bindparam(f"to_{column.name}") for column in early}
            sink.execute(update(table).where(*mine).values(change), waiting)

    return refer


def _comes_later(other: Table, table: Table) -> bool:
    order = schema.metadata.sorted_tables
    return order.index(other) >= order.index(table)


def _continue_numbers(connection: Connection) -> None:
    """PostgreSQL counts on from the numbers that came with the rows; SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in schema.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        if connection.execute(select(sequence)).scalar() is not None:
            highest = func.max(column)
            connection.execute(select(func.setval(sequence, func.coalesce(highest, 1), highest.is_not(None))))


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
