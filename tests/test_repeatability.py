"""Repeatability from re-posed photos: published examples to their printed digits, coverage, and what is refused."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, f

from tracker.errors import StudyInvalid
from tracker.metrics import metric_named
from tracker.repeatability import (
    PROVISIONAL,
    Components,
    Reading,
    Repeatability,
    Study,
    detectable,
    pooled,
    progress,
    spread_of,
    studied,
    study,
)

#: Bland and Altman 1986: two readings of peak expiratory flow per person with each meter, l/min.
LARGE_METER = (
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427],
    [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421],
)
SMALL_METER = (
    [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451],
    [525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443],
)
#: Snedecor and Cochran, "Statistical Methods", p. 286; the example of SAS's NESTED procedure: calcium in turnip greens,
#: four plants, three leaves of each, two determinations of each leaf.
CALCIUM = (
    "3.28 3.09 3.52 3.48 2.88 2.80 2.46 2.44 1.87 1.92 2.19 2.19 "
    "2.77 2.66 3.74 3.44 2.55 2.55 3.78 3.87 4.07 4.12 3.31 3.31"
)
RELIEF, CONTRAST = metric_named("relief"), metric_named("delta_mi")


def _readings(*sets: list[float]) -> list[Reading]:
    """One photo per set: the sets' values by subject."""
    return [Reading(f"S{who}", str(k), value) for k, values in enumerate(sets, 1) for who, value in enumerate(values)]


def _drawn(
    seed: int, subjects: int, posings: int, shots: int, *, session: float, shot: float, grown: float = 0.0
) -> list[Reading]:
    """Normal readings with these standard deviations; `grown` makes them follow the size of the subject."""
    rng = np.random.default_rng(seed)
    readings = []
    for who in range(subjects):
        size = rng.uniform(5, 50)
        scale = 1.0 + grown * size
        for posing in range(posings):
            centre = rng.normal(size, session * scale)
            readings += [Reading(f"S{who}", str(posing), rng.normal(centre, shot * scale)) for _ in range(shots)]
    return readings


def _components(readings: list[Reading]) -> Components:
    return study(readings, multiplicative=False).components


@pytest.mark.parametrize(("meter", "printed"), [(LARGE_METER, "15.3"), (SMALL_METER, "19.9")])
def test_spread_within_subjects_is_that_of_bland_and_altman(meter: tuple[list[float], ...], printed: str) -> None:
    """15.3 l/min for the large meter in their papers; the mini meter's from their data by the same formula."""
    found = study(_readings(*meter), multiplicative=False)
    by_hand = math.sqrt(np.mean((np.array(meter[0]) - np.array(meter[1])) ** 2) / 2)

    assert f"{found.within.sd:.1f}" == printed
    assert found.within.sd == pytest.approx(by_hand)
    assert found.within.freedom == 17
    assert found.sem == found.within.sd
    assert found.mdc95().rise == pytest.approx(2.772 * by_hand, rel=1e-3)


