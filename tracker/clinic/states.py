"""What was noted of the skin on the days of a view's photos."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, and_, delete, insert, select

from tracker.clinic import schema
from tracker.quality import SkinState

_NOTED = schema.skin_state.c


def note(connection: Connection, view_id: str, day: date, states: Iterable[SkinState]) -> None:
    """Keep what was noted on a day; it replaces what was noted before."""
    connection.execute(delete(schema.skin_state).where(and_(_NOTED.view_id == view_id, _NOTED.day == day)))
    listed = sorted(str(state) for state in states)
    connection.execute(insert(schema.skin_state).values(view_id=view_id, day=day, noted=listed))


def noted(connection: Connection, view_id: str) -> dict[date, frozenset[SkinState]]:
    """What was noted of the skin of a view, by day; a day without a note is missing."""
    rows = connection.execute(select(_NOTED.day, _NOTED.noted).where(_NOTED.view_id == view_id))
    return {row.day: frozenset(SkinState(state) for state in row.noted) for row in rows}
