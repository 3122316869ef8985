"""Dimples on a map of heights: its basins, by how far each lies below the pass to a deeper one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

DIAMETER_MM = (5.0, 50.0)
_PITCH_MM, _MOSTLY = 2.0, 0.5
_RIM_SHARE = 0.5
"""Share of its prominence to which a dimple is filled to be outlined: half, as of any peak's width."""


@dataclass(frozen=True, slots=True, eq=False)
class Dimples:
    """What was found.

    Attributes
    ----------
    labels : ndarray, shape (h, w), int32
        1, 2, … where a dimple is, up to half of its prominence; 0 elsewhere.
    prominence : ndarray, shape (n,)
        How far each lies below the lowest pass to a deeper one, mm; the deepest, below the median of the skin.
    depth : ndarray, shape (n,)
        How far each lies below the mean height of the map, which is 0, mm.
    diameter : ndarray, shape (n,)
        Of the disc of its area, mm.
    """

    labels: NDArray[np.int32]
    prominence: NDArray[np.float64]
    depth: NDArray[np.float64]
    diameter: NDArray[np.float64]


def find_dimples(
    height: NDArray[np.float32],
    skin: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    *,
    mm_per_cell: float,
    least_mm: float,
) -> Dimples:
    """Dimples of some prominence, 5 to 50 mm wide, whose deepest point lies in the counted skin.

    Parameters
    ----------
    height : ndarray, shape (h, w), float32
        mm, positive towards the viewer.
    skin, counted : ndarray, shape (h, w), bool
        Where the height is known, and where dimples are counted.
    mm_per_cell : float
    least_mm : float
        Smallest prominence.

    Returns
    -------
    Dimples

    Notes
    -----
    Basins are those of the watershed from the minima of that prominence [1]_, on a grid of 2 mm.

    References
    ----------
    .. [1] Beucher & Lantuéjoul, "Use of watersheds in contour detection", Int. Workshop on Image Processing, 1979.
    """
    from skimage.measure import label
    from skimage.morphology import h_minima
    from skimage.segmentation import watershed  # loads for half a second; few photos come in pairs

    step = max(1, round(_PITCH_MM / mm_per_cell))
    size = (max(1, height.shape[1] // step), max(1, height.shape[0] // step))
    ground, *shares = (
        cv2.resize(np.asarray(each, np.float32), size, interpolation=cv2.INTER_AREA) for each in (height, skin, counted)
    )
    known, inside = (share > _MOSTLY for share in shares)
    nothing = Dimples(np.zeros(height.shape, np.int32), np.zeros(0), np.zeros(0), np.zeros(0))
    if not inside.any() or float(np.ptp(ground[known])) <= least_mm:
        return nothing
    filled = np.where(known, ground, ground[known].max()).astype(np.float64)
    seeds = label(h_minima(filled, least_mm), connectivity=2) * known
    basins = watershed(filled, seeds, mask=known)
    count = int(basins.max())
    if count == 0:
        return nothing
    numbers = np.arange(1, count + 1)
    lowest = np.array([filled[basins == number].min() for number in numbers])
    prominence = _prominences(filled, basins, lowest, float(np.median(ground[known])))
    rim = lowest + _RIM_SHARE * prominence
    outlined = np.where((basins > 0) & (filled <= np.concatenate([[-np.inf], rim])[basins]), basins, 0)
    area = np.bincount(outlined.ravel(), minlength=count + 1)[1:] * (step * mm_per_cell) ** 2
    diameter = 2 * np.sqrt(area / np.pi)
    bottom = np.array([inside[(basins == n) & (filled == low)].any() for n, low in zip(numbers, lowest, strict=True)])
    kept = bottom & (prominence >= least_mm) & (diameter >= DIAMETER_MM[0]) & (diameter <= DIAMETER_MM[1])
    renumbered = np.concatenate([[0], np.where(kept, np.cumsum(kept), 0)]).astype(np.int32)
    labels = cv2.resize(renumbered[outlined], height.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return Dimples(np.asarray(labels, np.int32), prominence[kept], -lowest[kept], diameter[kept])


def _prominences(
    ground: NDArray[np.float64], basins: NDArray[np.int32], lowest: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Pass to a deeper basin minus the lowest point, of each basin: basins are joined at the lowest pass first."""
    passes = []
    for one, other, high in (
        (basins[:-1], basins[1:], np.maximum(ground[:-1], ground[1:])),
        (basins[:, :-1], basins[:, 1:], np.maximum(ground[:, :-1], ground[:, 1:])),
    ):
        touch = (one != other) & (one > 0) & (other > 0)
        passes += list(zip(high[touch].tolist(), one[touch].tolist(), other[touch].tolist(), strict=True))
    joined = list(range(len(lowest) + 1))

    def root(number: int) -> int:
        while joined[number] != number:
            number = joined[number]
        return number

    found = np.maximum(level - lowest, 0.0)
    for high, one, other in sorted(passes):
        deep, shallow = sorted((root(one), root(other)), key=lambda number: lowest[number - 1])
        if deep != shallow:
            found[shallow - 1] = high - lowest[shallow - 1]
            joined[shallow] = deep
    return found
