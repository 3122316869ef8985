"""The gate relative to the reference: each disturbance is made alone, in a photo of a patch beside a chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.alignment import Alignment, resample
from tracker.calibration import CalibratedImage, calibrate, linear_from_srgb, srgb_from_linear
from tracker.calibration.colour import PatchReadings
from tracker.metrics import METRICS, metric_named
from tracker.phantom import PhantomPhoto, build_stage, nominal_shot, photograph
from tracker.phantom.chart import Chart
from tracker.phantom.scenario import named
from tracker.photo import Photo
from tracker.quality import Check, Comparability, Need, Status, assess
from tracker.quality.check import metrics_with
from tracker.quality.paper import paper
from tracker.quality.pose import pose
from tracker.quality.rendering import compare_rendering
from tracker.quality.sharpness import sharpness_ratio
from tracker.region import polygon_region, region_mask

Light = NDArray[np.float64]
SIZE = (360, 480)
CONTRASTS = ("delta_mi", "delta_ei", "delta_a")
TONE = ("ita", "lightness", "a_star", "b_star")
SHADED = ("relief", "waviness", "dual_relief")
"""What a lamp that moved would change."""
HOLLOWS = ("dual_depth", "dimple_count", "dimple_area", "dimple_depth")


@pytest.fixture(scope="module")
def photo() -> PhantomPhoto:
    plan = replace(named("pigment"), patch_width=14.0, chart=Chart((29.0, 0.0), 44.0))
    stage = build_stage(plan, seed=11, size=SIZE)
    return photograph(stage, nominal_shot(plan, SIZE), plan.start)


@pytest.fixture(scope="module")
def reference(photo: PhantomPhoto) -> CalibratedImage:
    return calibrate(Photo(photo.rgb, "0" * 64, "reference.png", photo.taken_on))


@pytest.fixture(scope="module")
def region(photo: PhantomPhoto, reference: CalibratedImage) -> NDArray[np.bool_]:
    assert photo.region is not None
    return region_mask(polygon_region(photo.region), reference)


@pytest.fixture(scope="module")
def on_chart(reference: CalibratedImage) -> NDArray[np.bool_]:
    """Pixels of the chart, with its rim."""
    corners = reference.colour.corners
    assert corners is not None
    wider = corners.mean(axis=0) + 1.15 * (corners - corners.mean(axis=0))
    canvas = np.zeros(SIZE, np.uint8)
    cv2.fillConvexPoly(canvas, np.rint(wider[:, ::-1]).astype(np.int32), 1)
    return canvas > 0


Judge = Callable[..., Comparability]


@pytest.fixture(scope="module")
def judge(photo: PhantomPhoto, reference: CalibratedImage, region: NDArray[np.bool_]) -> Judge:
    """The gate on the photo against itself, with what is done to its light."""

    def judged(change: Callable[[Light], Light], *, camera: str = "") -> Comparability:
        light = change(linear_from_srgb(photo.rgb / 255.0))
        rgb = np.rint(255 * srgb_from_linear(light)).astype(np.uint8)
        moving = calibrate(Photo(rgb, "1" * 64, "now.png", photo.taken_on, camera=camera))
        alignment = _identity(reference)
        return assess(reference, moving, alignment, resample(moving, alignment, reference), region)

    return judged


def _identity(image: CalibratedImage, moved: Callable[[Light], Light] = lambda nodes: nodes) -> Alignment:
    height, width = image.photo.shape
    rows, cols = np.linspace(0, height - 1, 91), np.linspace(0, width - 1, 91)
    nodes = moved(np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)).astype(np.float32)
    flat = np.full(nodes.shape[:2], 0.1, np.float32)
    return Alignment(rows, cols, nodes, flat, flat > 0, 1.0, 0.1, 1.0, 1.0, 0.0)


def _check(found: Comparability, name: str) -> Check:
    return next(c for c in found.checks if c.check == name)


def _stopped(found: Comparability) -> set[str]:
    return {metric.name for metric in METRICS if found.stopping(metric.needs)}


def test_a_photo_beside_a_chart_passes_every_check_against_itself(judge: Judge) -> None:
    found = judge(lambda light: light)

    assert {c.check: c.advice for c in found.checks if c.status is not Status.OK} == {}
    assert {"colour level", "greys", "tone curve", "kind of lamp", "tone around", "contrast elsewhere"} <= {
        c.check for c in found.checks
    }


@pytest.mark.parametrize("gain", [0.8, 0.9, 1.15])
def test_other_light_on_the_chart_stops_absolute_tone_only(
    gain: float, judge: Judge, on_chart: NDArray[np.bool_]
) -> None:
    found = judge(lambda light: np.where(on_chart[..., None], light * gain, light))

    assert _check(found, "tone around").status is Status.BLOCK
    assert "the chart" in _check(found, "tone around").advice
    assert _stopped(found) == set(TONE)


@pytest.mark.parametrize("gain", [0.85, 1.0, 1.15])
def test_the_paper_of_markers_tells_other_light_on_the_chart(
    gain: float, photo: PhantomPhoto, reference: CalibratedImage, on_chart: NDArray[np.bool_]
) -> None:
    """Where the region is the whole skin there is no skin around to tell it."""
    light = linear_from_srgb(photo.rgb / 255.0)
    shaded = np.where(on_chart[..., None], light * gain, light)
    moving = calibrate(Photo(np.rint(255 * srgb_from_linear(shaded)).astype(np.uint8), "3" * 64, "now.png", None))

    (found,) = paper(reference, moving)

    assert found.value == pytest.approx(1 / gain, abs=0.03)
    assert found.status is (Status.OK if gain == 1 else Status.BLOCK)
    assert _stopped(Comparability((found,))) == (set() if gain == 1 else set(TONE))


def test_a_patch_that_changed_alone_stops_nothing(judge: Judge, region: NDArray[np.bool_]) -> None:
    """The skin around is the witness: what only the patch does is what we are here to measure."""
    patch = cv2.resize(region.astype(np.uint8), SIZE[::-1], interpolation=cv2.INTER_NEAREST)[..., None] > 0

    found = judge(lambda light: np.where(patch, light * [1.25, 1.1, 1.05], light))

    assert _stopped(found) == set()


@pytest.mark.parametrize("exponent", [1.2, 0.85])
def test_another_tone_curve_stops_contrasts_and_not_the_tone_that_the_chart_undoes(
    exponent: float, judge: Judge
) -> None:
    found = judge(lambda light: light**exponent * 0.8 ** (1 - exponent))

    assert _check(found, "tone curve").value == pytest.approx(exponent, abs=0.03)
    assert set(CONTRASTS) <= _stopped(found)
    assert ("stronger" if exponent > 1 else "weaker") in _check(found, "tone curve").advice


def test_a_little_contrast_is_only_remarked(judge: Judge) -> None:
    found = judge(lambda light: light**1.06 * 0.8**-0.06)

    assert _check(found, "tone curve").status is not Status.OK
    assert _check(found, "kind of lamp").status is Status.OK


def test_another_kind_of_lamp_stops_redness_and_tone_but_not_pigment(judge: Judge) -> None:
    """A lamp with little red: channels mix, white stays white."""
    mixed = np.array([[0.88, 0.06, 0.0], [0.12, 0.94, 0.06], [0.0, 0.0, 0.94]])

    found = judge(lambda light: light @ mixed)

    assert _check(found, "kind of lamp").status is Status.BLOCK
    assert {"delta_ei", "delta_a", *TONE} <= _stopped(found)
    assert "another kind of light" in (found.blocked(metric_named("delta_ei").needs) or "")


def test_white_balance_and_exposure_are_no_other_lamp(judge: Judge) -> None:
    found = judge(lambda light: light * 0.8 * np.array([1.05, 1.0, 0.93]))

    assert _check(found, "kind of lamp").status is Status.OK
    assert _check(found, "tone curve").status is Status.OK
    assert _stopped(found) == set()


def test_a_chart_that_is_gone_stops_absolute_tone_and_says_so(judge: Judge, on_chart: NDArray[np.bool_]) -> None:
    found = judge(lambda light: np.where(on_chart[..., None], np.array([0.3, 0.2, 0.15]), light))

    level = _check(found, "colour level")
    assert level.status is Status.BLOCK
    assert "C0, in the reference at C2" in level.advice
    assert _stopped(found) == set(TONE)


def test_blotches_of_light_on_untreated_skin_stop_contrasts(judge: Judge) -> None:
    rows, cols = np.mgrid[: SIZE[0], : SIZE[1]] * (140.0 / SIZE[1])
    blotches = 1 + 0.2 * (np.sin(rows / 5.0) * np.sin(cols / 5.0))[..., None]

    found = judge(lambda light: light * blotches)

    assert _check(found, "contrast elsewhere").status is Status.BLOCK
    assert set(CONTRASTS) <= _stopped(found)


def test_overexposed_skin_around_a_dark_patch_stops_its_contrast(judge: Judge, on_chart: NDArray[np.bool_]) -> None:
    found = judge(lambda light: np.where(on_chart[..., None], light, light * 2.6))

    assert _check(found, "clipping around").status is Status.BLOCK
    assert set(CONTRASTS) <= _stopped(found)


def test_a_photo_so_dark_that_codes_are_steps_stops_colour(judge: Judge) -> None:
    found = judge(lambda light: light / 14)

    assert _check(found, "signal").status is Status.BLOCK
    assert {*CONTRASTS, *TONE} <= _stopped(found)


def test_another_camera_without_a_chart_is_remarked(reference: CalibratedImage, region: NDArray[np.bool_]) -> None:
    bare = replace(reference.colour, patches=None)
    then, now = (
        replace(reference, colour=bare, photo=replace(reference.photo, camera=camera)) for camera in ("One", "Two")
    )
    alignment = _identity(reference)

    found = assess(then, now, alignment, resample(now, alignment, then), region)

    assert _check(found, "camera").status is Status.WARN
    assert "taken with Two, the reference with One" in _check(found, "camera").advice


def _readings(light: Light) -> PatchReadings:
    index = np.arange(24)
    return PatchReadings(light, np.ones(24, bool), index >= 18, index < 2)


@pytest.fixture
def chart_light() -> Light:
    rng = np.random.default_rng(4)
    greys = np.geomspace(0.03, 0.85, 6)[:, None] * np.ones(3)
    return np.vstack([rng.uniform(0.05, 0.6, (18, 3)), greys])


def test_a_power_of_the_light_is_a_slope_and_no_lamp(chart_light: Light) -> None:
    found = compare_rendering(_readings(chart_light), _readings(0.9 * chart_light**1.1))

    assert found is not None
    assert found.tone.slope(np.array([0.1, 0.3])) == pytest.approx(1.1, abs=1e-6)
    assert found.lamp == pytest.approx(0.0, abs=1e-9)
    assert found.apply(np.array([0.2, 0.1, 0.05])) == pytest.approx(0.9 * np.array([0.2, 0.1, 0.05]) ** 1.1, rel=1e-6)


def test_mixed_channels_are_a_lamp_and_no_slope(chart_light: Light) -> None:
    mixed = np.array([[0.85, 0.1, 0.0], [0.15, 0.9, 0.1], [0.0, 0.0, 0.9]])

    found = compare_rendering(_readings(chart_light), _readings(chart_light @ mixed))

    assert found is not None
    assert found.tone.slope(np.array([0.2])) == pytest.approx(1.0, abs=1e-6)
    assert found.matrix == pytest.approx(mixed, abs=1e-6)
    assert found.lamp > 0.05


def test_readings_of_different_charts_are_not_compared(chart_light: Light) -> None:
    card = PatchReadings(chart_light[:18], np.ones(18, bool), np.arange(18) < 6, np.arange(18) >= 6)

    assert compare_rendering(_readings(chart_light), card) is None
    assert compare_rendering(None, card) is None


def test_a_bent_body_stops_relief_and_a_moved_camera_does_not(
    reference: CalibratedImage, region: NDArray[np.bool_]
) -> None:
    """Scale of the photo: 0.29 mm per pixel."""
    whole = np.ones_like(region)

    def bent(nodes: Light) -> Light:
        return nodes + 12 * np.sin(nodes / 60.0)

    def tilted(nodes: Light) -> Light:
        return (nodes * 1.04 + 9) / (1 + 2e-4 * nodes[..., :1])

    bend, tilt = (pose(reference, _identity(reference, moved), whole) for moved in (bent, tilted))

    assert {c.check: c.status for c in bend} == {"posture": Status.BLOCK, "stretch": Status.BLOCK}
    assert {c.check: c.status for c in tilt} == {"posture": Status.OK, "stretch": Status.OK}
    assert _stopped(Comparability(bend)) == {*SHADED, *HOLLOWS}


def test_the_noise_of_a_larger_photo_does_not_look_sharp(reference: CalibratedImage) -> None:
    """Averaged to the size of the reference it is as sharp as the reference, however noisy its pixels are."""
    large = cv2.resize(reference.photo.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC).astype(np.float64)
    noisy = np.clip(large + np.random.default_rng(2).normal(0, 6, large.shape), 0, 255).astype(np.uint8)
    moving = calibrate(Photo(noisy, "2" * 64, "large.png", None))
    alignment = replace(_identity(reference, lambda nodes: (nodes + 0.5) * 4 - 0.5), scale=4.0)

    ratio = sharpness_ratio(reference, moving, alignment, np.ones(reference.grid.shape, bool))

    assert ratio == pytest.approx(1.0, abs=0.15)


def test_a_check_may_stop_metrics_of_several_needs() -> None:
    check = Check("c", 1.0, "0", Status.BLOCK, "No.", metrics_with(Need.OBLIQUE_LIGHT, Need.COLOUR_REFERENCE))

    assert _stopped(Comparability((check,))) == {*SHADED, *TONE}
    assert Comparability((check,)).status is Status.WARN
    assert _stopped(Comparability((replace(check, status=Status.WARN),))) == set()
