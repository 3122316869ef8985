"""Which cells of a photo are left out, found in it and brought into the frame of the reference."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment, carry
from tracker.calibration import CalibratedImage
from tracker.region import Reason, find_exclusions, hair_share
from tracker.region.exclusions import AROUND_MM, ASSUMED_MM_PER_CELL

#: Share of hair above which a cell shows hair.
HAIRY = 0.25


def with_exclusions(
    aligned: AlignedImage,
    photo: CalibratedImage,
    region: NDArray[np.bool_],
    *,
    alignment: Alignment | None = None,
    reference: AlignedImage | None = None,
) -> AlignedImage:
    """A photo with the cells marked that show hair, shine, cloth, or are out of focus.

    Parameters
    ----------
    aligned : AlignedImage
        In the frame of the reference.
    photo : CalibratedImage
        The same photo in its own frame: hair is only seen there.
    region : ndarray, shape (h, w), bool
        On the grid of the reference.
    alignment : Alignment, optional
        Of the photo to the reference; None for the reference itself.
    reference : AlignedImage, optional
        None for the reference itself.

    Returns
    -------
    AlignedImage
        Nothing but `excluded` differs, and it is counted for the region and what lies closely around it.
    """
    assert aligned.excluded is not None
    bits = find_exclusions(
        aligned.linear,
        region,
        aligned.excluded,
        mm_per_cell=aligned.grid.mm_per_cell,
        has_colour=aligned.has_colour,
        reference=None if reference is None else reference.linear,
    )
    reach = round(AROUND_MM / (aligned.grid.mm_per_cell or ASSUMED_MM_PER_CELL))
    around = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3) <= reach
    share = hair_share(photo, np.asarray(around)) if alignment is None else _carried(photo, alignment, aligned, around)
    if share is not None:
        bits[(share > HAIRY) & around] |= np.uint8(Reason.HAIR)
    return replace(aligned, excluded=bits)


_SPARE = np.array([[-2], [3]])


def shared_cells(photo: AlignedImage, reference: AlignedImage) -> AlignedImage:
    """A photo without what its reference lacks: two photos are compared over the cells that both have."""
    excluded, opposite = photo.excluded, photo.opposite
    if opposite is not None and reference.opposite is not None:
        opposite = replace(opposite, valid=opposite.valid & reference.opposite.valid)
    if excluded is not None and reference.excluded is not None:
        excluded = excluded | reference.excluded
    return replace(photo, valid=photo.valid & reference.valid, excluded=excluded, opposite=opposite)


def _carried(
    photo: CalibratedImage, alignment: Alignment, aligned: AlignedImage, around: NDArray[np.bool_]
) -> NDArray[np.float32] | None:
    """Share of hair in the frame of the reference."""
    rows, cols = (np.flatnonzero(around.any(axis=axis)) for axis in (1, 0))
    corners = aligned.grid.to_photo(np.array([[rows[0], cols[0]], [rows[-1], cols[-1]]], np.float64))
    inside = (alignment.rows >= corners[0, 0]) & (alignment.rows <= corners[1, 0])
    beside = (alignment.cols >= corners[0, 1]) & (alignment.cols <= corners[1, 1])
    nodes = alignment.moving[np.ix_(inside, beside)].reshape(-1, 2)
    nodes = nodes[np.isfinite(nodes).all(axis=1)]
    if not len(nodes):
        return None
    there = photo.grid.from_photo(np.array([nodes.min(axis=0), nodes.max(axis=0)], np.float64))
    where = np.zeros(photo.grid.shape, np.bool_)
    (top, left), (bottom, right) = np.maximum(np.rint(there).astype(int) + _SPARE, 0)
    where[top:bottom, left:right] = True
    share = hair_share(photo, where)
    return None if share is None else carry(share, alignment, photo.grid, aligned.grid)
