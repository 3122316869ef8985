from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tracker.alignment import in_own_frame
from tracker.calibration import calibrate
from tracker.phantom import build_stage, nominal_shot, photograph
from tracker.phantom.scenario import named
from tracker.photo import read_photo
from tracker.region import WHOLE_SKIN, region_mask
from tracker.shading import (
    SIGMA_PER_WAVELENGTH,
    LightDirection,
    band_pass,
    chroma_regressed_shading,
    light_direction,
    light_turn,
    log_light,
    smooth_under_mask,
)


def _wave(wavelength_mm: float, mm: float = 0.5, shape: tuple[int, int] = (500, 700)) -> np.ndarray:
    cols = np.arange(shape[1]) * mm
    return np.tile(np.sin(2 * np.pi * cols / wavelength_mm), (shape[0], 1)).astype(np.float32)


def _everywhere(shape: tuple[int, int] = (500, 700)) -> np.ndarray:
    return np.ones(shape, bool)


@pytest.mark.parametrize("wavelength", [8.0, 12.0, 20.0, 30.0, 50.0, 90.0])
def test_a_wave_passes_with_the_amplitude_the_band_is_defined_by(wavelength: float) -> None:
    """exp(-2 π² (0.187 λc / λ)²) for each of the two Gaussians."""
    middle = (slice(150, -150), slice(200, -200))
    short, long = (np.exp(-2 * np.pi**2 * (SIGMA_PER_WAVELENGTH * edge / wavelength) ** 2) for edge in (12, 50))

    passed = band_pass(_wave(wavelength), _everywhere(), band_mm=(12, 50), mm_per_cell=0.5)

    amplitude = np.abs(passed[middle]).max()
    assert amplitude == pytest.approx(short - long, abs=0.02)


def test_cells_outside_the_mask_do_not_count() -> None:
    values = np.full((200, 200), 2.0, np.float32)
    values[:, 100:] = 1000.0
    mask = np.zeros((200, 200), bool)
    mask[:, :100] = True

    assert smooth_under_mask(values, mask, 12.0)[mask] == pytest.approx(2.0, abs=1e-3)


def test_pigment_is_removed_and_relief_is_kept() -> None:
    """Relief darkens all channels alike; pigment darkens blue most (MEASUREMENT.md, P12)."""
    rng = np.random.default_rng(4)
    relief = 0.05 * _band_noise(rng)
    pigment = 0.10 * _band_noise(rng)
    melanin = np.array([0.297, 0.480, 0.825], np.float32)
    linear = np.exp(-1.0 + relief[..., None] - pigment[..., None] * melanin).astype(np.float32)
    truth = band_pass(relief, _everywhere(), band_mm=(12, 50), mm_per_cell=0.5)

    shading = chroma_regressed_shading(linear, _everywhere(), mm_per_cell=0.5)
    luminance = band_pass(log_light(linear), _everywhere(), band_mm=(12, 50), mm_per_cell=0.5) @ [0.25, 0.6, 0.15]

    assert np.corrcoef(shading.ravel(), truth.ravel())[0, 1] > 0.98
    assert np.corrcoef(luminance.ravel(), truth.ravel())[0, 1] < 0.85


def _band_noise(rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=(500, 700)).astype(np.float32)
    band = band_pass(noise, np.ones((500, 700), bool), band_mm=(10, 40), mm_per_cell=0.5)
    return band / band.std()


@pytest.mark.parametrize("gain", [0.25, 0.5, 2.0])
def test_brightness_does_not_matter(gain: float) -> None:
    rng = np.random.default_rng(6)
    linear = np.exp(-1.5 + 0.05 * _band_noise(rng)[..., None] * np.ones(3)).astype(np.float32)

    first, second = (chroma_regressed_shading(a, _everywhere(), mm_per_cell=0.5) for a in (linear, gain * linear))

    assert second.std() == pytest.approx(first.std(), rel=0.01)


