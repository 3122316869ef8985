"""The time as the record takes it: in one place, so that a test can set it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)
