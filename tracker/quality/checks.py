"""The gate: which checks a photo goes through, by itself and against its reference (MEASUREMENT.md §5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment
from tracker.calibration import CalibratedImage
from tracker.quality.around import contrast_elsewhere, surroundings, tone_around
from tracker.quality.check import Check, Comparability, Status
from tracker.quality.colour import colour_checks
from tracker.quality.fine_light import compared_fine_light, own_fine_light
from tracker.quality.gauge import gauge_direction, gauge_gain, read_gauges
from tracker.quality.geometry import coverage, distance, rotation
from tracker.quality.light import compared_light, opposed_light, own_light
from tracker.quality.paper import paper
from tracker.quality.pose import pose
from tracker.quality.sight import blur, edge_width, exposure, saturated_around, sharpness
from tracker.region import Reason, skin_mask

COVERED_SD = 0.006


def assess_photo(image: CalibratedImage, region: NDArray[np.bool_]) -> Comparability:
    """Checks that one photo passes or fails by itself; a photo that is blocked cannot be a baseline.

    Parameters
    ----------
    image : CalibratedImage
    region : ndarray, shape (h, w), bool
        Skin to be measured, on the grid of the image.

    Returns
    -------
    Comparability
    """
    return Comparability(
        (
            blur(image, region),
            *edge_width(image),
            *exposure(image.linear, image.clipped, region),
            *own_light(image, region),
            *own_fine_light(image, region),
        )
    )


def assess(
    reference: CalibratedImage,
    moving: CalibratedImage,
    alignment: Alignment,
    aligned: AlignedImage,
    region: NDArray[np.bool_],
) -> Comparability:
    """Checks of a photo against its own reference.

    Parameters
    ----------
    reference, moving : CalibratedImage
    alignment : Alignment
        Of `moving` to `reference`.
    aligned : AlignedImage
        `moving` in the frame of the reference.
    region : ndarray, shape (h, w), bool
        On the grid of the reference.

    Returns
    -------
    Comparability
    """
    seen = aligned.without(Reason.CLOTH)
    covered = seen & (aligned.sd <= COVERED_SD * reference.grid.shape[1])
    clipped = ~aligned.valid & (aligned.linear.max(axis=2) > 0)
    around = surroundings(reference, aligned, region)
    gauges = read_gauges(reference, moving)
    turned = gauge_direction(*gauges, rotation=alignment.rotation) if gauges else None
    return Comparability(
        (
            coverage(region, covered),
            sharpness(reference, moving, alignment, region & covered),
            *edge_width(moving),
            *exposure(aligned.linear, clipped, region),
            *saturated_around(around, aligned),
            distance(reference, moving, alignment),
            rotation(alignment),
            *pose(reference, alignment, region),
            *colour_checks(reference, moving, around),
            *tone_around(around),
            *paper(reference, moving),
            *contrast_elsewhere(around),
            *compared_light(reference, aligned, region & seen, turned=turned, gain_known=gauges is not None),
            *compared_fine_light(reference, aligned, region & covered),
            *((gauge_gain(*gauges),) if gauges else ()),
        )
    )


def explain_mismatch(reference: CalibratedImage, moving: CalibratedImage) -> Check | None:
    """A property of the photo itself that explains why it could not be aligned; None if nothing stands out.

    Parameters
    ----------
    reference, moving : CalibratedImage
        Each in its own frame.

    Returns
    -------
    Check or None
        Blur first, then light from another side: both can be mended by a new photo, and "another area" cannot.
    """
    masks = [skin_mask(image) for image in (reference, moving)]
    if not all(mask.any() for mask in masks):
        return None
    found = blur(moving, masks[1])
    if found.status is Status.BLOCK:
        return found
    return opposed_light((reference, masks[0]), (moving, masks[1]))
