"""Dark lines on skin, and its fine relief: what side light draws at less than 4 mm.

The colour of a JPEG file is stored at half the resolution of its lightness and in coarser steps. At the width of a line
it is mostly noise, and regressing on it (`chroma_regressed_shading`) takes away more of the lines than of the pigment.
Fine relief is therefore read from the logarithm of the luminance alone, in which a tan or another exposure is a
constant that the band-pass takes away.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.shading.filters import SIGMA_PER_WAVELENGTH, log_light, smooth_under_mask

RIDGE_SIGMAS_MM = (0.15, 0.25, 0.4)
LEAST_MAD, SURE_MAD = 4.0, 7.0
"""A line is followed as long as its ridge is that many median absolute deviations above the usual, and must once reach
the second."""
SHORTEST_MM = 3.0
RIM_MM = 1.2
"""Beside the edge of the skin, a card or a hole nothing is called a line."""
BESIDE_MM = 1.5
LEAST_BRIGHT = 0.15
"""Light of the bright flank of a groove, over that which the dark one lacks."""
_FLANK_MM, _AROUND_SIGMA_MM = 0.6, 1.0
_LONGEST_WAVE_MM = 8.0
_PAD_MM = 2.0
_LUMINANCE = np.array([0.25, 0.60, 0.15], dtype=np.float32)
_BLOB_SIGMA_MM, _BLOB_MAD, _BLOB_RIM_MM = 0.7, 12.0, 1.2
_MAD_PER_SD = 0.6745
_DARK_PER_RIDGE = np.float32(0.25)

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]


def fine_luminance(linear: Field, mask: Mask, *, mm_per_cell: float, band_mm: tuple[float, float]) -> Field:
    """Log-luminance within a band of wavelengths, under a mask.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
    mm_per_cell : float
    band_mm : tuple of float
        Shortest and longest wavelength, mm; each passes at half its amplitude.

    Returns
    -------
    ndarray, shape (h, w), float32
        Natural units: 0.01 = 1 %; 0 outside the mask.
    """
    found = np.zeros(mask.shape, np.float32)
    where = window(mask, _PAD_MM / mm_per_cell)
    light, inside = log_luminance(linear[where]), mask[where]
    short, long = (SIGMA_PER_WAVELENGTH * wave / mm_per_cell for wave in band_mm)
    band = smooth_under_mask(light, inside, short) - smooth_under_mask(light, inside, long)
    found[where] = np.where(inside, band, np.float32(0))
    return found


def window(mask: Mask, pad: float) -> tuple[slice, slice]:
    """The part of the grid that holds a mask, with so many cells around it."""
    around = int(np.ceil(pad))
    spans = []
    for axis in (1, 0):
        lines = np.flatnonzero(mask.any(axis=axis))
        first, last = (int(lines[0]), int(lines[-1])) if len(lines) else (0, 0)
        spans.append(slice(max(0, first - around), last + around + 1))
    return spans[0], spans[1]


def log_luminance(linear: Field) -> Field:
    """0.25 ln R + 0.60 ln G + 0.15 ln B of linear light, shape (h, w)."""
    return np.ascontiguousarray(log_light(linear) @ _LUMINANCE)


def dark_lines(linear: Field, mask: Mask, *, mm_per_cell: float) -> NDArray[np.int32]:
    """Lines darker than the skin beside them, one cell wide.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
        The skin that can be used.
    mm_per_cell : float

    Returns
    -------
    ndarray, shape (h, w), int32
        0 = no line, 1, 2, … = the connected lines.

    Notes
    -----
    A ridge filter after Sato [1]_: the larger principal curvature of the log-luminance at three widths, times the
    square of the width. Its crest is kept where it is darker than the skin around, so that the dark rim beside a
    bright flank is no second line; with hysteresis at 4 and 7 median absolute deviations of the response of this
    skin; and where what is connected spans at least 3 mm. What is dark and round, such as a mole, is left
    out, and so is what has no bright flank, such as a hair: side light draws a groove dark and bright.

    References
    ----------
    .. [1] Sato et al., "Three-dimensional multi-scale line filter for segmentation and visualization of curvilinear
       structures in medical images", Medical Image Analysis 2, 1998.
    """
    found = np.zeros(mask.shape, np.int32)
    where = window(mask, _PAD_MM / mm_per_cell)
    found[where] = _dark_lines(linear[where], mask[where], mm_per_cell)
    return found


def _dark_lines(linear: Field, mask: Mask, mm_per_cell: float) -> NDArray[np.int32]:
    skin = inside(mask, RIM_MM / mm_per_cell)
    if not skin.any():
        return np.zeros(mask.shape, np.int32)
    light = log_luminance(linear)
    flat = light - smooth_under_mask(light, mask, SIGMA_PER_WAVELENGTH * _LONGEST_WAVE_MM / mm_per_cell)
    flat = np.where(mask, flat, np.float32(0))
    skin &= ~_blobs(flat, skin, mm_per_cell)
    if not skin.any():
        return np.zeros(mask.shape, np.int32)
    response, axis = ridges(flat, [sigma / mm_per_cell for sigma in RIDGE_SIGMAS_MM])
    usual, deviation = _median_and_mad(response[skin])
    darkness = np.asarray(-cv2.GaussianBlur(flat, (0, 0), RIDGE_SIGMAS_MM[0] / mm_per_cell), np.float32)
    least = np.float32(_median_and_mad(darkness[skin])[1] / _MAD_PER_SD)
    dark = darkness > np.maximum(least, _DARK_PER_RIDGE * response)
    crest = _crest(response, axis) & dark & skin
    found = _long_lines(np.where(crest, response - usual, 0), deviation, SHORTEST_MM / mm_per_cell)
    return _with_a_bright_flank(found, light, mask, mm_per_cell)


def beside_lines(linear: Field, mask: Mask, *, mm_per_cell: float) -> Mask:
    """The part of a mask that is at least 1.5 mm away from its dark lines."""
    lines = dark_lines(linear, mask, mm_per_cell=mm_per_cell)
    away = cv2.distanceTransform((lines == 0).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(mask & (away * mm_per_cell > BESIDE_MM))


def ridges(values: Field, sigmas: list[float]) -> tuple[Field, Field]:
    """Strength of dark ridges and the angle across them.

    Parameters
    ----------
    values : ndarray, shape (h, w), float32
    sigmas : list of float
        Widths, in cells.

    Returns
    -------
    response : ndarray, shape (h, w), float32
        σ² times the larger eigenvalue of the Hessian, the largest of all widths, at least 0.
    axis : ndarray, shape (h, w), float32
        Direction of that curvature, in radians, from the direction of columns towards that of rows.
    """
    best, angle = np.zeros_like(values), np.zeros_like(values)
    for sigma in sigmas:
        mean, half, cross = hessian(values, sigma)
        response = mean + cv2.sqrt(half * half + cross * cross)
        stronger = response > best
        best = np.where(stronger, response, best)
        angle = np.where(stronger, np.float32(0.5) * np.arctan2(cross, half), angle)
    return best, angle


def hessian(values: Field, sigma: float) -> tuple[Field, Field, Field]:
    """σ² times the half trace, the half difference of the diagonal and the mixed term of the Hessian."""
    smooth = np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32) * np.float32(sigma**2)
    second = np.array([[1, -2, 1]], np.float32)
    across, down = (np.asarray(cv2.filter2D(smooth, cv2.CV_32F, kernel), np.float32) for kernel in (second, second.T))
    mixed = np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], np.float32) / 4
    cross = np.asarray(cv2.filter2D(smooth, cv2.CV_32F, mixed), np.float32)
    half = np.float32(0.5)
    return half * (across + down), half * (across - down), cross


def _crest(response: Field, axis: Field) -> Mask:
    """Cells that are not weaker than both neighbours across the ridge."""
    eighth = np.rint(axis / (np.pi / 4)).astype(np.int8) % 4
    around = np.pad(response, 1)
    height, width = response.shape
    crest = np.zeros(response.shape, np.bool_)
    for k, (down, right) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = around[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        behind = around[1 - down : 1 - down + height, 1 - right : 1 - right + width]
        crest |= (eighth == k) & (response >= ahead) & (response > behind)
    return crest


def _long_lines(response: Field, deviation: float, shortest: float) -> NDArray[np.int32]:
    from skimage.morphology import skeletonize  # loads long; only close-ups look for lines

    weak = cv2.dilate((response > LEAST_MAD * deviation).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    sure = np.zeros(count, np.bool_)
    sure[np.unique(labels[response > SURE_MAD * deviation])] = True
    sure[0] = False
    thin = skeletonize(sure[labels]).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thin, connectivity=8)
    spans = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= shortest
    spans[0] = False
    number = np.where(spans, np.cumsum(spans), 0).astype(np.int32)
    return np.asarray(number[labels], np.int32)


def _with_a_bright_flank(lines: NDArray[np.int32], light: Field, mask: Mask, mm_per_cell: float) -> NDArray[np.int32]:
    """The lines that are bright on one side, numbered anew."""
    count = int(lines.max()) + 1
    if count == 1:
        return lines
    strip = numbered_strips(lines, _FLANK_MM / mm_per_cell)
    around = smooth_under_mask(light, mask & (strip == 0), _AROUND_SIGMA_MM / mm_per_cell)
    fine = cv2.GaussianBlur(light, (0, 0), RIDGE_SIGMAS_MM[0] / mm_per_cell / 2)
    inside = (strip > 0) & mask
    number, seen = strip[inside], (fine - around)[inside]
    bright, dark = (np.bincount(number, np.maximum(part, 0), minlength=count) for part in (seen, -seen))
    kept = bright >= LEAST_BRIGHT * dark
    kept[0] = False
    return np.asarray(np.where(kept, np.cumsum(kept), 0).astype(np.int32)[lines], np.int32)


def numbered_strips(lines: NDArray[np.int32], reach: float) -> NDArray[np.int32]:
    """Cells within so many cells of a numbered line, with its number; 0 elsewhere; shape (h, w)."""
    away, nearest = cv2.distanceTransformWithLabels(
        (lines == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    number = np.zeros(int(nearest.max()) + 1, np.int32)
    number[nearest[lines > 0]] = lines[lines > 0]
    return np.where(away <= reach, number[nearest], 0).astype(np.int32)


def _blobs(flat: Field, skin: Mask, mm_per_cell: float) -> Mask:
    """What is dark and curved in both directions at the size of a mole, with a rim."""
    step = max(1, int(_BLOB_SIGMA_MM / mm_per_cell / 3))
    size = (max(1, flat.shape[1] // step), max(1, flat.shape[0] // step))
    small, inside = (
        np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_AREA), np.float32)
        for a in (flat, skin.astype(np.float32))
    )
    mean, half, cross = hessian(small, _BLOB_SIGMA_MM / mm_per_cell / step)
    both = mean - cv2.sqrt(half * half + cross * cross)
    usual = both[inside > 0.5]
    found = both > _BLOB_MAD * _median_and_mad(usual)[1] if len(usual) else np.zeros(both.shape, np.bool_)
    reach = 2 * max(1, round(_BLOB_RIM_MM / mm_per_cell / step)) + 1
    wide = cv2.dilate(found.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return cv2.resize(wide, flat.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0


def inside(mask: Mask, rim: float) -> Mask:
    """Cells at least so far from the edge of the mask; single lost cells have no rim."""
    whole = cv2.morphologyEx(np.pad(mask, 1).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    whole[[0, -1]], whole[:, [0, -1]] = 0, 0
    return np.asarray(mask & (cv2.distanceTransform(whole, cv2.DIST_L2, 3)[1:-1, 1:-1] > rim))


def _median_and_mad(values: NDArray[np.float32]) -> tuple[float, float]:
    """Median and median absolute deviation."""
    sample = values[:: max(1, len(values) // 50_000)]
    middle = float(np.median(sample))
    return middle, float(np.median(np.abs(sample - middle)))
