"""The photos of a series by date, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tracker.errors import PhotoRejected, SeriesInvalid
from tracker.photo import Photo, display_name, identify_photo
from tracker.report import Rejection

PhotoSource = Photo | Path | str | bytes


@dataclass(frozen=True, slots=True)
class Series:
    """Photos of a series in the order of their dates, and those that cannot be part of it.

    Attributes
    ----------
    entries : tuple of (PhotoSource, str, date, str)
        Source, name, day and digest of each photo.
    rejections : tuple of Rejection
    """

    entries: tuple[tuple[PhotoSource, str, date, str], ...]
    rejections: tuple[Rejection, ...]


def in_order(photos: Iterable[PhotoSource]) -> Series:
    """Photos by date, without decoding those given as files; the same file twice counts once."""
    entries: dict[str, tuple[PhotoSource, str, date, str]] = {}
    rejections: list[Rejection] = []
    for source in photos:
        try:
            known = source if isinstance(source, Photo) else identify_photo(source)
        except PhotoRejected as error:
            name = display_name(Path(source).name) if isinstance(source, (str, Path)) else "The photo"
            rejections.append(Rejection("", name, None, error.reason, error.code))
            continue
        if known.digest in entries:
            rejections.append(_duplicate(known.digest, known.name, known.taken_on, entries[known.digest][1]))
        elif known.taken_on is None:
            rejections.append(_undated(known.digest, known.name))
        else:
            entries[known.digest] = (source, known.name, known.taken_on, known.digest)
    if len(entries) < 2:
        raise SeriesInvalid(_too_few(len(entries), rejections))
    return Series(tuple(sorted(entries.values(), key=lambda e: (e[2], e[1]))), tuple(rejections))


def _too_few(count: int, rejections: list[Rejection]) -> str:
    what = "no usable photo" if count == 0 else "only one usable photo"
    why = f" {rejections[0].reason}" if rejections else " Please give at least two photos of different dates."
    return f"There is {what} here, and a change needs two.{why}"


def _duplicate(digest: str, name: str, taken_on: date | None, first: str) -> Rejection:
    return Rejection(digest, name, taken_on, f"{name} is the same file as {first} and was counted once.", "duplicate")


def _undated(digest: str, name: str) -> Rejection:
    reason = f"{name} has no date; put the day into its name as YYYY-MM-DD, or send the camera's own file."
    return Rejection(digest, name, None, reason, "no_date")
