"""Which cells a metric is taken from: those that are known well enough, without the rim, and the ring around."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement.metric import Metric
from tracker.quality import Need
from tracker.region import UNKNOWN, Bits, Reason, looks_like_skin, shares_left_out

BLOCK_MM = 25.0
UNSCALED_BLOCKS = 24
MIN_CELLS = 64
RING_MM = (1.0, 3.0)
UNSCALED_RING = (0.05, 0.15)
MIN_RING_SHARE = 0.5
LEAST_SAID_CM2, LEAST_SHARE_SAID = 0.5, 0.005
ALWAYS = UNKNOWN | Reason.UNSURE
"""What no metric measures: where light or place is not known."""


def usable_cells(image: AlignedImage, metric: Metric) -> NDArray[np.bool_]:
    """Cells whose light is known and whose place is known well enough for this metric, shape (h, w)."""
    return np.asarray(without_excluded(image, metric).valid & (image.sd <= _tolerance_cells(image, metric)))


def without_excluded(image: AlignedImage, metric: Metric) -> AlignedImage:
    """The photo as this metric sees it: without the hair, shine or cloth that it leaves out."""
    valid = image.without(metric.leaves_out)
    if Need.DUAL_LIGHT in metric.needs and image.opposite is not None:
        valid = valid & image.opposite.valid
    return replace(image, valid=valid)


def reasons_of(image: AlignedImage, metric: Metric) -> Bits:
    """Why this metric leaves cells out, as `Reason`, shape (h, w)."""
    known = ~image.valid * np.uint8(Reason.UNSEEN) if image.excluded is None else image.excluded
    if Need.DUAL_LIGHT in metric.needs and image.opposite is not None:
        known = known | np.uint8(Reason.UNSEEN) * ~image.opposite.valid
    return np.asarray(known | np.uint8(Reason.UNSURE) * (image.sd > _tolerance_cells(image, metric)), dtype=np.uint8)


def _tolerance_cells(image: AlignedImage, metric: Metric) -> float:
    if image.grid.mm_per_cell is None:
        return 0.004 * image.grid.shape[1]
    return metric.tolerance_mm / image.grid.mm_per_cell


def check_area(mask: NDArray[np.bool_], image: AlignedImage, metric: Metric, region: NDArray[np.bool_]) -> None:
    """Decline a metric for which too little is counted, `mask`, of the region."""
    mm = image.grid.mm_per_cell
    area = float(mask.sum()) * mm**2 / 100 if mm else np.inf
    if area < metric.min_area_cm2:
        # Rounded up to what is needed, the sentence would contradict itself.
        said = f"{area:.0f}" if round(area) < metric.min_area_cm2 else f"{np.floor(10 * area) / 10:.1f}"
        left = f"{said} cm² can be used here" if area >= LEAST_SAID_CM2 else _why_nothing(image, metric, region)
        raise MeasurementDeclined(
            f"{metric.title} needs at least {metric.min_area_cm2:.0f} cm² of skin; {left}.", code="area"
        )
    if mask.sum() < metric.least_cells:
        raise MeasurementDeclined(f"{metric.title}: too little of the region can be used in this photo.", code="area")


def _why_nothing(image: AlignedImage, metric: Metric, region: NDArray[np.bool_]) -> str:
    """What takes all of a region, in words."""
    assert image.grid.mm_per_cell is not None
    whole = float(region.sum()) * image.grid.mm_per_cell**2 / 100
    if whole < metric.min_area_cm2:
        return f"the region has only {np.floor(10 * whole) / 10:.1f} cm²"
    taken = shares_left_out(reasons_of(image, metric), region, metric.leaves_out | ALWAYS)
    why = [f"{100 * share:.0f} % {reason.word}" for reason, share in taken if share >= LEAST_SHARE_SAID]
    if (region & usable_cells(image, metric)).any():
        why.append(
            f"{'the rest' if why else 'it'} lies within {metric.margin_mm:.0f} mm of its edge, so mark a wider one"
        )
    return f"nothing of the region can be used here: {', '.join(why)}"


def without_rim(mask: NDArray[np.bool_], image: AlignedImage, metric: Metric) -> NDArray[np.bool_]:
    """Cells at least `margin_mm` away from the outline; small holes, such as moles, have no rim."""
    if not metric.margin_mm or image.grid.mm_per_cell is None:
        return mask
    hole = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(2.5 / image.grid.mm_per_cell) + 1,) * 2)
    whole = cv2.morphologyEx(np.pad(mask, 1).astype(np.uint8), cv2.MORPH_CLOSE, hole)
    whole[[0, -1]], whole[:, [0, -1]] = 0, 0
    depth = cv2.distanceTransform(whole, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return np.asarray(mask & (depth >= metric.margin_mm / image.grid.mm_per_cell))


def blocks_of(region: NDArray[np.bool_], image: AlignedImage) -> NDArray[np.intp]:
    """Number of the block each cell of the grid falls in: fixed by the region, so that all photos share them."""
    height, width = image.grid.shape
    mm = image.grid.mm_per_cell
    size = max(2, round(BLOCK_MM / mm)) if mm else max(2, round(max(height, width) / UNSCALED_BLOCKS))
    rows, cols = np.nonzero(region)
    # A small region still needs blocks to draw from; a quarter of its width keeps at least a dozen.
    if len(rows):
        size = max(2, min(size, int(np.ceil(max(np.ptp(rows), np.ptp(cols)) / 4))))
    down, across = np.arange(height) // size, np.arange(width) // size
    return np.asarray(down[:, None] * (width // size + 1) + across[None, :], dtype=np.intp)


def ring_around(
    region: NDArray[np.bool_], usable: NDArray[np.bool_], image: AlignedImage, metric: Metric
) -> NDArray[np.bool_]:
    """Skin around the region: from 1 to 3 mm, or from 5 to 15 % of its diameter where there is no scale."""
    diameter = 2 * np.sqrt(region.sum() / np.pi)
    mm = image.grid.mm_per_cell
    near, far = (r / mm for r in RING_MM) if mm else (share * diameter for share in UNSCALED_RING)
    distance = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = np.asarray((distance > max(near, 1)) & (distance <= max(far, 3)))
    # Floor and clothing are no skin to compare with; the patch itself may have any colour.
    usable = usable & looks_like_skin(image.linear)
    if (ring & usable).sum() < MIN_RING_SHARE * max(1, ring.sum()) or ring.sum() < MIN_CELLS:
        raise MeasurementDeclined(
            f"{metric.title} needs skin all around the marked patch; leave more of it in the picture.", code="ring"
        )
    return np.asarray(ring & usable)
