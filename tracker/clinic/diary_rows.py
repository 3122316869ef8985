"""Rows of the home diary, and the views that hold what was photographed at home."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, delete, insert, select

from tracker.clinic import register, schema
from tracker.clinic.diary_records import AT_HOME, DiaryText
from tracker.clinic.records import View
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of

_ENTRY, _TEXT = schema.diary_entry.c, "diary_entry.text"


def add_text(connection: Connection, patient_id: str, day: date, text: str) -> None:
    """Keep a patient's words, sealed."""
    sealed = secrets_of(connection).seal(patient_id, _TEXT, text)
    row = {"id": random_id(), "patient_id": patient_id, "day": day, "text": sealed, "told_at": datetime.now(UTC)}
    connection.execute(insert(schema.diary_entry).values(**row))


def texts(connection: Connection, patient_id: str) -> tuple[DiaryText, ...]:
    """A patient's words in the order in which they were told."""
    secrets = secrets_of(connection)
    chosen = select(schema.diary_entry).where(_ENTRY.patient_id == patient_id).order_by(_ENTRY.arrival)
    return tuple(
        DiaryText(row.id, row.day, secrets.open(patient_id, _TEXT, row.text)) for row in connection.execute(chosen)
    )


def remove_text(connection: Connection, entry_id: str) -> None:
    """Take words back."""
    if not connection.execute(delete(schema.diary_entry).where(_ENTRY.id == entry_id)).rowcount:
        raise not_found("diary entry")


def home_views(connection: Connection, patient_id: str) -> tuple[View, ...]:
    """The views of a patient that hold what was photographed at home."""
    known = frozenset(connection.execute(select(schema.home_view.c.view_id)).scalars())
    return tuple(view for view in register.views(connection, patient_id) if view.id in known)


def home_view(connection: Connection, like: View) -> View:
    """The view for photos of an area that are taken at home; made when it is needed first."""
    same = (like.site, like.laterality)
    known = home_views(connection, like.patient_id)
    found = next((view for view in known if view.id == like.id or (view.site, view.laterality) == same), None)
    if found is not None:
        return found
    new = View(random_id(), like.patient_id, like.site, like.laterality, AT_HOME, "", False, None, None)
    register.add_view(connection, new)
    connection.execute(insert(schema.home_view).values(view_id=new.id))
    return new
