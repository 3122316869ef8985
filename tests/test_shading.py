from __future__ import annotations

import numpy as np
import pytest

from tracker.shading import (
    SIGMA_PER_WAVELENGTH,
    band_pass,
    chroma_regressed_shading,
    light_direction,
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


@pytest.mark.parametrize("azimuth", [0, 45, 90, 135, 180, 250, 300])
def test_the_light_is_found_where_it_is(azimuth: float) -> None:
    """A random relief lit from the azimuth, brighter towards the lamp."""
    rng = np.random.default_rng(8)
    height = _band_noise(rng)
    right, up = np.gradient(height, axis=1), -np.gradient(height, axis=0)
    towards = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
    # A slope that faces the lamp is bright: its height falls towards the lamp.
    shading = -(right * towards[0] + up * towards[1]).astype(np.float32)
    rows, cols = np.indices(shading.shape)
    glow = (cols * towards[0] - rows * towards[1]).astype(np.float32) / 700

    found = light_direction(shading, glow + shading, _everywhere())

    assert abs((found.azimuth - azimuth + 180) % 360 - 180) < 8
    assert found.coherence > 0.3


def test_undirected_shading_has_no_coherence() -> None:
    shading = _band_noise(np.random.default_rng(9))

    assert light_direction(shading, shading, _everywhere()).coherence < 0.12


@pytest.mark.parametrize(
    ("azimuth", "side"), [(0, "right"), (80, "top"), (181, "left"), (271, "bottom"), (359, "right")]
)
def test_a_side_has_a_name(azimuth: float, side: str) -> None:
    from tracker.shading import LightDirection

    assert LightDirection(azimuth, 0.5).side == side
