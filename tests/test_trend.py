"""Trends: published examples, exact counts against enumeration, agreement of test and interval, coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm, t

from tracker.errors import StudyInvalid
from tracker.trend import (
    equivalence,
    holm,
    known_sd_slope,
    mann_kendall,
    ruled_out_beyond,
    theil_sen,
)

#: Hollander and Wolfe 1973, p. 187: lightness and panel score of nine lots of tuna; the scores in order of lightness.
LIGHTNESS = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
PANEL = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
#: Hollander and Wolfe, example 9.1: five years of cloud seeding and the ratio of rain.
YEARS, RAIN = [1, 2, 3, 4, 5], [1.26, 1.27, 1.12, 1.16, 1.03]
#: A by-hand example with one tie (Little, College of the Holy Cross): S = 54.
WITH_A_TIE = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7]


def test_trend_is_that_of_hollander_and_wolfe() -> None:
    """Their one-sided p is 0.05972, as R's manual of ``cor.test`` prints for this table."""
    found = mann_kendall(np.array(PANEL)[np.argsort(LIGHTNESS)])

    assert f"{found.p / 2:.5f}" == "0.05972"
    assert found.score == 16


def test_score_of_a_published_row_with_a_tie() -> None:
    """S = 54, and its normal deviate 2.9058; the exact p against 20 000 orders drawn at random."""
    found = mann_kendall(WITH_A_TIE)
    approximate = (found.score - 1) / math.sqrt(14 * 13 * 33 / 18 - 2 * 1 * 9 / 18)
    drawn = np.random.default_rng(3).permuted(np.tile(WITH_A_TIE, (20_000, 1)), axis=1)
    earlier, later = np.triu_indices(14, k=1)
    scores = np.sign(drawn[:, later] - drawn[:, earlier]).sum(axis=1)

    assert found.score == 54
    assert f"{approximate:.4f}" == "2.9058"
    assert found.p == pytest.approx(np.mean(np.abs(scores) >= 54), abs=0.0012)


@pytest.mark.parametrize(("sessions", "least"), [(5, "0.0167"), (6, "0.0028"), (7, "0.0004")])
def test_a_perfect_order_has_the_least_chance(sessions: int, least: str) -> None:
    """2 / k!: five sessions are the fewest that can show a trend at 5 %."""
    assert f"{mann_kendall(np.arange(sessions)).p:.4f}" == least


@given(st.lists(st.integers(-1000, 1000), min_size=5, max_size=12, unique=True))
def test_without_ties_the_test_is_that_of_scipy(values: list[int]) -> None:
    expected = kendalltau(range(len(values)), values, method="exact").pvalue

    assert mann_kendall(values).p == pytest.approx(expected)


@pytest.mark.parametrize("values", [[1, 1, 2, 3, 3], [1, 2, 2, 2, 3, 1], [2, 2, 2, 2, 2], [3, 1, 1, 2, 2, 2]])
def test_with_ties_the_test_counts_every_order(values: list[int]) -> None:
    def score(order: tuple[int, ...]) -> int:
        return sum(int(np.sign(later - earlier)) for earlier, later in itertools.combinations(order, 2))

    every = [abs(score(order)) for order in itertools.permutations(values)]
    expected = np.mean([found >= abs(score(tuple(values))) for found in every])

    assert mann_kendall(values).p == pytest.approx(expected)


def test_slope_is_that_of_theil_in_hollander_and_wolfe() -> None:
    """The median of the ten slopes: −.056; the exact 95 % interval of five sessions is all of them, at 98.3 %."""
    found = theil_sen(YEARS, RAIN)

    assert f"{found.value:.3f}" == "-0.056"
    assert (found.low, found.high) == pytest.approx((-0.15, 0.04))
    assert f"{found.confidence:.3f}" == "0.983"
    assert f"{mann_kendall(RAIN).p / 2:.3f}" == "0.117"


def test_a_single_odd_session_does_not_move_the_slope() -> None:
    times = np.arange(7) * 10.0
    values = 8.0 - 0.02 * times
    values[3] = 50.0

    assert theil_sen(times, values).value == pytest.approx(-0.02)


@given(st.lists(st.integers(-10_000, 10_000), min_size=5, max_size=14, unique=True))
def test_the_interval_holds_zero_exactly_where_the_test_finds_no_trend(values: list[int]) -> None:
    interval, test = theil_sen(range(len(values)), values), mann_kendall(values)

    assert (interval.low <= 0.0 <= interval.high) == (test.p > 0.05)


def test_more_sessions_give_an_interval_closer_to_what_was_asked() -> None:
    held = [theil_sen(range(k), np.sin(range(k))).confidence for k in (5, 8, 12, 20)]

    assert min(held) >= 0.95
    assert held[0] > 0.98
    assert held[-1] < 0.955


@pytest.mark.parametrize("sessions", [5, 8])
def test_rank_trends_are_not_found_in_noise(sessions: int) -> None:
    rng = np.random.default_rng(21)
    times = np.sort(rng.uniform(0, 60, sessions))
    found = [mann_kendall(rng.normal(0, 1, sessions)).p <= 0.05 for _ in range(1500)]
    held = [(s := theil_sen(times, 0.1 * times + rng.normal(0, 1, sessions))).low <= 0.1 <= s.high for _ in range(500)]

    assert np.mean(found) <= 0.06
    assert np.mean(held) >= 0.94


