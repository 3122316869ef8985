"""Our printed ArUco markers in a photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.corners import refined_corners
from tracker.calibration.linear import linear_from_srgb

MARKER_DICTIONARY = cv2.aruco.DICT_4X4_50
MARKER_IDS = frozenset({0, 1, 2, 3})
MARKER_SIDE_MM = 20.0
MIN_MARKER_SIDE_PX = 24.0
CORNER_ERROR_PX = 0.3
"""Of corners that are not refined, as those a finger has put down."""


@dataclass(frozen=True, slots=True, eq=False)
class Marker:
    """One detected marker.

    Attributes
    ----------
    id : int
        Number within the 4×4 dictionary.
    corners : ndarray, shape (4, 2)
        Corners in photo pixels (row, column), clockwise from the marker's own top left.
    error_px : float
        Standard uncertainty of each coordinate of the corners, pixels.
    """

    id: int
    corners: NDArray[np.float64]
    error_px: float = CORNER_ERROR_PX

    @property
    def side_px(self) -> float:
        """Side of the square of equal area, in photo pixels."""
        rows, cols = self.corners.T
        area = 0.5 * abs(np.dot(rows, np.roll(cols, 1)) - np.dot(cols, np.roll(rows, 1)))
        return float(np.sqrt(area))


def find_markers(grey: NDArray[np.uint8], *, least_px: float = MIN_MARKER_SIDE_PX) -> tuple[Marker, ...]:
    """Our printed markers in a greyscale photo, in order of their numbers.

    Parameters
    ----------
    grey : ndarray, shape (H, W), uint8
        Luma of the upright photo.
    least_px : float
        Smallest side of a marker, pixels.

    Returns
    -------
    tuple of Marker
        Only the four numbers that our card carries, without error correction, and only where the edges of the whole
        pattern are seen: a pattern in clothing is not taken for a marker.
    """
    parameters = cv2.aruco.DetectorParameters()
    parameters.errorCorrectionRate = 0.0
    # The default takes the edge of the paper (a quarter of the side away) and the marker for one square, and on
    # skin near the edge of the picture then loses both.
    parameters.minMarkerDistanceRate = 0.05
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY), parameters)
    quads, ids, _ = detector.detectMarkers(grey)
    if ids is None:
        return ()
    # In linear light a blur does not move an edge.
    light = np.asarray(cv2.LUT(grey, linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)), dtype=np.float32)
    found = []
    for quad, number in zip(quads, (int(i) for i in np.asarray(ids).ravel()), strict=True):
        rough = np.asarray(quad, dtype=np.float64).reshape(4, 2)[:, ::-1]
        exact = refined_corners(light, rough, number, MARKER_DICTIONARY) if number in MARKER_IDS else None
        if exact is not None:
            found.append(Marker(number, exact.corners, exact.error_px))
    return tuple(sorted((m for m in found if m.side_px >= least_px), key=lambda m: m.id))
