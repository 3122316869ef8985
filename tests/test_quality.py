from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracker.alignment import Alignment, resample
from tracker.calibration import CalibratedImage, calibrate
from tracker.metrics import METRICS, metric_named
from tracker.phantom import PhantomPhoto, series
from tracker.photo import Photo, read_photo
from tracker.quality import Comparability, Need, Status, assess, assess_photo, explain_mismatch
from tracker.region import WHOLE_SKIN, region_mask

Calibrated = Callable[[PhantomPhoto], CalibratedImage]


def _identity(image: CalibratedImage) -> Alignment:
    """The photo against itself, so that every difference in a test is the one that was made."""
    height, width = image.photo.shape
    rows, cols = np.linspace(0, height - 1, 121), np.linspace(0, width - 1, 121)
    nodes = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).astype(np.float32)
    flat = np.full(nodes.shape[:2], 0.1, np.float32)
    return Alignment(rows, cols, nodes, flat, flat > 0, 1.0, 0.1, 1.0, 1.0, 0.0)


def _changed(photo: PhantomPhoto, change: Callable[[np.ndarray], np.ndarray]) -> CalibratedImage:
    rgb = np.clip(change(photo.rgb.astype(np.float64)), 0, 255).astype(np.uint8)
    return calibrate(Photo(rgb, "1" * 64, "changed.jpg", photo.taken_on))


def _against_itself(
    photo: PhantomPhoto, calibrated: Calibrated, change: Callable[[np.ndarray], np.ndarray]
) -> Comparability:
    reference, moving = calibrated(photo), _changed(photo, change)
    alignment = _identity(reference)
    mask = region_mask(WHOLE_SKIN, reference)
    return assess(reference, moving, alignment, resample(moving, alignment, reference), mask)


def _status(found: Comparability, name: str) -> Status:
    return next(c.status for c in found.checks if c.check == name)


def test_an_unchanged_photo_passes_every_check(thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    found = _against_itself(thigh[0], calibrated, lambda rgb: rgb)

    assert {c.check: c.status for c in found.checks if c.status is not Status.OK} == {}
    assert all(found.blocked(metric.needs) is None for metric in METRICS)


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("sharpness", lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 4)),
        ("clipping", lambda rgb: rgb * 1.7),
        ("coverage", lambda rgb: np.where(np.arange(rgb.shape[0])[:, None, None] < 400, 0, rgb)),
    ],
)
def test_a_spoiled_photo_is_blocked_by_the_check_that_names_the_fault(
    check: str,
    change: Callable[[np.ndarray], np.ndarray],
    thigh: tuple[PhantomPhoto, ...],
    calibrated: Calibrated,
) -> None:
    found = _against_itself(thigh[0], calibrated, change)

    assert _status(found, check) is Status.BLOCK
    assert found.status is Status.BLOCK
    assert next(c.advice for c in found.checks if c.check == check).endswith(".")


@pytest.mark.parametrize("gain", [0.8, 0.9, 1.1])
def test_a_little_more_or_less_exposure_is_no_fault(
    gain: float, thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated
) -> None:
    found = _against_itself(thigh[0], calibrated, lambda rgb: rgb * gain)

    assert _status(found, "sharpness") is Status.OK
    assert _status(found, "light direction") is Status.OK


@pytest.fixture(scope="module")
def lights() -> tuple[PhantomPhoto, ...]:
    """The same thigh with the lamp right, then left."""
    return tuple(series("null", seed=4, sessions=2, replicates=1, size=(900, 1200), spoiled={1: "light"}))


def test_light_from_the_other_side_is_named_with_both_sides(
    lights: tuple[PhantomPhoto, ...], calibrated: Calibrated
) -> None:
    found = explain_mismatch(*(calibrated(photo) for photo in lights))

    assert found is not None
    assert found.check == "light direction"
    assert "from the left, in the reference from the right" in found.advice
    assert "lamp on the right" in found.advice


