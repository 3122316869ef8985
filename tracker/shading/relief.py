"""Shading of the relief freed from pigment and sheen, by what only a lamp at one side can make: direction.

Melanin and blood colour the skin alike in all directions. Relief does not: slopes that face the lamp are bright, so
the gradient of its shading points towards the lamp and away from it more than across. What a photo holds twice as
strongly in one direction is therefore relief, whatever its colour, and its colour shows the sheen: shine adds the same
light to all channels, which counts most where the skin returns least.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.errors import MeasurementDeclined
from tracker.shading.filters import DIMPLE_BAND_MM, band_pass, log_light
from tracker.shading.texture import broad_shape, coarse

_LUMINANCE = np.array([0.25, 0.60, 0.15], dtype=np.float32)
_SHEEN, _SHEEN_SD = 0.03, 0.02
"""What is expected of the sheen before the photo is seen: slope of the shine less its mean, linear light. Rendered skin
with a lobe of 0 to 3 % of white has 0 to 0.07; cross-polarised light has none."""
_SHEENS = np.linspace(-0.02, 0.13, 76)
_CM2_PER_PATCH = 0.67
"""Skin on which pigment in the band counts as one draw, by the directed part that flat, mottled skin has by chance."""
_ROUNDS = 4
_LEAST_PIGMENT = 1e-3
_CHANCE_CM2 = 8.0
"""Directed share, squared, times the area, that is not told from chance; with less, ratios of smooth skin ran wild."""
_SPOT_MM, _SPOT_RIM_MM, _SPOT_SD, _LEAST_SPOT = 7.0, 1.0, 5.0, 0.01
_PAD_MM = 50.0
_GAPS = (
    "Relief is measured on whole skin, and here no square millimetre can be used by more than half: take the photo "
    "sharply and without shine, and mark skin that neither hair nor clothing lies on."
)


@dataclass(frozen=True, slots=True, eq=False)
class ReliefShading:
    """What one photo shows of the relief; arrays of shape (h, w), float32, natural units: 0.01 = 1 %.

    Attributes
    ----------
    shading : ndarray
        The mixture of the three channels that lets a unit of matte shading pass and least of all else, in the band.
    energy : ndarray
        Squared size of its gradient, made as strong at all wavelengths; its mean is the variance of the shading.
    directed : ndarray
        Part of the energy along the light less that across: in the mean half the energy for pure relief, 0 for pigment.
    chance : float
        Directed share that is not told from chance.
    mix : ndarray, shape (3,)
        Weights of log R, G and B.
    sheen, sheen_sd : float
        Slope of the shine less its mean, in linear light, with its standard deviation after the photo is seen.
    sheen_effect : float
        Relative change of the strength of the relief per standard deviation of the sheen.
    """

    shading: NDArray[np.float32]
    energy: NDArray[np.float32]
    directed: NDArray[np.float32]
    chance: float
    mix: NDArray[np.float64]
    sheen: float
    sheen_sd: float
    sheen_effect: float


def relief_shading(
    linear: NDArray[np.float32],
    mask: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    *,
    mm_per_cell: float,
    band_mm: tuple[float, float] = DIMPLE_BAND_MM,
) -> ReliefShading:
    r"""Shading of the relief in a band, without what pigment and sheen make.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
        The skin that may be used to filter.
    counted : ndarray, shape (h, w), bool
        The part of it that is measured, not empty.
    mm_per_cell : float
    band_mm : tuple of float
        Wavelengths of the shading that is returned. The colours of relief and pigment are always learned in the band
        of dimples, where most independent patches are.

    Returns
    -------
    ReliefShading

    Raises
    ------
    MeasurementDeclined
        No cell of the coarse grid is more than half skin that may be used.

    Notes
    -----
    Let z be the Riesz transform of the band-passed log light (its gradient with the same strength at all wavelengths,
    as a complex number), E = ⟨z z*⟩ and T = ⟨z z⟩ over the counted skin, 3 × 3 over the channels. A lamp at the azimuth
    φ and relief without a direction of its own give T = ½ σ² e^{2iφ} u uᵀ, pigment gives 0. The colour of relief is
    u = 1 + ε / L, with L the mean light: 1 is matte shading, ε the sheen. ε is the mean of its posterior: T against u,
    in units of the scatter that pigment P = E − σ² u uᵀ makes of it by chance, beside what is expected of skin. The
    mixture is the minimum-variance one, P⁻¹u / uᵀP⁻¹u.

    Small dark spots such as moles are left out of the filter: the logarithm of so much pigment does not follow its
    colour. On mean and range of the sheen see the constants; nothing else is known beforehand, no pigment spectrum,
    camera or lamp.

    References
    ----------
    .. [1] Koenderink & Pont, "Irradiation direction from texture", J. Opt. Soc. Am. A 20, 2003.
    .. [2] Felsberg & Sommer, "The monogenic signal", IEEE Trans. Signal Process. 49, 2001.
    .. [3] Li, Stoica & Wang, "On robust Capon beamforming and diagonal loading", IEEE Trans. Signal Process. 51, 2003.
    """
    light, skin, mm = coarse(linear, mask, mm_per_cell)
    seen = _shrunk(counted, skin.shape, round(mm / mm_per_cell)) & skin
    if not skin.any():
        raise MeasurementDeclined(_GAPS, code="area")
    if not seen.any():
        seen = skin
    bands, waves = _learned(light, skin, mm, DIMPLE_BAND_MM)
    mean = np.asarray(np.median(light[seen], axis=0), np.float64)
    area = float(seen.sum()) * mm**2 / 100
    found = _colours(waves[seen], np.maximum(mean, 1e-3), area)
    if band_mm != DIMPLE_BAND_MM:
        bands, waves = _learned(light, skin, mm, band_mm)
    wave = waves @ found.mix
    towards = np.sum(wave[seen] ** 2)
    square = wave**2 * np.exp(-1j * np.angle(towards))
    layers = np.dstack([bands @ found.mix.astype(np.float32), np.abs(wave) ** 2, square.real]).astype(np.float32)
    full = _grown(layers, mask.shape, round(mm / mm_per_cell))
    chance = min(1.0, float(np.sqrt(_CHANCE_CM2 / max(area, 1e-6))))
    return ReliefShading(
        full[..., 0], full[..., 1], full[..., 2], chance, found.mix, found.sheen, found.sheen_sd, found.effect
    )


def _shrunk(mask: NDArray[np.bool_], shape: tuple[int, ...], step: int) -> NDArray[np.bool_]:
    return np.asarray(mask[: shape[0] * step : step, : shape[1] * step : step])


def _grown(values: NDArray[np.float32], shape: tuple[int, ...], step: int) -> NDArray[np.float32]:
    """Values of the coarse grid on the fine one; rows and columns that do not fill a coarse cell get the last one's."""
    if step == 1:
        return values
    rows, cols = values.shape[0] * step, values.shape[1] * step
    large = cv2.resize(values, (cols, rows), interpolation=cv2.INTER_LINEAR)
    edge = ((0, shape[0] - rows), (0, shape[1] - cols), (0, 0))
    return np.asarray(np.pad(large, edge, mode="edge"), np.float32)


