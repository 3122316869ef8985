"""How far a study is: what is left until it carries a number, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tracker.repeatability.readings import Reading

LEAST_SUBJECTS, WANTED_SUBJECTS, POSINGS = 20, 30, 3
WANTED_TONES, WANTED_SITES = 3, 2


@dataclass(frozen=True, slots=True)
class Progress:
    """What a study has and lacks.

    Attributes
    ----------
    subjects, complete : int
        People, and those with three re-posed sets of one place.
    missing : tuple of str
        What the least study still needs: 20 people in three sets each. Empty: it counts.
    wanted : tuple of str
        What a good study has besides.
    """

    subjects: int
    complete: int
    missing: tuple[str, ...]
    wanted: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether the study may replace the provisional values."""
        return not self.missing


def progress(readings: Iterable[Reading]) -> Progress:
    """What is left of a study.

    Parameters
    ----------
    readings : iterable of Reading
        Of one metric; may be empty.

    Returns
    -------
    Progress

    Examples
    --------
    >>> progress([Reading("A", posing, 1.0) for posing in "123"]).missing
    ('19 more people, each in three re-posed sets: 1 of at least 20 is done.',)
    """
    known = list(readings)
    sets: dict[str, set[str]] = {}
    for reading in known:
        sets.setdefault(reading.place, set()).add(reading.posing)
    people = {reading.subject for reading in known}
    complete = {reading.subject for reading in known if len(sets[reading.place]) >= POSINGS}
    begun = {reading.place: POSINGS - len(sets[reading.place]) for reading in known if reading.subject not in complete}
    missing = _missing(begun, len(complete), len(people))
    return Progress(len(people), len(complete), tuple(missing), tuple(_wanted(known, len(complete))))


def _missing(begun: dict[str, int], complete: int, people: int) -> Iterator[str]:
    """What is left; `begun` has the sets to take of people who have none of their places complete."""
    if complete >= LEAST_SUBJECTS:
        return
    if begun:
        listed = "; ".join(f"{place} ({left})" for place, left in sorted(begun.items()))
        yield f"Re-posed sets still to take of people who have begun: {listed}."
    new = LEAST_SUBJECTS - people
    if new > 0:
        more = f"{new} more people, each" if new > 1 else "One more person"
        done = f"{complete} of at least {LEAST_SUBJECTS} {'is' if complete == 1 else 'are'} done"
        yield f"{more} in three re-posed sets: {done}."


def _wanted(readings: list[Reading], complete: int) -> Iterator[str]:
    if LEAST_SUBJECTS <= complete < WANTED_SUBJECTS:
        yield f"{WANTED_SUBJECTS - complete} more people would make the interval narrower: {WANTED_SUBJECTS} are good."
    yield from _variety("skin tone groups", {r.tone for r in readings}, WANTED_TONES)
    yield from _variety("places on the body", {r.site for r in readings}, WANTED_SITES)
    people = {reading.subject for reading in readings}
    changed = sum(len({r.operator for r in readings if r.subject == who and r.operator}) > 1 for who in people)
    if 2 * changed < len(people):
        yield f"In half of the people another operator should take one of the sets: so far in {changed}."
    photos = [(reading.place, reading.posing) for reading in readings]
    if photos and len(photos) == len(set(photos)):
        yield "Two or three photos per set would tell what averaging photos gains."


def _variety(what: str, found: set[str], wanted: int) -> Iterator[str]:
    noted = len(found - {""})
    if noted < wanted:
        yield f"At least {wanted} {what} make the number hold for more people: {noted or 'none'} noted so far."
