"""On which days a view was injected: photos of the days after are no part of its course."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, and_, delete, insert, select

from tracker.clinic import schema

_INJECTION = schema.injection.c


def injections(connection: Connection, view_id: str) -> tuple[date, ...]:
    """Days on which a view was injected, in order."""
    chosen = select(_INJECTION.day).where(_INJECTION.view_id == view_id).order_by(_INJECTION.day)
    return tuple(connection.execute(chosen).scalars())


def note_injection(connection: Connection, view_id: str, day: date) -> None:
    """Keep a day; one that is known already stays."""
    forget_injection(connection, view_id, day)
    connection.execute(insert(schema.injection).values(view_id=view_id, day=day))


def forget_injection(connection: Connection, view_id: str, day: date) -> None:
    """Take a day back that was noted by mistake."""
    connection.execute(delete(schema.injection).where(and_(_INJECTION.view_id == view_id, _INJECTION.day == day)))
