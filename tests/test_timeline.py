from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.measurement import Measurement
from tracker.metrics import METRICS, metric_named
from tracker.region import WHOLE_SKIN
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.report import (
    Report,
    headline,
    patient_headline,
    patient_sentence,
    practitioner_sentence,
    practitioner_sentences,
)
from tracker.timeline import Change, Refused, Timeline, Verdict, compare_sessions, session_value, timeline

START = date(2026, 3, 2)


def _measured(name: str, value: float, day: int, *, region: float = 0.0, digest: str = "") -> Measurement:
    metric = metric_named(name)
    rng = np.random.default_rng(1)
    draws = value + region * rng.normal(size=200)
    return Measurement(
        name, metric.method, metric.unit, value, region, digest or f"{name}{day}{value}", START + timedelta(days=day),
        (("region", region), ("alignment", 0.0), ("scale", 0.0)), tuple(draws.tolist()), 1.0,
    )  # fmt: skip


def _last(name: str, *values: float, repeatability: Repeatability = PROVISIONAL) -> Change:
    measurements = [_measured(name, v, 7 * k) for k, v in enumerate(values)]
    latest = timeline(measurements, [], METRICS, repeatability).of(name).latest
    assert latest is not None
    return latest


def test_the_smallest_detectable_change_is_2_77_times_the_session_spread() -> None:
    change = _last("delta_mi", 8.0, 7.9)

    assert change.mdc95 == pytest.approx(2.772 * 0.6, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "before", "after", "verdict"),
    [
        ("delta_mi", 8.0, 6.5, Verdict.NO_MEASURABLE_CHANGE),
        ("delta_mi", 8.0, 6.2, Verdict.BETTER),
        ("delta_mi", 8.0, 9.8, Verdict.WORSE),
        ("delta_mi", -8.0, -6.2, Verdict.BETTER),
        ("delta_mi", 1.0, -5.0, Verdict.WORSE),
        ("delta_mi", 6.0, -5.5, Verdict.CHANGED),
        ("delta_mi", 6.0, -1.0, Verdict.BETTER),
        ("relief", 4.0, 2.8, Verdict.BETTER),
        ("relief", 4.0, 3.0, Verdict.NO_MEASURABLE_CHANGE),
        ("relief", 4.0, 5.7, Verdict.WORSE),
        ("ita", 40.0, 30.0, Verdict.CHANGED),
        ("ita", 40.0, 38.0, Verdict.NO_MEASURABLE_CHANGE),
    ],
)
def test_a_change_is_stated_only_beyond_what_the_set_up_detects(
    name: str, before: float, after: float, verdict: Verdict
) -> None:
    assert _last(name, before, after).verdict is verdict


def test_a_ratio_is_stated_in_per_cent_and_against_the_limit_in_its_own_direction() -> None:
    less, more = _last("relief", 4.0, 2.0), _last("relief", 4.0, 8.0)
    log_limit = 1.96 * np.sqrt(2) * 0.12

    assert less.change == pytest.approx(-50)
    assert more.change == pytest.approx(100)
    assert less.mdc95 == pytest.approx(100 * (1 - np.exp(-log_limit)), rel=1e-3)
    assert more.mdc95 == pytest.approx(100 * (np.exp(log_limit) - 1), rel=1e-3)


def test_replicates_of_one_date_are_averaged() -> None:
    photos = [_measured("delta_mi", v, 0) for v in (8.0, 9.0)] + [_measured("delta_mi", 6.0, 7)]

    line = timeline(photos, [], METRICS).of("delta_mi")

    assert [s.value for s in line.sessions] == [8.5, 6.0]
    assert line.latest.change == pytest.approx(-2.5)


def test_what_both_photos_share_does_not_widen_the_change() -> None:
    """The same patches of skin are drawn in both photos: an uneven region makes a value uncertain, not its change."""
    metric = metric_named("delta_mi")
    uneven = [
        session_value(metric, (_measured("delta_mi", v, d, region=3.0),), PROVISIONAL) for v, d in ((8, 0), (6, 7))
    ]

    change = compare_sessions(metric, uneven[0], uneven[1])

    assert uneven[0].uncertainty > 3
    assert change.mdc95 == pytest.approx(2.772 * 0.6, rel=0.01)


def test_a_study_replaces_the_provisional_values_and_is_named() -> None:
    study = Repeatability({"delta_mi": 0.2}, source="study")

    assert _last("delta_mi", 8.0, 7.0, repeatability=study).verdict is Verdict.BETTER
    assert _last("delta_mi", 8.0, 7.0, repeatability=study).mdc_source == "study"
    assert _last("relief", 4.0, 3.9, repeatability=study).mdc_source == "provisional"


def test_a_session_without_a_value_says_why() -> None:
    photos = [_measured("relief", 4.0, 0)]
    refused = [Refused("relief", "x", START + timedelta(days=7), "The photo is blurred.")]

    changes = timeline(photos, refused, METRICS).of("relief").changes

    assert [(c.verdict, c.reason) for c in changes] == [(Verdict.NOT_COMPARABLE, "The photo is blurred.")]


