"""Blinded pair reading: what a plan holds whatever the seed, and what answers of a known rater tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.agreement import forced_choice
from tracker.claims import check_words
from tracker.clinic.topics import TOPICS_OF
from tracker.reader_study import (
    DEPENDENT,
    FEWEST_CHANGES,
    LEAST_BETWEEN,
    MOST_CHANGES,
    NULL_SHARE,
    WHAT_IT_SHOWS,
    Answer,
    Candidate,
    Kind,
    Pair,
    RatedPair,
    Reading,
    Side,
    agreement_with,
    between,
    between_sentences,
    chose_later,
    consensus,
    first_readings,
    grade,
    later_sentence,
    metric_sentence,
    missing_sentence,
    null_sentence,
    plan,
    pooled,
    possible,
    question_about,
    repeat_sentence,
    result_of,
    sensitivity_sentence,
    side_sentence,
)

FIRST = date(2026, 3, 2)


def photos(*replicates: int) -> list[Candidate]:
    """Candidates of sessions a week apart, with so many photos each."""
    return [
        Candidate(f"{session}-{k}", FIRST + timedelta(weeks=session))
        for session, count in enumerate(replicates)
        for k in range(count)
    ]


def day_of(photo: str) -> int:
    return int(photo.split("-")[0])


courses = st.lists(st.integers(1, 3), min_size=2, max_size=8).map(lambda counts: photos(*counts))
seeds = st.integers(0, 2**31 - 1)


def rate(
    pairs: tuple[Pair, ...],
    choose: Callable[[Pair], Side],
    how_clear: Callable[[Pair], int | None] = lambda _: None,
    rater: str = "AB",
) -> Reading:
    """A sitting in which every pair is answered by a rule."""
    answers = (Answer(choose(pair), how_clear(pair), 4.0) for pair in pairs)
    return Reading(rater, tuple(RatedPair(k, p, a) for k, (p, a) in enumerate(zip(pairs, answers, strict=True))))


def sees_all(pair: Pair) -> Side:
    """Always right, and left where there is no right answer."""
    return pair.later or Side.LEFT


# The plan


@settings(max_examples=150, deadline=None)
@given(courses, seeds)
def test_a_plan_has_the_pairs_that_the_photos_allow(course: list[Candidate], seed: int) -> None:
    wanted = possible(course)
    if wanted.changes < FEWEST_CHANGES:
        with pytest.raises(ValueError, match="too few"):
            plan(course, seed)
        return
    pairs = plan(course, seed)
    kinds = Counter(pair.kind for pair in pairs)

    assert len(pairs) == wanted.total
    assert kinds == Counter(
        {
            Kind.CHANGE: wanted.changes,
            Kind.REPLICATES: wanted.replicates,
            Kind.MIRROR: wanted.mirrors,
            Kind.REPEAT: wanted.repeats,
        }
    )
    assert wanted.replicates + wanted.mirrors >= NULL_SHARE * wanted.total
    assert wanted.mirrors >= 2
    assert wanted.repeats >= 2


@settings(max_examples=150, deadline=None)
@given(courses.filter(lambda c: possible(c).changes >= FEWEST_CHANGES), seeds)
def test_every_pair_is_what_its_kind_says(course: list[Candidate], seed: int) -> None:
    for pair in plan(course, seed):
        days = day_of(pair.left), day_of(pair.right)
        if pair.kind in (Kind.CHANGE, Kind.REPEAT):
            assert days[0] != days[1]
            assert pair.later is (Side.LEFT if days[0] > days[1] else Side.RIGHT)
            assert pair.left_mirrored == pair.right_mirrored
        elif pair.kind is Kind.REPLICATES:
            assert days[0] == days[1]
            assert pair.left != pair.right
            assert pair.left_mirrored == pair.right_mirrored
        else:
            assert pair.left == pair.right
            assert pair.left_mirrored != pair.right_mirrored
        assert (pair.later is None) == pair.kind.is_null


@settings(max_examples=150, deadline=None)
@given(courses.filter(lambda c: possible(c).changes >= FEWEST_CHANGES), seeds)
def test_sides_are_balanced_and_a_repeat_is_turned_round_and_comes_late(course: list[Candidate], seed: int) -> None:
    pairs = plan(course, seed)
    later = Counter(pair.later for pair in pairs if pair.later)
    copies = Counter(pair.left_mirrored for pair in pairs if pair.kind is Kind.MIRROR)

    assert abs(later[Side.LEFT] - later[Side.RIGHT]) <= 1
    assert abs(copies[True] - copies[False]) <= 1
    for position, pair in enumerate(pairs):
        if pair.repeats is None:
            continue
        first = pairs[pair.repeats]
        assert first.kind is Kind.CHANGE
        assert (pair.left, pair.right) == (first.right, first.left)
        assert pair.left_mirrored != first.left_mirrored
        assert position - pair.repeats > LEAST_BETWEEN


def test_the_usual_course_gives_twenty_pairs_a_fifth_of_them_replicates() -> None:
    wanted = possible(photos(2, 2, 2, 2, 2, 2))

    assert wanted.total == 20
    assert wanted.changes == MOST_CHANGES
    assert wanted.replicates >= NULL_SHARE * wanted.total


def test_raters_judge_the_same_pairs_in_another_order_and_one_seed_gives_one_plan() -> None:
    course = photos(2, 1, 2, 2, 1)
    one, other, again = plan(course, 1), plan(course, 2), plan(course, 1)

    changes = [Counter(p.photos for p in pairs if p.kind is Kind.CHANGE) for pairs in (one, other)]
    assert changes[0] == changes[1]
    assert one != other
    assert one == again


def test_the_latest_session_is_compared_with_the_first_and_no_photo_is_shown_much_more_than_another() -> None:
    pairs = plan(photos(2, 2, 2, 2, 2, 2), 5)
    asked = {frozenset(map(day_of, p.photos)) for p in pairs if p.kind is Kind.CHANGE}
    seen = Counter(photo for p in pairs if p.kind is not Kind.REPEAT for photo in (p.left, p.right))

    assert {frozenset((0, later)) for later in range(1, 6)} <= asked
    assert max(seen.values()) - min(seen.values()) <= 3


def test_over_many_seeds_nothing_of_a_place_tells_the_kind_or_the_side() -> None:
    """1000 plans: at every place each side has the later photo as often, within four standard errors."""
    course = photos(2, 2, 2, 2, 2, 2)
    plans = [plan(course, seed) for seed in range(1000)]

    for position in range(20):
        told = [p[position].later for p in plans if p[position].later]
        left = sum(side is Side.LEFT for side in told)
        assert abs(left - len(told) / 2) < 4 * np.sqrt(len(told)) / 2


# The answers


def test_a_rater_who_sees_everything_is_right_throughout() -> None:
    result = result_of(rate(plan(photos(2, 2, 2, 2, 2, 2), 3), sees_all, lambda p: 4 if p.later else 0))

    assert result.later is not None
    assert (result.later.correct, result.later.of, result.needed) == (10, 10, 9)
    assert result.again is not None
    assert result.again.count == result.again.of == 4
    assert (result.clear, result.clear_of_null) == (4.0, 0.0)
    assert result.seconds == 4.0


@pytest.mark.parametrize("side", list(Side))
def test_a_rater_who_always_takes_one_side_is_found_out(side: Side) -> None:
    result = result_of(rate(plan(photos(2, 2, 2, 2, 2, 2), 3), lambda _: side))

    assert result.later is not None
    assert result.later.correct == 5
    assert result.left.count == (20 if side is Side.LEFT else 0)
    assert f"prefers the {side} side" in side_sentence(result)
    assert result.again is not None
    assert result.again.count == 0
    assert result.retest is not None
    assert result.retest.value == -1.0
    assert "seldom be so one-sided" in null_sentence(result)


def test_repeats_are_not_counted_as_further_right_answers() -> None:
    pairs = plan(photos(2, 2, 2, 2, 2, 2), 3)
    reading = rate(pairs, lambda p: p.later.other if p.kind is Kind.REPEAT and p.later else sees_all(p))

    found = pooled([reading])
    assert found is not None
    assert (found.correct, found.of) == (10, 10)
    result = result_of(reading)
    assert result.again is not None
    assert result.again.count == 0


def test_a_repeat_whose_pair_was_removed_with_its_photo_is_left_out() -> None:
    reading = rate(plan(photos(2, 2, 2, 2, 2, 2), 3), sees_all)
    gone = next(p.pair.repeats for p in reading.pairs if p.pair.repeats is not None)
    rest = replace(reading, pairs=tuple(p for p in reading.pairs if p.position != gone))

    result = result_of(rest)

    assert result.again is not None
    assert result.again.of == 3


def test_guessing_is_half_right_and_agrees_with_nobody() -> None:
    """200 raters who guess: 10 pairs each, so the share is within four standard errors of a half."""
    rng = np.random.default_rng(8)
    course = photos(2, 2, 2, 2, 2, 2)
    readings = [
        rate(plan(course, seed), lambda _: list(Side)[rng.integers(2)], lambda _: int(rng.integers(5)), f"R{seed}")
        for seed in range(200)
    ]

    found = pooled(readings)
    assert found is not None
    assert abs(found.share.value - 0.5) < 4 * 0.5 / np.sqrt(2000)
    assert sum(bool(r.later and r.needed and r.later.correct >= r.needed) for r in map(result_of, readings)) <= 8
    agreed = between(readings[:40])
    assert agreed is not None
    assert agreed.icc is not None
    assert abs(agreed.icc.value.value) < 0.1
    assert abs(np.mean([kappa.value for kappa in agreed.kappas])) < 0.05


def test_raters_of_one_mind_agree_whatever_sides_and_order_they_were_shown() -> None:
    course = photos(2, 2, 2, 2, 2, 2)

    def opinion(pair: Pair) -> Side:
        """Of the photos alone: in some pairs the earlier one is taken."""
        wrong = sum(map(day_of, pair.photos)) % 3 == 0
        return sees_all(pair).other if wrong else sees_all(pair)

    def clarity(pair: Pair) -> int:
        return sum(map(day_of, pair.photos)) % 5

    found = between([rate(plan(course, seed), opinion, clarity, f"R{seed}") for seed in (1, 2, 3)])

    assert found is not None
    assert found.pairs == 10
    assert [kappa.value for kappa in found.kappas] == [1.0, 1.0, 1.0]
    assert found.icc is not None
    assert found.icc.value.value == pytest.approx(1.0)


def test_one_who_does_not_say_how_clear_it_was_is_compared_by_choices_alone() -> None:
    course = photos(2, 2, 2, 2, 2, 2)
    days = {frozenset((0, 5)), frozenset((0, 4))}

    def half(pair: Pair) -> Side:
        return sees_all(pair).other if frozenset(map(day_of, pair.photos)) in days else sees_all(pair)

    found = between([rate(plan(course, 1), half, lambda _: 3, "A"), rate(plan(course, 2), half, rater="B")])

    assert found is not None
    assert [kappa.value for kappa in found.kappas] == [1.0]


def test_answers_run_from_the_earlier_photo_clearly_to_the_later_one_clearly() -> None:
    pair = Pair(Kind.CHANGE, "1-0", "0-0", False, False, later=Side.LEFT)
    said = [(Side.RIGHT, 4), (Side.RIGHT, 1), (Side.RIGHT, 0), (Side.LEFT, 0), (Side.LEFT, 1), (Side.LEFT, 4)]

    assert [grade(RatedPair(0, pair, Answer(*a)), with_confidence=True) for a in said] == [0, 3, 4, 5, 6, 9]
    assert [grade(RatedPair(0, pair, Answer(*a)), with_confidence=False) for a in said] == [0, 0, 0, 1, 1, 1]
    with pytest.raises(ValueError, match="grade"):
        grade(RatedPair(0, pair), with_confidence=True)
    assert chose_later(RatedPair(0, pair)) is None


def test_most_raters_decide_a_tie_decides_nothing_and_one_rater_counts_once() -> None:
    pairs = plan(photos(2, 2, 2, 2, 2, 2), 1)
    right, wrong = (rate(pairs, sees_all, rater=name) for name in ("A", "B"))
    wrong = rate(pairs, lambda p: sees_all(p).other, rater="B")

    assert set(consensus([right, right, wrong]).values()) == {True}
    assert consensus([right, wrong]) == {}
    assert first_readings([right, replace(wrong, rater="a"), wrong]) == (right, wrong)


def test_the_eye_and_the_measurement_are_compared_by_their_sign() -> None:
    a, b, c, d = (frozenset(pair) for pair in ("ab", "cd", "ef", "gh"))

    found = agreement_with({a: True, b: True, c: False, d: True}, {a: 0.4, b: -0.1, c: -2.0, d: 0.0})

    assert found is not None
    assert (found.count, found.of) == (2, 3)
    assert agreement_with({a: True}, {}) is None


# The words


def test_more_than_guessing_is_said_from_nine_of_ten_on_and_in_either_direction() -> None:
    said = {count: later_sentence(forced_choice(count, 10)) for count in range(11)}

    assert [count for count, text in said.items() if "more than guessing" in text] == [9, 10]
    assert [count for count, text in said.items() if "earlier photo was chosen more often" in text] == [0, 1]
    assert all("does not show that nothing changed" in said[count] for count in range(2, 9))
    assert "90 %, 95 % interval 55 to 100 %" in said[9]
    assert "cannot be told from guessing" in later_sentence(forced_choice(4, 4))


def test_every_sentence_claims_nothing_that_a_photo_does_not_show() -> None:
    rng = np.random.default_rng(2)
    course = photos(2, 2, 2, 2, 2, 2)
    said = [WHAT_IT_SHOWS, DEPENDENT, missing_sentence(1, 5), metric_sentence(None, "Relief roughness", raters=1)]
    readings = [
        rate(plan(course, seed), lambda _: list(Side)[rng.integers(2)], lambda _: int(rng.integers(5)), f"R{seed}")
        for seed in range(20)
    ]
    for reading in readings:
        result = result_of(reading)
        assert result.later is not None
        said += [later_sentence(result.later), sensitivity_sentence(result.later)]
        said += [repeat_sentence(result), side_sentence(result), null_sentence(result)]
    for group in (readings[:2], readings[:3]):
        found = between(group)
        assert found is not None
        said += between_sentences(found)
    said += [question_about(indication) for indication in ("", "anything", *TOPICS_OF)]

    for sentence in said:
        check_words(sentence)
        assert sentence.endswith((".", "?"))
        assert "nan" not in sentence.lower()


def test_every_indication_is_asked_about_in_its_own_words() -> None:
    usual = question_about("")

    assert [indication for indication in TOPICS_OF if question_about(indication) == usual] == []
