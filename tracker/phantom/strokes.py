"""Thin curved lines on the skin: hairs and small vessels."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field

_INCLINATION: Final = (0.0, 7.0, 15.0, 22.5, 30.0, 40.0, 45.0)
_LINE_WIDTH: Final = (1.38, 1.38, 1.37, 1.35, 1.31, 1.24, 1.20)
"""Ink per length of OpenCV's thinnest smooth line, px, by its angle to the nearer axis of the grid (measured)."""


def curves(
    roots: NDArray[np.float64],
    *,
    heading: NDArray[np.float64],
    length: NDArray[np.float64],
    bend: NDArray[np.float64],
    points: int = 9,
) -> NDArray[np.float64]:
    """Return arcs that start at `roots`.

    Parameters
    ----------
    roots : ndarray, shape (n, 2)
        (y, x) mm.
    heading : ndarray, shape (n,)
        Where they set out to, rad: 0 to the right, π/2 to the top of the picture.
    length : ndarray, shape (n,)
        Length, mm.
    bend : ndarray, shape (n,)
        By how much they have turned at their end, rad.
    points : int
        Corners of each polyline.

    Returns
    -------
    ndarray, shape (n, points, 2)
        (y, x) mm.
    """
    middle = (np.arange(points - 1) + 0.5) / (points - 1)
    angle = heading[:, None] + bend[:, None] * middle
    step = (length / (points - 1))[:, None, None] * np.stack([-np.sin(angle), np.cos(angle)], axis=-1)
    return np.concatenate([roots[:, None], roots[:, None] + np.cumsum(step, axis=1)], axis=1)


def stroke_cover(paths: NDArray[np.float64], width: float, canvas: Canvas) -> Field:
    """Return how much of each pixel opaque strokes cover, 0 to 1, shape (H, W).

    They are drawn on a grid as fine as they are wide and averaged onto the
    canvas, so that the share is right even if a stroke is thinner than a pixel.

    Parameters
    ----------
    paths : ndarray, shape (n, k, 2)
        Polylines, (y, x) mm.
    width : float
        Width of the strokes, mm.
    canvas : Canvas
        Where they lie.
    """
    rows, columns = canvas.shape
    if not len(paths):
        return np.zeros((rows, columns), np.float32)
    fine = width / _line_width(paths)
    size = np.array([max(1, round(extent * canvas.pitch / fine)) for extent in canvas.shape])
    place = (paths / (np.array(canvas.shape) * canvas.pitch) + 0.5) * size - 0.5
    ink = np.zeros(tuple(size), np.uint8)
    corners = np.rint(place[:, :, None, ::-1] * 16).astype(np.int32)
    cv2.polylines(ink, list(corners), False, 255, 1, cv2.LINE_AA, 4)
    how = cv2.INTER_AREA if fine < canvas.pitch else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink.astype(np.float32) * np.float32(1 / 255), (columns, rows), interpolation=how))


def _line_width(paths: NDArray[np.float64]) -> float:
    """Return the width that OpenCV's line has on these paths, on average over their length, px."""
    step = np.abs(np.diff(paths, axis=1)).reshape(-1, 2)
    inclination = np.rad2deg(np.arctan2(step.min(axis=1), step.max(axis=1)))
    return float(np.average(np.interp(inclination, _INCLINATION, _LINE_WIDTH), weights=np.hypot(*step.T) + 1e-9))
