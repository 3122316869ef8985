"""A region that the picture itself proposes: the outline of the skin that was found, with few corners."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage
from tracker.region.mask import MIN_REGION_CELLS
from tracker.region.skin import skin_mask

MOST_CORNERS = 24
_FINEST, _COARSER = 0.003, 1.25


def proposed_polygon(image: CalibratedImage) -> NDArray[np.float64] | None:
    """Simplified outline of the largest piece of skin.

    Parameters
    ----------
    image : CalibratedImage

    Returns
    -------
    ndarray, shape (n, 2), or None
        At most 24 corners as (row, column) in pixels of the photo, inside the picture; None where no skin was found.

    Notes
    -----
    Douglas and Peucker's simplification, coarser until few enough corners are left. Markers and cards are left out
    of every region anyway, so the outline may run over one.
    """
    contours, _ = cv2.findContours(skin_mask(image).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) < MIN_REGION_CELLS:
        return None
    tolerance = _FINEST * max(image.grid.shape)
    while len(corners := cv2.approxPolyDP(largest, tolerance, closed=True)) > MOST_CORNERS:
        tolerance *= _COARSER
    if len(corners) < 3:
        return None
    points = image.grid.to_photo(corners[:, 0, ::-1].astype(np.float64))
    return np.clip(points, 0.0, np.array(image.photo.shape, np.float64) - 1.0)
