"""What is true about lines and fine relief under a lamp."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field
from tracker.phantom.wrinkles import Lines

AMPLITUDE_HALF: Final = 0.187
LINE_BAND: Final = (0.4, 2.0)
FINE_BAND: Final = (1.0, 4.0)
STRIP_MM: Final = 0.5
FLANK_MM: Final = (1.2, 3.0)
SHALLOWEST_MM: Final = 0.09
"""Lines less deep than that are no lines any more (MEASUREMENT.md §2, D1)."""
_SHIFT: Final = 4


def line_metrics(
    shading: Field, bare: Field, lines: Lines, canvas: Canvas, region: NDArray[np.bool_], left: float
) -> dict[str, float]:
    """Return ``line_contrast`` and ``line_length`` of lines of which a share of the depth is left.

    And ``fine_roughness``, the standard deviation of the log shading of the skin without them from 1 to 4 mm, %.

    Parameters
    ----------
    shading, bare : ndarray, shape (H, W)
        Diffuse shading under the photo's lamp, without albedo, gloss or noise; and that without the lines.
    lines : Lines
    canvas : Canvas
        The grid of all.
    region : ndarray of bool, shape (H, W)
        Skin that counts.
    left : float
        Factor on the depth.

    Notes
    -----
    The contrast is the root of the mean square of log shading, 0.4 to 2 mm, within 0.5 mm of the lines as they were
    grown, less that of their flanks (1.2 to 3 mm away), %. The length is that of lines still 0.09 mm deep in their
    middle over the area, mm/cm². Lines outside the region do not count.
    """
    log, smooth = (np.asarray(100.0 * np.log(each), np.float32) for each in (shading, bare))
    found = {"fine_roughness": float(_band(smooth, canvas.pitch, FINE_BAND)[region].std())}
    if not len(lines.depth):
        return found | {"line_length": 0.0}
    away = _away(lines.paths, canvas)
    energy = np.square(_band(log, canvas.pitch, LINE_BAND))
    near, flank = ((away > low) & (away <= high) & region for low, high in ((-1.0, STRIP_MM), FLANK_MM))
    if near.any() and flank.any():
        found["line_contrast"] = float(np.sqrt(max(energy[near].mean() - energy[flank].mean(), 0.0)))
    return found | {"line_length": _length(lines, canvas, region, left)}


def _length(lines: Lines, canvas: Canvas, region: NDArray[np.bool_], left: float) -> float:
    steps = np.hypot(*np.moveaxis(np.diff(lines.paths, axis=1), -1, 0))
    middles = (lines.paths[:, 1:] + lines.paths[:, :-1]) / 2 / canvas.pitch + (np.array(canvas.shape) - 1) / 2
    row, column = np.clip(np.rint(middles).astype(int), 0, np.array(canvas.shape) - 1).transpose(2, 0, 1)
    counts = region[row, column] & (left * lines.depth >= SHALLOWEST_MM)[:, None]
    return float(steps[counts].sum() / max(region.sum() * canvas.pitch**2 / 100.0, 1e-9))


def _away(paths: NDArray[np.float64], canvas: Canvas) -> Field:
    """Return the distance to the nearest line, mm, shape (H, W)."""
    drawn = np.ones(canvas.shape, np.uint8)
    pixels = paths[..., ::-1] / canvas.pitch + (np.array(canvas.shape[::-1]) - 1) / 2
    for line in np.rint(pixels * 2**_SHIFT).astype(np.int32):
        cv2.polylines(drawn, [line], isClosed=False, color=0, shift=_SHIFT)
    away = cv2.distanceTransform(drawn, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away * np.float32(canvas.pitch), np.float32)


def _band(values: Field, pitch: float, band: tuple[float, float]) -> Field:
    low, high = (cv2.GaussianBlur(values, (0, 0), AMPLITUDE_HALF * wave / pitch) for wave in band)
    return np.asarray(low - high, np.float32)
