"""How sharp skin is in a photo: the strength of its finest structure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment
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

    Notes
    -----
    Both photos are averaged to the same millimetres per pixel before they are compared: single pixels of a large
    photo carry noise that an average of a dozen does not, and noise looks like sharpness.
    """
    size = _size(reference.photo.shape)
    ours = _grey(reference.photo.rgb, size)
    theirs = _in_its_frame(reference, moving, alignment, size)
    mask = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    mask &= cv2.erode((theirs > 0).astype(np.uint8), np.ones((9, 9), np.uint8)).astype(np.bool_)
    if mask.sum() < 100:
        return 0.0
    fine = [_fine_structure(grey, mask) for grey in (ours, theirs)]
    return fine[1] / max(fine[0], 1e-6)


def _in_its_frame(
    reference: CalibratedImage, moving: CalibratedImage, alignment: Alignment, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Luma of the moving photo in the frame of the reference, averaged before it is moved; 0 where not covered."""
    shape = reference.photo.shape
    rows, cols = (
        (np.arange(count, dtype=np.float64) + 0.5) * (length / count) - 0.5
        for count, length in zip(size[::-1], shape, strict=True)
    )
    # Pixels of the moving photo per pixel of the comparison; never enlarged.
    shrink = min(1.0, size[0] / shape[1] / max(alignment.scale, 1e-6))
    own = (max(1, round(moving.photo.shape[1] * shrink)), max(1, round(moving.photo.shape[0] * shrink)))
    position = np.nan_to_num(alignment.dense(rows, cols), nan=-1e4)
    factor = np.array([own[1] / moving.photo.shape[0], own[0] / moving.photo.shape[1]], np.float32)
    place = (position + np.float32(0.5)) * factor - np.float32(0.5)
    moved = cv2.remap(
        _grey(moving.photo.rgb, own),
        np.ascontiguousarray(place[..., 1]),
        np.ascontiguousarray(place[..., 0]),
        cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.maximum(np.asarray(moved, np.float32), 0.0)


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