def test_one_good_replicate_is_enough_for_a_session() -> None:
    photos = [_measured("relief", 4.0, 0), _measured("relief", 3.9, 7)]
    refused = [Refused("relief", "x", START + timedelta(days=7), "The photo is blurred.")]

    changes = timeline(photos, refused, METRICS).of("relief").changes

    assert [c.verdict for c in changes] == [Verdict.NO_MEASURABLE_CHANGE]


def test_values_of_another_method_version_never_meet() -> None:
    old = replace(_measured("relief", 9.0, 0), method="relief@0")

    assert timeline([old, _measured("relief", 4.0, 7)], [], METRICS).of("relief").changes == ()


def test_pigment_is_not_judged_while_redness_changed() -> None:
    photos = [_measured("delta_mi", 8.0, 0), _measured("delta_mi", 4.0, 7)]
    photos += [_measured("delta_ei", 5.0, 0), _measured("delta_ei", 1.0, 7)]

    found = timeline(photos, [], METRICS)

    assert found.of("delta_mi").latest.verdict is Verdict.NOT_COMPARABLE
    assert "blood" in found.of("delta_mi").latest.reason
    assert found.of("delta_ei").latest.verdict is Verdict.BETTER


def test_redness_is_no_witness_where_the_pigment_moved_beyond_its_correction() -> None:
    """On dark skin a fading patch drags EI′ along; then neither may be called redness nor silence the pigment."""
    photos = [_measured("delta_mi", 20.0, 0), _measured("delta_mi", 7.0, 7)]
    photos += [_measured("delta_ei", -6.0, 0), _measured("delta_ei", -3.6, 7)]

    found = timeline(photos, [], METRICS)

    assert found.of("delta_ei").latest.verdict is Verdict.NOT_COMPARABLE
    assert found.of("delta_mi").latest.verdict is Verdict.BETTER


def test_a_star_is_not_judged_while_pigment_changed() -> None:
    photos = [_measured("delta_mi", 8.0, 0), _measured("delta_mi", 4.0, 7)]
    photos += [_measured("delta_a", 5.0, 0), _measured("delta_a", 1.0, 7)]

    found = timeline(photos, [], METRICS)

    assert found.of("delta_a").latest.verdict is Verdict.NOT_COMPARABLE
    assert found.of("delta_mi").latest.verdict is Verdict.BETTER


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_unchanged_skin_is_called_changed_in_at_most_one_of_twenty_pairs(metric: object) -> None:
    """2000 pairs whose sessions scatter exactly as the set-up says; 4 to 6 % is two standard errors of 2000."""
    rng = np.random.default_rng(7)
    value, sd, ratio = 8.0, metric.session_sd, metric.multiplicative  # type: ignore[attr-defined]
    false = 0
    for _ in range(2000):
        pair = [value * np.exp(e) if ratio else value + e for e in rng.normal(0, sd, 2)]
        sessions = [session_value(metric, (_measured(metric.name, v, 7 * k),), PROVISIONAL) for k, v in enumerate(pair)]  # type: ignore[arg-type,attr-defined] # fmt: skip
        false += compare_sessions(metric, *sessions).verdict.is_change  # type: ignore[arg-type]

    assert 0.04 <= false / 2000 <= 0.06


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(METRICS), st.floats(0.5, 60), st.floats(0.5, 60))
def test_no_sentence_claims_a_change_that_is_not_larger_than_the_limit(
    metric: object, before: float, after: float
) -> None:
    change = _last(metric.name, before, after)  # type: ignore[attr-defined]
    said, told = practitioner_sentence(change), patient_sentence(change)

    claims = said.startswith(("Measurable decrease", "Measurable increase"))
    assert claims == (abs(change.change) > change.mdc95)
    assert ("measurably" in told) == claims
    assert not any(c.isdigit() or c == "%" for c in told)
    for forbidden in ("improved", "because of the treatment", "cellulite is", "fat", "collagen", "score"):
        assert forbidden not in said + told


def test_the_sentence_is_the_one_the_product_promises() -> None:
    change = Change(
        "relief", START, START, 4.0, 3.84, -4.0, -15.0, 9.0, 12.0, "%", "study", Verdict.NO_MEASURABLE_CHANGE
    )

    assert practitioner_sentence(change) == (
        "No measurable change in relief roughness: −4 % is within ±12 %. This does not show that nothing changed."
    )
    assert (
        practitioner_sentence(
            Change(
                "relief",
                START,
                None,
                *[None] * 6,
                "%",
                "study",
                Verdict.NOT_COMPARABLE,
                "The light came from the left.",
            )
        )
        == "Not comparable: the light came from the left."
    )


def _refused_change(metric: str, reason: str) -> Change:
    return Change(metric, START, START, *[None] * 6, "%", "study", Verdict.NOT_COMPARABLE, reason)


