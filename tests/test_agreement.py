"""Agreement of raters and readings: published examples to their printed digits, identities and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, norm

from tracker.agreement import (
    bland_altman,
    clopper_pearson,
    cross_table,
    d_prime,
    fewest_correct,
    forced_choice,
    intraclass,
    weighted_kappa,
)
from tracker.errors import StudyInvalid

#: Shrout and Fleiss 1979, table 2: six targets, four judges.
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
#: Bland and Altman 1986, table: peak expiratory flow in l/min, first readings of the two meters.
LARGE_METER = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
SMALL_METER = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
#: Cohen 1968, table 1: 200 cases, three diagnoses; and how bad he took each confusion to be.
DIAGNOSES, GRAVITY = [[88, 14, 18], [10, 40, 10], [2, 6, 12]], [[0, 1, 3], [1, 0, 6], [3, 6, 0]]
#: The agreement study of the SAS FREQ procedure's manual: two dermatologists, four grades of a skin condition.
SKIN = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]
DISTANCE = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))


def test_intraclass_correlation_is_that_of_shrout_and_fleiss() -> None:
    """ICC(2,1) = 0.29 in their table 4; the interval as R's psych prints it, to its digits."""
    found = intraclass(JUDGES)

    assert f"{found.value.value:.2f}" == "0.29"
    assert (f"{found.value.low:.3f}", f"{found.value.high:.2f}") == ("0.019", "0.76")
    assert (found.subjects, found.readings) == (6, 4)


def test_intraclass_correlation_sees_a_rater_who_always_grades_higher() -> None:
    subjects = np.arange(10.0)
    same, shifted = np.stack([subjects, subjects], 1), np.stack([subjects, subjects + 3.0], 1)

    assert intraclass(same + np.array([0.0, 0.1])).value.value > 0.99
    assert intraclass(shifted + np.tile([[0.1], [-0.1]], (5, 1)) * np.array([1, -1])).value.value < 0.75


def test_intraclass_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(11)
    truth = 4.0 / (4.0 + 0.25 + 1.0)
    tables = (
        rng.normal(0, 2.0, (20, 1)) + rng.normal(0, 0.5, (1, 3)) + rng.normal(0, 1.0, (20, 3)) for _ in range(600)
    )

    covered = np.mean([intraclass(table).value.holds(truth) for table in tables])

    assert 0.92 <= covered <= 0.97


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([[1.0, 2.0]], "at least two subjects"),
        ([[1.0], [2.0]], "at least two readings"),
        ([[1.0, 2.0], [3.0, math.nan]], "A reading is missing"),
        ([[1.0, 1.0], [1.0, 1.0]], "All readings are the same"),
    ],
)
def test_what_gives_no_intraclass_correlation_is_told(table: list[list[float]], why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        intraclass(table)


def test_limits_of_agreement_are_those_of_bland_and_altman() -> None:
    """Lancet 1986: mean difference −2.1, SD 38.8, limits −79.7 and 75.5 with −114.3 to −45.1 and 40.9 to 110.1 l/min.

    They took two standard deviations, and the limits from the rounded mean and SD, which moves a digit.
    """
    found = bland_altman(LARGE_METER, SMALL_METER, multiplier=2.0)

    assert (f"{found.bias.value:.1f}", f"{found.sd:.1f}") == ("-2.1", "38.8")
    assert (f"{found.bias.low:.0f}", f"{found.bias.high:.1f}") == ("-22", "17.8")
    assert f"{round(found.bias.value, 1) - 2 * round(found.sd, 1):.1f}" == "-79.7"
    assert f"{round(found.bias.value, 1) + 2 * round(found.sd, 1):.1f}" == "75.5"
    assert (found.lower.value, found.upper.value) == pytest.approx((-79.7, 75.5), abs=0.1)
    assert (found.lower.low, found.lower.high) == pytest.approx((-114.3, -45.1), abs=0.2)
    assert (found.upper.low, found.upper.high) == pytest.approx((40.9, 110.1), abs=0.2)


def test_limits_of_agreement_tell_a_difference_that_grows() -> None:
    rng = np.random.default_rng(5)
    size = rng.uniform(10, 100, 40)
    grown = bland_altman(1.1 * size + rng.normal(0, 1, 40), size + rng.normal(0, 1, 40))
    even = bland_altman(size + rng.normal(0, 1, 40), size + rng.normal(0, 1, 40))

    assert grown.slope is not None
    assert grown.slope.value == pytest.approx(0.1 / 1.05, abs=0.02)
    assert grown.slope_p is not None
    assert grown.slope_p < 0.001
    assert even.slope is not None
    assert even.slope.holds(0.0)


def test_limits_of_readings_of_one_size_have_no_slope() -> None:
    found = bland_altman([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])

    assert (found.slope, found.slope_p) == (None, None)


def test_limits_cover_the_truth() -> None:
    rng = np.random.default_rng(12)
    found = [bland_altman(rng.normal(0, 1, 20), np.zeros(20)) for _ in range(500)]

    assert 0.92 <= np.mean([f.bias.holds(0.0) for f in found]) <= 0.98
    assert 0.90 <= np.mean([f.upper.holds(1.96) for f in found]) <= 0.97


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ([1, 2, 3], [1, 2], "both readings"),
        ([1, 2], [1, 2], "at least three"),
        ([1, 2, math.nan], [1, 2, 3], "A reading is missing"),
    ],
)
def test_what_gives_no_limits_is_told(first: list[float], second: list[float], why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        bland_altman(first, second)


def test_weighted_kappa_is_that_of_cohen() -> None:
    """Cohen 1968, table 1: κw = .348."""
    assert f"{weighted_kappa(DIAGNOSES, GRAVITY).value:.3f}" == "0.348"


@pytest.mark.parametrize(
    ("weights", "printed"),
    [
        (1 - np.eye(4), ("0.3449", "0.0724", "0.2030", "0.4868")),
        (DISTANCE, ("0.5082", "0.0655", "0.3798", "0.6366")),
    ],
)
def test_kappa_and_its_interval_are_those_of_the_manual(weights: np.ndarray, printed: tuple[str, ...]) -> None:
    """The agreement study of the SAS FREQ procedure: simple and linearly weighted κ, standard error, 95 % limits."""
    found = weighted_kappa(SKIN, weights)
    assert found.low is not None
    assert found.high is not None

    assert tuple(f"{v:.4f}" for v in (found.value, found.standard_error, found.low, found.high)) == printed


def test_quadratic_kappa_is_that_of_a_second_implementation() -> None:
    """statsmodels 0.15, ``cohens_kappa(table, wt="quadratic")``: 0.4545, standard error 0.0665, 0.3243 to 0.5848."""
    found = weighted_kappa(DIAGNOSES)
    assert found.low is not None
    assert found.high is not None

    numbers = [f"{v:.4f}" for v in (found.value, found.standard_error, found.low, found.high)]
    assert numbers == ["0.4545", "0.0665", "0.3243", "0.5848"]


@given(arrays(np.int64, (4, 4), elements=st.integers(0, 30)))
def test_quadratic_kappa_is_the_concordance_of_the_grades(table: np.ndarray) -> None:
    """1 − κ is the mean squared difference over that of independent raters (Fleiss, Cohen 1973)."""
    grades = np.arange(4)
    first, second = (np.repeat(np.indices((4, 4))[axis].ravel(), table.ravel()) for axis in (0, 1))
    assume(len(first) > 1)
    apart = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    assume(apart > 0)

    expected = 2.0 * np.mean((first - first.mean()) * (second - second.mean())) / apart

    assert weighted_kappa(cross_table(list(first), list(second), list(grades))).value == pytest.approx(expected)


def test_raters_who_never_differ_get_no_interval_of_no_width() -> None:
    found = weighted_kappa([[5, 0], [0, 3]])

    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_grades_are_counted_by_pair() -> None:
    table = cross_table(["a", "b", "b"], ["a", "b", "c"], ["a", "b", "c"])

    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: cross_table(["a"], [], ["a"]), "One rater graded 1"),
        (lambda: cross_table(["x"], ["a"], ["a"]), "not on the scale"),
        (lambda: weighted_kappa([[1, 2, 3], [1, 2, 3]]), "square table"),
        (lambda: weighted_kappa([[1, 0], [0, 0]]), "at least two pictures"),
        (lambda: weighted_kappa([[7, 0], [0, 0]]), "the same grade"),
        (lambda: weighted_kappa([[7, 1], [0, 2]], np.ones((3, 3))), "another number of grades"),
    ],
)
def test_what_gives_no_kappa_is_told(call: object, why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        call()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, "0.2527", "0.3676"),
        (15, 148, "0.0578", "0.1617"),
        (0, 20, "0.0000", "0.1684"),
        (1, 29, "0.0009", "0.1776"),
    ],
)
def test_exact_intervals_are_those_of_newcombe(count: int, of: int, low: str, high: str) -> None:
    """Newcombe 1998, table I, method 5: Clopper–Pearson."""
    found = clopper_pearson(count, of)

    assert (f"{found.low:.4f}", f"{found.high:.4f}") == (low, high)


