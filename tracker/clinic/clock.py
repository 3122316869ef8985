"""The time as the record takes it: in one place, so that a test can set it."""

from __future__ import annotations

from datetime import UTC, date, datetime


def now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)


def today() -> date:
    """The day on the clinic's wall: a day of a visit, of a treatment or of a body is one of the room it happens in."""
    return date.today()  # noqa: DTZ011
