"""Which pairs of photos a rater sees: chosen from the photos alone, then turned, sided and ordered by a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import combinations, groupby
from math import ceil

import numpy as np

#: Pairs of two sessions in one sitting; with their controls that makes twenty pairs, about five minutes.
MOST_CHANGES = 10
#: With fewer pairs not even a rater who is right every time is told from guessing (5 of 5: p = 0.03; 4 of 4: 0.06).
FEWEST_CHANGES = 5
#: Of all pairs, those of one and the same session (MEASUREMENT.md §6.7).
NULL_SHARE = 0.2
MIRRORS = 2
#: Other pairs between a pair and its repeat, so that it is judged again and not remembered.
LEAST_BETWEEN = 4


class Side(StrEnum):
    """Where a picture is shown."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Kind(StrEnum):
    """What a pair is for; never told to a rater before the end."""

    CHANGE = "change"
    REPLICATES = "replicates"
    MIRROR = "mirror"
    REPEAT = "repeat"

    @property
    def is_null(self) -> bool:
        """Whether both pictures show skin of the same moment."""
        return self in (Kind.REPLICATES, Kind.MIRROR)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photo that may be shown.

    Attributes
    ----------
    photo : str
        Its identifier.
    day : date
        Its session; photos of one day are replicates.
    """

    photo: str
    day: date


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures side by side.

    Attributes
    ----------
    kind : Kind
    left, right : str
        Identifiers of the photos; the same one twice in a pair with a mirrored copy.
    left_mirrored, right_mirrored : bool
        Whether a picture is shown as in a mirror.
    later : Side or None
        Where the later session is; None if both are of one session.
    repeats : int or None
        Place in the plan, from 0, of the pair that is shown again.
    """

    kind: Kind
    left: str
    right: str
    left_mirrored: bool
    right_mirrored: bool
    later: Side | None = None
    repeats: int | None = None

    @property
    def photos(self) -> frozenset[str]:
        """Both photos, wherever they are shown."""
        return frozenset((self.left, self.right))


@dataclass(frozen=True, slots=True)
class Composition:
    """How many pairs of each kind."""

    changes: int
    replicates: int
    mirrors: int
    repeats: int

    @property
    def total(self) -> int:
        """All pairs of a sitting."""
        return self.changes + self.replicates + self.mirrors + self.repeats


def composition(changes: int, replicates: int) -> Composition:
    """How many pairs of each kind make a sitting.

    Parameters
    ----------
    changes, replicates : int
        Pairs of two sessions, and of one session, that the photos allow.

    Returns
    -------
    Composition
        Where there are too few replicates, photos beside their own mirror image take their place.

    Examples
    --------
    >>> composition(40, 6)
    Composition(changes=10, replicates=4, mirrors=2, repeats=4)
    >>> composition(40, 0)
    Composition(changes=10, replicates=0, mirrors=6, repeats=4)
    """
    changes = min(changes, MOST_CHANGES)
    repeats = 2 * round(changes / 5)  # even, so that their sides balance
    null = ceil(NULL_SHARE / (1 - NULL_SHARE) * (changes + repeats + MIRRORS))
    replicates = min(replicates, null)
    return Composition(changes, replicates, MIRRORS + null - replicates, repeats)


