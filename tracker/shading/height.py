"""The height of relief from its slope towards one lamp: a linear inverse filter under a mask.

Opposite light gives one component of the slope, that along the axis of the lamps. Integrated along that axis it is a
height, but for what does not vary along it: furrows that run straight towards the lamp are not seen.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.shading.filters import SIGMA_PER_WAVELENGTH, band_pass

HEIGHT_BAND_MM = (10.0, 60.0)
_UNSEEN_MM = 600.0
"""Wavelength along the lamps of which half the height is given up: what varies no faster is not seen."""
_BROAD_MM = 100.0
"""Wavelength from which on height is thought less and less likely: the slope has been freed from what is broader."""
_PITCH_MM = 2.0
_MARGIN_MM = 40.0
_STEPS, _ACCURACY = 30, 3e-3
_WHOLE, _MAD_TO_SD, _NOISE_GRID = 0.99, 1.4826, 128


def height_map(
    slope: NDArray[np.float32], mask: NDArray[np.bool_], *, azimuth: float, mm_per_cell: float
) -> NDArray[np.float32]:
    """Height of relief whose slope towards a lamp is known.

    Parameters
    ----------
    slope : ndarray, shape (h, w), float32
        Positive where the surface faces the lamp: minus the derivative of the height towards it, mm/mm.
    mask : ndarray, shape (h, w), bool
        Where the slope is known.
    azimuth : float
        Of the lamp in the picture, degrees: 0 = right, 90 = top, counter-clockwise.
    mm_per_cell : float

    Returns
    -------
    ndarray, shape (h, w), float32
        Height in mm with wavelengths of 10 to 60 mm, positive towards the viewer; 0 outside the mask.

    Notes
    -----
    With K = 2πi (f · u), u pointing to the lamp, and the slope S known everywhere, the height is
    conj(K) S / (|K|² + ρ), where ρ = (2π / 600 mm)² (1 + (|f| · 100 mm)⁻⁴). Under a mask it is the minimum of
    Σ (∂z/∂u + slope)² over the mask plus Σ ρ |z|² over the frequencies, which is the same filter without an edge. It is
    found by conjugate gradients, with that filter as preconditioner, on a grid of 2 mm, and band-passed at the end.
    """
    size = tuple(max(8, round(side * mm_per_cell / _PITCH_MM)) for side in slope.shape)
    weight = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    mean = cv2.resize(np.where(mask, slope, 0).astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    margin = round(_MARGIN_MM / _PITCH_MM)
    shape = tuple(cv2.getOptimalDFTSize(side + 2 * margin) for side in size)
    weights, target = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    inner = slice(0, size[0]), slice(0, size[1])
    weights[inner] = weight
    target[inner] = -mean  # the mean over a cell counts as much of it as is known
    height = _integrated(target, weights, np.radians(azimuth))[inner]
    fine = cv2.resize(height, slope.shape[::-1], interpolation=cv2.INTER_CUBIC)
    band = band_pass(np.asarray(fine, np.float32), mask, band_mm=HEIGHT_BAND_MM, mm_per_cell=mm_per_cell)
    return np.asarray(np.where(mask, band, 0), dtype=np.float32)


def _integrated(target: NDArray[np.float32], weights: NDArray[np.float32], azimuth: float) -> NDArray[np.float32]:
    """Minimum of Σ weight (∂z/∂u − target / weight)² + Σ ρ |z|² on a periodic grid."""
    down, across = (2 * np.pi * np.fft.fftfreq(target.shape[0]), 2 * np.pi * np.fft.rfftfreq(target.shape[1]))
    along = (across[None, :] * np.cos(azimuth) - down[:, None] * np.sin(azimuth)) / _PITCH_MM
    square = (down[:, None] ** 2 + across[None, :] ** 2) / _PITCH_MM**2
    unlikely = ((2 * np.pi / _BROAD_MM) ** 2 / np.maximum(square, 1e-6)) ** 2
    ridge = ((2 * np.pi / _UNSEEN_MM) ** 2 * (1 + unlikely)).astype(np.float32)
    inverse = (1 / (along**2 + ridge)).astype(np.float32)
    derivative = (1j * along).astype(np.complex64)

    def derived(z: NDArray[np.float32], by: NDArray[np.complex64] | NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.fft.irfft2(by * np.fft.rfft2(z), s=z.shape), np.float32)

    def normal(z: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(derived(weights * derived(z, derivative), -derivative) + derived(z, ridge), np.float32)

    height = np.zeros_like(target)
    rest = derived(target, -derivative)
    step = guess = derived(rest, inverse)
    energy = first = float((rest * guess).sum())
    for _ in range(_STEPS):
        if energy <= _ACCURACY**2 * first or energy == 0.0:
            break
        response = normal(step)
        length = np.float32(energy / float((step * response).sum()))
        height, rest = height + length * step, rest - length * response
        guess = derived(rest, inverse)
        energy, before = float((rest * guess).sum()), energy
        step = guess + np.float32(energy / before) * step
    return height


def height_noise(slope: NDArray[np.float32], mask: NDArray[np.bool_], *, azimuth: float, mm_per_cell: float) -> float:
    """Standard deviation of a height map where the slope is nothing but noise, mm.

    Parameters
    ----------
    slope, mask, azimuth, mm_per_cell
        As for `height_map`.

    Notes
    -----
    The noise is read from what a slope cannot be: its mixed difference over two cells of 2 mm, in which relief of the
    band has next to no part. It is taken to be white, and carried through the filter.
    """
    step = max(1, round(_PITCH_MM / mm_per_cell))
    size = (max(2, slope.shape[1] // step), max(2, slope.shape[0] // step))
    coarse, known = (
        cv2.resize(np.asarray(a, np.float32), size, interpolation=cv2.INTER_AREA)
        for a in (np.where(mask, slope, 0), mask)
    )
    mixed = coarse[1:, 1:] - coarse[1:, :-1] - coarse[:-1, 1:] + coarse[:-1, :-1]
    whole = np.minimum(np.minimum(known[1:, 1:], known[1:, :-1]), np.minimum(known[:-1, 1:], known[:-1, :-1])) > _WHOLE
    if not whole.any():
        return float("inf")
    noise = _MAD_TO_SD * float(np.median(np.abs(mixed[whole]))) / 2  # four cells of one variance
    frequency = np.fft.fftfreq(_NOISE_GRID, step * mm_per_cell)
    down, across = np.meshgrid(frequency, frequency, indexing="ij")
    along = 2 * np.pi * (across * np.cos(np.radians(azimuth)) - down * np.sin(np.radians(azimuth)))
    square = np.maximum(down**2 + across**2, 1e-9)
    ridge = (2 * np.pi / _UNSEEN_MM) ** 2 * (1 + (_BROAD_MM**2 * square) ** -2)
    short, long = (np.exp(-2 * (np.pi * SIGMA_PER_WAVELENGTH * wave) ** 2 * square) for wave in HEIGHT_BAND_MM)
    passed = np.abs(along) / (along**2 + ridge) * (short - long)
    return noise * float(np.sqrt(np.mean(passed**2)))
