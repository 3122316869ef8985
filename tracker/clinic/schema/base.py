"""What all tables share: one catalogue of them, moments in time, and rows that go with the row they belong to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    MetaData,
    String,
    TypeDecorator,
)

#: Raised with every revision in `tracker.clinic.migrations`; a new column may be empty, so that no seal changes.
SCHEMA_VERSION = 8

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment with its time zone, kept as ISO 8601 in UTC: the same text on every database."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Text of a moment; one without a time zone is a fault of ours."""
        if value is None:
            return None
        assert value.tzinfo is not None
        return value.astimezone(UTC).isoformat()

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Moment of a text."""
        return None if value is None else datetime.fromisoformat(value)


def belongs_to(table: str, **options: Any) -> ForeignKey:
    """A column that names a row of a table, and goes when that row goes."""
    return ForeignKey(f"{table}.id", ondelete="CASCADE", **options)
