"""Statistics over weighted cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Median of weighted values.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)

    Returns
    -------
    float
        Smallest value at which half of the weight is reached.

    Examples
    --------
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    2.0
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0]))
    3.0
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])


def weighted_sd(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation of weighted values, both of shape (n,)."""
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
