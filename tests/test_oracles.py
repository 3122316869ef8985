"""Every metric rests on a known truth, recovered: the oracles of MEASUREMENT.md §7.6, and the tests that hold them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker.metrics import METRICS

HERE = Path(__file__).parent
TONE = (
    "test_metrics::test_the_tone_of_matte_skin_beside_a_chart_is_the_true_tone",
    "test_metrics::test_a_chart_makes_cameras_and_lamps_agree_on_56_skins",
)
ORACLES: dict[str, tuple[str, ...]] = {
    "relief": (
        "test_metrics::test_relief_follows_the_true_relief",
        "test_validation::test_relief_follows_the_truth_under_strong_pigment_better_than_grey_texture",
        "test_validation::test_relief_ranks_every_depth_of_every_skin",
        "test_validation::test_frontal_light_shows_no_relief",
    ),
    "dual_relief": (
        "test_dual_relief::test_dual_relief_is_the_gain_of_the_light_times_the_true_slope",
        "test_dual_relief::test_dual_relief_follows_the_depth_whatever_the_pigment",
        "test_dual_relief::test_shine_does_not_fake_relief_on_skin_of_any_tone",
        "test_dual_relief::test_pigment_does_not_leak_into_dual_relief",
    ),
    "dual_depth": (
        "test_dual_relief::test_the_height_along_the_lamps_is_the_true_height",
        "test_dual_relief::test_the_depth_index_follows_the_true_depth",
    ),
    "dimple_count": (
        "test_dual_relief::test_dimples_from_a_millimetre_on_are_found",
        "test_dual_relief::test_dimples_are_counted_without_bias",
    ),
    "dimple_area": ("test_dual_relief::test_the_area_of_dimples_follows_the_true_area",),
    "dimple_depth": ("test_dual_relief::test_the_depth_of_dimples_follows_the_true_depth",),
    "delta_mi": (
        "test_metrics::test_pigment_contrast_is_the_true_contrast",
        "test_metrics::test_pigment_contrast_repeats_under_any_exposure_white_balance_and_lamp",
        "test_metrics::test_more_blood_alone_is_not_called_a_change_of_pigment",
    ),
    "delta_ei": (
        "test_metrics::test_redness_contrast_ignores_pigment",
        "test_metrics::test_redness_contrast_ranks_every_amount_of_blood",
    ),
    "delta_a": (
        "test_metrics::test_a_star_contrast_is_the_true_contrast",
        "test_metrics::test_redness_contrast_ranks_every_amount_of_blood",
    ),
    "ita": (*TONE, "test_metrics::test_the_typology_angle_reproduces_published_classes"),
    "lightness": (*TONE, "test_metrics::test_tone_is_the_median_colour"),
    "a_star": (*TONE, "test_metrics::test_tone_is_the_median_colour"),
    "b_star": (*TONE, "test_metrics::test_tone_is_the_median_colour"),
}


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_every_metric_has_an_oracle(metric: object) -> None:
    assert ORACLES.get(metric.name)  # type: ignore[attr-defined]


def test_no_oracle_is_left_of_a_metric_that_is_gone() -> None:
    assert set(ORACLES) == {metric.name for metric in METRICS}


@pytest.mark.parametrize("oracle", sorted({oracle for tests in ORACLES.values() for oracle in tests}))
def test_an_oracle_is_a_test_that_asserts(oracle: str) -> None:
    module, name = oracle.split("::")
    code = (HERE / f"{module}.py").read_text(encoding="utf-8")

    body = re.search(rf"^def {name}\(.*?(?=^def |^@|\Z)", code, re.DOTALL | re.MULTILINE)

    assert body, f"{oracle} does not exist"
    assert "assert" in body[0]
    assert not re.search(rf"@pytest\.mark\.(skip|xfail)[^\n]*\n(@[^\n]*\n)*def {name}\(", code)
