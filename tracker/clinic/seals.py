"""Seals of rows: SQLite's own check does not see a changed value, and nobody's sees one that was changed on purpose.

Every row has a message authentication code (HMAC-SHA256, with a key that lies outside the record) over its table, the
names of its columns and their values. Per table the number and the sum of all codes are kept, sealed likewise, so that
a row that was removed together with its code is missed. A record that was put back as a whole to an earlier state is
not found here; the head of the log, which is kept elsewhere, shows that.
"""

from __future__ import annotations

import hmac
import json
import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from tracker.clinic.schema import metadata
from tracker.clinic.schema.sealed import seal, seal_total, touched

_AT_ONCE = 400
_LIMIT = 1 << 256


def sealing_key(connection: Connection) -> bytes:
    """The key of the seals of a record."""
    return connection.get_execution_options()["seal_key"]


def last_touched(connection: Connection) -> int:
    """Where the notes of a transaction begin: whatever is there already was not written by us."""
    if connection.dialect.name != "sqlite":  # there each note says which transaction made it
        return 0
    return int(connection.execute(select(func.max(touched.c.arrival))).scalar() or 0)


def seal_touched(connection: Connection, since: int) -> None:
    """Seal the rows that this transaction wrote, and forget the seals of those it removed.

    Parameters
    ----------
    connection : Connection
    since : int
        From `last_touched`, as the transaction began.
    """
    ours = touched.c.arrival > since
    if connection.dialect.name != "sqlite":  # others need not wait for our lock, and may write meanwhile
        ours = touched.c.xact == func.txid_current()
    noted = connection.execute(select(touched.c.table_name, touched.c.key, ours.label("is_ours"))).all()
    if not any(row.is_ours for row in noted):
        return
    connection.execute(delete(touched).where(ours))
    # A row that somebody else changed before does not become ours because we changed it too.
    foreign = {(row.table_name, row.key) for row in noted if not row.is_ours}
    keys = defaultdict(set)
    for row in noted:
        if (row.table_name, row.key) not in foreign:
            keys[row.table_name].add(row.key)
    for name in sorted(keys):
        _seal_rows(connection, metadata.tables[name], sorted(keys[name]))


def _seal_rows(connection: Connection, table: Table, keys: Sequence[str]) -> None:
    secret, number, change = sealing_key(connection), 0, 0
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        found = _macs(connection, table, some, secret)
        here = (seal.c.table_name == table.name, seal.c.key.in_(some))
        old = {row.key: row.mac for row in connection.execute(select(seal.c.key, seal.c.mac).where(*here))}
        number += len(found) - len(old)
        change += sum(map(_number, found.values())) - sum(map(_number, old.values()))
        if gone := [key for key in old if key not in found]:
            connection.execute(delete(seal).where(seal.c.table_name == table.name, seal.c.key.in_(gone)))
        if new := [{"table_name": table.name, "key": k, "mac": m} for k, m in found.items() if k not in old]:
            connection.execute(insert(seal), new)
        if changed := [{"of": table.name, "at": k, "mac": m} for k, m in found.items() if old.get(k, m) != m]:
            where = (seal.c.table_name == bindparam("of"), seal.c.key == bindparam("at"))
            connection.execute(update(seal).where(*where).values(mac=bindparam("mac")), changed)
    _add_to_total(connection, table.name, number, change, secret)


def _macs(connection: Connection, table: Table, keys: Iterable[str], secret: bytes) -> dict[str, bytes]:
    """Codes of the rows with these keys; a row that is gone is left out."""
    columns = list(table.primary_key.columns)
    wanted = {_values(table, key): key for key in keys}
    chosen = tuple_(*columns).in_(list(wanted)) if len(columns) > 1 else columns[0].in_([one for (one,) in wanted])
    rows = connection.execute(select(*columns, *raw_columns(table, connection)).where(chosen))
    return {wanted[tuple(row[: len(columns)])]: row_mac(secret, table, row[len(columns) :]) for row in rows}


def _values(table: Table, key: str) -> tuple[Any, ...]:
    columns = list(table.primary_key.columns)
    texts = json.loads(key) if len(columns) > 1 else [key]
    return tuple(_value(column.type, text) for column, text in zip(columns, texts, strict=True))


def _value(kind: object, text: Any) -> Any:
    if isinstance(kind, Integer):
        return int(text)
    return date.fromisoformat(text) if isinstance(kind, Date) else text


def raw_columns(table: Table, connection: Connection) -> list[ColumnElement[Any]]:
    """The columns of a table as they are stored, in the order of their names; the same on every database."""
    on_sqlite = connection.dialect.name == "sqlite"
    return [
        _raw(column, on_sqlite).label(f"raw_{column.name}") for column in sorted(table.columns, key=lambda c: c.name)
    ]


def _raw(column: ColumnElement[Any], on_sqlite: bool) -> ColumnElement[Any]:
    if not on_sqlite and isinstance(column.type, JSON | Date):
        return cast(column, Text)
    if not on_sqlite and isinstance(column.type, Boolean):
        return cast(column, Integer)
    return type_coerce(column, NullType())


def row_mac(secret: bytes, table: Table, values: Sequence[Any]) -> bytes:
    """Code of a row, of its values in the order of `raw_columns`.

    A column without a value is left out: one that is added later changes no seal.
    """
    names = sorted(column.name for column in table.columns)
    parts = [table.name.encode()]
    for name, value in zip(names, values, strict=True):
        if value is not None:
            parts += [name.encode(), _encoded(value)]
    return hmac.digest(secret, b"".join(struct.pack(">Q", len(part)) + part for part in parts), "sha256")


def _encoded(value: Any) -> bytes:
    match value:
        case int():
            return b"i%d" % value
        case float():
            return b"f" + struct.pack(">d", value)
        case str():
            return b"t" + value.encode("utf-8", "surrogateescape")
        case _:
            return b"b" + bytes(value)


def _number(mac: bytes) -> int:
    return int.from_bytes(mac, "big")


def _add_to_total(connection: Connection, name: str, number: int, change: int, secret: bytes) -> None:
    row = connection.execute(select(seal_total).where(seal_total.c.table_name == name)).first()
    fits = row is None or total_fits(row, secret)
    number += row.number if row else 0
    total = ((_number(row.total) if row else 0) + change) % _LIMIT
    # A sum that did not fit before goes on not to fit: otherwise our next row would hide what was done.
    raw = total.to_bytes(32, "big")
    values = {"number": number, "total": raw, "mac": _total_mac(secret, name, number, raw) if fits else b""}
    if row is None:
        connection.execute(insert(seal_total).values(table_name=name, **values))
    else:
        connection.execute(update(seal_total).where(seal_total.c.table_name == name).values(**values))


def total_fits(row: Any, secret: bytes) -> bool:
    """Whether number and sum of the seals of a table are as the program wrote them."""
    return hmac.compare_digest(row.mac, _total_mac(secret, row.table_name, row.number, row.total))


def _total_mac(secret: bytes, name: str, number: int, total: bytes) -> bytes:
    return hmac.digest(secret, f"total {name} {number} ".encode() + total, "sha256")
