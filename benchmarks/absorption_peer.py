"""What a good peer does: SIFT with a homography, then dense inverse search (DIS) flow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 1000
_RATIO = 0.85
_THRESHOLD = 6.0


def sift_and_flow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Positions in the second photo of the nodes where rows and columns of the first cross.

    Parameters
    ----------
    before, after : ndarray, shape (H, W, 3), uint8
        sRGB; both of one size.
    rows, cols : ndarray, shape (h,) and (w,)
        Pixels of the first photo.

    Returns
    -------
    ndarray, shape (h, w, 2), float32
        (row, column) in pixels of the second photo; NaN everywhere without a homography.
    """
    factor = min(1.0, SIZE / max(before.shape))
    here, there = (_grey(rgb, factor) for rgb in (before, after))
    matrix = _homography(here, there)
    if matrix is None:
        return np.full((len(rows), len(cols), 2), np.nan, np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    near = cv2.warpPerspective(there, matrix, here.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    start = np.zeros((*here.shape, 2), np.float32)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(here, np.asarray(near, np.uint8), start)
    x, y = np.meshgrid((cols + 0.5) * factor - 0.5, (rows + 0.5) * factor - 0.5)
    moved = cv2.remap(flow, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    found = cv2.perspectiveTransform(np.stack([x, y], axis=-1) + moved, matrix)
    return np.asarray((found[..., ::-1] + 0.5) / factor - 0.5, np.float32)


def _grey(rgb: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def _homography(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    sift = cv2.SIFT.create(4000, contrastThreshold=0.008)
    (ours, own), (theirs, other) = (sift.detectAndCompute(grey, None) for grey in (here, there))
    if own is None or other is None:
        return None
    pairs = [two for two in cv2.BFMatcher().knnMatch(own, other, k=2) if len(two) == 2]
    kept = [first for first, second in pairs if first.distance < _RATIO * second.distance]
    if len(kept) < 8:
        return None
    from_points = np.array([ours[match.queryIdx].pt for match in kept], np.float32)
    to_points = np.array([theirs[match.trainIdx].pt for match in kept], np.float32)
    matrix, _ = cv2.findHomography(from_points, to_points, cv2.USAC_MAGSAC, _THRESHOLD)
    return None if matrix is None else np.asarray(matrix, np.float64)
