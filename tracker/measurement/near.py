"""The part of the grid that a metric looks at: a small patch in a large picture costs no more than a small picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement.cells import blocks_of
from tracker.measurement.metric import Marks, Metric


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """A photo around a region; all arrays of the same shape (h, w), a part of the grid of the reference or all of it.

    Attributes
    ----------
    image : AlignedImage
    region : ndarray, bool
    blocks : ndarray, int
        Number of the block of skin each cell falls in, as `blocks_of` numbers them on the whole grid.
    block_count : int
        How many blocks the whole grid has.
    marks : ndarray, int32, or None
    """

    image: AlignedImage
    region: NDArray[np.bool_]
    blocks: NDArray[np.intp]
    block_count: int
    marks: Marks | None


def near_region(image: AlignedImage, region: NDArray[np.bool_], metric: Metric, marks: Marks | None) -> Near:
    """What a metric needs to see of a photo: the region and as much around it as the metric says."""
    whole, mm = whole_grid(image, region, marks), image.grid.mm_per_cell
    if metric.surround_mm is None or mm is None or not region.any():
        return whole
    around = int(np.ceil(metric.surround_mm / mm))
    spans = [np.flatnonzero(region.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    down, across = (slice(max(0, int(first) - around), int(last) + around + 1) for first, last in spans)
    return Near(
        image.window(down, across),
        region[down, across],
        whole.blocks[down, across],
        whole.block_count,
        None if marks is None else marks[down, across],
    )


def whole_grid(image: AlignedImage, region: NDArray[np.bool_], marks: Marks | None) -> Near:
    """All of a photo."""
    blocks = blocks_of(region, image)
    return Near(image, region, blocks, 1 + int(blocks.max()), marks)
