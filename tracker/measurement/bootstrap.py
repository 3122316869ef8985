"""A value and how far it would spread: over resampled blocks of skin, and over shifts of the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement.metric import Metric

BOOTSTRAP_DRAWS = 200
ALIGNMENT_DRAWS = 12
DRAWN_CELLS = 8000
_SEED = 20260131


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Cells of one group (the region, or the ring around it): their numbers, and the block each falls in."""

    cells: NDArray[np.intp]
    blocks: NDArray[np.intp]

    @classmethod
    def of(cls, mask: NDArray[np.bool_], blocks: NDArray[np.intp]) -> Group:
        cells = np.flatnonzero(mask)
        return cls(cells, blocks.ravel()[cells])

    def taken(self, field: NDArray[np.float32]) -> NDArray[np.float64]:
        """A quantity, shape (h, w, k), in these cells, shape (n, k)."""
        return np.take(field.reshape(-1, field.shape[-1]), self.cells, axis=0).astype(np.float64)


def evaluate(field: NDArray[np.float32], groups: list[Group], metric: Metric) -> float:
    values = [metric.reduce(group.taken(field), np.ones(len(group.cells))) for group in groups]
    return values[0] if len(values) == 1 else values[0] - values[1]


def bootstrap(field: NDArray[np.float32], groups: list[Group], metric: Metric, count: int) -> NDArray[np.float64]:
    """Values over resampled blocks of skin (Bayesian block bootstrap: smooth weights, never an empty draw)."""
    rng = np.random.default_rng(_SEED)
    prepared = [_in_order(*_thinned(g.taken(field), g.blocks)) for g in groups]
    draws = np.empty(BOOTSTRAP_DRAWS)
    for k in range(BOOTSTRAP_DRAWS):
        weights = rng.standard_exponential(count)
        values = [metric.reduce(cells, weights[blocks]) for cells, blocks in prepared]
        draws[k] = values[0] if len(values) == 1 else values[0] - values[1]
    return draws


def _thinned(cells: NDArray[np.float64], blocks: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Some of many cells, the same of equally many: blocks, not cells, are the independent units.

    They are drawn by chance. Every n-th cell would be the same few columns of a picture, and miss marks between them.
    """
    if len(cells) <= DRAWN_CELLS:
        return cells, blocks
    some = np.sort(np.random.default_rng(_SEED).choice(len(cells), DRAWN_CELLS, replace=False))
    return cells[some], blocks[some]


def _in_order(cells: NDArray[np.float64], blocks: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cells by their first quantity: a median sorts what is sorted in no time, and there are 200 of them."""
    order = np.argsort(cells[:, 0], kind="stable")
    return cells[order], blocks[order]


def alignment_spread(field: NDArray[np.float32], groups: list[Group], metric: Metric, image: AlignedImage) -> float:
    """Spread of the value when the photo is shifted by its own position uncertainty."""
    shift = float(np.median(image.sd.ravel()[groups[0].cells]))
    if shift == 0.0:
        return 0.0
    rng = np.random.default_rng(_SEED)
    size = (field.shape[1], field.shape[0])
    values = []
    for row, col in rng.normal(0.0, shift, (ALIGNMENT_DRAWS, 2)):
        move = np.array([[1, 0, col], [0, 1, row]], dtype=np.float64)
        moved = cv2.warpAffine(field, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        moved = np.asarray(moved, dtype=np.float32).reshape(field.shape)
        values.append(evaluate(moved, groups, metric))
    return float(np.std(values, ddof=1))