def test_the_light_check_stops_relief_and_not_pigment(lights: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    reference, moving = (calibrated(photo) for photo in lights)
    # The true map takes the place of the alignment: this is about light only.
    warp = lights[1].truth
    nodes = np.stack([warp.moving_row, warp.moving_col], axis=-1)
    flat = np.full(nodes.shape[:2], 0.2, np.float32)
    alignment = Alignment(
        warp.rows.astype(float), warp.cols.astype(float), nodes, flat, flat > 0, 1.0, 0.2, 0.5, 1.0, 0.0
    )
    mask = region_mask(WHOLE_SKIN, reference)

    found = assess(reference, moving, alignment, resample(moving, alignment, reference), mask)

    assert _status(found, "light direction") is Status.BLOCK
    assert "light came from the left" in (found.blocked(metric_named("relief").needs) or "")
    assert found.blocked(metric_named("delta_mi").needs) is None


def test_a_blurred_photo_cannot_be_a_baseline(thigh: tuple[PhantomPhoto, ...]) -> None:
    image = _changed(thigh[0], lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 6))

    found = assess_photo(image, region_mask(WHOLE_SKIN, image))

    assert _status(found, "blur") is Status.BLOCK


def test_another_distance_is_noticed_from_the_markers(thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    reference = calibrated(thigh[0])
    nearer = replace(reference, scale=replace(reference.scale, mm_per_px=reference.scale.mm_per_px * 0.7))
    alignment = _identity(reference)
    mask = region_mask(WHOLE_SKIN, reference)

    found = assess(reference, nearer, alignment, resample(reference, alignment, reference), mask)

    assert _status(found, "distance") is Status.BLOCK
    assert "closer" in next(c.advice for c in found.checks if c.check == "distance")


def test_a_cropped_photo_of_the_same_distance_is_not_called_closer(
    thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated
) -> None:
    reference = calibrated(thigh[0])
    cropped = calibrate(Photo(np.ascontiguousarray(thigh[0].rgb[:, 250:950]), "2" * 64, "cropped.jpg", None))
    alignment = _identity(reference)
    mask = region_mask(WHOLE_SKIN, reference)
    # Without markers the size of the skin in pixels decides, and that has not changed.
    bare = replace(cropped, scale=None)

    found = assess(reference, bare, alignment, resample(reference, alignment, reference), mask)

    assert _status(found, "distance") is Status.OK


@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_light_that_falls_differently_over_the_body_stops_relief(
    strength: float, thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated
) -> None:
    """A ramp across the thigh, as a window or a raised lamp makes it: contrast of relief would change with it."""

    def ramp(rgb: np.ndarray) -> np.ndarray:
        return rgb * (1 - strength * np.linspace(0, 1, rgb.shape[1])[:, None])

    found = _against_itself(thigh[0], calibrated, ramp)

    assert _status(found, "light evenness") is Status.BLOCK
    assert "falls differently" in (found.blocked(metric_named("relief").needs) or "")
    assert found.blocked(metric_named("delta_mi").needs) is None


def test_a_thin_region_is_judged_without_nonsense(thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    image = calibrated(thigh[0])
    line = np.zeros(image.grid.shape, bool)
    line[100:300, 200:202] = True

    found = assess_photo(image, line)

    assert all(np.isfinite(c.value) for c in found.checks)


def test_dark_skin_is_not_called_underexposed() -> None:
    """L* about 31: the darkest of the published check values."""
    rgb = np.random.default_rng(0).normal((96, 66, 42), 4, (800, 1000, 3))
    image = calibrate(Photo(np.clip(rgb, 0, 255).astype(np.uint8), "0", "dark.png", None))

    found = assess_photo(image, np.ones(image.grid.shape, bool))

    assert _status(found, "exposure") is Status.OK
    assert _status(found, "clipping") is Status.OK


def test_a_warning_for_some_metrics_does_not_block_the_photo(thigh: tuple[PhantomPhoto, ...]) -> None:
    photo = read_photo(thigh[0].jpeg, name=thigh[0].name)
    image = calibrate(photo)
    found = assess_photo(image, region_mask(WHOLE_SKIN, image))
    blocked = tuple(
        replace(c, status=Status.BLOCK, advice="Too frontal.") if c.blocks == Need.OBLIQUE_LIGHT else c
        for c in found.checks
    )

    assert Comparability(blocked).status is Status.WARN
    assert Comparability(blocked).blocked(metric_named("relief").needs) == "Too frontal."
