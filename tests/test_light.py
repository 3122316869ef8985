"""The lamp as the gate sees it: what is told, what is refused, and the relief gauge."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.printed import printed_batch, printed_card
from benchmarks.scenes import calibrated, thigh
from tracker.alignment import Alignment, in_own_frame, resample
from tracker.calibration import CalibratedImage, calibrate, layout
from tracker.calibration.card import find_card
from tracker.calibration.gauge import GaugeReading, read_gauge
from tracker.calibration.reading import project
from tracker.phantom import PhantomPhoto, Scenario, State, build_stage, nominal_shot, photograph
from tracker.phantom.gauge import Gauge
from tracker.phantom.light import LAMP_WIDTH, Light
from tracker.quality import Check, Status, assess
from tracker.quality.gauge import gauge_direction, gauge_gain, read_gauges
from tracker.quality.light import compared_light, own_light
from tracker.region import WHOLE_SKIN, region_mask

SIZE = (600, 800)
CARD_SIZE = (750, 1000)


def _photo(plan: Scenario, *, seed: int, state: State | None = None, session: int = 0, **light: float) -> PhantomPhoto:
    stage = build_stage(plan, seed=seed, size=SIZE)
    shot = nominal_shot(plan, SIZE)
    return photograph(stage, replace(shot, light=replace(shot.light, **light)), state or State(), session=session)


@cache
def _image(tone: float, seed: int, session: int = 0, dimples: float = 1.0, **light: float) -> CalibratedImage:
    plan = thigh(depth=4.0, melanin=tone, mottling=0.05)
    lit = {"slant": 50.0, "azimuth": 90.0} | light
    return calibrated(_photo(plan, seed=seed, session=session, state=State(dimples=dimples), **lit))


def _own(image: CalibratedImage) -> dict[str, Check]:
    return {check.check: check for check in own_light(image, region_mask(WHOLE_SKIN, image))}


def _against(reference: CalibratedImage, moving: CalibratedImage) -> dict[str, Check]:
    """The checks of a pair that was taken from one place, so that nothing has to be aligned."""
    aligned = resample(moving, _still(reference), reference)
    mask = region_mask(WHOLE_SKIN, reference) & in_own_frame(reference).valid & aligned.valid
    return {check.check: check for check in compared_light(reference, aligned, mask)}


def _still(reference: CalibratedImage) -> Alignment:
    """What an alignment would find where neither skin nor camera moved."""
    rows, cols = (np.linspace(0, side - 1, 121) for side in reference.photo.shape)
    nodes = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).astype(np.float32)
    sd = np.full(nodes.shape[:2], 0.1, np.float32)
    return Alignment(rows, cols, nodes, sd, sd > 0, 1.0, 0.1, 1.0, 1.0, 0.0)


@pytest.mark.parametrize("tone", [0.015, 0.06, 0.15, 0.30])
def test_skin_of_any_tone_that_is_lit_from_above_is_not_called_frontal(tone: float) -> None:
    found = _own(_image(tone, 41))["light obliqueness"]

    assert found.status is not Status.BLOCK


@pytest.mark.parametrize("tone", [0.015, 0.15])
def test_the_same_lamp_again_passes(tone: float) -> None:
    found = _against(_image(tone, 41), _image(tone, 41, session=1))

    assert found["light direction"].status is Status.OK
    assert found["light obliqueness"].status is Status.OK


@pytest.mark.parametrize("tone", [0.015, 0.15])
def test_two_photos_in_frontal_light_are_not_compared(tone: float) -> None:
    """Neither shows relief, whatever became of it; a change between them would be noise."""
    found = _against(_image(tone, 41, slant=0.0), _image(tone, 41, session=1, slant=0.0, dimples=0.4))

    assert found["light obliqueness"].status is Status.BLOCK
    assert "comes from the side" in found["light obliqueness"].advice


def test_a_treatment_that_halves_the_dimples_is_not_taken_for_another_light() -> None:
    found = _against(_image(0.015, 41), _image(0.015, 41, session=1, dimples=0.5))

    assert all(check.status is not Status.BLOCK for check in found.values())


def test_a_lamp_that_was_turned_is_refused_with_the_side_it_came_from() -> None:
    found = _against(_image(0.015, 41), _image(0.015, 41, session=1, azimuth=0.0))["light direction"]

    assert found.status is Status.BLOCK
    assert found.value == pytest.approx(90, abs=15)
    assert "from the right, in the reference from the top" in found.advice


def test_an_opposite_lamp_is_named_by_both_sides() -> None:
    found = _against(_image(0.015, 41), _image(0.015, 41, session=1, azimuth=270.0))["light direction"]

    assert found.status is Status.BLOCK
    assert found.value > 165
    assert re.fullmatch(
        r"The light came from the (\w+), in the reference from the (\w+)\. Retake with the lamp on the \2\.",
        found.advice,
    )


def test_shading_that_a_frontal_lamp_takes_away_is_refused() -> None:
    plan = thigh(plane=True, depth=4.0, melanin=0.015, mottling=0.05)
    side, front = (calibrated(_photo(plan, seed=43, slant=slant)) for slant in (50.0, 0.0))

    found = _against(side, front)["light obliqueness"]
    reverse = _against(front, side)["light obliqueness"]

    assert found.status is Status.BLOCK
    assert "too frontal" in found.advice
    assert reverse.status is Status.BLOCK
    assert "reference" in reverse.advice


def test_smooth_skin_is_not_refused_but_told_to_be_unclear() -> None:
    plan = thigh(plane=True, depth=0.0, melanin=0.04)
    plan = replace(plan, relief=replace(plan.relief, peel=0.0, micro=0.0))
    image = calibrated(_photo(plan, seed=44))

    found = _own(image)["light obliqueness"]

    assert found.status is Status.WARN
    assert "cannot be told" in found.advice


@cache
def _carded(slant: float, azimuth: float, ambient: float, gauged: bool = True, depth: float = 2.0) -> CalibratedImage:
    """Flat skin beside our card, with or without a gauge in its place."""
    card = printed_card((0.0, -90.0), printed_batch())
    middle = np.array(card.centre) - np.array(card.sheet) / 2 + np.array(layout.GAUGE_AT) + layout.GAUGE_SIDE_MM / 2
    card = replace(card, gauge=Gauge((float(middle[0]), float(middle[1]))) if gauged else None)
    plan = replace(thigh(plane=True, depth=depth), card_edge=None, field=420.0, chart=card)
    shot = nominal_shot(plan, CARD_SIZE)
    light = replace(shot.light, slant=slant, azimuth=azimuth, ambient=ambient)
    camera = replace(shot.camera, roll=6.0, tilt=(4.0, -3.0))
    stage = build_stage(plan, seed=5, size=CARD_SIZE)
    return calibrated(photograph(stage, replace(shot, light=light, camera=camera)))


def _kappa(light: Light) -> float:
    """Gain of relief shading under a lamp of some width, the derivative of its illumination on flat skin."""
    slant = np.radians(light.slant)
    return float((1 - light.ambient) * np.sin(slant) / np.hypot(np.cos(slant), LAMP_WIDTH))


@pytest.mark.parametrize(("slant", "azimuth", "ambient"), [(30.0, 170.0, 0.3), (45.0, 33.0, 0.1), (60.0, 290.0, 0.5)])
def test_the_gauge_gives_direction_and_gain_of_the_light(slant: float, azimuth: float, ambient: float) -> None:
    image = _carded(slant, azimuth, ambient)

    found = read_gauge(image.photo.rgb, image.markers)

    assert found is not None
    assert abs((found.azimuth - azimuth + 180) % 360 - 180) < 5
    assert found.kappa == pytest.approx(_kappa(Light(slant, azimuth, ambient)), rel=0.05)


def test_the_place_for_a_gauge_is_not_read_as_one() -> None:
    image = _carded(45.0, 33.0, 0.1, gauged=False)

    assert len(image.markers) == 4
    assert read_gauge(image.photo.rgb, image.markers) is None


def test_a_gauge_that_is_partly_covered_is_not_read() -> None:
    image = _carded(45.0, 33.0, 0.1)
    rgb = image.photo.rgb.copy()
    middle = np.array(layout.GAUGE_AT) + layout.GAUGE_SIDE_MM / 2
    card = find_card(image.markers)
    assert card is not None
    row, col = project(card.to_photo, (middle + np.array([0.0, 7.5]))[None])[0].astype(int)
    rgb[row - 4 : row + 3, col - 2 : col + 10] = (120, 80, 60)

    assert read_gauge(rgb, image.markers) is None


def _gauges(reference: CalibratedImage, moving: CalibratedImage) -> tuple[GaugeReading, GaugeReading]:
    found = read_gauges(reference, moving)
    assert found is not None
    return found


def test_two_gauges_say_whether_the_gain_of_the_light_changed() -> None:
    reference = _carded(45.0, 33.0, 0.1)

    same = gauge_gain(*_gauges(reference, reference))
    other = gauge_gain(*_gauges(reference, _carded(60.0, 290.0, 0.5)))

    assert same.status is Status.OK
    assert same.value == pytest.approx(1.0)
    assert other.value == pytest.approx(_kappa(Light(60.0, 290.0, 0.5)) / _kappa(Light(45.0, 33.0, 0.1)), rel=0.07)
    assert read_gauges(reference, _carded(45.0, 33.0, 0.1, gauged=False)) is None


def test_a_lowered_lamp_is_refused_by_the_gauge() -> None:
    found = gauge_gain(*_gauges(_carded(45.0, 33.0, 0.1), _carded(30.0, 170.0, 0.3)))

    assert found.status is Status.BLOCK
    assert "less relief" in found.advice


@pytest.mark.parametrize(
    ("kappa", "uncertainty", "status"),
    [
        (1.08, 0.0, Status.WARN),
        (1.08, 0.03, Status.OK),
        (0.93, 0.03, Status.OK),
        (1.30, 0.0, Status.WARN),
        (1.30, 0.2, Status.OK),
        (1.80, 0.0, Status.BLOCK),
        (1.70, 0.03, Status.WARN),
        (0.50, 0.2, Status.WARN),
        (0.30, 0.1, Status.BLOCK),
    ],
)
def test_a_gain_is_refused_only_beyond_what_the_gauge_can_tell(
    kappa: float, uncertainty: float, status: Status
) -> None:
    reference = GaugeReading(90.0, 2.0, 1.0, 0.0)

    assert gauge_gain(reference, GaugeReading(90.0, 2.0, kappa, uncertainty)).status is status


@pytest.mark.parametrize(
    ("azimuth", "uncertainty", "status"),
    [
        (107.0, 0.1, Status.WARN),
        (107.0, 3.0, Status.OK),
        (122.0, 0.1, Status.BLOCK),
        (122.0, 3.0, Status.WARN),
        (145.0, 3.0, Status.BLOCK),
    ],
)
def test_a_turned_light_is_refused_only_beyond_what_the_gauge_can_tell(
    azimuth: float, uncertainty: float, status: Status
) -> None:
    reference = GaugeReading(90.0, uncertainty, 1.0, 0.02)

    found = gauge_direction(reference, GaugeReading(azimuth, uncertainty, 1.0, 0.02), rotation=0.0)

    assert found is not None
    assert found.status is status


def test_frontal_light_has_no_direction_on_the_gauge() -> None:
    frontal = GaugeReading(123.0, 30.0, 0.01, 0.005)

    assert gauge_direction(GaugeReading(90.0, 1.0, 1.0, 0.02), frontal, rotation=0.0) is None


def test_a_camera_on_its_side_does_not_turn_the_light_of_the_gauge() -> None:
    upright = _carded(45.0, 33.0, 0.1)
    photo = replace(upright.photo, rgb=np.ascontiguousarray(np.rot90(upright.photo.rgb)))
    gauges = _gauges(upright, calibrate(photo))

    turned, naive = gauge_direction(*gauges, rotation=90.0), gauge_direction(*gauges, rotation=0.0)

    assert turned is not None
    assert naive is not None
    assert turned.value == pytest.approx(0, abs=2)
    assert naive.value == pytest.approx(90, abs=2)


def test_the_gate_takes_the_direction_of_the_light_from_the_gauge_before_that_of_the_skin() -> None:
    """The skin is smooth: by itself it tells no direction."""
    reference, moving = _carded(45.0, 33.0, 0.1, depth=0.0), _carded(45.0, 123.0, 0.1, depth=0.0)
    still = _still(reference)
    mask = region_mask(WHOLE_SKIN, reference)

    checks = assess(reference, moving, still, resample(moving, still, reference), mask).checks

    (found,) = [check for check in checks if check.check == "light direction"]
    assert found.value == pytest.approx(90, abs=5)
    assert found.status is Status.BLOCK
    assert "from the top, in the reference from the right" in found.advice
