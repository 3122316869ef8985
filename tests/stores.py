"""What tests of the store share: a key for its seals, and a row of every table, whatever tables there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Float, Integer, LargeBinary, String, insert

from tracker.clinic.schema import Instant
from tracker.clinic.store import Store
from tracker.clinic.triggers import sealed_tables


@dataclass(frozen=True)
class _Master:
    def derive(self, purpose: str) -> bytes:
        return purpose.encode().ljust(32, b"k")


@dataclass(frozen=True)
class Keys:
    """Stands for the secrets of a record: the store needs nothing else of them."""

    master: _Master = field(default_factory=_Master)


def opened(home: Path, url: str = "", **options: Any) -> Store:
    """The store of a folder, on SQLite unless an address is given."""
    home.mkdir(exist_ok=True)
    return Store(home, Keys(), url, **options)  # type: ignore[arg-type]


def fill(connection: Connection, numbers: range) -> None:
    """Rows of every table, one per number, that name the rows with the same number."""
    for table in sealed_tables():
        if table.name == "about":
            rows: list[dict[str, Any]] = [{"name": f"fact {n}", "value": f"{n}"} for n in numbers]
        else:
            own = [column for column in table.columns if column is not table.autoincrement_column]
            rows = [{column.name: _value(column, n) for column in own} for n in numbers]
        connection.execute(insert(table), rows)


def _value(column: Column[Any], number: int) -> Any:
    keys = list(column.foreign_keys)
    if keys and (column.nullable or keys[0].use_alter):
        return None
    if keys:
        return _value(keys[0].column, number)
    return _plain_value(column, number)


def _plain_value(column: Column[Any], number: int) -> Any:
    match column.type:
        case Boolean():
            return number % 2 == 1
        case Integer():
            return number
        case Float():
            return number + 0.1
        case Instant():
            return datetime(2026, 3, 1 + number % 28, 9, 30, tzinfo=UTC)
        case Date():
            return date.fromordinal(date(2026, 1, 1).toordinal() + number)
        case JSON():
            return [[1.5, f"ä{number}"], None]
        case LargeBinary():
            return bytes([number % 256, 0, 255])
        case String():
            return f"{column.name} é{number}"
    raise AssertionError(f"the tests know no value of {column.table.name}.{column.name}")
