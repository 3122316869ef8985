"""Checks of posture: whether the body was bent or pressed otherwise than for the reference."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment
from tracker.calibration import CalibratedImage
from tracker.quality.check import Check, graded, judged, metrics_with
from tracker.quality.need import Need

SHIFT_OK, SHIFT_WARN = 1.0, 2.0  # mm
STRETCH_OK, STRETCH_WARN = 0.07, 0.12  # of area; careful re-posing of rendered skin gives 3 to 6 %
_LEAST_NODES = 12


def pose(reference: CalibratedImage, alignment: Alignment, region: NDArray[np.bool_]) -> tuple[Check, ...]:
    """What no movement of a camera explains: where the skin lies, and how far it is stretched.

    A camera that moved maps a plane by a homography; what is left of the map is the body's: another posture, a
    tensed muscle, a pressed thigh. Its relief is another one, too.
    """
    found = _deformation(reference, alignment, region)
    if found is None:
        return ()
    shifted, stretched = found
    stretch = judged(
        "stretch",
        100 * stretched,
        "at most 7 % of area",
        graded(stretched, (0, STRETCH_OK), (0, STRETCH_WARN)),
        f"Parts of the skin are stretched or pressed by {100 * stretched:.0f} % of their area against the reference. "
        "Take the same posture, muscles relaxed, nothing pressing on the skin.",
        blocks=metrics_with(Need.OBLIQUE_LIGHT, Need.DUAL_LIGHT),
        unit="%",
    )
    if reference.scale is None:
        return (stretch,)
    mm = shifted * reference.scale.mm_per_px
    posture = judged(
        "posture",
        mm,
        "at most 1 mm",
        graded(mm, (0, SHIFT_OK), (0, SHIFT_WARN)),
        f"The skin lies {mm:.1f} mm beside where the reference has it, whatever the camera did. Put the feet on their "
        "marks, and the weight on both legs.",
        blocks=metrics_with(Need.OBLIQUE_LIGHT, Need.DUAL_LIGHT),
        unit="mm",
    )
    return posture, stretch


def _deformation(
    reference: CalibratedImage, alignment: Alignment, region: NDArray[np.bool_]
) -> tuple[float, float] | None:
    """Median distance from the best homography, in reference pixels, and the 90th percentile of |ln(area)|."""
    shape = reference.grid.shape
    on_grid = reference.grid.from_photo(np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1))
    row, col = (np.clip(np.rint(on_grid[..., k]).astype(int), 0, shape[k] - 1) for k in (0, 1))
    used = region[row, col] & alignment.usable & np.isfinite(alignment.moving).all(axis=-1)
    if used.sum() < _LEAST_NODES:
        return None
    here = np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1)
    homography, _ = cv2.findHomography(here[used][:, ::-1], alignment.moving[used][:, ::-1].astype(np.float64), 0)
    if homography is None:
        return None
    expected = cv2.perspectiveTransform(here.reshape(-1, 1, 2)[..., ::-1].astype(np.float64), homography)
    expected = np.asarray(expected, np.float64).reshape(here.shape)[..., ::-1]
    left = alignment.moving - expected
    shifted = float(np.median(np.hypot(*left[used].T))) / max(alignment.scale, 1e-6)
    inner = cv2.erode(used.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if inner.sum() < _LEAST_NODES:
        return shifted, 0.0
    area = np.log(np.maximum(_area(alignment.moving), 1e-6) / np.maximum(_area(expected), 1e-6))[inner]
    return shifted, float(np.percentile(np.abs(area - np.median(area)), 90))


def _area(place: NDArray[np.floating]) -> NDArray[np.floating]:
    """Area of each node's cell in the moving photo; NaN at the border of what is covered."""
    (row_row, row_col), (col_row, col_col) = (np.gradient(place[..., axis]) for axis in (0, 1))
    return np.asarray(row_row * col_col - row_col * col_row)
