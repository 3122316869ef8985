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
SILHOUETTE = (
    "test_contour::test_widths_and_area_are_true_at_every_level",
    "test_contour::test_a_slimmer_limb_from_another_distance_has_lost_what_it_lost",
)
ORACLES: dict[str, tuple[str, ...]] = {
    "relief": (
        "test_metrics::test_relief_follows_the_true_relief",
        "test_validation::test_relief_follows_the_truth_under_strong_pigment_better_than_grey_texture",
        "test_validation::test_relief_ranks_every_depth_of_every_skin",
        "test_validation::test_frontal_light_shows_no_relief",
        "test_relief::test_relief_of_any_tone_follows_the_truth_under_weak_and_strong_pigment",
        "test_relief::test_the_lamp_is_a_gain_factor",
        "test_relief::test_with_a_gauge_another_lamp_is_not_another_relief",
    ),
    "waviness": ("test_relief::test_waviness_follows_the_truth_on_a_plane",),
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
    "spot_contrast": (
        "test_spots::test_spot_contrast_is_the_true_contrast_in_the_marks_of_the_reference",
        "test_spots::test_spots_of_rendered_skin_have_their_true_contrast_and_area",
    ),
    "spot_load": ("test_spots::test_spot_load_is_contrast_times_area",),
    "spot_area": (
        "test_spots::test_the_outline_at_half_contrast_holds_the_true_area_whatever_the_contrast",
        "test_spots::test_spot_area_stays_while_contrast_fades_and_is_nothing_where_spots_are_gone",
    ),
    "spot_redness": ("test_spots::test_fading_spots_lose_contrast_and_keep_their_area",),
    "melanin_mottling": (
        "test_spots::test_mottling_follows_the_true_mottling_on_light_skin",
        "test_spots::test_mottling_ignores_a_gradient_of_the_light_and_counts_what_is_mottled",
    ),
    "blood_mottling": (
        "test_spots::test_mottling_ignores_a_gradient_of_the_light_and_counts_what_is_mottled",
        "test_spots::test_chromophores_are_told_apart_and_shading_is_neither",
    ),
    "bruise_contrast": (
        "test_bruise::test_a_bruise_differs_by_its_true_colour_at_every_age",
        "test_bruise::test_parts_of_opposite_colours_do_not_make_up_for_each_other",
        "test_spots::test_a_bruise_has_its_true_area_and_fades",
    ),
    "bruise_area": ("test_spots::test_a_bruise_has_its_true_area_and_fades",),
    "delta_ei": (
        "test_spots::test_the_share_of_melanin_in_redness_follows_the_tone_of_the_skin",
        "test_spots::test_redness_of_the_reference_decides_for_later_photos",
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
    "line_contrast": (
        "test_lines::test_line_contrast_is_the_true_contrast_and_follows_the_depth",
        "test_lines::test_an_alignment_that_is_off_by_two_cells_fakes_no_fading",
        "test_lines::test_lines_are_not_compared_when_the_lamp_was_carried_round",
    ),
    "line_length": (
        "test_lines::test_line_length_counts_deep_lines_and_none_on_flat_skin",
        "test_lines::test_grooves_are_found_at_their_place_and_in_their_length",
    ),
    "fine_roughness": (
        "test_fine_texture::test_fine_roughness_follows_the_true_relief_better_than_the_spread_of_light",
        "test_fine_texture::test_for_shading_alone_the_roughness_is_its_standard_deviation",
    ),
    "pores": (
        "test_pores::test_density_follows_the_true_density_on_skin_of_any_tone",
        "test_pores::test_the_count_is_that_of_the_laplacian_of_gaussians",
        "test_pores::test_what_is_not_small_round_and_dark_is_no_pore",
    ),
    "hair_coverage": (
        "test_hair_metrics::test_coverage_is_the_true_share_whatever_the_density",
        "test_hair_metrics::test_hair_that_was_combed_anew_covers_as_much",
        "test_hair_metrics::test_coverage_ranks_every_amount_of_hair",
    ),
    "part_width": ("test_hair_metrics::test_the_part_has_its_true_width",),
    "width_50": SILHOUETTE,
    "width_25": SILHOUETTE,
    "width_75": SILHOUETTE,
    "silhouette_area": SILHOUETTE,
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
