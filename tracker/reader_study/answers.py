"""What a rater answered, and what the answers tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tracker.agreement import (
    Estimate,
    ForcedChoice,
    Kappa,
    clopper_pearson,
    cross_table,
    fewest_correct,
    forced_choice,
    weighted_kappa,
)
from tracker.errors import StudyInvalid
from tracker.reader_study.plan import Kind, Pair, Side

#: How clear a difference is, from 0 (guessed) to this (obvious).
MOST_CONFIDENT = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """One forced choice.

    Attributes
    ----------
    choice : Side
        Where the finding is less visible.
    confidence : int or None
        0 (guessed) to `MOST_CONFIDENT` (obvious); None if it was not asked for.
    seconds : float or None
        How long the pair was looked at.
    """

    choice: Side
    confidence: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RatedPair:
    """A pair of the plan, and the answer if there is one.

    Attributes
    ----------
    position : int
        In the plan, from 0.
    pair : Pair
    answer : Answer or None
    """

    position: int
    pair: Pair
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One sitting of one rater, all pairs answered.

    Attributes
    ----------
    rater : str
    pairs : tuple of RatedPair
    """

    rater: str
    pairs: tuple[RatedPair, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the exact 95 % interval of the proportion."""

    count: int
    of: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class Result:
    """What one sitting tells.

    Attributes
    ----------
    rater : str
    later : ForcedChoice or None
        How often the later photo was the one with less of the finding; None without pairs of two sessions.
    needed : int or None
        The fewest such pairs that guessing reaches in at most one of twenty sittings.
    again : Share or None
        Hidden repeats that were answered as the first time.
    retest : Kappa or None
        Quadratic-weighted κ of the repeats; None if there are too few, or all have one and the same answer.
    left : Share
        Choices of the left side, over all pairs; later photos are on either side equally often.
    left_of_null : Share or None
        The same over pairs of one session and mirrored copies, in which nothing is later.
    clear, clear_of_null : float or None
        Mean of how clear the difference was called, over pairs of two sessions and over those without a change.
    seconds : float or None
        Median time per pair.
    """

    rater: str
    later: ForcedChoice | None
    needed: int | None
    again: Share | None
    retest: Kappa | None
    left: Share
    left_of_null: Share | None
    clear: float | None
    clear_of_null: float | None
    seconds: float | None


def share_of(answers: Iterable[bool]) -> Share | None:
    """How many are True; None of nothing."""
    told = list(answers)
    if not told:
        return None
    return Share(sum(told), len(told), clopper_pearson(sum(told), len(told)))


def chose_later(rated: RatedPair) -> bool | None:
    """Whether the later photo was chosen; None without an answer, or where nothing is later."""
    if rated.answer is None or rated.pair.later is None:
        return None
    return rated.answer.choice is rated.pair.later


def grade(rated: RatedPair, *, with_confidence: bool) -> int:
    """An answer on an ordered scale, from the earlier photo clearly chosen to the later one clearly chosen.

    Parameters
    ----------
    rated : RatedPair
        Answered, and of two sessions.
    with_confidence : bool
        0 to 9 if True; else 0 or 1.

    Examples
    --------
    >>> pair = Pair(Kind.CHANGE, "a", "b", False, False, later=Side.RIGHT)
    >>> [
    ...     grade(RatedPair(0, pair, Answer(side, clear)), with_confidence=True)
    ...     for side, clear in ((Side.LEFT, 4), (Side.LEFT, 0), (Side.RIGHT, 0), (Side.RIGHT, 4))
    ... ]
    [0, 4, 5, 9]
    """
    answer, later = rated.answer, chose_later(rated)
    if answer is None or later is None:
        raise ValueError("Only an answered pair of two sessions has a grade.")
    if not with_confidence:
        return int(later)
    clear = answer.confidence or 0
    return MOST_CONFIDENT + 1 + clear if later else MOST_CONFIDENT - clear


def result_of(reading: Reading) -> Result:
    """What one sitting tells by itself."""
    rated = reading.pairs
    changes = [p for p in rated if p.pair.kind is Kind.CHANGE]
    null = [p for p in rated if p.pair.kind.is_null]
    first = {p.position: p for p in changes}
    twice = [(first[p.pair.repeats], p) for p in rated if p.pair.repeats in first]
    left = share_of(_is_left(p) for p in rated)
    assert left is not None, "a sitting without pairs is none"
    return Result(
        rater=reading.rater,
        later=pooled([reading]),
        needed=fewest_correct(len(changes)) if changes else None,
        again=share_of(chose_later(one) == chose_later(other) for one, other in twice),
        retest=kappa_of([one for one, _ in twice], [other for _, other in twice]),
        left=left,
        left_of_null=share_of(_is_left(p) for p in null),
        clear=_mean_confidence(changes),
        clear_of_null=_mean_confidence(null),
        seconds=median(times)
        if (times := [p.answer.seconds for p in rated if p.answer and p.answer.seconds])
        else None,
    )


def pooled(readings: Sequence[Reading]) -> ForcedChoice | None:
    """How often the later photo was chosen over all sittings; repeats are not counted again."""
    told = [chose_later(p) for reading in readings for p in reading.pairs if p.pair.kind is Kind.CHANGE]
    return forced_choice(sum(map(bool, told)), len(told)) if told else None


def _is_left(rated: RatedPair) -> bool:
    return rated.answer is not None and rated.answer.choice is Side.LEFT


def _mean_confidence(rated: Sequence[RatedPair]) -> float | None:
    given = [p.answer.confidence for p in rated if p.answer is not None and p.answer.confidence is not None]
    return sum(given) / len(given) if given else None


def all_say_how_clear(*columns: Sequence[RatedPair]) -> bool:
    """Whether every answer says how clear it was: otherwise only the choices can be compared."""
    return all(p.answer is not None and p.answer.confidence is not None for column in columns for p in column)


def kappa_of(one: Sequence[RatedPair], other: Sequence[RatedPair]) -> Kappa | None:
    finely = all_say_how_clear(one, other)
    grades = range(2 * (MOST_CONFIDENT + 1) if finely else 2)
    first, second = ([grade(p, with_confidence=finely) for p in column] for column in (one, other))
    table = cross_table(first, second, grades)
    try:
        return weighted_kappa(table)
    except StudyInvalid:  # too few, or one and the same answer throughout: agreement cannot be told from chance
        return None
