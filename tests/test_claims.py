"""What must not be said cannot be said: the whitelist of quantities, units and sentences, and what it stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.claims import FORBIDDEN, TYPED_NAMES, UNITS, ForbiddenClaim, check_quantity, check_words, stated, told
from tracker.measurement import Measurement, Metric, Topic
from tracker.measurement.typed import TAPE, TYPED
from tracker.metrics import METRICS, metric_named
from tracker.quality import Need
from tracker.report import (
    NOT_A_DIAGNOSIS,
    area_sentence,
    change_text,
    group_sentence,
    metric_sentence,
    patient_sentence,
    practitioner_sentence,
    value_sentence,
)
from tracker.timeline import Change, MetricTimeline, SessionValue, Verdict

RELIEF, CONTRAST, ANGLE = (metric_named(name) for name in ("relief", "delta_mi", "ita"))
DAY, LATER = date(2026, 3, 2), date(2026, 5, 4)
EVERYTHING = (*METRICS, *TYPED)
EVERY_METRIC = pytest.mark.parametrize("metric", EVERYTHING, ids=lambda m: m.name)


@pytest.mark.parametrize(
    "text",
    [
        "Volume of the thigh", "Swelling", "Fat thickness", "Cellulite severity", "CSS", "mMASI", "GAIS",
        "Nürnberger-Müller grade", "Skin tightness", "Firmness", "Elasticity", "Collagen", "Hydration", "moisture",
        "Melanin concentration", "Bruise age", "Age of the bruise", "Hair count", "Number of hairs", "Percentile",
        "Beauty score", "Skin age", "caused by the sessions", "an effect of the laser", "because of the cream",
        "Melanoma", "heals", "Dissolved septa", "You look 5 years younger", "This will improve", "Skin laxity",
        "Regrowth", "regrown hair", "Hair growth", "It sags", "Grading", "Younger skin", "Slimmer thighs",
        "Inflammation", "Tumour", "tumor", "infected skin", "anti-ageing", "rejuvenated",
    ],
)  # fmt: skip
def test_a_word_for_what_no_photo_shows_is_stopped(text: str) -> None:
    with pytest.raises(ForbiddenClaim):
        check_words(text)
    with pytest.raises(ForbiddenClaim):
        replace(RELIEF, title=text)
    with pytest.raises(ForbiddenClaim):
        replace(RELIEF, plain=text.lower())
    with pytest.raises(ForbiddenClaim):
        told(f"{text} is measurably different from your first visit.")


def test_each_kind_of_claim_has_a_word_that_is_stopped() -> None:
    """No pattern of the list is dead: each stops a text that no other pattern stops."""
    texts = ("volume", "fat", "GAIS", "collagen", "concentration", "skin age", "hair count", "percentile", "because of")
    for text, what in zip((*texts, "cancer", "guaranteed"), FORBIDDEN, strict=True):
        with pytest.raises(ForbiddenClaim, match=what):
            check_words(text)


@EVERY_METRIC
def test_every_metric_may_be_stated(metric: Metric) -> None:
    check_quantity((metric.title, metric.plain, metric.name, metric.symbol), metric.unit, metric.needs)


@pytest.mark.parametrize(
    ("metric", "changed"),
    [
        (RELIEF, {"unit": "mm"}),
        (RELIEF, {"unit": "% of fat"}),
        (RELIEF, {"unit": "ml"}),
        (RELIEF, {"unit": "points"}),
        (RELIEF, {"needs": frozenset({Need.SCALE})}),
        (ANGLE, {"needs": frozenset({Need.COLOUR})}),
        (replace(CONTRAST, unit="CIELAB"), {"needs": frozenset({Need.COLOUR})}),
        (CONTRAST, {"unit": "mm²"}),
        (ANGLE, {"unit": "cm"}),
        (ANGLE, {"unit": "kg"}),
        (TAPE, {"name": "waist"}),
        (TAPE, {"unit": "kg"}),
        (metric_named("weight"), {"unit": "cm"}),
    ],
)
def test_a_metric_that_would_claim_too_much_cannot_be_made(metric: Metric, changed: dict[str, object]) -> None:
    with pytest.raises(ForbiddenClaim):
        replace(metric, **changed)  # type: ignore[arg-type]


def test_millimetres_of_depth_need_opposite_lamps_and_a_gauge_and_others_a_scale() -> None:
    both = {"scale", "dual light", "relief gauge"}
    check_quantity(("Depth of dimples",), "mm", both)
    for missing in both:
        with pytest.raises(ForbiddenClaim):
            check_quantity(("Depth of dimples",), "mm", both - {missing})
    for unit in ("mm", "cm", "mm²", "cm²", "%"):
        with pytest.raises(ForbiddenClaim, match="dual light and relief gauge"):
            check_quantity(("Depth of dimples", "tape"), unit, {"scale"})
    check_quantity(("Part width",), "mm", {"scale"})
    with pytest.raises(ForbiddenClaim):
        check_quantity(("Part width",), "mm", {"colour"})


def test_centimetres_and_kilograms_are_of_what_is_typed() -> None:
    assert {metric.unit: metric.name for metric in TYPED} == TYPED_NAMES


def test_shading_is_only_stated_of_a_metric_that_the_light_can_stop() -> None:
    """Else it would be compared across light directions: the gate stops by the needs of a metric."""
    for metric in METRICS:
        if metric.unit == "% log-luminance":
            assert any(each <= {str(n) for n in metric.needs} for each in UNITS[metric.unit].presupposes)


def a_change(metric: Metric, verdict: Verdict, value: float) -> Change:
    unit = "%" if metric.multiplicative else metric.unit
    if verdict is Verdict.NOT_COMPARABLE:
        return Change(
            metric.name, LATER, DAY, *[None] * 6, unit, "study", verdict, "The photo of fat-loss.jpg is dark."
        )
    return Change(
        metric.name, LATER, DAY, 1.0, 2.0, value, value - 1, value + 1, abs(value) / 2, unit, "study", verdict
    )


def a_session(metric: Metric, value: float) -> SessionValue:
    measured = Measurement(metric.name, metric.method, metric.unit, value, 0.1, "d", LATER, (), (), 0.9, 1200.0)
    return SessionValue(LATER, value, abs(value) / 10, (measured,))


VALUES = st.floats(-400, 400, allow_nan=False)


@settings(deadline=None)  # a busy machine is no fault
@given(st.sampled_from(EVERYTHING), st.sampled_from(list(Verdict)), VALUES)
def test_whatever_is_found_the_sentences_are_of_the_whitelist(metric: Metric, verdict: Verdict, value: float) -> None:
    change, session = a_change(metric, verdict, value), a_session(metric, value)
    line = MetricTimeline(metric, (session,), (change,))

    for sentence in (practitioner_sentence(change), metric_sentence(line), value_sentence(session, line)):
        without_reason = sentence.replace("fat-loss.jpg", "")
        check_words(without_reason)
    assert not any(c.isdigit() or c == "%" for c in patient_sentence(change))
    check_words(change_text(change))
    check_words(area_sentence(session.measurements[0]))


@pytest.mark.parametrize(
    "sentence",
    [
        "Relief roughness improved a lot.",
        "Measurable decrease in relief roughness: −2 mm (95 % CI −3 to −1); this set-up detects 1 mm.",
        "Measurable decrease in pigment contrast: −18 % (95 % CI −25 to −11); this set-up detects 12 %.",
        "Measurable decrease in relief roughness: −18 %, caused by the laser.",
        "Measurable decrease in relief roughness: −18 %; this set-up detects 12 %.",
        "Measurable change in relief roughness: −18 % (95 % CI −25 to −11); this set-up detects 12 %.",
        "No measurable change in relief roughness: nothing changed.",
        "Relief roughness is in the 80th percentile.",
        "3 mm",
        "",
    ],
)
def test_a_sentence_of_no_allowed_form_is_a_fault_of_ours(sentence: str) -> None:
    with pytest.raises(ForbiddenClaim):
        stated(sentence, RELIEF)


def test_what_a_refusal_quotes_is_no_claim_of_ours_and_nothing_else_is_quoted() -> None:
    """A photo may have any name; a result may not end with it."""
    reason = "collagen.jpg is dark."

    assert stated(f"Not comparable: {reason}", RELIEF, quoted=reason).endswith(reason)
    with pytest.raises(ForbiddenClaim):
        stated(f"Measurable decrease in relief roughness: {reason}", RELIEF, quoted=reason)
    assert NOT_A_DIAGNOSIS.count("not") == 3


def test_no_number_is_stated_of_what_is_not_comparable() -> None:
    refused = a_change(RELIEF, Verdict.NOT_COMPARABLE, 0.0)

    assert "12" not in practitioner_sentence(refused)
    for name in ("change", "low", "high", "mdc95"):
        with pytest.raises(ForbiddenClaim, match="not comparable"):
            practitioner_sentence(replace(refused, **{name: 12.0}))


def test_a_change_in_a_unit_of_another_metric_is_not_stated() -> None:
    with pytest.raises(ForbiddenClaim):
        practitioner_sentence(replace(a_change(RELIEF, Verdict.BETTER, -20.0), unit="mm"))


def test_metrics_refused_together_are_one_sentence_that_speaks_of_each() -> None:
    reason = "{} needs a colour chart in the picture."
    changes = [
        replace(a_change(m, Verdict.NOT_COMPARABLE, 0.0), reason=reason.format(m.title))
        for m in METRICS
        if m.topic is Topic.TONE
    ]

    sentence = group_sentence(changes)

    assert sentence.startswith("Not comparable in every metric of tone")
    assert sentence.endswith(": each needs a colour chart in the picture.")


@pytest.mark.parametrize("text", ["Your skin is 18 % smoother.", "The patch faded by 4 units.", "2 of 3 spots."])
def test_a_patient_is_told_no_number(text: str) -> None:
    with pytest.raises(ForbiddenClaim, match="number"):
        told(text)