def test_components_are_those_of_the_turnip_leaves() -> None:
    """Between leaves 0.1611 and between determinations 0.0067 (SAS: 0.161060 and 0.006654)."""
    values = [float(word) for word in CALCIUM.split()]
    readings = [Reading(f"plant {k // 6}", str(k // 2 % 3), value) for k, value in enumerate(values)]

    found = _components(readings)
    assert found.session is not None
    assert found.shot is not None

    assert (f"{found.session.sd**2:.6f}", f"{found.shot.sd**2:.6f}") == ("0.161060", "0.006654")
    assert (found.between_freedom, found.within_freedom) == (8, 12)
    assert found.of(1).sd ** 2 == pytest.approx(0.161060 + 0.006654, abs=2e-6)
    assert found.of(2).sd == pytest.approx(study(readings, multiplicative=False).within.sd)


@pytest.mark.parametrize(
    ("subjects", "posings", "half"), [(10, 3, "0.31"), (20, 3, "0.22"), (30, 3, "0.18"), (50, 2, "0.20")]
)
def test_width_of_the_interval_is_that_of_the_plan(subjects: int, posings: int, half: str) -> None:
    """1.96 / √(2 n (m − 1)) of MEASUREMENT.md §6.1; the exact interval is close to it and a little wider upwards."""
    freedom = subjects * (posings - 1)
    found = spread_of(1.0, freedom)

    assert f"{1.96 / math.sqrt(2 * freedom):.2f}" == half
    assert (found.high - found.low) / 2 == pytest.approx(float(half), abs=0.05)
    assert (found.low, found.high) == pytest.approx(tuple(np.sqrt(freedom / chi2.ppf([0.975, 0.025], freedom))))
    assert found.high - 1.0 > 1.0 - found.low


@pytest.mark.parametrize(("subjects", "posings"), [(10, 2), (20, 3)])
def test_interval_of_the_spread_covers_the_truth(subjects: int, posings: int) -> None:
    found = [study(_drawn(k, subjects, posings, 1, session=2.0, shot=0.0), multiplicative=False) for k in range(400)]

    assert 0.925 <= np.mean([of.within.low <= 2.0 <= of.within.high for of in found]) <= 0.975


@pytest.mark.parametrize(("session", "shot"), [(1.0, 1.0), (0.3, 1.0)])
def test_intervals_for_other_numbers_of_photos_cover_the_truth(session: float, shot: float) -> None:
    """Also where the sets hardly differ, so that the component between them is often found to be zero."""
    found = [_components(_drawn(k, 15, 3, 2, session=session, shot=shot)) for k in range(300)]

    for shots in (1, 3, 6):
        truth = math.hypot(session, shot / math.sqrt(shots))
        assert 0.91 <= np.mean([(s := of.of(shots)).low <= truth <= s.high for of in found]) <= 0.985
    spreads = [of.session for of in found if of.session is not None]
    assert 0.91 <= np.mean([s.low <= session <= s.high for s in spreads]) <= 0.985


def test_intervals_are_those_of_graybill_and_wang_and_of_ting() -> None:
    """Their formulas with their own names, for a sum (one photo) and a difference (six photos) of mean squares."""
    one, two, n1, n2 = 3.0, 2.0, 8, 12
    found = Components(one, n1, two, n2, share=0.5)
    (g1, h1), (g2, h2) = ((1 - n / chi2.ppf(0.975, n), n / chi2.ppf(0.025, n) - 1) for n in (n1, n2))
    added, taken = 0.5 * two, (0.5 - 1 / 6) * two
    top, bottom = f.ppf(0.975, n1, n2), f.ppf(0.025, n1, n2)
    g12 = ((top - 1) ** 2 - g1**2 * top**2 - h2**2) / top
    h12 = ((1 - bottom) ** 2 - h1**2 * bottom**2 - g2**2) / bottom

    total = found.of(1)
    assert total.low**2 == pytest.approx(one + added - math.hypot(g1 * one, g2 * added))
    assert total.high**2 == pytest.approx(one + added + math.hypot(h1 * one, h2 * added))
    left = found.of(6)
    below = g1**2 * one**2 + h2**2 * taken**2 + g12 * one * taken
    above = h1**2 * one**2 + g2**2 * taken**2 + h12 * one * taken
    assert left.low**2 == pytest.approx(max(one - taken - math.sqrt(below), 0.0))
    assert left.high**2 == pytest.approx(one - taken + math.sqrt(above))


def test_sets_that_differ_less_than_their_photos_tell_of_photos_only() -> None:
    """As restricted maximum likelihood: no variance between sets, and all readings for the one between photos."""
    found = Components(between=0.2, between_freedom=8, within=2.0, within_freedom=12, share=0.5)
    assert found.session is not None
    assert found.shot is not None

    assert (found.session.sd, found.session.low) == (0.0, 0.0)
    assert found.shot.sd**2 == pytest.approx((8 * 0.2 / 0.5 + 12 * 2.0) / 20)
    assert found.shot.freedom == 20
    for shots in (1, 2, 6, 50):
        spread = found.of(shots)
        assert spread.sd == pytest.approx(found.shot.sd / math.sqrt(shots))
        assert spread.low <= spread.sd <= spread.high


def test_unequal_numbers_of_sets_and_photos_tell_the_same_components() -> None:
    rng = np.random.default_rng(8)
    variances = []
    for seed in range(150):
        readings = _drawn(seed, 20, 3, 3, session=1.0, shot=1.5)
        kept = [r for r in readings if rng.uniform() < 0.75]
        found = _components(kept)
        assert found.session is not None
        assert found.shot is not None
        variances.append((found.session.sd**2, found.shot.sd**2))

    assert np.mean(variances, axis=0) == pytest.approx([1.0, 2.25], rel=0.1)


@given(st.integers(0, 10**6), st.floats(0.0, 2.0), st.floats(0.1, 2.0))
def test_more_photos_never_make_a_session_worse(seed: int, session: float, shot: float) -> None:
    found = _components(_drawn(seed, 6, 2, 2, session=session, shot=shot))
    spreads = [found.of(shots) for shots in (1, 2, 3, 10)]

    assert sorted((s.sd for s in spreads), reverse=True) == [s.sd for s in spreads]
    assert all(s.low <= s.sd <= s.high for s in spreads)


def test_with_one_photo_per_set_no_gain_from_more_is_claimed() -> None:
    found = study(_drawn(1, 20, 3, 1, session=1.0, shot=1.0), multiplicative=False)

    assert not found.components.separable
    assert (found.components.session, found.components.shot) == (None, None)
    assert found.components.of(3) == found.components.of(1) == found.within
    assert any("what averaging photos gains" in wish for wish in found.progress.wanted)


def test_three_photos_give_the_plan_s_smallest_change() -> None:
    """§6.3: with half the variance per photo, one photo 3.6 and three photos 2.9 (tone angle, s = 1.3°)."""
    part = 1.3**2 / 2
    sds = [math.sqrt(part + part / shots) for shots in (1, 3)]

    assert [f"{detectable(sd, multiplicative=False).rise:.1f}" for sd in sds] == ["3.6", "2.9"]


def test_ratios_are_judged_in_logarithms() -> None:
    """Twice the value, twice the spread: the ratio stays, and MDC95 is a pair that multiplies to one."""
    readings = [
        Reading(f"S{who}", str(k), (5.0 + who) * math.exp(step))
        for who in range(6)
        for k, step in enumerate((-0.1, 0.0, 0.1))
    ]

    found = study(readings, multiplicative=True)
    change = found.mdc95()

    assert found.sem == pytest.approx(0.1)
    assert change.is_ratio
    assert change.rise == pytest.approx(math.exp(1.96 * math.sqrt(2) * 0.1))
    assert change.fall * change.rise == pytest.approx(1.0)


def test_a_spread_that_grows_with_the_value_is_told() -> None:
    grown = _drawn(4, 30, 3, 1, session=0.5, shot=0.0, grown=0.2)
    even = _drawn(4, 30, 3, 1, session=0.5, shot=0.0)

    assert (of := study(grown, multiplicative=False).growth) is not None
    assert of.grows
    assert (of := study(even, multiplicative=False).growth) is not None
    assert not of.grows
    assert (of := study(even, multiplicative=True).growth) is not None
    assert of.shrinks


def test_a_drift_from_set_to_set_is_seen_by_the_limits_and_not_hidden_by_the_spread() -> None:
    first = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    drifted = study(_readings(first, [v + 3.0 + 0.1 * (v % 20) for v in first]), multiplicative=False)

    assert drifted.differences is not None
    assert drifted.differences.bias.high < -2.0
    assert drifted.sem > 2.0


def test_intraclass_correlation_takes_the_largest_table_without_gaps() -> None:
    readings = _drawn(6, 12, 3, 1, session=1.0, shot=0.0)
    one_set_more = [*readings, Reading("S0", "3", 20.0)]
    two_who_stopped = [r for r in one_set_more if (r.subject, r.posing) not in {("S10", "2"), ("S11", "2")}]

    found = study(two_who_stopped, multiplicative=False).agreement

    assert found is not None
    assert (found.subjects, found.readings) == (10, 3)
    assert found.value.value > 0.9


def test_the_tenth_set_comes_after_the_second() -> None:
    """The limits are of the first against the second set, also if a clinic took ten."""
    readings = [Reading(f"S{w}", str(k), 10.0 * w + k + 0.01 * w * k) for w in range(4) for k in (10, 2, 1)]

    found = study(readings, multiplicative=False).differences

    assert found is not None
    assert found.bias.value == pytest.approx(-1.015)


def test_spreads_of_one_set_up_are_pooled_by_their_weight() -> None:
    one, other = spread_of(1.0, 10), spread_of(4.0, 30)

    found = pooled([one, other])

    assert found.sd**2 == pytest.approx((10 * 1.0 + 30 * 4.0) / 40)
    assert found.freedom == 40
    assert found.low > other.low * 0.8


def _of(posings: int, people: int, **of: str) -> list[Reading]:
    rng = np.random.default_rng(9)
    return [Reading(f"S{w}", str(k), rng.uniform(1, 9), **of) for w in range(people) for k in range(posings)]


def test_what_is_left_of_a_study_is_told() -> None:
    nothing, begun, least, done = progress([]), progress(_of(2, 4)), progress(_of(3, 20)), progress(_of(3, 30))

    assert nothing.missing == ("20 more people, each in three re-posed sets: 0 of at least 20 are done.",)
    assert begun.missing == (
        "Re-posed sets still to take of people who have begun: S0 (1); S1 (1); S2 (1); S3 (1).",
        "16 more people, each in three re-posed sets: 0 of at least 20 are done.",
    )
    assert progress(_of(3, 19)).missing == ("One more person in three re-posed sets: 19 of at least 20 are done.",)
    assert least.counts
    assert not begun.counts
    assert least.wanted[0] == "10 more people would make the interval narrower: 30 are good."
    assert not any("interval" in wish for wish in done.wanted)


def test_a_varied_study_leaves_nothing_to_wish_for() -> None:
    readings = [
        Reading(f"S{w}", str(k), w + 0.1 * k + 0.01 * shot, f"O{k % 2}", f"T{w % 3}", f"P{w % 2}")
        for w in range(30)
        for k in range(3)
        for shot in range(2)
    ]

    assert progress(readings).wanted == ()
    uniform = progress([Reading(r.subject, r.posing, r.value, "O1", "T1", "P1") for r in readings])
    assert [wish.split(":")[0] for wish in uniform.wanted] == [
        "At least 3 skin tone groups make the number hold for more people",
        "At least 2 places on the body make the number hold for more people",
        "In half of the people another operator should take one of the sets",
    ]
    in_half = [Reading(r.subject, r.posing, r.value, r.operator if int(r.subject[1:]) < 15 else "O1") for r in readings]
    in_fewer = [
        Reading(r.subject, r.posing, r.value, r.operator if int(r.subject[1:]) < 14 else "O1") for r in readings
    ]
    assert not any("operator" in wish for wish in progress(in_half).wanted)
    assert any(wish.endswith("so far in 14.") for wish in progress(in_fewer).wanted)


def test_two_places_of_one_person_are_not_mixed() -> None:
    """The thigh reads 5 and the belly 50: that is no spread, and it is one person."""
    readings = [
        Reading(f"S{w}", str(k), value + 0.1 * k, site=site)
        for w in range(4)
        for k in range(3)
        for site, value in (("thigh", 5.0), ("belly", 50.0))
    ]

    found = study(readings, multiplicative=False)

    assert found.sem == pytest.approx(0.1)
    assert found.subjects == 8
    assert not found.components.separable
    assert (found.progress.subjects, found.progress.complete) == (4, 4)
    assert progress(readings[:1]).missing[0].endswith("begun: S0, thigh (2).")


def test_only_a_study_that_counts_replaces_the_provisional_values() -> None:
    enough: Study = study(_drawn(1, 20, 3, 2, session=0.3, shot=0.5), multiplicative=False)
    too_small = study(_drawn(1, 19, 3, 1, session=0.01, shot=0.0), multiplicative=True)

    found = studied({"delta_mi": enough, "relief": too_small}, "the blue room")

    assert found.of(CONTRAST) == enough.components.of(1).sd > enough.within.sd
    assert found.source_of(CONTRAST) == "study"
    assert found.of(RELIEF) == RELIEF.session_sd
    assert found.source_of(RELIEF) == "provisional"
    assert found.set_up == "the blue room"
    assert studied({"relief": too_small}, "the blue room").source == "provisional"


def test_what_was_imported_before_still_is() -> None:
    assert Repeatability() == PROVISIONAL
    assert Repeatability({"delta_mi": 0.2}, "study").of(CONTRAST) == 0.2


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([], "at least two people .* there are 0"),
        (_readings([1.0, 2.0]), "there are 0"),
        ([Reading("A", "1", 1.0), Reading("A", "2", 2.0), Reading("B", "1", 2.0)], "there is 1"),
        ([Reading("A", "1", math.nan)], "of A, set 1, is not a number"),
        ([Reading("A", "1", 0.0)], "ratios need values above zero"),
        (_readings([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), "exactly the same value, as the same photos do"),
    ],
)
def test_what_is_no_study_is_told(readings: list[Reading], why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        study(readings, multiplicative=True)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: spread_of(1.0, 0), "at least one subject"),
        (lambda: pooled([]), "no spread to pool"),
        (lambda: _components(_readings([1, 2], [2, 4])).of(0), "at least one photo, not 0"),
    ],
)
def test_impossible_questions_are_told(call: object, why: str) -> None:
    with pytest.raises(StudyInvalid, match=why):
        call()  # type: ignore[operator]


def test_importing_the_package_loads_no_statistics_library() -> None:
    program = "import sys, tracker; print([m for m in ('scipy.stats', 'statsmodels') if m in sys.modules])"

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
