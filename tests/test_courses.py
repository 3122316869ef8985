"""Baselines, replicates, injections, several quantities, and the untreated side: what a course of sessions says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.measurement import Measurement, Metric, Role
from tracker.metrics import METRICS, metric_named
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline import (
    MetricTimeline,
    Refused,
    Schedule,
    TrendMethod,
    Verdict,
    beside_control,
    correlation_of,
    timeline,
    trend_of,
)

START = date(2026, 3, 2)
RELIEF, PIGMENT, ITA = (metric_named(name) for name in ("relief", "delta_mi", "ita"))


def _photo(metric: Metric, value: float, day: int, *, shot: int = 0) -> Measurement:
    return Measurement(
        metric.name, metric.method, metric.unit, value, 0.0, f"{metric.name}-{day}-{shot}", START + timedelta(days=day),
        (("region", 0.0),), (value,) * 8, 1.0,
    )  # fmt: skip


def _line(metric: Metric, *sessions: tuple[int, float], **options: object) -> MetricTimeline:
    photos = [_photo(metric, value, day) for day, value in sessions]
    return timeline(photos, [], [metric], **options).of(metric.name)  # type: ignore[arg-type]


def test_photos_of_the_days_after_an_injection_never_enter_the_course() -> None:
    schedule = Schedule(injected_on=(START, START + timedelta(days=14)))

    line = _line(PIGMENT, (0, 8.0), (1, 14.0), (5, 12.0), (14, 7.5), (16, 15.0), (28, 5.0), schedule=schedule)

    assert [s.value for s in line.sessions] == [8.0, 7.5, 5.0]
    assert [(c.taken_on - START).days for c in line.changes] == [14, 28]
    assert [(c.taken_on - START).days for c in line.after_injection] == [1, 5, 16]
    assert [c.change for c in line.after_injection] == [6.0, 4.0, 7.0]
    assert line.latest.verdict is Verdict.BETTER


def test_a_photo_of_those_days_that_cannot_be_compared_says_so_there_and_not_in_the_course() -> None:
    refused = [Refused("delta_mi", "x", START + timedelta(days=2), "The photo is blurred.")]
    photos = [_photo(PIGMENT, 8.0, 0), _photo(PIGMENT, 7.9, 14)]

    line = timeline(photos, refused, [PIGMENT], schedule=Schedule((START,))).of("delta_mi")

    assert [c.reason for c in line.after_injection] == ["The photo is blurred."]
    assert [c.verdict for c in line.changes] == [Verdict.NO_MEASURABLE_CHANGE]


def test_a_course_that_begins_after_an_injection_has_its_baseline_after_the_window() -> None:
    line = _line(PIGMENT, (3, 14.0), (9, 8.0), (20, 8.1), schedule=Schedule((START,)))

    assert line.baseline.value == 8.0
    assert [c.change for c in line.after_injection] == [6.0]


def test_two_sessions_before_the_first_injection_make_a_better_baseline() -> None:
    two = Schedule(injected_on=(START + timedelta(days=7),), baseline_sessions=2)
    sessions = ((0, 8.0), (7, 9.0), (21, 6.0))

    line = _line(PIGMENT, *sessions, schedule=two)
    single = _line(PIGMENT, *sessions)

    assert line.baseline.value == 8.5
    assert [c.change for c in line.changes] == [-2.5]
    assert line.latest.mdc95 == pytest.approx(1.96 * 0.6 * np.sqrt(1.5))
    assert single.latest.mdc95 == pytest.approx(1.96 * 0.6 * np.sqrt(2))


def test_a_session_after_the_first_injection_is_no_baseline() -> None:
    line = _line(PIGMENT, (0, 8.0), (7, 9.0), (21, 6.0), schedule=Schedule((START,), baseline_sessions=2))

    assert line.baseline.value == 8.0
    assert len(line.changes) == 2


def test_a_baseline_of_more_sessions_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or 2 sessions, not 3"):
        Schedule(baseline_sessions=3)


def test_more_photos_make_smaller_what_differs_between_photos_only() -> None:
    """MEASUREMENT.md §6.3: MDC = 1.96 √2 √(s_session² + s_shot² / r)."""
    study = Repeatability({"delta_mi": 0.3}, "study", shot_sd={"delta_mi": 0.4})

    def limit(shots: int) -> float:
        photos = [_photo(PIGMENT, 8.0, day, shot=k) for day in (0, 7) for k in range(shots)]
        return timeline(photos, [], [PIGMENT], study).of("delta_mi").latest.mdc95 or 0.0

    for shots in (1, 3):
        assert limit(shots) == pytest.approx(1.96 * np.sqrt(2) * np.sqrt(0.3**2 + 0.4**2 / shots))


def test_without_a_study_more_photos_are_not_believed_to_help() -> None:
    photos = [_photo(PIGMENT, 8.0, day, shot=k) for day in (0, 7) for k in range(3)]

    assert timeline(photos, [], [PIGMENT]).of("delta_mi").latest.mdc95 == pytest.approx(1.96 * np.sqrt(2) * 0.6)


def _secondary(count: int) -> list[Metric]:
    return [replace(ITA, name=f"quantity_{k}", role=Role.SECONDARY) for k in range(count)]


def test_quantities_that_were_not_named_beforehand_are_judged_together() -> None:
    """Holm 1979 by hand: of four, the limits are those of 5 %/4, then 5 %/3 for all that are left."""
    metrics = _secondary(4)
    se = np.sqrt(2) * ITA.session_sd
    deviates = (3.1, 2.3, 2.0, 0.1)  # p = 0.0019, 0.021, 0.046, 0.92
    photos = [_photo(m, 30 + z * se * at, 7 * at) for m, z in zip(metrics, deviates, strict=True) for at in (0, 1)]

    found = [timeline(photos, [], metrics).of(m.name).latest for m in metrics]

    assert [c.verdict.is_change for c in found] == [True, False, False, False]
    assert [c.among for c in found] == [4, 3, 3, 3]
    assert [c.mdc95 / se for c in found] == pytest.approx([2.4977, 2.3940, 2.3940, 2.3940], abs=1e-3)


def test_what_was_named_beforehand_is_judged_by_itself() -> None:
    metrics = [RELIEF, *_secondary(5)]
    photos = [_photo(m, 4.0 if k == 0 else 2.9, 7 * k) for m in metrics for k in (0, 1)]

    found = timeline(photos, [], metrics)

    assert found.of("relief").latest.among == 1
    assert found.of("quantity_0").latest.among == 5


def test_of_unchanged_skin_one_session_in_twenty_shows_any_change_among_many() -> None:
    """600 sessions of eight independent quantities: 5 % ± 1.8 % (two standard errors); without Holm it is a third."""
    rng = np.random.default_rng(5)
    metrics = _secondary(8)
    any_of_them = 0
    for _ in range(600):
        photos = [_photo(m, 30 + rng.normal(0, ITA.session_sd), 7 * k) for m in metrics for k in (0, 1)]
        any_of_them += any(line.latest.verdict.is_change for line in timeline(photos, [], metrics).metrics)

    assert any_of_them / 600 <= 0.068


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.floats(0.01, 60.0), min_size=6, max_size=24),
    st.integers(1, 2),
    st.sampled_from([0.0, 0.3]),
)
def test_no_change_is_claimed_that_is_not_larger_than_the_limit_or_whose_interval_holds_none(
    values: list[float], baseline: int, part: float
) -> None:
    metrics = [RELIEF, PIGMENT, ITA, metric_named("spot_load"), *_secondary(2)]
    photos = []
    for k, value in enumerate(values):
        found = _photo(metrics[k % 6], value, 7 * (k // 6))
        rng = np.random.default_rng(k)
        draws = tuple((value + part * rng.normal(size=30)).tolist())
        photos.append(replace(found, parts=(("region", part), ("alignment", part)), draws=draws))

    for line in timeline(photos, [], metrics, schedule=Schedule(baseline_sessions=baseline)).metrics:
        for change in line.changes:
            if change.verdict.is_change:
                assert abs(change.change) > change.mdc95
                assert change.low > 0 or change.high < 0
            assert abs(change.change) <= change.ruled_out


# --- trends ----------------------------------------------------------------------------------------------------------


def test_two_sessions_are_no_trend() -> None:
    assert trend_of(_line(PIGMENT, (0, 8.0), (30, 5.0))) is None


@pytest.mark.parametrize("count", [3, 4])
def test_a_few_sessions_are_a_line_whose_error_is_that_of_the_set_up(count: int) -> None:
    """MEASUREMENT.md §6.5: b = Σ (t − t̄)(y − ȳ) / Σ (t − t̄)², SE = s_w / √Σ (t − t̄)², here per 30 days."""
    found = trend_of(_line(PIGMENT, *((30 * k, 8.0 - k) for k in range(count))))

    error = 0.6 / np.sqrt(((np.arange(count) - (count - 1) / 2) ** 2).sum())
    assert found.method is TrendMethod.KNOWN_SPREAD
    assert found.slope == pytest.approx(-1.0)
    assert found.high - found.slope == pytest.approx(1.96 * error, rel=1e-3)
    assert found.is_certain == (1.96 * error < 1.0)


def test_from_five_sessions_on_ranks_tell() -> None:
    found = trend_of(_line(PIGMENT, *((30 * k, 8.0 - k) for k in range(5))))

    assert (found.method, found.sessions) == (TrendMethod.RANKS, 5)
    assert found.slope == pytest.approx(-1.0)
    assert found.p == pytest.approx(1 / 60, abs=1e-4)


def test_a_trend_of_ratios_is_one_of_per_cent() -> None:
    found = trend_of(_line(RELIEF, *((30 * k, 4.0 * 0.9**k) for k in range(6))))

    assert (found.unit, found.slope) == ("%", pytest.approx(-10.0))
    assert found.is_certain


def test_one_odd_session_makes_no_trend() -> None:
    found = trend_of(_line(PIGMENT, *zip((0, 30, 60, 90, 120, 150), (8.0, 8.1, 7.9, 8.05, 7.95, 2.0), strict=True)))

    assert not found.is_certain


# --- the untreated side ---------------------------------------------------------------------------------------------


def _sides(
    *pairs: tuple[float, float], repeatability: Repeatability = PROVISIONAL, metric: Metric = PIGMENT
) -> MetricTimeline:
    treated, control = (_line(metric, *((7 * k, pair[side]) for k, pair in enumerate(pairs))) for side in (0, 1))
    return beside_control([treated], [control], repeatability)[0]


def test_what_happens_to_both_sides_is_no_effect() -> None:
    line = _sides((8.0, 3.0), (12.0, 7.0))

    assert line.latest.verdict is Verdict.WORSE
    assert line.relative.changes[0].change == pytest.approx(0.0)
    assert line.relative.changes[0].verdict is Verdict.NO_MEASURABLE_CHANGE


def test_a_treated_side_that_stays_while_the_other_becomes_worse_is_better_beside_it() -> None:
    line = _sides((8.0, 8.0), (8.0, 12.0))

    assert line.latest.verdict is Verdict.NO_MEASURABLE_CHANGE
    assert line.relative.changes[0].change == pytest.approx(-4.0)
    assert line.relative.changes[0].verdict is Verdict.BETTER


def test_ratios_are_compared_as_ratios() -> None:
    line = _sides((4.0, 6.0), (2.0, 5.4), metric=RELIEF)

    assert line.relative.changes[0].change == pytest.approx(100 * (0.5 / 0.9 - 1))


@pytest.mark.parametrize(("correlation", "factor"), [(0.0, 2.0), (0.5, np.sqrt(2)), (0.9, np.sqrt(0.4))])
def test_the_difference_of_sides_is_as_certain_as_their_correlation_makes_it(correlation: float, factor: float) -> None:
    """MEASUREMENT.md §6.5: variance 2 s_T² + 2 s_C² − 4 ρ s_T s_C."""
    study = Repeatability(side_correlation={"delta_mi": correlation})

    change = _sides((8.0, 8.0), (8.0, 8.5), repeatability=study).relative.changes[0]

    assert change.mdc95 == pytest.approx(1.96 * 0.6 * factor)


def test_a_correlation_is_found_in_a_long_course_and_only_its_certain_part_counts() -> None:
    rng = np.random.default_rng(3)
    common = rng.normal(0, 0.6, 12)
    pairs = [(8 - 0.3 * k + e + rng.normal(0, 0.2), 5 + e + rng.normal(0, 0.2)) for k, e in enumerate(common)]

    line = _sides(*pairs)

    assert 0.5 < line.relative.correlation < 0.97
    assert "in 12 sessions" in line.relative.evidence
    assert line.relative.changes[-1].mdc95 < line.changes[-1].mdc95


def test_a_correlation_of_few_sessions_counts_for_nothing() -> None:
    line = _sides(*[(8.0 + e, 5.0 + e) for e in (0.0, 0.5, -0.5, 0.3, 0.1)])

    assert line.relative.correlation == 0
    assert line.relative.evidence == "how far they vary together is known after 6 sessions of both"


def test_the_certain_part_of_a_correlation_is_seldom_too_large() -> None:
    """One-sided confidence of 90 %, so at most one of ten is: 10 % ± 3.8 % in 250 courses of eight sessions."""
    rng = np.random.default_rng(11)
    true, too_large = 0.6, 0
    for _ in range(250):
        both = rng.multivariate_normal((0, 0), ((1, true), (true, 1)), 8) * 0.6
        treated, control = (_line(ITA, *((7 * k, 30 + v) for k, v in enumerate(both[:, side]))) for side in (0, 1))
        found = correlation_of(treated, control)
        assert found is not None
        too_large += found[1] > true

    assert too_large / 250 <= 0.138


def test_a_session_without_the_untreated_side_says_so() -> None:
    treated = _line(PIGMENT, (0, 8.0), (7, 7.0), (14, 6.0))
    control = _line(PIGMENT, (0, 3.0), (14, 3.0))

    relative = beside_control([treated], [control])[0].relative

    assert [c.taken_on for c in relative.changes] == [START + timedelta(days=14)]
    assert relative.alone == ((START + timedelta(days=7), "There is no photo of the untreated side of that day."),)


def test_metrics_without_an_untreated_side_stay_as_they_are() -> None:
    line = _line(RELIEF, (0, 4.0), (7, 3.0))

    assert beside_control([line], [_line(PIGMENT, (0, 1.0))]) == (line,)
    assert {m.name for m in METRICS} >= {"relief", "delta_mi"}


# --- corner cases ----------------------------------------------------------------------------------------------------


def _both(
    metric: Metric, treated: tuple[tuple[int, float], ...], control: tuple[tuple[int, float], ...]
) -> MetricTimeline:
    return beside_control([_line(metric, *treated)], [_line(metric, *control)])[0]


def test_sides_are_compared_from_the_same_session_on() -> None:
    """Both sides go from 5 to 9 and back to nothing more; the untreated side was not photographed at first."""
    relative = _both(PIGMENT, ((0, 5.0), (10, 9.0), (20, 9.0)), ((10, 9.0), (20, 9.0))).relative

    assert relative.changes == ()
    assert [reason for _, reason in relative.alone] == [
        "The untreated side has no photo of the session that is the baseline."
    ] * 2


def test_of_a_baseline_of_two_sessions_the_one_that_both_sides_have_counts() -> None:
    two = Schedule((START + timedelta(days=7),), baseline_sessions=2)
    treated = _line(PIGMENT, (0, 5.0), (7, 7.0), (21, 9.0), schedule=two)
    control = _line(PIGMENT, (7, 7.0), (21, 9.0), schedule=two)

    relative = beside_control([treated], [control])[0].relative

    assert [c.change for c in relative.changes] == [pytest.approx(0.0)]


def test_what_redness_can_explain_is_not_judged_beside_an_untreated_side_either() -> None:
    """Alone the pigment changes too little to be judged; against the other side it seems to, while redness rose."""
    names = ("delta_mi", "delta_ei")

    def side(*pairs: tuple[float, float]) -> tuple[MetricTimeline, ...]:
        photos = [_photo(metric_named(n), v[k], 7 * k) for n, v in zip(names, pairs, strict=True) for k in (0, 1)]
        return timeline(photos, [], [metric_named(n) for n in names]).metrics

    found = beside_control(side((8.0, 6.5), (2.0, 8.0)), side((8.0, 9.5), (2.0, 2.0)))[0]

    assert found.relative.changes == ()
    assert "Redness of the same place changed too" in found.relative.alone[0][1]


def test_a_trend_leaves_out_sessions_that_were_not_judged() -> None:
    photos = [_photo(PIGMENT, 8.0 - k, 7 * k) for k in range(5)]
    photos += [_photo(metric_named("delta_ei"), 1.0 + 3 * k, 7 * k) for k in range(5)]

    line = timeline(photos, [], [PIGMENT, metric_named("delta_ei")]).of("delta_mi")

    assert [c.verdict for c in line.changes] == [Verdict.NO_MEASURABLE_CHANGE, *[Verdict.NOT_COMPARABLE] * 3]
    assert line.trend is None  # two sessions are left


def test_a_trend_says_nothing_beyond_the_course() -> None:
    line = _line(PIGMENT, (0, 8.0), (3, 7.0), (6, 6.0))

    assert (line.trend.days, line.trend.slope) == (6, pytest.approx(-2.0))


def test_one_photo_that_shows_nothing_does_not_make_all_of_it_vanish() -> None:
    load = metric_named("spot_load")
    photos = [_photo(load, 5.0, 0), _photo(load, 0.0, 7), _photo(load, 8.0, 7, shot=1)]

    assert timeline(photos, [], [load]).of("spot_load").latest.change == pytest.approx(-20.0)


def test_a_share_of_nothing_is_not_stated() -> None:
    load = metric_named("spot_load")

    change = _line(load, (0, 0.0), (7, 5.0)).latest

    assert (change.verdict, change.change) == (Verdict.NOT_COMPARABLE, None)
    assert _both(load, ((0, 5.0), (7, 1.0)), ((0, 0.0), (7, 1.0))).relative.changes == ()


def test_what_vanished_is_a_share_of_what_would_be_left_without_it() -> None:
    """Treated 10 to 3, untreated 10 to 20: 15 % of what it would have become."""
    found = _both(metric_named("spot_load"), ((0, 10.0), (7, 3.0)), ((0, 10.0), (7, 20.0))).relative.changes[0]

    assert found.change == pytest.approx(-85.0)
    assert -100 < found.low < found.change < found.high < -60


def test_photos_of_the_days_after_an_injection_alone_are_kept_with_their_reason() -> None:
    line = _line(PIGMENT, (1, 8.0), (3, 7.0), schedule=Schedule((START,)))

    assert line.sessions == ()
    assert {c.reason for c in line.after_injection} == {
        "There is no session before the injection that it could be compared with."
    }


def test_two_sessions_before_the_first_injection_are_no_effect_of_it() -> None:
    schedule = Schedule((START + timedelta(days=7),), baseline_sessions=2)

    line = _line(PIGMENT, (0, 8.0), (7, 5.0), (9, 12.0), schedule=schedule)

    assert line.changes == ()
    assert [c.change for c in line.after_injection] == [5.5]


def test_a_photo_that_was_refused_before_the_baseline_is_no_change() -> None:
    refused = [Refused("relief", "x", START, "The photo is blurred.")]

    line = timeline([_photo(RELIEF, 4.0, 10)], refused, [RELIEF]).of("relief")

    assert line.latest is None
    assert len(line.changes) == 1


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_stops_nothing_else(bad: float) -> None:
    metrics = [RELIEF, *_secondary(2)]
    photos = [_photo(m, 4.0, 7 * k) for m in metrics for k in (0, 1)]
    photos[3] = _photo(metrics[1], bad, 7)

    found = timeline(photos, [], metrics)

    assert found.of("quantity_0").latest.reason == "It gave no number in this photo."
    assert found.of("relief").latest.verdict is Verdict.NO_MEASURABLE_CHANGE


def test_a_trend_of_few_sessions_knows_that_resampled_skin_differs() -> None:
    """400 courses of three sessions whose values scatter by what their draws say: at most 7 % seem to have a trend."""
    rng = np.random.default_rng(2)
    certain = 0
    for _ in range(400):
        photos = []
        for day in (0, 30, 60):
            own = rng.normal(0, 0.6)
            draws = tuple((8.0 + own + rng.normal(0, 0.6, 100)).tolist())
            value = 8.0 + own + rng.normal(0, PIGMENT.session_sd)
            photos.append(replace(_photo(PIGMENT, value, day), draws=draws))
        trend = timeline(photos, [], [PIGMENT]).of("delta_mi").trend
        certain += trend is not None and trend.is_certain

    assert certain / 400 <= 0.07
