"""B3c Pigment contrast: how much darker a marked patch is than the skin around it, as a melanin index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement import Direction, Metric, Place, Role, Topic, weighted_median
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import DARKEST_LIGHT, mean_light


def melanin_index(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Melanin index of linear sRGB colours.

    Parameters
    ----------
    linear : ndarray, shape (..., 3)
        Linear sRGB in [0, 1].

    Returns
    -------
    ndarray, shape (...)
        MI = −100 log10 R. Broad-band: never to be compared with the readings of a contact meter.

    References
    ----------
    .. [1] Takiwaki, "Measurement of skin color", J. Med. Invest. 44:121, 1998.

    Examples
    --------
    >>> melanin_index(np.array([0.1, 0.5, 0.5], dtype=np.float32)).round(3).item()
    100.0
    """
    return np.asarray(-100 * np.log10(np.maximum(linear[..., 0], DARKEST_LIGHT)), dtype=np.float32)


def _field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    return melanin_index(averaged(image))[..., None]


def averaged(image: AlignedImage) -> NDArray[np.float32]:
    """Light of the photo averaged over half a millimetre, in the camera's own colours, shape (h, w, 3)."""
    return mean_light(image.linear, image.valid, mm_per_cell=image.grid.mm_per_cell)


def median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Weighted median of an index, values of shape (n, 1)."""
    return weighted_median(values[:, 0], weights)


PIGMENT_CONTRAST = Metric(
    name="delta_mi",
    title="Pigment contrast",
    plain="the dark patch",
    symbol="ΔMI",
    unit="index",
    version=3,
    direction=Direction.TOWARDS_ZERO,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.MARKED_REGION, Need.SAME_RENDERING}),
    prepare=_field,
    reduce=median,
    session_sd=0.6,
    surround_mm=8.0,
    tolerance_mm=1.0,
    leaves_out=Reason.CLOTH | Reason.HAIR | Reason.SHINE,
    topic=Topic.PIGMENT,
    role=Role.PRIMARY,
)
