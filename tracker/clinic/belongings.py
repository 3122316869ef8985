"""Everything in the record that belongs to one patient, whatever table it lies in."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Table, or_, select

from tracker.clinic import schema

#: What would open a door, or was random to begin with, is no datum of the person.
_WITHHELD = ("password", "token", "secret", "pin", "recovery", "totp", "mac")


def owned(patient_id: str) -> dict[Table, ColumnElement[bool]]:
    """Tables in which a patient has rows, parents first, each with the condition that picks them.

    A row belongs to the patient if it would go with the patient: what refers to it `ON DELETE CASCADE` follows.

    Parameters
    ----------
    patient_id : str
    """
    found: dict[Table, ColumnElement[bool]] = {schema.patient: schema.patient.c.id == patient_id}
    for table in schema.metadata.sorted_tables:
        parents = [
            key.parent.in_(select(key.column).where(found[key.column.table]))
            for key in table.foreign_keys
            if key.ondelete == "CASCADE" and key.column.table in found
        ]
        if parents:
            found[table] = or_(*parents)
    return found


def rows_of(connection: Connection, patient_id: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of a patient by table, as JSON can hold them: days and moments as ISO 8601, bytes in base64.

    Parameters
    ----------
    connection : Connection
    patient_id : str

    Returns
    -------
    dict of str to list
        Tables without a row are left out. Sealed texts are open, what would open a door is left out.

    Raises
    ------
    RecordError
        ``sealed``: a text does not open.
    """
    found = {}
    for table, mine in owned(patient_id).items():
        rows = [_row(table, row) for row in connection.execute(select(table).where(mine).order_by(*table.primary_key))]
        if rows:
            found[table.name] = rows
    return found


def _row(table: Table, row: Row[Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in _shown(table, row._mapping)}


def _shown(table: Table, row: RowMapping) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        if not any(word in column.name.split("_") for word in _WITHHELD):
            yield column.name, row[column.name]


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