def test_known_spread_gives_the_textbook_slope() -> None:
    """b = Σ(t − t̄)(y − ȳ) / Σ(t − t̄)², standard error s / √Σ(t − t̄)² (MEASUREMENT.md §6.5)."""
    times, values = np.array([0.0, 7.0, 16.0, 30.0]), np.array([8.1, 7.7, 7.9, 6.8])
    centred = times - times.mean()

    found = known_sd_slope(times, values, 0.6)

    assert found.value == pytest.approx(np.polyfit(times, values, 1)[0])
    assert found.standard_error == pytest.approx(0.6 / math.sqrt((centred**2).sum()))
    assert found.p == pytest.approx(2 * norm.sf(abs(found.value) / found.standard_error))
    assert (found.low, found.high) == pytest.approx(
        (found.value - 1.959964 * found.standard_error, found.value + 1.959964 * found.standard_error)
    )


def test_a_session_known_badly_weighs_little() -> None:
    times = [0.0, 10.0, 20.0, 30.0]
    values, spreads = [1.0, 2.0, 3.0, 40.0], [0.1, 0.1, 0.1, 1000.0]

    assert known_sd_slope(times, values, spreads).value == pytest.approx(0.1, abs=1e-5)
    assert known_sd_slope(times, values, 0.1).value > 1.0


@pytest.mark.parametrize("sessions", [3, 4, 9])
def test_slope_interval_covers_the_truth(sessions: int) -> None:
    rng = np.random.default_rng(31)
    times = np.sort(rng.uniform(0, 60, sessions))
    spreads = rng.uniform(0.3, 0.9, sessions)
    found = [known_sd_slope(times, 0.03 * times + rng.normal(0, spreads), spreads) for _ in range(1500)]

    assert 0.935 <= np.mean([f.low <= 0.03 <= f.high for f in found]) <= 0.965
    assert np.std([f.value for f in found]) == pytest.approx(found[0].standard_error, rel=0.07)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: known_sd_slope([0, 1], [1, 2], 1.0), "needs 3 sessions; there are 2"),
        (lambda: known_sd_slope([0, 1, 1], [1, 2, 3], 1.0), "in order of time"),
        (lambda: known_sd_slope([0, 1, 2], [1, 2, math.nan], 1.0), "has no value"),
        (lambda: known_sd_slope([0, 1, 2], [1, 2], 1.0), "one time and one value"),
        (lambda: known_sd_slope([0, 1, 2], [1, 2, 3], 0.0), "the spread of a session"),
        (lambda: mann_kendall([1, 2, 3, 4]), "needs 5 sessions; there are 4"),
        (lambda: theil_sen([0, 1, 2, 3], [1, 2, 3, 4]), "needs 5 sessions; there are 4"),
        (lambda: theil_sen(range(5), [1, 2, 3, 4, 5], 0.99), "too few for an interval of 99 %"),
        (lambda: equivalence(0.0, 0.0, 1.0), "standard error, above zero"),
        (lambda: equivalence(0.0, 1.0, (0.1, 0.3)), "larger than zero in both"),
        (lambda: ruled_out_beyond(0.0, -1.0), "standard error, above zero"),
        (lambda: holm({"a": math.nan}), "between 0 and 1"),
    ],
)
def test_what_carries_no_trend_is_told(call: object, why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        call()  # type: ignore[operator]


@given(st.floats(-3, 3), st.floats(0.05, 2), st.floats(0.1, 4), st.sampled_from([None, 4.0, 38.0]))
def test_a_change_is_ruled_out_where_both_one_sided_tests_say_so(
    change: float, error: float, margin: float, freedom: float | None
) -> None:
    found = equivalence(change, error, margin, freedom=freedom)

    assert found.ruled_out == (found.p < 0.05)
    quantile = norm.ppf(0.95) if freedom is None else t.ppf(0.95, freedom)
    assert (found.low, found.high) == pytest.approx((change - quantile * error, change + quantile * error))


def test_the_least_margin_is_where_ruling_out_begins() -> None:
    lower, upper = ruled_out_beyond(-0.4, 0.3)

    assert equivalence(-0.4, 0.3, (1.001 * lower, 1.001 * upper)).ruled_out
    assert not equivalence(-0.4, 0.3, (0.999 * lower, 1.001 * upper)).ruled_out
    assert not equivalence(-0.4, 0.3, (1.001 * lower, 0.999 * upper)).ruled_out


def test_a_large_fall_does_not_rule_itself_out() -> None:
    lower, upper = ruled_out_beyond(-5.0, 1.0)

    assert lower < -5.0
    assert upper == 0.0
    assert ruled_out_beyond(5.0, 1.0) == (-upper, -lower)


def test_a_change_of_the_margin_is_ruled_out_at_its_level() -> None:
    """What is really there is wrongly ruled out in one of twenty cases."""
    rng = np.random.default_rng(41)

    wrong = np.mean([equivalence(rng.normal(1.0, 0.2), 0.2, 1.0).ruled_out for _ in range(2000)])

    assert 0.035 <= wrong <= 0.065


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        ([0.50, 0.003, 0.32, 0.054, 0.0003], [0.64, 0.012, 0.64, 0.162, 0.0015]),
        ([0.319, 0.201, 0.4, 0.374, 0.113], [0.957, 0.804, 0.957, 0.957, 0.565]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([], []),
    ],
)
def test_many_metrics_are_corrected_as_published(given: list[float], adjusted: list[float]) -> None:
    """The worked examples in the manuals of pingouin and stdlib; then that of textbooks; then the ends."""
    names = [str(place) for place in range(len(given))]

    assert list(holm(dict(zip(names, given, strict=True))).items()) == [
        (name, pytest.approx(p)) for name, p in zip(names, adjusted, strict=True)
    ]
