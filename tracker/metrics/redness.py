"""C1 Redness contrast: how much redder a marked patch is than the skin around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import lab_from_linear
from tracker.measurement import Direction, Metric, Place, Role, Topic
from tracker.metrics.pigment import averaged, median, melanin_index
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import DARKEST_LIGHT

#: Share of the melanin index in the erythema index at a melanosome fraction of 5 % (MEASUREMENT.md §2, B3).
MELANIN_IN_ERYTHEMA = 0.56


def erythema_index(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Erythema index of linear sRGB colours, corrected for melanin.

    Parameters
    ----------
    linear : ndarray, shape (..., 3)
        Linear sRGB in [0, 1].

    Returns
    -------
    ndarray, shape (...)
        EI′ = 100 (log10 R − log10 G) − 0.56 MI.

    References
    ----------
    .. [1] Takiwaki, "Measurement of skin color", J. Med. Invest. 44:121, 1998.
    """
    red, green = (np.log10(np.maximum(linear[..., c], DARKEST_LIGHT)) for c in (0, 1))
    return np.asarray(100 * (red - green) - MELANIN_IN_ERYTHEMA * melanin_index(linear), dtype=np.float32)


def _erythema_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    return erythema_index(averaged(image))[..., None]


def _a_star_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    return lab_from_linear(averaged(image))[..., 1:2].astype(np.float32)


ERYTHEMA_CONTRAST = Metric(
    name="delta_ei",
    title="Redness contrast",
    plain="redness",
    symbol="ΔEI′",
    unit="index",
    version=3,
    direction=Direction.TOWARDS_ZERO,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.MARKED_REGION, Need.SAME_LAMP}),
    prepare=_erythema_field,
    reduce=median,
    session_sd=0.6,
    tolerance_mm=1.0,
    leaves_out=Reason.CLOTH | Reason.HAIR | Reason.SHINE,
    topic=Topic.REDNESS,
    role=Role.PRIMARY,
)

A_STAR_CONTRAST = Metric(
    name="delta_a",
    title="Redness contrast a*",
    plain="redness",
    symbol="Δa*",
    unit="CIELAB",
    version=3,
    direction=Direction.TOWARDS_ZERO,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.MARKED_REGION, Need.SAME_LAMP}),
    prepare=_a_star_field,
    reduce=median,
    session_sd=0.5,
    tolerance_mm=1.0,
    leaves_out=Reason.CLOTH | Reason.HAIR | Reason.SHINE,
    topic=Topic.REDNESS,
    role=Role.SECONDARY,
)
