"""Printed markers, cards and charts: never measured."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage, ColourLevel

MARKER_MARGIN = 1.5
CARD_MARGIN = 1.05  # of what is known to its edge


def marker_mask(image: CalibratedImage) -> NDArray[np.bool_]:
    """Printed markers and the colour chart with a margin, on the analysis grid of the image."""
    canvas = np.zeros(image.grid.shape, np.uint8)
    outlines = [(m.corners, MARKER_MARGIN) for m in image.markers]
    if image.colour.corners is not None:
        margin = MARKER_MARGIN if image.colour.level is ColourLevel.CHART else CARD_MARGIN
        outlines.append((image.colour.corners, margin))
    for outline, margin in outlines:
        middle = outline.mean(axis=0)
        wider = image.grid.from_photo(middle + (outline - middle) * margin)
        cv2.fillConvexPoly(canvas, np.rint(wider[:, ::-1]).astype(np.int32), 1)
    return canvas.astype(np.bool_)