def _learned(
    light: NDArray[np.float32], skin: NDArray[np.bool_], mm: float, band_mm: tuple[float, float]
) -> tuple[NDArray[np.float32], NDArray[np.complex128]]:
    """Band-passed log light, and its Riesz transform without the broad shape of the body; both (h, w, 3)."""
    clear = skin & ~dark_spots(light, skin, mm_per_cell=mm)
    clear = clear if clear.any() else skin
    logs = log_light(light)
    bands, flat = (
        band_pass(values, clear, band_mm=band_mm, mm_per_cell=mm) for values in (logs, logs - broad_shape(logs, clear))
    )
    return bands, _riesz(flat * skin[..., None], pad=round(_PAD_MM / mm))


def dark_spots(light: NDArray[np.float32], skin: NDArray[np.bool_], *, mm_per_cell: float) -> NDArray[np.bool_]:
    """Moles, freckles and hairs: what is much darker than the median of the 7 mm around it, with a rim of 1 mm.

    Parameters
    ----------
    light : ndarray, shape (h, w, 3), float32
        Linear light.
    skin : ndarray, shape (h, w), bool
    mm_per_cell : float
        About 1: the median has 256 steps of 1 %.
    """
    luminance = np.log(np.maximum(light @ _LUMINANCE, np.float32(2e-3)))
    steps = 100 * (luminance - np.median(luminance[skin])) + 128
    codes = np.where(skin, np.clip(steps, 0, 255), 128).astype(np.uint8)
    around = cv2.medianBlur(codes, 2 * max(1, round(_SPOT_MM / mm_per_cell / 2)) + 1)
    above = (codes.astype(np.float32) - around) / np.float32(100)
    spread = max(1.4826 * float(np.median(np.abs(above[skin]))), _LEAST_SPOT)
    dark = (above < -_SPOT_SD * spread) & skin
    rim = 2 * round(_SPOT_RIM_MM / mm_per_cell) + 1
    return np.asarray(cv2.dilate(dark.astype(np.uint8), np.ones((rim, rim), np.uint8)) > 0)