def _lit_skin(
    azimuth: float, *, amplitude: float = 0.03, pigment: float = 0.05, noise: float = 0.0, seed: int = 8
) -> np.ndarray:
    """A random relief lit from the azimuth, brighter towards the lamp, under mottled melanin; linear light."""
    rng = np.random.default_rng(seed)
    height, melanin = _band_noise(rng), _band_noise(rng)
    right, up = np.gradient(height, axis=1), -np.gradient(height, axis=0)
    towards = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
    # A slope that faces the lamp is bright: its height falls towards the lamp.
    shading = -(right * towards[0] + up * towards[1])
    rows, cols = np.indices(shading.shape)
    glow = 0.1 * (cols * towards[0] - rows * towards[1]) / 700
    log = -1.5 + amplitude * shading / shading.std() + glow
    dark = pigment * melanin[..., None] * np.array([0.297, 0.480, 0.825])
    return np.exp(log[..., None] - dark + noise * rng.normal(size=(*log.shape, 3))).astype(np.float32)


@pytest.mark.parametrize("azimuth", [0, 45, 90, 135, 180, 250, 300])
def test_the_light_is_found_where_it_is(azimuth: float) -> None:
    found = light_direction(_lit_skin(azimuth), _everywhere(), mm_per_cell=0.5)

    assert abs((found.azimuth - azimuth + 180) % 360 - 180) < 8
    assert found.told
    assert found.coherence > 0.3


def test_mottled_pigment_stronger_than_the_shading_does_not_hide_the_light() -> None:
    found = light_direction(_lit_skin(70, amplitude=0.02, pigment=0.10), _everywhere(), mm_per_cell=0.5)

    assert found.told
    assert abs(found.azimuth - 70) < 8


def test_skin_without_relief_tells_no_direction() -> None:
    found = light_direction(_lit_skin(70, amplitude=0.0, noise=0.01), _everywhere(), mm_per_cell=0.5)

    assert not found.told


def test_the_stated_uncertainty_of_the_azimuth_holds() -> None:
    """Within two standard uncertainties on at least 18 of 20 skins."""
    found = [light_direction(_lit_skin(30, amplitude=0.01, seed=k), _everywhere(), mm_per_cell=0.5) for k in range(20)]

    held = [abs((light.azimuth - 30 + 90) % 180 - 90) <= 2 * light.uncertainty for light in found]

    assert sum(held) >= 18
    assert np.median([light.uncertainty for light in found]) < 10


@pytest.mark.parametrize("turned", [0, 20, 60, 120, 180])
def test_the_turn_between_two_lights_is_found_whichever_ends_they_stand_at(turned: float) -> None:
    then, now = (_lit_skin(azimuth, seed=3) for azimuth in (40, 40 + turned))

    found = light_turn(then, now, _everywhere(), mm_per_cell=0.5)

    assert found is not None
    assert abs(found.degrees - turned) < 8
    assert found.uncertainty < 8


def test_shading_that_is_gone_is_known_to_be_gone() -> None:
    lit, frontal = _lit_skin(40, seed=3), _lit_skin(40, amplitude=0.002, seed=3)

    gone, same = (light_turn(lit, now, _everywhere(), mm_per_cell=0.5) for now in (frontal, lit))

    assert gone is not None
    assert same is not None
    assert gone.left < 0.45
    assert same.left == pytest.approx(1.0, abs=0.01)


def test_the_flanks_of_a_rounded_body_are_not_taken_for_light_from_the_side() -> None:
    """A thigh lit from above: by itself, each flank is shaded across the body."""
    plan = named("thigh")
    plan = replace(plan, light=replace(plan.light, azimuth=90.0, slant=40.0))
    stage = build_stage(plan, seed=31, size=(600, 800))
    image = calibrate(read_photo(photograph(stage, nominal_shot(plan, (600, 800))).jpeg, name="thigh.jpg"))
    mask = region_mask(WHOLE_SKIN, image) & in_own_frame(image).valid

    assert image.grid.mm_per_cell is not None
    found = light_direction(image.linear, mask, mm_per_cell=image.grid.mm_per_cell)

    assert found.told
    assert abs(found.azimuth - 90) < 8


def test_too_little_skin_tells_nothing() -> None:
    mask = np.zeros((500, 700), bool)
    mask[200:280, 300:380] = True

    found = light_direction(_lit_skin(0), mask, mm_per_cell=0.5)

    assert not found.told
    assert light_turn(_lit_skin(0), _lit_skin(0), mask, mm_per_cell=0.5) is None


@pytest.mark.parametrize(
    ("azimuth", "side"), [(0, "right"), (80, "top"), (181, "left"), (271, "bottom"), (359, "right")]
)
def test_a_side_has_a_name(azimuth: float, side: str) -> None:
    assert LightDirection(azimuth, 0.5, 1.0).side == side
