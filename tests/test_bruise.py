"""Bruises whose colour, edge and surroundings are known to the last cell (MEASUREMENT.md §7.6, C2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import Grid, lab_from_linear
from tracker.calibration.chart import without_chart
from tracker.errors import MeasurementDeclined
from tracker.measurement import find_marks, measure
from tracker.metrics.bruise import BRUISE_AREA, BRUISE_CONTRAST, LEAST_SD, LEAST_SDS
from tracker.phantom.bruises import Bruises, strike
from tracker.phantom.fields import Canvas, random_field
from tracker.phantom.optics import STANDARD, skin_reflectance
from tracker.region import Reason

PITCH = 0.5
CANVAS = Canvas(120.0, 120.0, PITCH)
DOWN, ASIDE = np.mgrid[: CANVAS.shape[0], : CANVAS.shape[1]] * PITCH - 60.0
AWAY = np.hypot(DOWN, ASIDE)
REGION = AWAY < 36
PLAIN = np.array([0.42, 0.27, 0.18])
#: Red and blue, then green, then yellow, then gone.
AGES = (1.0, 4.0, 8.0, 11.0, 14.0, 60.0)


def _photo(linear: NDArray[np.float64]) -> AlignedImage:
    shape = (linear.shape[0], linear.shape[1])
    return AlignedImage(
        linear=linear.astype(np.float32),
        valid=np.ones(shape, np.bool_),
        sd=np.zeros(shape, np.float32),
        grid=Grid(shape, 1.0, PITCH),
        digest="",
        taken_on=date(2026, 3, 2),
        colour=without_chart(),
        has_colour=True,
        scale_uncertainty=0.0,
    )


def _grain(seed: int, size: float = 0.02) -> NDArray[np.float64]:
    return np.asarray(np.exp(np.random.default_rng(seed).normal(0, size, (*CANVAS.shape, 3))))


@pytest.mark.parametrize("melanin", [0.03, 0.15])
@pytest.mark.parametrize("seed", [3, 4])
def test_a_bruise_differs_by_its_true_colour_at_every_age(seed: int, melanin: float) -> None:
    """Rank 1.0 and within 10 % of the truth in CIELAB while red, green and yellow, under light that falls off."""
    bruise = strike(np.random.default_rng(seed), CANVAS, Bruises(count=1, area=(2.0, 2.0), size=(24.0, 34.0)))
    pigment, blood = np.full(CANVAS.shape, melanin, np.float32), np.full(CANVAS.shape, 0.006, np.float32)
    plain = 0.7 * STANDARD.linear(skin_reflectance(melanin, 0.006))
    light = np.exp(0.3 * ASIDE / 120 - 0.4 * np.square(DOWN / 120))[..., None]
    marks, found, true = None, [], []
    for age in AGES:
        tinge = bruise.tinge(age, melanin=pigment, blood=blood, oxygenation=0.7, response=STANDARD)
        photo = _photo(plain * tinge * light * _grain(int(age)))
        marks = find_marks(photo, REGION, BRUISE_CONTRAST) if marks is None else marks
        assert marks is not None
        off = lab_from_linear(plain * tinge) - lab_from_linear(np.broadcast_to(plain, tinge.shape))
        true.append(float(np.sqrt(np.square(off[marks > 0]).sum(axis=-1).mean())))
        found.append(measure(photo, REGION, BRUISE_CONTRAST, marked=True, marks=marks).value)

    assert found[:-1] == pytest.approx(true[:-1], rel=0.10)
    assert found[-1] == pytest.approx(0.0, abs=0.2)
    assert np.argsort(found).tolist() == np.argsort(true).tolist()


@pytest.mark.parametrize(
    "parts",
    [((1.0, 0.85, 0.9), (0.88, 1.03, 0.97)), ((0.97, 0.97, 1.15), (1.03, 1.03, 0.85))],
    ids=["red and green", "blue and yellow"],
)
def test_parts_of_opposite_colours_do_not_make_up_for_each_other(parts: tuple[tuple[float, ...], ...]) -> None:
    inside, left = (AWAY < 20)[..., None], (ASIDE < 0)[..., None]
    whole = _photo(PLAIN * np.where(inside, 0.7, 1.0) * _grain(0))
    marks = find_marks(whole, REGION, BRUISE_CONTRAST)
    colour = PLAIN * np.where(inside, np.where(left, *map(np.array, parts)), 1.0)
    assert marks is not None
    off = (lab_from_linear(colour) - lab_from_linear(PLAIN))[marks > 0]
    assert np.linalg.norm(off.mean(axis=0)) < 0.4 * np.linalg.norm(off, axis=-1).mean()  # the mean would hide most

    found = measure(_photo(colour * _grain(1)), REGION, BRUISE_CONTRAST, marked=True, marks=marks)

    assert found.value == pytest.approx(np.sqrt(np.square(off).sum(axis=-1).mean()), rel=0.1)


@pytest.mark.parametrize("size", [0.0, 0.08])
def test_mottled_skin_without_a_bruise_has_no_contrast(size: float) -> None:
    """The skin of the bruise is mottled like that around it: what is left has a mean square of none."""
    marks = (AWAY < 14).astype(np.int32)
    values = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mottle = np.stack([random_field(rng, CANVAS, 2.0, 8.0) for _ in range(3)], axis=-1)
        photo = _photo(PLAIN * np.exp(size * mottle) * _grain(seed))
        values.append(measure(photo, REGION, BRUISE_CONTRAST, marked=True, marks=marks).value)

    assert np.mean(values) < 0.3  # CIELAB; the mottling alone is 1.2


def test_the_uncertainty_of_the_outline_is_what_another_limit_would_give() -> None:
    """A soft bruise on even skin: areas beyond 2.5 and 3.5 of the least standard deviations, counted in its truth."""
    colour = PLAIN * (1 - 0.25 * np.exp(-0.5 * np.square(AWAY / 9)))[..., None] ** np.array([0.3, 1.0, 0.6])
    off = np.abs(lab_from_linear(colour) - lab_from_linear(PLAIN))
    areas = [(off > by * LEAST_SD).any(axis=-1).sum() * PITCH**2 for by in (LEAST_SDS - 0.5, LEAST_SDS + 0.5)]

    found = measure(_photo(colour), REGION, BRUISE_AREA, marked=True)

    assert dict(found.parts)["outline"] == pytest.approx((areas[0] - areas[1]) / 2, rel=0.15)


def test_hair_around_a_bruise_is_left_out_of_its_outline_too() -> None:
    """What is left out of the value is left out of its uncertainty: as if the hair were not there."""
    colour = PLAIN * (1 - 0.25 * np.exp(-0.5 * np.square(AWAY / 9)))[..., None] ** np.array([0.3, 1.0, 0.6]) * _grain(2)
    hair = (AWAY > 37) & (np.sin(3 * ASIDE) > 0.3)
    hairy = replace(
        _photo(np.where(hair[..., None], 0.75 * colour, colour)),
        excluded=np.where(hair, np.uint8(Reason.HAIR), np.uint8(0)).astype(np.uint8),
    )
    gaps = replace(hairy, excluded=None, valid=~hair)

    found, wanted = (measure(photo, REGION, BRUISE_AREA, marked=True) for photo in (hairy, gaps))

    assert found.value == wanted.value
    assert dict(found.parts)["outline"] == dict(wanted.parts)["outline"] > 0


@pytest.mark.parametrize("metric", [BRUISE_CONTRAST, BRUISE_AREA], ids=lambda metric: metric.name)
def test_too_little_skin_around_is_said_by_the_metric_that_needs_it(metric: object) -> None:
    photo = _photo(PLAIN * np.where(AWAY < 12, 0.7, 1.0)[..., None] * _grain(0))
    cut = replace(photo, valid=AWAY < 40)

    with pytest.raises(MeasurementDeclined, match="needs 12 mm of skin all around") as refusal:
        measure(cut, REGION, metric, marked=True)  # type: ignore[arg-type]
    assert refusal.value.reason.startswith(f"{metric.title} needs")  # type: ignore[attr-defined]
