"""Everything in the record that belongs to one patient, whatever table it lies in."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, RowMapping, Table, or_, select

from tracker.clinic import schema
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.errors import RecordError

_SEALED = re.compile(r"s\d+\.[A-Za-z0-9+/]{38,}={0,2}")
#: What would open a door is no datum of the person: these columns, and all of these tables, stay out of an export.
_WITHHELD = {"password", "totp", "pin", "name_index", "last_step"}
_DOORS = {"identity", "invitation", "recovery_code", "web_session"}


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
    found, secrets = {}, secrets_of(connection)
    for table, mine in owned(patient_id).items():
        if table.name in _DOORS:
            continue
        chosen = connection.execute(select(table).where(mine).order_by(*table.primary_key))
        rows = [_row(table, row, secrets, patient_id) for row in chosen]
        if rows:
            found[table.name] = rows
    return found | _referred_to(connection, found)


def _referred_to(connection: Connection, found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the clinic that a patient's own mean nothing without, such as the words that were consented to."""
    given = {row["text_id"] for row in found.get(schema.consent.name, ())}
    chosen = select(schema.consent_text).where(schema.consent_text.c.id.in_(given))
    texts = [{name: _plain(value) for name, value in row.items()} for row in connection.execute(chosen).mappings()]
    return {schema.consent_text.name: texts} if texts else {}


def opened(secrets: Secrets, patient_id: str, column: Column[Any], row: RowMapping) -> str:
    """A sealed text of a row of a patient, whichever way its field is called; what is not sealed stays as it is.

    Raises
    ------
    RecordError
        ``sealed``: it does not open although it ought to; ``erased``, ``no_key``.
    """
    text, table = str(row[column.name]), column.table
    if not _SEALED.fullmatch(text):
        return text
    field = f"{table.name}.{column.name}"
    keys = [f"{field}:{row[each.name]}" for each in table.columns if each.name.endswith("id") or each.primary_key]
    for name in (field, *keys):
        with suppress(_DoesNotFit), _fitting():
            return secrets.open(patient_id, name, text)
        with suppress(_DoesNotFit), _fitting():
            return secrets.open_clinic(name, text)
    if column.info.get("sealed"):
        raise RecordError(
            f"A stored text ({field}) was changed; please restore the record from a backup.", code="sealed"
        )
    return text


class _DoesNotFit(Exception):
    """A sealed text belongs to another field."""


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except RecordError as error:
        if error.code != "sealed":
            raise
        raise _DoesNotFit from error


def _row(table: Table, row: Row[Any], secrets: Secrets, patient_id: str) -> dict[str, Any]:
    return {name: _plain(value) for name, value in _shown(table, row._mapping, secrets, patient_id)}


def _shown(table: Table, row: RowMapping, secrets: Secrets, patient_id: str) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        name, value = column.name, row[column.name]
        if name in _WITHHELD or (table.name, name) == ("patient_link", "digest"):
            continue
        yield name, opened(secrets, patient_id, column, row) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
