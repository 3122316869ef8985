"""Fine relief: told from pigment and noise by the direction that only shading has (MEASUREMENT.md §2, D3)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.line_scenes import SIZE, region_polygon, stage_of
from benchmarks.scenes import calibrated
from tracker.alignment import in_own_frame
from tracker.measurement import measure
from tracker.metrics import metric_named
from tracker.metrics.fine_texture import directed_roughness
from tracker.phantom import nominal_shot, photograph
from tracker.region import polygon_region, region_mask
from tracker.shading import fine_light, fine_luminance, fine_turn, waves

MM = 0.1
ROUGHNESS = metric_named("fine_roughness")
MASK = np.ones((400, 500), np.bool_)
COLOUR = np.array([0.4, 0.27, 0.2])


def _relief(seed: int = 0) -> NDArray[np.float64]:
    """Height without a direction of its own, waves of about 2 mm."""
    rng = np.random.default_rng(seed)
    return np.asarray(cv2.GaussianBlur(rng.normal(size=MASK.shape), (0, 0), 4.0), np.float64)


def _lit(azimuth: float, *, depth: float = 0.5, pigment: float = 0.0, noise: float = 0.0) -> NDArray[np.float32]:
    """Shading of the relief from an azimuth in degrees, on mottled skin."""
    down, right = np.gradient(_relief())
    towards = np.radians(azimuth)
    shade = depth * (-right * np.cos(towards) + down * np.sin(towards))
    grain = np.random.default_rng(9).normal(0, 1, MASK.shape) * noise
    mottles = pigment * 8 * _relief(5)
    return np.asarray(COLOUR * np.exp(shade + mottles + grain)[..., None], np.float32)


def _roughness(light: NDArray[np.float32]) -> float:
    squared = np.square(100 * waves(light, MASK, mm_per_cell=MM)[20:-20, 20:-20].ravel())
    return directed_roughness(np.stack([squared.real, squared.imag], axis=-1).astype(np.float64), np.ones(len(squared)))


def test_for_shading_alone_the_roughness_is_its_standard_deviation() -> None:
    light = _lit(60)
    whole = 100 * fine_luminance(light, MASK, mm_per_cell=MM, band_mm=(1.0, 4.0))[20:-20, 20:-20].std()

    assert _roughness(light) == pytest.approx(whole, rel=0.08)


def test_pigment_and_noise_add_little_where_they_would_double_the_standard_deviation() -> None:
    plain, mottled = _lit(60), _lit(60, pigment=0.02, noise=0.05)
    spread = [
        float(fine_luminance(light, MASK, mm_per_cell=MM, band_mm=(1.0, 4.0)).std()) for light in (plain, mottled)
    ]

    assert spread[1] > 1.5 * spread[0]
    assert _roughness(mottled) == pytest.approx(_roughness(plain), rel=0.15)


def test_half_the_depth_is_half_the_roughness() -> None:
    assert _roughness(_lit(60, depth=0.25)) == pytest.approx(_roughness(_lit(60)) / 2, rel=0.02)


@pytest.mark.parametrize("azimuth", [0.0, 35.0, 90.0, 150.0])
def test_the_axis_of_the_light_is_read_from_the_fine_relief(azimuth: float) -> None:
    light = fine_light(waves(_lit(azimuth), MASK, mm_per_cell=MM), MASK, mm_per_cell=MM)

    assert light is not None
    assert light.told
    assert abs((light.axis - azimuth + 90) % 180 - 90) < 8


@pytest.mark.parametrize("turned", [0.0, 20.0, 60.0, 120.0, 180.0])
def test_the_turn_of_the_light_between_two_photos(turned: float) -> None:
    then, now = (waves(_lit(azimuth, pigment=0.01), MASK, mm_per_cell=MM) for azimuth in (40.0, 40.0 + turned))

    assert fine_turn(then, now, MASK) == pytest.approx(turned, abs=8)


def test_pigment_alone_shows_no_direction() -> None:
    light = fine_light(waves(_lit(0, depth=0.0, pigment=0.02), MASK, mm_per_cell=MM), MASK, mm_per_cell=MM)

    assert light is not None
    assert not light.told


def test_too_little_skin_says_nothing_of_the_light() -> None:
    small = np.zeros(MASK.shape, np.bool_)
    small[:40, :40] = True

    assert fine_light(waves(_lit(0), small, mm_per_cell=MM), small, mm_per_cell=MM) is None


@pytest.mark.slow
def test_fine_roughness_follows_the_true_relief_better_than_the_spread_of_light() -> None:
    """On light and intermediate skin: R² with the true shading of 1 to 4 mm, from the photo's file on."""
    found, plain, truth = [], [], []
    for tone in (0.02, 0.08):
        for micro in (0.01, 0.02, 0.035):
            stage = stage_of(tone, 90, lines=0, micro=micro)
            photo = photograph(stage, nominal_shot(stage.plan, SIZE))
            image = calibrated(photo)
            own, mask = in_own_frame(image), region_mask(polygon_region(region_polygon(photo)), image)
            found.append(measure(own, mask, ROUGHNESS, marked=True).value)
            whole = fine_luminance(own.linear, mask & own.valid, mm_per_cell=MM, band_mm=(1.0, 4.0))
            plain.append(100 * float(whole[mask].std()))
            truth.append(photo.truth.metrics["fine_roughness"])

    ours, rival = (np.corrcoef(values, truth)[0, 1] ** 2 for values in (found, plain))
    assert ours >= 0.9
    assert 1 - rival > 2 * (1 - ours)
