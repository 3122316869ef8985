"""Several raters: how far they agree with each other, and with what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from tracker.agreement import Intraclass, Kappa, intraclass
from tracker.errors import StudyInvalid
from tracker.reader_study.answers import (
    RatedPair,
    Reading,
    Share,
    all_say_how_clear,
    chose_later,
    grade,
    kappa_of,
    share_of,
)
from tracker.reader_study.plan import Kind


@dataclass(frozen=True, slots=True)
class Between:
    """How far several raters agree.

    Attributes
    ----------
    raters : tuple of str
    pairs : int
        Pairs of two sessions that all of them judged.
    kappas : tuple of Kappa
        Quadratic-weighted, of every two raters for whom it can be computed.
    icc : Intraclass or None
        ICC(2,1) of all of them.
    """

    raters: tuple[str, ...]
    pairs: int
    kappas: tuple[Kappa, ...]
    icc: Intraclass | None


def first_readings(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The first sitting of each rater: who judges the same pairs once more is not another rater."""
    kept: dict[str, Reading] = {}
    for reading in readings:
        kept.setdefault(reading.rater.casefold(), reading)
    return tuple(kept.values())


def between(readings: Sequence[Reading]) -> Between | None:
    """How far raters agree on the pairs that all of them judged; None of fewer than two."""
    if len(readings) < 2:
        return None
    own = [_by_photos(reading) for reading in readings]
    common = [photos for photos in own[0] if all(photos in other for other in own[1:])]
    columns = [[answers[photos] for photos in common] for answers in own]
    kappas = [kappa_of(one, other) for one, other in combinations(columns, 2)]
    return Between(
        raters=tuple(reading.rater for reading in readings),
        pairs=len(common),
        kappas=tuple(kappa for kappa in kappas if kappa is not None),
        icc=_intraclass(columns),
    )


def consensus(readings: Sequence[Reading]) -> dict[frozenset[str], bool]:
    """Whether most raters chose the later photo, by the photos of each pair; a tie is no consensus."""
    votes: dict[frozenset[str], Counter[bool]] = {}
    for reading in readings:
        for photos, rated in _by_photos(reading).items():
            votes.setdefault(photos, Counter())[bool(chose_later(rated))] += 1
    return {photos: count[True] > count[False] for photos, count in votes.items() if count[True] != count[False]}


def agreement_with(judged: Mapping[frozenset[str], bool], measured: Mapping[frozenset[str], float]) -> Share | None:
    """How often the eye and the measurement say the same of a pair.

    Parameters
    ----------
    judged : mapping
        Of the photos of a pair: whether the later one was judged to show less.
    measured : mapping
        Of the photos of a pair: by how much the metric of the later one is better, in any unit. A pair without a
        value, or with 0, does not count.

    Returns
    -------
    Share or None
        None if no pair counts.
    """
    return share_of(judged[photos] == (measured[photos] > 0) for photos in judged if measured.get(photos))


def _by_photos(reading: Reading) -> dict[frozenset[str], RatedPair]:
    return {p.pair.photos: p for p in reading.pairs if p.pair.kind is Kind.CHANGE and p.answer is not None}


def _intraclass(columns: Sequence[Sequence[RatedPair]]) -> Intraclass | None:
    finely = all_say_how_clear(*columns)
    rows = zip(*([grade(p, with_confidence=finely) for p in column] for column in columns), strict=True)
    try:
        return intraclass(list(rows))
    except StudyInvalid:
        return None
