"""A spot has the colour of pigment: dimples that fade under a lamp at the side are not spots that got better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.scenes import thigh
from benchmarks.spots_truth import seen_in
from tests.test_spots import EVERYWHERE, MOTTLED, PITCH, SPOTS, _image
from tracker import track
from tracker.calibration import calibrate
from tracker.errors import MeasurementDeclined
from tracker.measurement import find_marks
from tracker.metrics import metric_named
from tracker.metrics.spot_outlines import outlined_spots
from tracker.phantom import Scenario, State, build_stage, nominal_shot, photograph
from tracker.phantom.lesions import Spots
from tracker.phantom.skin import Findings
from tracker.photo import read_photo
from tracker.pipeline import as_reference, establish, follow
from tracker.quality import Status
from tracker.region import WHOLE_SKIN
from tracker.repeatability import PROVISIONAL
from tracker.shading.chromophores import HAEMOGLOBIN, MELANIN
from tracker.timeline import compare_sessions, session_value

SAMPLES = Path(__file__).resolve().parent.parent / "sample_images" / "thigh-left-treated"
SIZE = (900, 1200)
CONTRAST = metric_named("spot_contrast")


def _dimpled(tone: float, spots: int) -> Scenario:
    """A side-lit thigh with deep dimples, spots and nothing else that is dark and round."""
    plan = thigh(melanin=tone, mottling=0.08, slant=50.0)
    found = Findings(spots=Spots(count=spots, gain=(1.4, 2.2), area=(130.0, 100.0))) if spots else Findings()
    return replace(plan, complexion=replace(plan.complexion, freckles=0, moles=0), findings=found)


def _discs(vector: tuple[float, ...], density: float) -> NDArray[np.float32]:
    """Light skin of 80 × 80 mm with nine soft discs of 8 mm that take the same off ln(R, G, B) as a vector does."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:320, :320] * PITCH
    discs = np.zeros_like(y)
    for row in (16, 40, 64):
        for col in (16, 40, 64):
            discs += 1 / (1 + np.exp(np.minimum((np.hypot(y - row, x - col) - 4.0) / 0.5, 50.0)))
    light = np.exp(rng.normal(0, 0.01, (320, 320, 3)) - density * discs[..., None] * np.array(vector))
    return np.asarray(np.array([0.42, 0.27, 0.18]) * light, np.float32)


@pytest.mark.parametrize(
    ("vector", "density", "spots"),
    [(MELANIN, 0.4, 9), ((1.0, 1.0, 1.0), 0.1, 0), ((1.0, 1.0, 1.0), 0.4, 0), (HAEMOGLOBIN, 0.4, 0)],
)
def test_pigment_is_a_spot_and_a_shadow_or_blood_is_none(vector: tuple[float, ...], density: float, spots: int) -> None:
    assert outlined_spots(_image(_discs(vector, density)), EVERYWHERE).max() == spots


def test_a_spot_in_a_shadow_is_found() -> None:
    """The same discs with a shadow of 10 % on each."""
    both = 0.4 * np.array(MELANIN) + 0.1

    assert outlined_spots(_image(_discs(tuple(both), 1.0)), EVERYWHERE).max() == 9


@pytest.mark.slow
@pytest.mark.parametrize(("tone", "seed"), [(0.02, 5), (0.06, 4), (0.12, 4)])
def test_dimples_that_fade_are_no_spots_that_fade(tone: float, seed: int) -> None:
    """From the JPEG file, re-posed: spots on dimples are found, little else is, and half the dimples change nothing."""
    plan = _dimpled(tone, 14)
    stage, shot = build_stage(plan, seed=seed, size=SIZE), nominal_shot(plan, SIZE)
    photo = photograph(stage, shot, State())
    reference, first = establish(calibrate(read_photo(photo.jpeg)), WHOLE_SKIN, [*SPOTS, *MOTTLED])
    later = replace(shot, camera=replace(shot.camera, roll=1.0, shift=(1.0, -1.5)))
    flatter = photograph(stage, later, State(dimples=0.5), first=shot, session=1)

    result = follow(reference, calibrate(read_photo(flatter.jpeg)), [*SPOTS, *MOTTLED])

    marks = reference.marks["spot_contrast"]
    assert marks is not None
    assert stage.skin.spots is not None
    true = seen_in(photo, reference).of(stage.skin.spots.number)
    shown = {number for number in np.unique(true[reference.mask]) if number}
    found = {number for number in np.unique(true[marks > 0]) if number}
    assert len(found) >= 0.8 * len(shown)
    assert (true[marks > 0] > 0).mean() > 0.75
    given = {value.metric: value for value in first.measurements}
    assert not result.refused
    for value in result.measurements:
        metric = metric_named(value.metric)
        then, now = (session_value(metric, (each,), PROVISIONAL) for each in (given[value.metric], value))
        assert not compare_sessions(metric, then, now, PROVISIONAL).verdict.is_change, value.metric


@pytest.mark.slow
def test_dimples_without_spots_are_next_to_no_spots() -> None:
    """Mottled skin has a darker place here and there; it had 44 "spots" when darkness counted as pigment."""
    plan = _dimpled(0.02, 0)
    photo = photograph(build_stage(plan, seed=6, size=SIZE), nominal_shot(plan, SIZE), State())

    reference = as_reference(calibrate(read_photo(photo.jpeg)), WHOLE_SKIN, [CONTRAST])

    marks = reference.marks.get("spot_contrast")
    assert marks is None or marks.max() <= 5


@pytest.mark.slow
def test_dark_skin_with_shaded_relief_is_refused_for_spots_and_flat_dark_skin_is_not() -> None:
    dimpled = _dimpled(0.25, 14)
    flat = replace(dimpled, relief=replace(dimpled.relief, dimples=0, mattress=0.0, waviness=0.0))
    plans = (dimpled, flat)
    photos = [photograph(build_stage(each, seed=4, size=SIZE), nominal_shot(each, SIZE), State()) for each in plans]
    references = [as_reference(calibrate(read_photo(photo.jpeg)), WHOLE_SKIN, [CONTRAST]) for photo in photos]

    assert "even light from the front" in references[0].declined[0].reason
    assert not references[1].declined
    with pytest.raises(MeasurementDeclined, match="even light") as refused:
        find_marks(references[0].aligned, references[0].mask, CONTRAST)
    assert refused.value.code == "shadows"


@pytest.mark.slow
def test_the_sample_course_says_nothing_of_pigment_where_only_dimples_fade() -> None:
    """Melanin, spots and blood are the same in every session of its truth; in the third the lamp stands opposite."""
    photos = [SAMPLES / f"2026-{day}_thigh_1.jpg" for day in ("03-02", "03-19", "04-02", "04-30")]

    report = track(photos, metrics=[*SPOTS, *MOTTLED])

    changes = [change for line in report.measured for change in line.changes]
    assert len(changes) == 3 * len([*SPOTS, *MOTTLED])
    assert not [(c.metric, c.taken_on) for c in changes if c.verdict.is_change]
    opposite = {c.metric for c in changes if c.taken_on.isoformat() == "2026-03-19" and c.change is None}
    assert opposite == {metric.name for metric in SPOTS}
    (lamp,) = [c for c in report.photos[1].checks if c.check == "light direction"]
    assert lamp.status is Status.BLOCK
