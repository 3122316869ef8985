"""How much of the colour of skin melanin adds, and how much blood: log light taken apart into three directions.

The logarithm of skin's light is, near enough, a sum: melanin and haemoglobin each take off their own colour, and
shading takes the same off all channels. Three channels therefore give three maps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.shading.filters import log_light, smooth_under_mask

#: What a unit of melanin and of haemoglobin takes off ln(R), ln(G) and ln(B) of linear sRGB in daylight: directions of
#: length one, of a spectral model of skin (MEASUREMENT.md §1, P12b). Shading takes off the same everywhere.
MELANIN, HAEMOGLOBIN = (0.297, 0.480, 0.825), (0.213, 0.685, 0.696)
_SHADING = (1.0, 1.0, 1.0)
_UNMIX = np.linalg.inv(np.array([MELANIN, HAEMOGLOBIN, _SHADING]).T)[:2].astype(np.float32)
PER_CENT_DENSITY = np.float32(100 / np.log(10))
"""From natural logarithms to hundredths of optical density, as in the melanin index."""
DISPLAY_MM = 1.0


def chromophores(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Melanin and haemoglobin of linear light, in hundredths of optical density.

    Parameters
    ----------
    linear : ndarray, shape (..., 3), float32
        Linear sRGB.

    Returns
    -------
    ndarray, shape (..., 2), float32
        Up to a constant each, which exposure, white balance and the skin itself share: only differences within a
        photo mean something, and no amount of a substance.

    References
    ----------
    .. [1] Tsumura, Haneishi, Miyake, "Independent-component analysis of skin color image", J. Opt. Soc. Am. A 16:2169,
       1999.
    """
    return np.asarray(-PER_CENT_DENSITY * (log_light(linear) @ _UNMIX.T), dtype=np.float32)


def chromophore_maps(
    linear: NDArray[np.float32], mask: NDArray[np.bool_], *, mm_per_cell: float, smooth_mm: float = DISPLAY_MM
) -> NDArray[np.float32]:
    """Maps of melanin and haemoglobin for people to look at, in hundredths of optical density.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
        True = skin.
    mm_per_cell : float
    smooth_mm : float
        Standard deviation of the smoothing; below 1 mm the maps show more noise than skin.

    Returns
    -------
    ndarray, shape (h, w, 2), float32
        Over the median of the skin; 0 outside it.
    """
    light = smooth_under_mask(linear, mask, max(1.0, smooth_mm / mm_per_cell))
    maps = chromophores(light)
    middle = np.median(maps[mask], axis=0) if mask.any() else np.zeros(2, np.float32)
    return np.where(mask[..., None], maps - middle, np.float32(0))
