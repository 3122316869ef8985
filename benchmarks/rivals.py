"""Grey-level texture, as published studies of cellulite on photos use it: the rival, computed on the same images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import graycomatrix

from tracker.calibration import CalibratedImage, srgb_from_linear
from tracker.metrics import metric_named
from tracker.shading import DIMPLE_BAND_MM, band_pass, log_light

LEVELS = 32
DISTANCES_MM = (1.0, 2.0, 4.0)
ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Mask = NDArray[np.bool_]
Rival = Callable[[CalibratedImage, Mask], float]


def counted(image: CalibratedImage, region: Mask) -> Mask:
    """The cells that relief is counted on: the region without its rim, the same for every rival."""
    assert image.grid.mm_per_cell is not None
    rim = metric_named("relief").margin_mm / image.grid.mm_per_cell
    padded = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return np.asarray((depth >= rim) & ~image.clipped)


def grey(image: CalibratedImage) -> NDArray[np.float32]:
    """Grey levels 0 to 255 of the sRGB picture on the analysis grid, shape (h, w)."""
    return np.asarray(255 * (srgb_from_linear(image.linear) @ _LUMA), np.float32)


def glcm_contrast(image: CalibratedImage, region: Mask) -> float:
    """Contrast of the grey-level co-occurrence matrix, mean over 1, 2 and 4 mm and four directions.

    Haralick's texture on 32 levels. A pair with a cell outside the mask is not counted.
    """
    assert image.grid.mm_per_cell is not None
    levels = 1 + (grey(image) * (LEVELS / 256)).astype(np.uint8)
    levels[~counted(image, region)] = 0
    rows, cols = (slice(at.min(), at.max() + 1) for at in np.nonzero(levels))
    steps = [max(1, round(distance / image.grid.mm_per_cell)) for distance in DISTANCES_MM]
    pairs = graycomatrix(levels[rows, cols], steps, ANGLES, levels=LEVELS + 1, symmetric=True)[1:, 1:].astype(float)
    difference = np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS)) ** 2
    contrast = np.einsum("ijda,ij->da", pairs, difference) / np.maximum(pairs.sum(axis=(0, 1)), 1)
    return float(contrast.mean())


def grey_deviation(image: CalibratedImage, region: Mask) -> float:
    """Standard deviation of the grey levels: the plainest measure of unevenness."""
    return float(grey(image)[counted(image, region)].std())


def luminance_band(image: CalibratedImage, region: Mask) -> float:
    """Standard deviation of log-luminance in the dimple band, %: `relief` without the regression on colour."""
    return _band_deviation(np.log(np.maximum(image.linear @ _LUMA, np.float32(2e-3))), image, region)


def red_band(image: CalibratedImage, region: Mask) -> float:
    """Standard deviation of the red channel's logarithm in the dimple band, %: red sees least pigment."""
    return _band_deviation(np.ascontiguousarray(log_light(image.linear)[..., 0]), image, region)


def _band_deviation(values: NDArray[np.float32], image: CalibratedImage, region: Mask) -> float:
    assert image.grid.mm_per_cell is not None
    band = band_pass(values, region, band_mm=DIMPLE_BAND_MM, mm_per_cell=image.grid.mm_per_cell)
    return float(100 * band[counted(image, region)].std())


RIVALS: Mapping[str, Rival] = MappingProxyType(
    {
        "glcm": glcm_contrast,
        "grey_sd": grey_deviation,
        "luminance_band": luminance_band,
        "red_band": red_band,
    }
)
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "relief": f"ours, {metric_named('relief').method}",
        "glcm": "GLCM contrast on grey",
        "grey_sd": "SD of grey levels",
        "luminance_band": "band-passed luminance",
        "red_band": "band-passed red channel",
    }
)
