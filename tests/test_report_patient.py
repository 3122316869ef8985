"""What a patient is told of each metric: it says what was measured, and nothing beside it."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.measurement import Direction
from tracker.measurement.typed import TYPED
from tracker.metrics import METRICS, metric_named
from tracker.report import patient_sentence, practitioner_sentence
from tracker.timeline import Change, Verdict

DAY, LATER = date(2026, 3, 2), date(2026, 5, 4)

#: metric: (better, worse), each before "than at your first visit."
JUDGED = {
    "relief": (
        "Your skin in this area is measurably smoother",
        "Your skin in this area is measurably less smooth",
    ),
    "waviness": (
        "The broad waves of your skin in this area stand out measurably less",
        "The broad waves of your skin in this area stand out measurably more",
    ),
    "dual_relief": (
        "Your skin in this area is measurably smoother",
        "Your skin in this area is measurably less smooth",
    ),
    "dual_depth": (
        "The relief of your skin in this area is measurably shallower",
        "The relief of your skin in this area is measurably deeper",
    ),
    "dimple_count": (
        "There are measurably fewer dimples in this area",
        "There are measurably more dimples in this area",
    ),
    "dimple_area": (
        "The dimples cover measurably less of the skin in this area",
        "The dimples cover measurably more of the skin in this area",
    ),
    "dimple_depth": (
        "The dimples in this area are measurably shallower",
        "The dimples in this area are measurably deeper",
    ),
    "delta_mi": (
        "The patch stands out measurably less from the skin around it",
        "The patch stands out measurably more from the skin around it",
    ),
    "spot_contrast": (
        "The dark spots in this area stand out measurably less",
        "The dark spots in this area stand out measurably more",
    ),
    "spot_load": (
        "Taken together, the dark spots in this area stand out measurably less",
        "Taken together, the dark spots in this area stand out measurably more",
    ),
    "spot_area": (
        "The dark spots in this area cover measurably less of the skin",
        "The dark spots in this area cover measurably more of the skin",
    ),
    "melanin_mottling": (
        "The brown colour of your skin in this area is measurably more even",
        "The brown colour of your skin in this area is measurably less even",
    ),
    "delta_ei": (
        "Beside the skin around it, there is measurably less redness in this area",
        "Beside the skin around it, there is measurably more redness in this area",
    ),
    "delta_a": (
        "Beside the skin around it, there is measurably less redness in this area",
        "Beside the skin around it, there is measurably more redness in this area",
    ),
    "blood_mottling": (
        "The redness of your skin in this area is measurably more even",
        "The redness of your skin in this area is measurably less even",
    ),
    "bruise_contrast": (
        "The bruise stands out measurably less from the skin around it",
        "The bruise stands out measurably more from the skin around it",
    ),
    "bruise_area": ("The bruise is measurably smaller", "The bruise is measurably larger"),
    "line_contrast": (
        "The lines in this area stand out measurably less",
        "The lines in this area stand out measurably more",
    ),
    "line_length": (
        "The photos show measurably fewer or shorter lines in this area",
        "The photos show measurably more or longer lines in this area",
    ),
    "fine_roughness": (
        "The fine relief of your skin in this area stands out measurably less",
        "The fine relief of your skin in this area stands out measurably more",
    ),
    "pores": (
        "The photos show measurably fewer pores in this area",
        "The photos show measurably more pores in this area",
    ),
}
#: metric: what follows "In …" where it only changed or did not.
SUBJECTS = {
    "relief": "the surface of your skin",
    "waviness": "the broad waves of your skin",
    "dual_relief": "the surface of your skin",
    "dual_depth": "the depth of the relief of your skin",
    "dimple_count": "the number of dimples",
    "dimple_area": "the area of the dimples",
    "dimple_depth": "the depth of the dimples",
    "delta_mi": "the dark patch",
    "spot_contrast": "the dark spots",
    "spot_load": "the dark spots",
    "spot_area": "the dark spots",
    "melanin_mottling": "how even the brown colour of your skin is",
    "delta_ei": "the redness of this area",
    "delta_a": "the redness of this area",
    "spot_redness": "the redness of the spots",
    "blood_mottling": "how even the redness of your skin is",
    "bruise_contrast": "the bruise",
    "bruise_area": "the bruise",
    "ita": "the tone of your skin",
    "lightness": "how light your skin is",
    "a_star": "skin tone",
    "b_star": "skin tone",
    "line_contrast": "how much the lines stand out",
    "line_length": "how many lines are seen",
    "fine_roughness": "the fine texture of your skin",
    "pores": "how many pores are seen",
    "hair_coverage": "how much of the scalp hair covers",
    "part_width": "the width of the part",
    "width_50": "the outline of this part of the body",
    "width_25": "the outline of this part of the body",
    "width_75": "the outline of this part of the body",
    "silhouette_area": "the outline of this part of the body",
}
#: metric: (changed, no measurable change, not comparable)
OF_WHAT_IS_TYPED = {
    "tape": (
        "What the tape measured is measurably different from your first visit.",
        "What the tape measured shows no change larger than its own error.",
        "What was noted on these two days cannot be compared fairly, so we do not.",
    ),
    "weight": (
        "Your weight is measurably different from your first visit.",
        "Your weight shows no change larger than it has from one day to the next.",
        "What was noted on these two days cannot be compared fairly, so we do not.",
    ),
}


def a_change(name: str, verdict: Verdict, before: float = 3.0, after: float = 1.0) -> Change:
    unit, difference = metric_named(name).unit, after - before
    if verdict is Verdict.NOT_COMPARABLE:
        return Change(name, LATER, DAY, *[None] * 6, unit, "study", verdict, "The photo is dark.")
    return Change(
        name, LATER, DAY, before, after, difference, difference - 1, difference + 1, 1.5, unit, "study", verdict
    )


def test_every_metric_has_its_row_here() -> None:
    assert set(SUBJECTS) == {metric.name for metric in METRICS}
    assert set(JUDGED) == {metric.name for metric in METRICS if metric.direction is not Direction.NONE}
    assert set(OF_WHAT_IS_TYPED) == {metric.name for metric in TYPED}


@pytest.mark.parametrize("name", JUDGED)
def test_of_a_metric_that_is_judged_a_patient_is_told_what_it_measures(name: str) -> None:
    better, worse = (patient_sentence(a_change(name, v)) for v in (Verdict.BETTER, Verdict.WORSE))

    assert (better, worse) == tuple(f"{said} than at your first visit." for said in JUDGED[name])


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_patient_is_told_what_did_not_change_and_what_only_changed(name: str) -> None:
    same, different = (patient_sentence(a_change(name, v)) for v in (Verdict.NO_MEASURABLE_CHANGE, Verdict.CHANGED))

    assert same == (
        f"In {SUBJECTS[name]} the photos show no change that our camera can measure. Small changes may be hidden."
    )
    assert different == f"In {SUBJECTS[name]} the photos are measurably different from your first visit."


@pytest.mark.parametrize("name", OF_WHAT_IS_TYPED)
def test_of_what_was_typed_no_photo_is_spoken_of(name: str) -> None:
    verdicts = (Verdict.CHANGED, Verdict.NO_MEASURABLE_CHANGE, Verdict.NOT_COMPARABLE)

    assert tuple(patient_sentence(a_change(name, v)) for v in verdicts) == OF_WHAT_IS_TYPED[name]


@pytest.mark.parametrize("name", ["delta_ei", "delta_a"])
@pytest.mark.parametrize(
    ("before", "after", "verdict", "happened"),
    [
        (-3.0, -0.5, Verdict.BETTER, "change in {} towards zero: +2.50"),
        (-0.5, -3.0, Verdict.WORSE, "change in {} away from zero: −2.50"),
        (0.2, -4.0, Verdict.WORSE, "change in {} away from zero: −4.20"),
        (-4.0, 0.2, Verdict.BETTER, "change in {} towards zero: +4.20"),
        (-2.0, 2.1, Verdict.CHANGED, "increase in {}: +4.10"),
    ],
)
def test_skin_that_is_paler_than_its_surroundings_is_not_called_less_red_for_reddening(
    name: str, before: float, after: float, verdict: Verdict, happened: str
) -> None:
    change = a_change(name, verdict, before, after)
    told, said = patient_sentence(change), practitioner_sentence(change)

    assert told == "In the redness of this area the photos are measurably different from your first visit."
    title = {"delta_ei": "redness contrast", "delta_a": "redness contrast a*"}[name]
    happened = happened.format(title)
    assert said.startswith(f"Measurable {happened}" if name == "delta_ei" else f"Measurable {happened[:-1]}")


def test_a_light_patch_that_stands_out_less_is_said_so_without_an_increase_that_is_better() -> None:
    change = a_change("delta_mi", Verdict.BETTER, -3.0, -0.5)

    assert practitioner_sentence(change).startswith("Measurable change in pigment contrast towards zero: +2.50")
    assert patient_sentence(change).startswith("The patch stands out measurably less from the skin around it")


def test_redness_of_spots_has_no_better_direction() -> None:
    assert metric_named("spot_redness").direction is Direction.NONE