def possible(photos: Iterable[Candidate]) -> Composition:
    """The sitting that photos of one view allow; too few `changes` if they do not allow any."""
    sessions = _sessions(photos)
    within = sum(len(s) * (len(s) - 1) // 2 for s in sessions)
    across = sum(len(one) * len(other) for one, other in combinations(sessions, 2))
    return composition(across, within)


def plan(photos: Iterable[Candidate], seed: int) -> tuple[Pair, ...]:
    """Pairs in the order in which a rater sees them.

    Parameters
    ----------
    photos : iterable of Candidate
        Of one view.
    seed : int
        Decides sides, order, mirroring and which pairs are repeated. The pairs themselves follow from the photos, so
        that all raters judge the same ones.

    Returns
    -------
    tuple of Pair

    Raises
    ------
    ValueError
        There are fewer than `FEWEST_CHANGES` pairs of two sessions; ask `possible` first.
    """
    sessions = _sessions(photos)
    wanted = possible(photos := [c for s in sessions for c in s])
    if wanted.changes < FEWEST_CHANGES:
        raise ValueError(f"{wanted.changes} pairs of two sessions are too few")
    rng = np.random.default_rng(seed)
    shown: Counter[str] = Counter()
    # The baseline against each later session first, the latest before all: these carry the verdicts.
    order = sorted(
        combinations(range(len(sessions)), 2), key=lambda p: (p[0] > 0, p[0] - p[1] if p[0] else -p[1], p[0])
    )
    across = [[(a, b) for a in sessions[i] for b in sessions[j]] for i, j in order]
    changes = _spread(across, wanted.changes, shown)
    replicates = _spread([list(combinations(s, 2)) for s in sessions], wanted.replicates, shown)
    alone = sorted(photos, key=lambda c: (shown[c.photo], c.day, c.photo))
    mirrors = [alone[k % len(alone)] for k in range(wanted.mirrors)]
    pairs = [
        *_across(changes, rng),
        *_within(replicates, rng),
        *_mirrored(mirrors, rng),
    ]
    repeated = _repeated(pairs[: len(changes)], wanted.repeats, rng)
    return _ordered(pairs, repeated, rng)


def _sessions(photos: Iterable[Candidate]) -> list[list[Candidate]]:
    """Photos by day, in the order in which they came."""
    by_day = sorted(photos, key=lambda c: c.day)
    return [list(group) for _, group in groupby(by_day, key=lambda c: c.day)]


def _spread(
    groups: Sequence[Sequence[tuple[Candidate, Candidate]]], wanted: int, shown: Counter[str]
) -> list[tuple[Candidate, Candidate]]:
    """So many pairs, one of each group in turn, of the photos shown least so far."""
    left = [list(group) for group in groups if group]
    chosen: list[tuple[Candidate, Candidate]] = []
    while left and len(chosen) < wanted:
        for group in left[: wanted - len(chosen)]:
            best = min(group, key=lambda pair: shown[pair[0].photo] + shown[pair[1].photo])
            group.remove(best)
            shown.update(c.photo for c in best)
            chosen.append(best)
        left = [group for group in left if group]
    return chosen


def _halves(count: int, rng: np.random.Generator) -> list[bool]:
    """As many True as False in random order; of an odd number chance decides the last."""
    values = [k % 2 == 0 for k in range(count - count % 2)] + [rng.random() < 0.5] * (count % 2)
    rng.shuffle(values)
    return values


def _across(chosen: Sequence[tuple[Candidate, Candidate]], rng: np.random.Generator) -> list[Pair]:
    sides, turned = _halves(len(chosen), rng), _halves(len(chosen), rng)
    return [
        Pair(Kind.CHANGE, later.photo, earlier.photo, mirrored, mirrored, Side.LEFT)
        if on_left
        else Pair(Kind.CHANGE, earlier.photo, later.photo, mirrored, mirrored, Side.RIGHT)
        for (earlier, later), on_left, mirrored in zip(chosen, sides, turned, strict=True)
    ]


def _within(chosen: Sequence[tuple[Candidate, Candidate]], rng: np.random.Generator) -> list[Pair]:
    sides, turned = _halves(len(chosen), rng), _halves(len(chosen), rng)
    return [
        Pair(Kind.REPLICATES, *((a, b) if first_left else (b, a)), mirrored, mirrored)
        for (a, b), first_left, mirrored in zip(((x.photo, y.photo) for x, y in chosen), sides, turned, strict=True)
    ]


def _mirrored(chosen: Sequence[Candidate], rng: np.random.Generator) -> list[Pair]:
    """A photo beside its own mirror image: nothing differs but the side the light comes from."""
    sides = _halves(len(chosen), rng)
    return [Pair(Kind.MIRROR, c.photo, c.photo, on_left, not on_left) for c, on_left in zip(chosen, sides, strict=True)]


def _repeated(changes: Sequence[Pair], count: int, rng: np.random.Generator) -> list[tuple[Pair, Pair]]:
    """Pairs with their repeats, sides exchanged and both mirrored: neither the eye nor the hand knows it again."""
    by_side = [[p for p in changes if p.later is side] for side in Side]
    for pairs in by_side:
        rng.shuffle(pairs)
    half = count // 2
    chosen = by_side[0][:half] + by_side[1][:half]
    return [(pair, _again(pair)) for pair in chosen]


def _again(pair: Pair) -> Pair:
    assert pair.later is not None
    mirrored = not pair.left_mirrored
    return replace(
        pair,
        left=pair.right,
        right=pair.left,
        left_mirrored=mirrored,
        right_mirrored=mirrored,
        later=pair.later.other,
    )


def _ordered(
    pairs: Sequence[Pair], repeated: Sequence[tuple[Pair, Pair]], rng: np.random.Generator
) -> tuple[Pair, ...]:
    """All pairs in random order; of a pair and its repeat the one that comes second is called the repeat."""
    everything = [*pairs, *(again for _, again in repeated)]
    while True:
        rng.shuffle(everything)
        place = {id(pair): k for k, pair in enumerate(everything)}
        both = [sorted((place[id(one)], place[id(again)])) for one, again in repeated]
        if all(second - first > LEAST_BETWEEN for first, second in both):
            break
    first_of = {second: first for first, second in both}
    return tuple(
        replace(pair, kind=Kind.REPEAT, repeats=first_of[k]) if k in first_of else pair
        for k, pair in enumerate(everything)
    )