def test_metrics_that_are_refused_for_one_reason_share_a_sentence() -> None:
    turned, blurred = "The lamp was turned.", "The photo is blurred."
    same = Change("ita", START, START, 30.0, 30.1, 0.1, -2.0, 2.0, 3.0, "°", "study", Verdict.NO_MEASURABLE_CHANGE)
    mixed = [_refused_change("relief", turned), _refused_change("delta_mi", blurred), same]
    mixed.append(_refused_change("delta_ei", blurred))

    assert practitioner_sentences(mixed) == (
        "Not comparable: the lamp was turned.",
        "Not comparable in pigment contrast, redness contrast: the photo is blurred.",
        practitioner_sentence(same),
    )
    assert practitioner_sentences([_refused_change(m.name, blurred) for m in METRICS]) == (
        "Nothing can be compared: the photo is blurred.",
    )


def test_a_headline_of_an_older_session_says_so() -> None:
    photos = [_measured("relief", 4.0, 0), _measured("relief", 2.0, 7)]
    refused = [Refused("relief", "x", START + timedelta(days=14), "The photo is blurred.")]
    line = timeline(photos, refused, METRICS).of("relief")
    report = Report("Series", (), (), WHOLE_SKIN, Timeline((line,)))

    assert headline(report).endswith("This is the session of 9 March 2026; no later one can be compared.")
    assert "9 March 2026" in patient_headline(report)


def test_blood_that_is_so_strong_that_it_moves_the_pigment_index_blocks_the_pigment_verdict() -> None:
    """Model skin whose blood alone rises six times: ΔMI +8.7 and ΔEI′ +11.7 (`skin_reflectance`, melanosomes 3 %)."""
    photos = [_measured(name, value, 0) for name, value in (("delta_mi", 2.0), ("delta_ei", 1.0))]
    photos += [_measured(name, value, 7) for name, value in (("delta_mi", 10.7), ("delta_ei", 12.7))]

    found = timeline(photos, [], METRICS)

    assert found.of("delta_mi").latest.verdict is Verdict.NOT_COMPARABLE
    assert "blood" in found.of("delta_mi").latest.reason
    assert found.of("delta_ei").latest.verdict is Verdict.WORSE


def test_redness_that_the_pigment_may_explain_is_not_judged_and_the_pigment_is() -> None:
    photos = [_measured(name, value, 0) for name, value in (("delta_mi", 2.0), ("delta_ei", 1.0))]
    photos += [_measured(name, value, 7) for name, value in (("delta_mi", 16.0), ("delta_ei", 4.0))]

    found = timeline(photos, [], METRICS)

    assert found.of("delta_mi").latest.verdict is Verdict.WORSE
    assert found.of("delta_ei").latest.verdict is Verdict.NOT_COMPARABLE


def test_pigment_is_not_judged_without_its_witness() -> None:
    photos = [_measured("delta_mi", 2.0, 0), _measured("delta_ei", 1.0, 0), _measured("delta_mi", 9.0, 7)]
    refused = [Refused("delta_ei", "x", START + timedelta(days=7), "The lamp is of another kind.")]

    change = timeline(photos, refused, METRICS).of("delta_mi").latest

    assert change.verdict is Verdict.NOT_COMPARABLE
    assert change.reason == "Redness of the same place could not be compared: The lamp is of another kind."


@pytest.mark.parametrize("name", ["spot_load", "line_contrast", "spot_area"])
@pytest.mark.parametrize("left", [0.0, -0.01, 0.05])
def test_what_is_gone_is_less_by_all_of_it(name: str, left: float) -> None:
    """A logarithm tells nothing near zero: a spot that is gone is a change, and not one of millions of per cent."""
    noise = 0.03 * 20.0
    photos = [_measured(name, 20.0, 0, region=noise), _measured(name, 20.0 * left, 7, region=noise)]
    witness = [_measured("spot_redness", 1.0, day) for day in (0, 7)]

    change = timeline(photos + witness, [], METRICS).of(name).latest

    assert change.verdict is Verdict.BETTER
    assert change.change == pytest.approx(100 * max(left - 1, -1), abs=1e-6)
    assert -100 <= change.low <= change.change <= change.high < -60


def test_a_ratio_of_what_can_vanish_is_that_of_logarithms_where_changes_are_small() -> None:
    metric = metric_named("line_contrast")
    sessions = [session_value(metric, (_measured(metric.name, v, d),), PROVISIONAL) for v, d in ((10.0, 0), (9.9, 7))]

    by_shares = compare_sessions(metric, *sessions)
    by_logarithms = compare_sessions(replace(metric, vanishes=False), *sessions)

    assert by_shares.change == pytest.approx(by_logarithms.change, abs=0.01)
    assert by_shares.high - by_shares.low == pytest.approx(by_logarithms.high - by_logarithms.low, rel=0.02)


def test_the_uncertainty_of_a_card_that_both_photos_show_is_none_of_their_difference() -> None:
    def toned(value: float, day: int, colour: float) -> Measurement:
        found = _measured("ita", value, day)
        return replace(found, parts=(*found.parts, ("colour", colour)))

    exact, doubtful = (
        timeline([toned(30.0, 0, colour), toned(34.0, 7, colour)], [], METRICS).of("ita") for colour in (0.0, 2.0)
    )

    assert doubtful.latest.mdc95 == pytest.approx(exact.latest.mdc95)
    assert doubtful.sessions[0].uncertainty > exact.sessions[0].uncertainty + 1