def _riesz(values: NDArray[np.float32], *, pad: int) -> NDArray[np.complex128]:
    """Gradient with the same strength at all wavelengths, to the right and upwards as a complex number, (h, w, k)."""
    height, width = values.shape[:2]
    rows, cols = (cv2.getOptimalDFTSize(size + pad) for size in (height, width))
    down, right = np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(cols)[None]
    size = np.hypot(down, right)
    size[0, 0] = 1
    turn = np.asarray(1j * (right - 1j * down) / size, np.complex128)
    spectrum = np.fft.fft2(values, s=(rows, cols), axes=(0, 1))
    return np.asarray(np.fft.ifft2(spectrum * turn[..., None], axes=(0, 1))[:height, :width])


@dataclass(frozen=True, slots=True, eq=False)
class _Colours:
    """The mixture that lets relief pass, the sheen, its standard deviation, and what the latter does to the value."""

    mix: NDArray[np.float64]
    sheen: float
    sheen_sd: float
    effect: float


def _colours(waves: NDArray[np.complex128], mean: NDArray[np.float64], area: float) -> _Colours:
    """Colour of relief and of all else from the waves of the counted cells, (n, 3), over an area in cm²."""
    energy, directed = (waves.T @ waves.conj()).real / len(waves), waves.T @ waves / len(waves)
    energy += 1e-6 * max(float(np.trace(energy)), 1e-12) * np.eye(3)
    sheen, sd = _SHEEN, _SHEEN_SD
    for _ in range(_ROUNDS):
        root, inverse = _without(energy, directed, 1 + sheen / mean)
        sheen, sd = _posterior(root @ directed @ root, (1 + _SHEENS[:, None] / mean) @ root, area)
    mixes = [_mixture(inverse, 1 + each / mean) for each in (sheen, sheen - sd, sheen + sd)]
    strength = np.sqrt(np.abs([mix @ directed @ mix for mix in mixes]))
    effect = abs(strength[2] - strength[1]) / 2 / np.maximum(strength[0], 1e-9)
    return _Colours(mixes[0], sheen, sd, float(effect))


def _without(
    energy: NDArray[np.float64], directed: NDArray[np.complex128], colour: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inverse root, and inverse, of what is left of the energy without the directed part of that colour."""
    solved = np.linalg.solve(energy, colour)
    most = 1 / float(np.dot(colour, solved))
    mix = np.asarray(solved * most)
    relief = min(2 * float(np.abs(mix @ directed @ mix)), 0.95 * most)
    sizes, axes = np.linalg.eigh(energy - relief * np.outer(colour, colour))
    sizes = np.maximum(sizes, max(_LEAST_PIGMENT * float(sizes[-1]), 1e-12))
    return (axes * sizes**-0.5) @ axes.T, (axes / sizes) @ axes.T


def _posterior(directed: NDArray[np.complex128], colours: NDArray[np.float64], area: float) -> tuple[float, float]:
    """Mean and standard deviation of the sheen; both arguments in units of the scatter of pigment."""
    units = colours / np.linalg.norm(colours, axis=1, keepdims=True)
    along = np.abs(np.einsum("ni,ij,nj->n", units, directed, units))
    log = along**2 * area / _CM2_PER_PATCH / 2 - np.square((_SHEENS - _SHEEN) / _SHEEN_SD) / 2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    sheen = float(weight @ _SHEENS)
    return sheen, float(np.sqrt(weight @ np.square(_SHEENS - sheen)))


def _mixture(inverse: NDArray[np.float64], colour: NDArray[np.float64]) -> NDArray[np.float64]:
    solved = inverse @ colour
    return np.asarray(solved / np.dot(colour, solved))
