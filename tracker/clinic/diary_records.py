"""What a patient tells from home, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tracker.clinic.body_measures import BodyMeasure
from tracker.clinic.records import StoredPhoto

AT_HOME = "at home"
"""Pose of a view that holds what a patient photographed by themselves."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What scale or tape showed.

    Attributes
    ----------
    quantity : str
        ``"weight"`` or ``"tape"``.
    value : float
    unit : str
        As typed.
    view_id : str or None
        Of a tape: the area it lay around.
    level : str
        Of a tape: where exactly; the same each time.
    """

    quantity: str
    value: float
    unit: str
    view_id: str | None = None
    level: str = ""


@dataclass(frozen=True, slots=True)
class DiaryText:
    """A patient's own words of a day."""

    id: str
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class DiaryDay:
    """What a patient told of one day.

    Attributes
    ----------
    day : date
    texts : tuple of DiaryText
    readings : tuple of BodyMeasure
    photos : tuple of StoredPhoto
        Taken at home.
    """

    day: date
    texts: tuple[DiaryText, ...] = field(default=())
    readings: tuple[BodyMeasure, ...] = field(default=())
    photos: tuple[StoredPhoto, ...] = field(default=())


def by_day(
    texts: Iterable[DiaryText], readings: Iterable[BodyMeasure], photos: Iterable[StoredPhoto]
) -> tuple[DiaryDay, ...]:
    """What was told, day by day, the latest first."""
    texts, readings, photos = tuple(texts), tuple(readings), tuple(photos)
    days = {each.day for each in texts} | {each.day for each in readings} | {photo.taken_on for photo in photos}
    return tuple(
        DiaryDay(
            day,
            tuple(each for each in texts if each.day == day),
            tuple(each for each in readings if each.day == day),
            tuple(photo for photo in photos if photo.taken_on == day),
        )
        for day in sorted(days, reverse=True)
    )
