"""Shine: light that the surface mirrors, which has the colour of the lamp and not of the skin."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW_MM = 10.0
MARGIN_MM = 1.0
SMALLEST_MM2 = 0.75
MADS = 3.0
#: Least excess of log-luminance and of ln(min/max) over the surroundings: below it is the grain of matte skin.
LEAST_LIGHT, LEAST_WHITENESS = 0.18, 0.15
_DARKEST = np.float32(2e-3)
_SPAN = 0.8
"""Largest deviation from the surroundings that is told apart, in logarithms."""


def find_shine(linear: NDArray[np.float32], known: NDArray[np.bool_], *, mm_per_cell: float) -> NDArray[np.bool_]:
    """Spots of mirrored light on skin.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear camera sRGB.
    known : ndarray, shape (h, w), bool
        Where the light is known.
    mm_per_cell : float

    Returns
    -------
    ndarray, shape (h, w), bool
        The spots with a rim of 1 mm.

    Notes
    -----
    Mirrored light is white: it raises min(R, G, B) / max(R, G, B) together with the luminance. Both must lie above
    the local median by three local median absolute deviations (MEASUREMENT.md P8). A sheen that is broader than the
    window is not seen; relief in oblique light is brighter but not whiter, and is not taken for shine.
    """
    light = np.maximum(_smoothed(linear, 0.3 / mm_per_cell), _DARKEST)
    luminance = np.log(light @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    whiteness = np.log(light.min(axis=2) / light.max(axis=2))
    size = max(3, round(WINDOW_MM / mm_per_cell)) | 1
    bright, white = (
        _above(values, known, size, least) for values, least in ((luminance, LEAST_LIGHT), (whiteness, LEAST_WHITENESS))
    )
    spots = _without_crumbs(bright & white & known, SMALLEST_MM2 / mm_per_cell**2)
    reach = 2 * round(MARGIN_MM / mm_per_cell) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(spots.astype(np.uint8), disc) > 0)


def _smoothed(linear: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(linear, (0, 0), max(0.6, sigma)), dtype=np.float32)


def _above(values: NDArray[np.float32], known: NDArray[np.bool_], size: int, least: float) -> NDArray[np.bool_]:
    """Cells well above the median of their surroundings.

    Medians of bytes take no time, whatever their window; the mean of the surroundings is taken off first, so that
    256 levels resolve what is left.
    """
    weight = known.astype(np.float32)
    mean = cv2.blur(values * weight, (size, size)) / np.maximum(cv2.blur(weight, (size, size)), 1e-3)
    flat = np.where(known, values - mean, 0)
    excess = flat - _median(flat, size)
    spread = _median(np.abs(excess), size)
    return np.asarray(excess > np.maximum(MADS * spread, least))


def _median(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    levels = np.clip((values / _SPAN + 0.5) * 255, 0, 255).round().astype(np.uint8)
    return (cv2.medianBlur(levels, size).astype(np.float32) / 255 - 0.5) * np.float32(_SPAN)


def _without_crumbs(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    large = np.zeros(count, np.bool_)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] >= least
    return large[labels]
