"""When a photo was taken. A date in the future is not believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

MIXED_UP_CLOCK = timedelta(days=1)

_DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def day_of(taken: Sequence[str], edited: Sequence[str], shown: str) -> tuple[date | None, list[str]]:
    """Day of a photo, and what is to be said of it.

    The camera knows best, then whoever named the file. The day of the last edit comes last: saving a photo anew must
    not move it to another session.

    Parameters
    ----------
    taken : sequence of str
        Dates of the camera as EXIF writes them, the best first.
    edited : sequence of str
        Dates of the last edit.
    shown : str
        Name of the file.
    """
    latest = datetime.now(UTC).date() + MIXED_UP_CLOCK
    notes: list[str] = []
    day = _camera_day(taken, latest, notes)
    day = day or _day_in_name(shown, latest, notes)
    return day or _camera_day(edited, latest, notes), notes


def moment_of(taken: Sequence[str], day: date | None) -> datetime | None:
    """Day and time of the camera's clock, which knows no time zone; None where it says none, or another day.

    Parameters
    ----------
    taken : sequence of str
        Dates of the camera as EXIF writes them, the best first.
    day : date or None
        Of the photo, as `day_of` found it.
    """
    for raw in taken:
        try:
            moment = datetime.strptime(raw[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  EXIF has no zone
        except ValueError:
            continue
        if moment.date() == day:
            return moment
    return None


def _camera_day(raw: Sequence[str], latest: date, notes: list[str]) -> date | None:
    """First possible one of the camera's days."""
    note = "The camera's date is not a possible one and was ignored."
    for day in map(_exif_day, raw):
        if day is not None and day <= latest and day.year > 1990:
            return day
        if day is not None and note not in notes:
            notes.append(note)
    return None


def _day_in_name(shown: str, latest: date, notes: list[str]) -> date | None:
    match = _DATE_IN_NAME.search(shown)
    if match is None:
        return None
    try:
        day = date(*(int(part) for part in match.groups()))
    except ValueError:
        notes.append("The date in the file name does not exist and was ignored.")
        return None
    if day > latest:
        notes.append("The date in the file name is not a possible one and was ignored.")
        return None
    return day


def _exif_day(raw: str) -> date | None:
    try:
        return datetime.strptime(raw[:10], "%Y:%m:%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
