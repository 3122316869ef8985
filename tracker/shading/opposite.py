"""Light from two opposite sides: half the relative difference is relief, freed from pigment and from shine.

Pigment multiplies the light of both photos alike and cancels. Shine does not: it is added, and it follows the slope
more steeply than the light that comes out of the skin. But it has the colour of the lamp, and skin has not: what the
differences of the channels have in common, beyond what is in proportion to the light of each channel, is shine.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.shading.filters import DARKEST_LIGHT, SIGMA_PER_WAVELENGTH, smooth_under_mask

_SHORTEST_MM, _LONGEST_MM = 10.0, 120.0
"""Wavelengths in which shine is looked for; beyond the latter is the shape of the body and the fall of the light."""
_SHINE_MM = 40.0
"""Standard deviation of the window over which the shine of skin is taken to be one."""
_MOST_SHINE = 8.0
"""Shine, as a multiple of the light of the skin itself, beyond which it is not corrected further."""
_NOISE = 2e-7
"""Square of a difference of linear light that a flat surface shows: what is not more says nothing about shine."""
_PITCH_MM, _HALF = 2.0, np.float32(0.5)
_DEGREE, _FITTED = 3, 20_000
_RED, _GREEN, _BLUE = range(3)


def slope_shading(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    mm_per_cell: float,
    has_colour: bool = True,
) -> NDArray[np.float32]:
    """Shading by the slope towards the first of two opposite lamps.

    Parameters
    ----------
    first, second : ndarray, shape (h, w, 3), float32
        Linear sRGB of one skin, the lamp on one side and on the other.
    mask : ndarray, shape (h, w), bool
        Skin that both show.
    mm_per_cell : float
    has_colour : bool
        Whether the channels differ: without colour shine is not corrected.

    Returns
    -------
    ndarray, shape (h, w), float32
        κ times the slope that faces the first lamp, κ = (1 − a) tan(slant), with wavelengths up to 120 mm: what is
        broader is the body and the difference of the lamps. 0.01 is 1 % of the light. 0 outside the mask.

    Notes
    -----
    Skin of the reflectance R that faces the first lamp by the slope p sends R (1 ± κ p) + g (1 ± γ p) in the two
    photos, g and γ being those of its shine. With Δ and S half the difference and half the sum of both photos,
    Δ = κ p (S + β) in each channel, with one β = g (γ / κ − 1) for all of them. From red and blue,
    β (Δ_R − Δ_B) = Δ_B S_R − Δ_R S_B, summed over 40 mm with the difference of green as an instrument, so that noise
    does not shrink it. Terms of even order in p cancel in Δ.
    """
    half = (first + second) / np.float32(2)
    light = np.maximum(half, np.float32(DARKEST_LIGHT))
    relative = (first - second) / (np.float32(2) * light)
    relative = _without_body(relative, mask)
    relative -= smooth_under_mask(relative, mask, SIGMA_PER_WAVELENGTH * _LONGEST_MM / mm_per_cell)
    shining = light
    if has_colour:
        shine = _shine(relative, light, mask, mm_per_cell=mm_per_cell)
        shining = light + np.minimum(shine[..., None], _MOST_SHINE * light)
    # Least squares over the channels: where there is little light of a colour there is little but noise.
    slope = (relative * light * shining).sum(axis=2) / np.square(shining).sum(axis=2)
    return np.asarray(np.where(mask, slope, 0), dtype=np.float32)


def _without_body(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Values, shape (h, w, 3), without the polynomial of the third degree in the place that fits them best; 0 outside.

    The slope of a body grows steeply towards its flanks, and a wide filter is one-sided there: what it left of a limb
    was half as strong as shallow dimples.
    """
    rows, cols = np.nonzero(mask)
    size = np.float32(max(mask.shape))
    down, across = ((line - line.mean()).astype(np.float32) / size for line in (rows, cols))
    terms = np.stack([down**i * across**j for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)], axis=-1)
    step = max(1, len(rows) // _FITTED)
    inside = values[mask]
    fit, *_ = np.linalg.lstsq(terms[::step].astype(np.float64), inside[::step].astype(np.float64), rcond=None)
    left = np.zeros_like(values)
    left[mask] = inside - terms @ fit.astype(np.float32)
    return left


def _shine(
    relative: NDArray[np.float32], light: NDArray[np.float32], mask: NDArray[np.bool_], *, mm_per_cell: float
) -> NDArray[np.float32]:
    """The light β that is to be added to that of every channel, at least 0, shape (h, w)."""
    step = max(1, round(_PITCH_MM / mm_per_cell))
    size = (-(-mask.shape[1] // step), -(-mask.shape[0] // step))
    masked = mask[..., None].astype(np.float32)
    share, *means = (
        cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        for values in (mask.astype(np.float32), relative * masked, light * masked)
    )
    known, pitch = share > _HALF, mm_per_cell * mask.shape[0] / size[1]
    narrow, window = (sigma / pitch for sigma in (SIGMA_PER_WAVELENGTH * _SHORTEST_MM, _SHINE_MM))
    slope, skin = (
        smooth_under_mask(np.asarray(mean / np.maximum(share, _HALF)[..., None], np.float32), known, narrow)
        for mean in means
    )
    difference = slope * skin
    apart = difference[..., _RED] - difference[..., _BLUE]
    across = difference[..., _BLUE] * skin[..., _RED] - difference[..., _RED] * skin[..., _BLUE]
    both = np.stack([across, apart], axis=-1) * difference[..., _GREEN, None]
    above, below = np.moveaxis(smooth_under_mask(np.asarray(both * known[..., None], np.float32), known, window), -1, 0)
    shine = np.maximum(above, 0) / (np.maximum(below, 0) + np.float32(_NOISE))
    return np.asarray(cv2.resize(shine, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)