def test_twenty_four_of_thirty_right_is_what_the_plan_says() -> None:
    found = forced_choice(24, 30)

    assert (f"{found.share.low:.2f}", f"{found.share.high:.2f}") == ("0.61", "0.92")
    assert found.p == pytest.approx(float(binom.sf(23, 30, 0.5)))
    assert found.p < 0.05


@pytest.mark.parametrize(("of", "least"), [(4, None), (5, 5), (10, 9), (20, 15), (30, 20), (50, 32)])
def test_fewest_right_answers_that_are_no_guess(of: int, least: int | None) -> None:
    assert fewest_correct(of) == least
    if least is not None:
        assert forced_choice(least, of).p <= 0.05 < forced_choice(least - 1, of).p


def test_sensitivity_is_that_of_two_alternatives() -> None:
    """d′ = 1 gives 76 % correct (Green and Swets): Φ(d′ / √2). Half right is d′ = 0."""
    assert f"{norm.cdf(1 / math.sqrt(2)):.2f}" == "0.76"
    assert d_prime(76, 100).value == pytest.approx(1.0, abs=0.01)
    assert d_prime(50, 100).value == pytest.approx(0.0, abs=1e-12)
    assert d_prime(25, 100).value == -d_prime(75, 100).value


def test_sensitivity_carries_the_exact_interval_over() -> None:
    found, share = d_prime(24, 30), clopper_pearson(24, 30)

    assert norm.cdf(np.array([found.low, found.value, found.high]) / math.sqrt(2)) == pytest.approx(
        [share.low, 0.8, share.high]
    )


def test_sensitivity_of_only_right_answers_has_no_upper_end() -> None:
    found = d_prime(30, 30)

    assert found.high == math.inf
    assert found.low < found.value < math.inf
    assert found.value == pytest.approx(math.sqrt(2) * norm.ppf(29.5 / 30))


@pytest.mark.parametrize(("correct", "of", "why"), [(0, 0, "no answers yet"), (4, 3, "4 of 3 cannot be")])
def test_impossible_counts_are_told(correct: int, of: int, why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        forced_choice(correct, of)
