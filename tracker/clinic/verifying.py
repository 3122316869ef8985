"""Whether every row is as the program wrote it: what `seals` sealed, read again."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, literal_column, select
from sqlalchemy.exc import DatabaseError

from tracker.clinic.schema import SCHEMA_VERSION, about
from tracker.clinic.schema.sealed import seal, seal_total, touched
from tracker.clinic.seals import raw_columns, row_mac, sealing_key, total_fits
from tracker.clinic.triggers import key_sql, missing_triggers, sealed_tables

#: The shape of the database (tables, indexes, triggers) is sealed like a row, under a name that no table has.
_SHAPE = "the shape of the record"


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that is not as the program wrote it.

    Attributes
    ----------
    table : str
    key : str
        Its primary key; empty if it is the table as a whole.
    what : str
        What is wrong with it, as a part of a sentence.
    """

    table: str
    key: str
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found by reading all rows.

    Attributes
    ----------
    broken : tuple of BrokenRow
    checked : int
        Number of rows that were read.
    """

    broken: tuple[BrokenRow, ...]
    checked: int


def verify(connection: Connection) -> Verified:
    """Read every row and compare it with its seal; memory does not grow with the record.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    """
    broken, checked = list(_outside(connection)), 0
    with _bytes_as_they_are(connection):
        for table in sealed_tables():
            try:
                found, number = _verify_table(connection, table)
            except (DatabaseError, UnicodeDecodeError) as error:
                found, number = [BrokenRow(table.name, "", f"cannot be read: {getattr(error, 'orig', error)}")], 0
            broken += found
            checked += number
    return Verified(tuple(broken), checked)


def _outside(connection: Connection) -> Iterator[BrokenRow]:
    """What can be told without reading all rows; `Store` looks at it when the record is opened."""
    yield from broken_frame(connection)
    try:
        left = connection.execute(select(touched.c.table_name, touched.c.key).distinct()).all()
    except (DatabaseError, UnicodeDecodeError) as error:
        yield BrokenRow(touched.name, "", f"cannot be read: {getattr(error, 'orig', error)}")
        return
    for name, key in left:
        yield BrokenRow(str(name), str(key), "was changed by something other than the program")


def broken_frame(connection: Connection) -> list[BrokenRow]:
    """What is wrong with the frame that holds the rows: with tables, triggers, or the sums of the seals."""
    secret, broken = sealing_key(connection), []
    try:
        if not _shape_fits(connection, secret):
            broken.append(BrokenRow("", "", "tables, indexes or triggers are not those that the program made"))
        if _is_current(connection) and (missing := missing_triggers(connection)):
            broken.append(BrokenRow("", "", f"what guards its rows is missing: {', '.join(missing[:3])}"))
        for row in connection.execute(select(seal_total)):
            if not total_fits(row, secret):
                broken.append(BrokenRow(str(row.table_name), "", "the number of its rows was changed"))
    except (DatabaseError, TypeError, ValueError) as error:  # a value of another kind is no sum either
        broken.append(BrokenRow(seal_total.name, "", f"cannot be read: {getattr(error, 'orig', error)}"))
    return broken


def _verify_table(connection: Connection, table: Table) -> tuple[list[BrokenRow], int]:
    secret = sealing_key(connection)
    key: ColumnElement[str] = literal_column(
        key_sql(table, connection.dialect.identifier_preparer.quote(table.name), connection.dialect)
    )
    kept = select(seal.c.mac).where(seal.c.table_name == table.name, seal.c.key == key).scalar_subquery()
    rows = connection.execution_options(stream_results=True).execute(
        select(key, kept, *raw_columns(table, connection)).select_from(table)
    )
    broken, number, sealed, total = [], 0, 0, 0
    for found, mac, *values in rows:
        number += 1
        if mac is None:
            broken.append(BrokenRow(table.name, str(found), "was not written by the program"))
            continue
        sealed += 1
        if isinstance(mac, bytes) and hmac.compare_digest(mac, row_mac(secret, table, values)):
            total += int.from_bytes(mac, "big")
        else:
            broken.append(BrokenRow(table.name, str(found), "was changed"))
    left = select(seal.c.key).where(seal.c.table_name == table.name, seal.c.key.not_in(select(key).select_from(table)))
    gone = [BrokenRow(table.name, str(found), "is missing") for found in connection.execute(left).scalars()]
    row = connection.execute(select(seal_total).where(seal_total.c.table_name == table.name)).first()
    known, sum_known = (row.number, int.from_bytes(row.total, "big")) if row else (0, 0)
    if sealed + len(gone) != known:
        few = f"should have {known} sealed rows, and has {sealed + len(gone)}"
        broken.append(BrokenRow(table.name, "", few))
    elif total % (1 << 256) != sum_known and not broken and not gone:
        broken.append(BrokenRow(table.name, "", "has rows of an earlier state"))
    return broken + gone, number


def seal_shape(connection: Connection) -> None:
    """Seal tables, indexes and triggers as they are now."""
    connection.execute(delete(seal).where(seal.c.table_name == _SHAPE))
    mac = _shape_mac(connection, sealing_key(connection))
    connection.execute(insert(seal).values(table_name=_SHAPE, key="", mac=mac))


def _is_current(connection: Connection) -> bool:
    """Whether the record is of this version; of an older one nobody here knows what it has to have."""
    here = select(about.c.value).where(about.c.name == "schema_version")
    return bool(connection.execute(here).scalar() == str(SCHEMA_VERSION))


def _shape_fits(connection: Connection, secret: bytes) -> bool:
    kept = connection.execute(select(seal.c.mac).where(seal.c.table_name == _SHAPE)).scalar()
    return isinstance(kept, bytes) and hmac.compare_digest(kept, _shape_mac(connection, secret))


_ON_SQLITE = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE substr(name, 1, 11) <> 'sqlite_stat' ORDER BY type, name"
)
_ON_POSTGRES = (
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    " WHERE table_schema = current_schema() ORDER BY table_name, column_name",
    "SELECT c.relname, t.tgname, t.tgenabled, t.tgtype, p.prosrc FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2",
    # By names and not as the server writes them out, which is another text in another version of it.
    "SELECT c.relname, n.conname, n.contype::text, n.confdeltype::text, n.convalidated, f.relname, ARRAY(SELECT"
    " a.attname::text FROM unnest(n.conkey) WITH ORDINALITY k(number, place) JOIN pg_attribute a ON"
    " a.attrelid = n.conrelid AND a.attnum = k.number ORDER BY k.place) FROM pg_constraint n"
    " JOIN pg_class c ON c.oid = n.conrelid LEFT JOIN pg_class f ON f.oid = n.confrelid"
    " WHERE n.contype IN ('p', 'u', 'f') AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2",
    "SELECT c.relname, i.indisunique, i.indisvalid, i.indpred IS NOT NULL, ARRAY(SELECT a.attname::text FROM"
    " pg_attribute a WHERE a.attrelid = i.indexrelid ORDER BY a.attnum) FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = current_schema()::regnamespace ORDER BY 1",
)


def _shape_mac(connection: Connection, secret: bytes) -> bytes:
    asked: tuple[str, ...] = (_ON_SQLITE,) if connection.dialect.name == "sqlite" else _ON_POSTGRES
    asked += ("SELECT version_num FROM alembic_version",)
    rows = [tuple(row) for each in asked for row in connection.exec_driver_sql(each)]
    return hmac.digest(secret, f"shape {rows!r}".encode("utf-8", "surrogateescape"), "sha256")


@contextmanager
def _bytes_as_they_are(connection: Connection) -> Iterator[None]:
    """Let SQLite hand out text that is none any more: it has to be compared, not to end the comparison."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.driver_connection
    before, raw.text_factory = raw.text_factory, lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before
