"""How far off the aligned position may be, place by place.

Three witnesses are combined: what the pixels could have told at best (posterior covariance), whether the way back
ends where it began (an independent backward alignment), and how alike the aligned skin is (local correlation).
"""

from __future__ import annotations

import cv2
import numpy as np

from tracker.alignment.bend import Warp
from tracker.alignment.field import basis, bending, dense_lattice, lattice_cells
from tracker.alignment.pyramid import Plane, Points
from tracker.alignment.refinement import Refined, couplings

_CELLS = 16
_STIFFNESS = 1 / 1600
_RIDGE = 1e-4
# Variance per axis, in thousandths of the long side squared, fitted to pairs of known truth.
_FROM_PIXELS = 11.3
_FROM_RETURN = 0.68
_FROM_CORRELATION = 3.3
_MAX_RETURN = 50.0


def posterior(refined: Refined, extent: Points, rows: Points, cols: Points) -> Points:
    """Standard deviation per axis left by the pixels and the stiffness, in units, shape (len(rows), len(cols))."""
    cells = lattice_cells(extent, _CELLS)
    bins = refined.information.shape[1:]
    down, across = (basis((np.arange(n) + 0.5) / n * count, count) for n, count in zip(bins, cells, strict=True))
    energy = _STIFFNESS * bending(cells, (float(extent[0]), float(extent[1])))
    energy[0, 0] += _RIDGE
    by_row, mixed, by_col = couplings(refined.information, down, across)
    covariance = np.linalg.inv(dense_lattice((by_row + energy, by_col + energy), mixed))
    variance = (covariance[::2, ::2] + covariance[1::2, 1::2]) / 2
    h, w = (count + 3 for count in cells)
    variance = variance.reshape(w, h, w, h)
    down = basis(rows / extent[0] * cells[0], cells[0])
    across = basis(cols / extent[1] * cells[1], cells[1])
    # The unknowns run over rows fastest: contract the two row axes, then the two column axes.
    along = np.einsum("ri,aibj,rj->rab", down, variance, down, optimize=True)
    return np.sqrt(np.maximum(np.einsum("ca,rab,cb->rc", across, along, across, optimize=True), 0)) / refined.size


def return_error(forward: Points, back: Warp, rows: Points, cols: Points) -> Points:
    """Distance between each node and where forward and backward warp bring it, in thousandths; (h, w)."""
    returned = back.at(forward.reshape(-1, 2)).reshape(forward.shape)
    start = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    return np.minimum(1000 * np.hypot(*np.moveaxis(returned - start, -1, 0)), _MAX_RETURN)


def standard_uncertainty(pixels: Points, returned: Points, correlation: Points) -> Points:
    """Standard uncertainty of the position per axis, in units.

    Parameters
    ----------
    pixels : ndarray, shape (h, w)
        Of `posterior`, in units.
    returned : ndarray, shape (h, w)
        Of `return_error`, in thousandths.
    correlation : ndarray, shape (h, w)
        Local correlation of the aligned photos, in [-1, 1].
    """
    lacking = np.maximum(0.9 - correlation, 0)
    variance = _FROM_PIXELS * (1000 * pixels) ** 2 + _FROM_RETURN * returned**2 + _FROM_CORRELATION * lacking**2
    return np.sqrt(variance) / 1000


def on_nodes(plane: Plane, rows: Points, cols: Points, extent: Points) -> Points:
    """A quantity per cell at the crossings of lines, shape (len(rows), len(cols))."""
    at = [lines / side * n - 0.5 for lines, side, n in zip((rows, cols), extent, plane.shape, strict=True)]
    map_col, map_row = np.meshgrid(at[1].astype(np.float32), at[0].astype(np.float32))
    return cv2.remap(plane, map_col, map_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
