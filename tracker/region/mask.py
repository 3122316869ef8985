"""A region on the analysis grid of its reference photo."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage
from tracker.errors import RegionInvalid
from tracker.region.markers import marker_mask
from tracker.region.shape import Region
from tracker.region.skin import skin_mask

MIN_REGION_CELLS = 64


def region_mask(region: Region, reference: CalibratedImage) -> NDArray[np.bool_]:
    """The region on the analysis grid of the reference.

    Parameters
    ----------
    region : Region
    reference : CalibratedImage

    Returns
    -------
    ndarray, shape (h, w), bool
        True = to be measured. For *the whole skin* this is the skin found by colour, without markers.

    Raises
    ------
    RegionInvalid
        The region lies outside the picture, is too small, or no skin was found.
    """
    if region.is_whole_skin:
        mask = skin_mask(reference)
        if mask.sum() < MIN_REGION_CELLS:
            raise RegionInvalid(
                f"No skin was found in {reference.photo.name}; please mark the region to measure.", code="no_skin"
            )
        return mask
    mask = _rasterise(region, reference) & ~marker_mask(reference)
    if mask.sum() < MIN_REGION_CELLS:
        raise RegionInvalid(
            f"The region lies outside {reference.photo.name} or is too small to measure; please draw it again.",
            code="region_outside",
        )
    return mask


def _rasterise(region: Region, reference: CalibratedImage) -> NDArray[np.bool_]:
    height, width = reference.grid.shape
    if region.mask is not None:
        if region.mask.shape != reference.photo.shape:
            raise RegionInvalid(
                f"The region mask is {region.mask.shape[1]} × {region.mask.shape[0]} pixels, but the reference photo "
                f"is {reference.photo.shape[1]} × {reference.photo.shape[0]}; both must be the same.",
                code="region_size",
            )
        small = cv2.resize(region.mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small > 127)
    assert region.polygon is not None
    inside = (region.polygon >= -0.5) & (region.polygon <= np.array(reference.photo.shape) - 0.5)
    if not inside.all():
        raise RegionInvalid(
            f"The region reaches outside {reference.photo.name} ({reference.photo.shape[1]} × "
            f"{reference.photo.shape[0]} pixels); please draw it inside the picture.",
            code="region_outside",
        )
    fine = 16  # sub-cell resolution of the polygon's corners
    corners = np.rint(reference.grid.from_photo(region.polygon)[:, ::-1] * fine).astype(np.int32)
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [corners], 1, shift=4)
    return canvas.astype(np.bool_)
