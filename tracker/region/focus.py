"""What is out of focus: blocks of skin whose finest structure is lost."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BLOCK_MM = 6.0
LEAST_BLOCKS = 12
#: Finest structure that a block must keep, against the sharp part of the photo, and against the reference.
KEPT_OF_SHARPEST, KEPT_OF_REFERENCE = 0.4, 0.5
SHARP_QUANTILE = 0.75
_FINE_CELLS = 0.8
_DARKEST = np.float32(2e-3)


def find_blur(
    linear: NDArray[np.float32],
    known: NDArray[np.bool_],
    *,
    mm_per_cell: float,
    reference: NDArray[np.float32] | None = None,
) -> NDArray[np.bool_]:
    """Blocks of skin that are out of focus on the analysis grid.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear camera sRGB.
    known : ndarray, shape (h, w), bool
        The skin that is looked at.
    mm_per_cell : float
    reference : ndarray, shape (h, w, 3), float32, optional
        The reference photo in the same frame: a block that was as smooth there is not blurred but smooth.

    Returns
    -------
    ndarray, shape (h, w), bool

    Notes
    -----
    The measure of a block is the mean square of the Laplacian of log-luminance, which has no unit and does not
    depend on exposure. A photo that is blurred everywhere has no sharp part; that is the gate's to say.
    """
    size = max(4, round(BLOCK_MM / mm_per_cell))
    now, counted = _fineness(linear, known, size)
    if counted.sum() < LEAST_BLOCKS:
        return np.zeros(known.shape, np.bool_)
    sharp = float(np.quantile(now[counted], SHARP_QUANTILE))
    blurred = counted & (now < KEPT_OF_SHARPEST * sharp)
    if reference is not None:
        then, also = _fineness(reference, known, size)
        level = sharp / max(float(np.quantile(then[counted & also], SHARP_QUANTILE)), 1e-9) if also.any() else 1.0
        blurred &= now < KEPT_OF_REFERENCE * level * then
    wide = cv2.resize(blurred.astype(np.uint8), (known.shape[1], known.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray((wide > 0) & known)


def _fineness(
    linear: NDArray[np.float32], known: NDArray[np.bool_], size: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Root mean square of the finest structure in each block, and the blocks that are mostly known skin."""
    luminance = np.log(np.maximum(linear @ np.array([0.2126, 0.7152, 0.0722], np.float32), _DARKEST))
    fine = np.asarray(cv2.Laplacian(cv2.GaussianBlur(luminance, (0, 0), _FINE_CELLS), cv2.CV_32F), np.float32)
    inside = cv2.erode(known.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    # A mole or the edge of a shadow must not make its block look sharp.
    fine = np.minimum(np.abs(fine), 3 * float(np.median(np.abs(fine[inside > 0]))) if inside.any() else 0.0)
    shape = (max(1, known.shape[1] // size), max(1, known.shape[0] // size))
    energy, share = (
        np.asarray(cv2.resize(np.asarray(v, np.float32), shape, interpolation=cv2.INTER_AREA), np.float32)
        for v in (fine**2 * inside, inside)
    )
    return np.sqrt(energy / np.maximum(share, np.float32(1e-6))), share > 0.5
