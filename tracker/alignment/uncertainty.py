"""How far off the aligned position may be, place by place.

Four witnesses are combined: what the pixels could have told at best (posterior covariance), whether the way back
ends where it began (an independent backward alignment), how alike the aligned skin is (local correlation), and how
far pigment disagrees with relief (the lamp).
"""

from __future__ import annotations

import numpy as np

from tracker.alignment.field import Warp, lattice_cells
from tracker.alignment.lattice import basis, make_lattice
from tracker.alignment.planes import Plane, Points, sampled
from tracker.alignment.refinement import STIFFNESS, Refined

_CELLS = 16
# Variance per axis, in thousandths of the long side squared: maximum likelihood (Student's t, 6 degrees of freedom)
# over the pairs of known truth set apart for it in `benchmarks/registration.py`, rounded.
_FROM_PIXELS = 0.25
_FROM_RETURN = 0.14
_FROM_CORRELATION = 0.08
_FROM_LAMP = 1.4
MAX_RETURN = 50.0
RADIUS_OF_MEDIAN = 1.177
"""Median distance in the plane for a standard deviation of 1 per axis."""


def posterior(refined: Refined, extent: Points, rows: Points, cols: Points) -> Points:
    """Standard deviation per axis left by the pixels and the stiffness, in units, shape (len(rows), len(cols))."""
    cells = lattice_cells(extent, _CELLS)
    bins = refined.information.shape[1], refined.information.shape[2]
    lattice = make_lattice(extent, cells, bins, stiffness=STIFFNESS)
    down, across = (
        basis(lines / side * count, count) for lines, side, count in zip((rows, cols), extent, cells, strict=True)
    )
    return np.sqrt(lattice.variance(refined.information, down, across)) / refined.size


def return_error(forward: Points, back: Warp, rows: Points, cols: Points) -> Points:
    """Distance between each node and where forward and backward warp bring it, in thousandths; (h, w)."""
    returned = back.at(forward.reshape(-1, 2)).reshape(forward.shape)
    start = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    return np.minimum(1000 * np.hypot(*np.moveaxis(returned - start, -1, 0)), MAX_RETURN)


def standard_uncertainty(pixels: Points, returned: Points, correlation: Points, *, lamp: float) -> Points:
    """Standard uncertainty of the position per axis, in units.

    Parameters
    ----------
    pixels : ndarray, shape (h, w)
        Of `posterior`, in units.
    returned : ndarray, shape (h, w)
        Of `return_error`, in thousandths.
    correlation : ndarray, shape (h, w)
        Local correlation of the aligned photos, in [-1, 1].
    lamp : float
        How far the lamp had pulled the map, in thousandths.
    """
    lacking = np.maximum(0.9 - correlation, 0)
    variance = (
        _FROM_PIXELS * (1000 * pixels) ** 2
        + _FROM_RETURN * returned**2
        + _FROM_CORRELATION * lacking**2
        + _FROM_LAMP * lamp**2
    )
    return np.sqrt(variance) / 1000


def on_nodes(plane: Plane, rows: Points, cols: Points, extent: Points) -> Points:
    """A quantity per cell at the crossings of lines, shape (len(rows), len(cols))."""
    at = [lines / side * n - 0.5 for lines, side, n in zip((rows, cols), extent, plane.shape, strict=True)]
    down, across = np.meshgrid(at[0].astype(np.float32), at[1].astype(np.float32), indexing="ij")
    return sampled(plane, down, across).astype(np.float64)
