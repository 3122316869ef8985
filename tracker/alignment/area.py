"""How much the map stretches or shrinks the skin locally: the determinant of its Jacobian.

Skin gives way sideways by a quarter of its area at most when somebody is posed anew, and a flank that is seen at 60°
instead of 45° shows half as much again. A map that halves or doubles an area beside the rest of the skin does not
follow the skin any more: such nodes are not measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_AREA_CHANGE = 2.0
"""Factor by which the area around a node may differ from what is usual for the pair, either way."""
HALF_FOLLOWED = 0.07
"""How stiff the map is: the length of a wave of area change that it follows by half, as a share of the long side.

Measured on rendered skin (`benchmarks/absorption_stiffness.py`); of waves below 0.04 it follows nothing.
"""


def local_area(
    position: NDArray[np.floating], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area in the moving photo over area in the reference around each node; negative where the map is folded.

    Parameters
    ----------
    position : ndarray, shape (h, w, 2)
        Where each node lies in the moving photo, pixels.
    rows, cols : ndarray, shape (h,) and (w,)
        The nodes, pixels of the reference.

    Returns
    -------
    ndarray, shape (h, w)
        NaN where a neighbour is not known.

    Examples
    --------
    >>> rows, cols = np.arange(3.0), np.arange(4.0)
    >>> twice = 2 * np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    >>> np.unique(local_area(twice, rows, cols)).tolist()
    [4.0]
    """
    values = np.asarray(position, np.float64)
    down, across = np.gradient(values, rows, axis=0), np.gradient(values, cols, axis=1)
    return np.asarray(down[..., 0] * across[..., 1] - down[..., 1] * across[..., 0])


def relative_area(area: NDArray[np.float64], among: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Local area over its median `among` some nodes: what is left after the global scale; all (h, w)."""
    known = area[among & np.isfinite(area)]
    usual = float(np.median(known)) if known.size else 1.0
    return area / usual if usual > 0 else np.full_like(area, np.nan)


def is_skin_like(relative: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where skin may have moved like that, shape (h, w); also where it is not known."""
    return np.asarray(~((relative < 1 / MAX_AREA_CHANGE) | (relative > MAX_AREA_CHANGE)))


def extremes(relative: NDArray[np.float64], among: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Smallest and largest relative area among some nodes; None if there are none."""
    known = relative[among & np.isfinite(relative)]
    return (float(known.min()), float(known.max())) if known.size else None
