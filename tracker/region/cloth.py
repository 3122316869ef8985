"""Cloth and other things on the skin: what has a colour that this skin does not have in this light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.region.skin import has_colour_of_skin

SMOOTH_MM = 1.0
SMALLEST_MM2 = 60.0
NARROWEST_MM = 3.0
MARGIN_MM = 3.5
#: Least distance of ln(R/G) and of ln(G/B) from the skin's median, below and above it.
PALER, REDDER = 0.24, 0.55
#: The same as a share of the way from the skin to grey: on very dark skin most light is mirrored, and pale.
OF_THE_WAY = (0.55, 0.75)
BLUER, YELLOWER = 0.40, 0.70
SPREADS = 6.0
_DARKEST = 6e-3


def find_cloth(
    linear: NDArray[np.float32], known: NDArray[np.bool_], region: NDArray[np.bool_], *, mm_per_cell: float
) -> NDArray[np.bool_]:
    """Areas that are not skin by their colour.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear camera sRGB.
    known : ndarray, shape (h, w), bool
        Where the light is known.
    region : ndarray, shape (h, w), bool
        What somebody wants to measure.
    mm_per_cell : float

    Returns
    -------
    ndarray, shape (h, w), bool
        What lies on the region has a rim of 3.5 mm, where it shades the skin; what lies around it has none, because
        it is mostly the ground that the skin lies on.

    Notes
    -----
    Shade divides all channels alike, so the ratios R/G and G/B do not tell a shaded place from a lit one. They tell
    melanin and blood from dyes: neither brings skin nearer to grey or makes it blue. Places too dark to have a
    colour are nobody's. Cloth of the colour of skin is not seen.
    """
    seen = known & (linear.max(axis=2) > _DARKEST)
    skin = seen & has_colour_of_skin(linear)
    skin = skin if skin.any() else seen & region
    if not skin.any():
        return np.zeros(region.shape, np.bool_)
    ratios = _log_ratios(linear, SMOOTH_MM / mm_per_cell)
    other = np.zeros(region.shape, np.bool_)
    for ratio, below, above, share in zip(ratios, (PALER, BLUER), (REDDER, YELLOWER), OF_THE_WAY, strict=True):
        middle = float(np.median(ratio[skin]))
        spread = SPREADS * 1.4826 * float(np.median(np.abs(ratio[skin] - middle)))
        other |= (ratio < middle - max(below, share * middle, spread)) | (ratio > middle + max(above, spread))
    other &= seen
    on_it = cv2.dilate(_areas(other & region, mm_per_cell), disc(MARGIN_MM / mm_per_cell))
    return np.asarray((on_it > 0) | (_areas(other & ~region, mm_per_cell) > 0))


def _log_ratios(linear: NDArray[np.float32], sigma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """ln(R/G) and ln(G/B) of the mean light over a millimetre: single cells have the colour noise of the camera."""
    light = np.maximum(cv2.GaussianBlur(linear, (0, 0), max(0.8, sigma)), np.float32(1e-3))
    logs = np.log(light)
    return logs[..., 0] - logs[..., 1], logs[..., 1] - logs[..., 2]


def _areas(mask: NDArray[np.bool_], mm_per_cell: float) -> NDArray[np.uint8]:
    """What is left of a mask without what is narrow or small."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(NARROWEST_MM / 2 / mm_per_cell))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    large = np.zeros(count, np.uint8)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] * mm_per_cell**2 >= SMALLEST_MM2
    return large[labels]


def disc(radius: float) -> NDArray[np.uint8]:
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)
