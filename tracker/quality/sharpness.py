"""How sharp skin is in a photo: the strength of its finest structure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment, warp_photo
from tracker.calibration import CalibratedImage

COMPARISON_WIDTH = 1000
FINE_SIGMA_PX = 1.2
MIN_WINDOW_PX = 96


def blur_of(image: CalibratedImage, region: NDArray[np.bool_]) -> float:
    """Blur of a single photo within its region, in [0, 1]; 0 = no blur.

    References
    ----------
    .. [1] Crété-Roffet et al., "The blur effect", SPIE Electronic Imaging 6492, 2007.
    """
    from skimage.measure import blur_effect  # loads long; the first page does not judge photos

    grey = _grey(image.photo.rgb, _size(image.photo.shape))
    mask = cv2.resize(region.astype(np.uint8), (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_NEAREST)
    rows, cols = np.nonzero(mask)
    if not len(rows):
        return 0.0
    window = tuple(_span(lines, size) for lines, size in zip((rows, cols), grey.shape, strict=True))
    return float(np.nan_to_num(blur_effect(grey[window].astype(np.float64))))


def _span(lines: NDArray[np.intp], size: int) -> slice:
    """The lines a region covers, widened to what a blur can be seen in."""
    lack = max(0, MIN_WINDOW_PX - int(np.ptp(lines)))
    return slice(max(0, int(lines.min()) - lack // 2), min(size, int(lines.max()) + lack // 2 + 1))


def sharpness_ratio(
    reference: CalibratedImage, moving: CalibratedImage, alignment: Alignment, region: NDArray[np.bool_]
) -> float:
    """Fine structure of the moving photo relative to the reference, on the same skin at the same size.

    Parameters
    ----------
    reference, moving : CalibratedImage
    alignment : Alignment
    region : ndarray, shape (h, w), bool
        On the analysis grid of the reference.

    Returns
    -------
    float
        Ratio of the robust standard deviations of the Laplacian-of-Gaussian log-luma; 1 = equally sharp, below 1
        = the moving photo is blurred.
    """
    size = _size(reference.photo.shape)
    warped = warp_photo(moving.photo.rgb, alignment, reference.photo.shape, out_shape=(size[1], size[0]))
    mask = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    mask &= np.asarray(cv2.erode((warped.max(axis=2) > 0).astype(np.uint8), np.ones((9, 9), np.uint8))).astype(bool)
    if mask.sum() < 100:
        return 0.0
    fine = [_fine_structure(_grey(rgb, size), mask) for rgb in (reference.photo.rgb, warped)]
    return fine[1] / max(fine[0], 1e-6)


def _size(shape: tuple[int, int]) -> tuple[int, int]:
    width = min(COMPARISON_WIDTH, shape[1])
    return width, max(1, round(shape[0] * width / shape[1]))


def _grey(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if (grey.shape[1], grey.shape[0]) != size:
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.float32)


def _fine_structure(grey: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    contrast = np.log(np.maximum(grey, 8.0))
    laplacian = cv2.Laplacian(cv2.GaussianBlur(contrast, (0, 0), FINE_SIGMA_PX), cv2.CV_32F)
    values = np.asarray(laplacian)[mask]
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
