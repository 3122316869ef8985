"""The white paper around printed markers: it lies beside the skin and tells whether the chart got the same light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage, Marker
from tracker.calibration.layout import QUIET_ZONE_MM
from tracker.calibration.linear import XYZ_FROM_LINEAR
from tracker.calibration.markers import MARKER_SIDE_MM
from tracker.calibration.reading import plane_to_photo, read_squares
from tracker.quality.check import Check, graded, judged, metrics_with
from tracker.quality.need import Need

_LEAST_PAPERS = 2
_HALF_READ_MM = 0.2 * QUIET_ZONE_MM
_CHART_MARGIN = 1.2
_OK, _WARN = 0.04, 0.055  # of light; 5.5 % moves L* of light skin by 1.5, three quarters of what can be detected


def paper(reference: CalibratedImage, moving: CalibratedImage) -> tuple[Check, ...]:
    """Whether paper beside the skin has kept its calibrated light: a chart in a shadow brightens all else.

    Needs an absolute colour level in both photos and at least two loose markers, the same in both. The markers of our
    own card lie with its patches and say nothing.
    """
    if not (reference.colour.level.absolute and moving.colour.level.absolute):
        return ()
    then, now = _papers(reference), _papers(moving)
    both = sorted(then.keys() & now.keys())
    if len(both) < _LEAST_PAPERS:
        return ()
    moved = float(np.median([np.log(now[number] / then[number]) for number in both]))
    ratio = float(np.exp(moved))
    return (
        judged(
            "paper",
            ratio,
            "0.96 to 1.04 of the reference",
            graded(abs(moved), (0, _OK), (0, _WARN)),
            f"The paper around the markers looks {abs(ratio - 1):.0%} {'brighter' if ratio > 1 else 'darker'} than "
            "in the reference, measured by the chart: the chart got other light than the skin. Lay it flat, unshaded.",
            blocks=metrics_with(Need.COLOUR_REFERENCE),
        ),
    )


def _papers(image: CalibratedImage) -> dict[int, float]:
    """Calibrated luminance of the paper by number of the marker; without those that lie on the chart or come twice."""
    numbers = [marker.id for marker in image.markers]
    found = {}
    for marker in image.markers:
        if numbers.count(marker.id) == 1 and not _on_the_chart(image, marker):
            light = _paper_light(image, marker)
            if light is not None:
                found[marker.id] = light
    return found


def _on_the_chart(image: CalibratedImage, marker: Marker) -> bool:
    corners = image.colour.corners
    if corners is None:
        return False
    middle = corners.mean(axis=0)
    wider = (middle + _CHART_MARGIN * (corners - middle)).astype(np.float32)
    row, col = marker.corners.mean(axis=0)
    return bool(cv2.pointPolygonTest(wider, (float(row), float(col)), measureDist=False) >= 0)


def _paper_light(image: CalibratedImage, marker: Marker) -> float | None:
    """Median over the four sides of the rim; None if fewer than three can be read."""
    side, out = MARKER_SIDE_MM, QUIET_ZONE_MM / 2
    square = np.array([[0.0, 0.0], [0.0, side], [side, side], [side, 0.0]])
    rims = np.array([[-out, side / 2], [side / 2, side + out], [side + out, side / 2], [side / 2, -out]])
    found = read_squares(image.photo.rgb, plane_to_photo(square, marker.corners), rims, _HALF_READ_MM)
    if found.seen.sum() < 3:
        return None
    light: NDArray[np.float32] = image.colour.apply(found.light[found.seen].astype(np.float32))
    return max(1e-4, float(np.median(light @ XYZ_FROM_LINEAR[1])))
