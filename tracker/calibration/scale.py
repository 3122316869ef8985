"""Millimetres per pixel from printed ArUco markers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.linear import linear_from_srgb

MARKER_DICTIONARY = cv2.aruco.DICT_4X4_50
MARKER_IDS = frozenset({0, 1, 2, 3})
MARKER_SIDE_MM = 20.0
MIN_MARKER_SIDE_PX = 24.0
CORNER_ERROR_PX = 0.3
DEPTH_UNCERTAINTY = 0.007  # a card 7 mm off the skin at 1 m


@dataclass(frozen=True, slots=True, eq=False)
class Marker:
    """One detected marker.

    Attributes
    ----------
    id : int
        Number within the 4×4 dictionary.
    corners : ndarray, shape (4, 2)
        Corners in photo pixels (row, column), clockwise from the marker's own top left.
    """

    id: int
    corners: NDArray[np.float64]

    @property
    def side_px(self) -> float:
        """Side of the square of equal area, in photo pixels."""
        rows, cols = self.corners.T
        area = 0.5 * abs(np.dot(rows, np.roll(cols, 1)) - np.dot(cols, np.roll(rows, 1)))
        return float(np.sqrt(area))


@dataclass(frozen=True, slots=True)
class Scale:
    """Size of a photo pixel on the skin.

    Attributes
    ----------
    mm_per_px : float
        Millimetres per photo pixel at the middle of the markers.
    relative_uncertainty : float
        Standard uncertainty of `mm_per_px` as a fraction (k = 1).
    source : str
        Where the scale comes from, in words.
    """

    mm_per_px: float
    relative_uncertainty: float
    source: str


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
        Only the four numbers that our card carries, without error correction: a pattern in clothing is not
        taken for a marker.
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
    table = linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)
    light = np.asarray(cv2.LUT(grey, table), dtype=np.float32)
    found = [
        Marker(int(number), _refined(light, np.asarray(quad, dtype=np.float32).reshape(4, 2)))
        for quad, number in zip(quads, np.asarray(ids).ravel(), strict=True)
        if int(number) in MARKER_IDS
    ]
    return tuple(sorted((m for m in found if m.side_px >= least_px), key=lambda m: m.id))


def _refined(light: NDArray[np.float32], quad: NDArray[np.float32]) -> NDArray[np.float64]:
    """Corners to a fraction of a pixel, as (row, column).

    In linear light: in sRGB a blurred white border blooms into the black, and the marker reads half a pixel short.
    """
    side = float(np.hypot(*(quad[1] - quad[0])))
    window = max(2, min(8, round(side / 14)))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
    corners = cv2.cornerSubPix(light, quad.reshape(-1, 1, 2).copy(), (window, window), (-1, -1), stop)
    return np.asarray(corners, dtype=np.float64).reshape(4, 2)[:, ::-1]


def scale_from_markers(markers: tuple[Marker, ...], *, side_mm: float = MARKER_SIDE_MM) -> Scale | None:
    """Scale at the middle of the markers; None without markers.

    Parameters
    ----------
    markers : tuple of Marker
    side_mm : float
        Printed side of the markers in millimetres.

    Returns
    -------
    Scale or None

    Notes
    -----
    Each marker gives the geometric mean scale over its own area, so that a tilted card is averaged, not
    shortened in one direction only. Markers on both sides of the skin average the perspective. The uncertainty
    holds the corner error, the spread between markers and the depth of the card against the skin.
    """
    if not markers:
        return None
    log_scale = np.array([np.log(side_mm / m.side_px) for m in markers])
    corner = float(np.mean([CORNER_ERROR_PX / m.side_px for m in markers])) / np.sqrt(len(markers))
    # Under perspective the scale varies smoothly over the picture; the mean of markers around the skin is
    # known far better than their spread, of which a quarter is kept for an uneven arrangement.
    spread = float(log_scale.std()) / 4 if len(markers) > 1 else 0.015
    uncertainty = float(np.sqrt(corner**2 + spread**2 + DEPTH_UNCERTAINTY**2))
    count = len(markers)
    return Scale(float(np.exp(log_scale.mean())), uncertainty, f"{count} printed marker{'s' if count > 1 else ''}")
