"""A repeatability study as values: the set-up, its people, their posings, and what they still lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.clinic.records import PhotoState, StoredPhoto

#: Sets of photos asked of each person, with everything put up anew in between.
POSINGS = 3
MOST_POSINGS = 9


class Place(StrEnum):
    """How lamp, camera and person come back to where they were."""

    FIXED_RIG = "fixed rig"
    MARKED_FLOOR = "marked floor"
    FREE_HAND = "free-hand"


class Tone(StrEnum):
    """How dark the skin of a person is: a study in one tone says nothing of the others."""

    LIGHT = "light"
    MEDIUM = "medium"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Study:
    """A study of how well the numbers of one set-up and one body view repeat.

    Attributes
    ----------
    id : str
    place : Place
    equipment : str
        Camera, lamp and room, in words.
    site, pose : str
        Of the body view, as in `View`.
    indication : str
        What is measured is what a view treated for this is measured for; empty: the usual metrics.
    started_on : date
    """

    id: str
    place: Place
    equipment: str
    site: str
    pose: str
    indication: str
    started_on: date

    @property
    def set_up(self) -> str:
        """The set-up in words, as reports name it.

        Examples
        --------
        >>> Study("s", Place.MARKED_FLOOR, "Canon R8, softbox, room 2", "thigh", "", "", date(2026, 3, 2)).set_up
        'Canon R8, softbox, room 2 (marked floor)'
        """
        return f"{self.equipment} ({self.place})"

    @property
    def title(self) -> str:
        """Name for people."""
        where = self.site[:1].upper() + self.site[1:]
        return f"{', '.join(part for part in (where, self.pose) if part)} · {self.set_up}"


@dataclass(frozen=True, slots=True)
class Posed:
    """A photo of a study with the number of its posing, from 1."""

    photo: StoredPhoto
    posing: int


@dataclass(frozen=True, slots=True)
class Subject:
    """One person of a study.

    Attributes
    ----------
    view_id : str
        The view that holds the photos.
    code : str
        Never a name.
    tone : Tone or None
        None: not noted.
    has_other_operator : bool
        Whether somebody else set one of the posings up.
    photos : tuple of Posed
        By posing, then in order of arrival.
    """

    view_id: str
    code: str
    tone: Tone | None
    has_other_operator: bool
    photos: tuple[Posed, ...]

    def photos_of(self, posing: int) -> tuple[StoredPhoto, ...]:
        """Photos of one posing."""
        return tuple(each.photo for each in self.photos if each.posing == posing)

    @property
    def posings(self) -> tuple[int, ...]:
        """Numbers of the posings that have a photo."""
        return tuple(sorted({each.posing for each in self.photos}))

    @property
    def measured(self) -> tuple[int, ...]:
        """Numbers of the posings of which at least one photo was measured."""
        return tuple(sorted({each.posing for each in self.photos if each.photo.state is PhotoState.MEASURED}))

    @property
    def waiting(self) -> int:
        """Number of photos that are not measured yet."""
        return sum(each.photo.state is PhotoState.WAITING for each in self.photos)

    @property
    def next_posing(self) -> int:
        """The posing to photograph next: the first one that nothing was measured of and nothing waits in."""
        busy = {each.posing for each in self.photos if each.photo.state is not PhotoState.REJECTED}
        return next(number for number in range(1, MOST_POSINGS + 2) if number not in busy)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return len(self.measured) >= POSINGS

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is left to do for this person, one phrase each; empty if nothing is."""
        if self.is_complete and not self._two_days:
            return ()
        said = [f"take posing {n} again: none of its photos could be used" for n in self._spoiled]
        missing = max(POSINGS - len(set(self.posings)), 0)
        said += [_counted(missing, "more posing", "more posings")] if missing else []
        said += [f"{_counted(self.waiting, 'photo', 'photos')} being measured"] if self.waiting else []
        said += ["photos of more than one day: the skin may have changed in between"] if self._two_days else []
        return tuple(said)

    @property
    def _spoiled(self) -> list[int]:
        useful = {each.posing for each in self.photos if each.photo.state is not PhotoState.REJECTED}
        return [number for number in self.posings if number not in useful]

    @property
    def _two_days(self) -> bool:
        return len({each.photo.taken_on for each in self.photos}) > 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study has come.

    Attributes
    ----------
    people : int
        In the study.
    complete : int
        With all posings measured.
    waiting : int
        Photos that are not measured yet.
    tones : tuple of Tone
        That occur.
    other_operator : int
        People of whom one posing was set up by somebody else.
    """

    people: int
    complete: int
    waiting: int
    tones: tuple[Tone, ...]
    other_operator: int

    @classmethod
    def of(cls, subjects: Sequence[Subject]) -> Progress:
        """Progress of the people of a study."""
        tones = {subject.tone for subject in subjects}
        return cls(
            people=len(subjects),
            complete=sum(subject.is_complete for subject in subjects),
            waiting=sum(subject.waiting for subject in subjects),
            tones=tuple(tone for tone in Tone if tone in tones),
            other_operator=sum(subject.has_other_operator for subject in subjects),
        )


@dataclass(frozen=True, slots=True)
class AdoptedValue:
    """What reports of a view use for one metric, taken over from a study.

    Attributes
    ----------
    metric, method : str
        Name, and name with version: a later version of the method is another measurement.
    session_sd, shot_sd : float
        Between sessions, and between the photos of one; in the unit of the metric, or as logarithms if it is
        multiplicative.
    used : str
        Which number of the study it is, in words.
    people : int
        Of the study when it was taken over.
    set_up : str
        In words.
    """

    metric: str
    method: str
    session_sd: float
    shot_sd: float
    used: str
    people: int
    set_up: str


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
