"""C1 Redness contrast: how much redder a marked patch is than the skin around it.

Melanin darkens green more than red, and on light skin more so than on dark skin. The part of the melanin index that is
taken off the erythema index therefore follows the tone of the skin around the patch, read once, in the reference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from tracker.alignment import AlignedImage
from tracker.calibration import lab_from_linear
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Place, Role, Topic
from tracker.measurement.cells import MIN_RING_SHARE, ring_around
from tracker.metrics.pigment import averaged, median, melanin_index
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import DARKEST_LIGHT

#: Share of the melanin index in the erythema index at a melanosome fraction of 5 % (MEASUREMENT.md §2, B3).
MELANIN_IN_ERYTHEMA = 0.56
#: The same by tone: at ln(R/G) = 0, and how it falls with it. Least squares over model skin of melanosome fractions
#: 0.015 to 0.25 with a sheen of 2 to 4.5 % in daylight, as two cameras and the standard observer see it.
_SHARE_AT_GREY, _SHARE_PER_LOG = 0.95, -0.97
_LARGEST_SHARE = 0.7
_STEPS = 1000
"""The share is carried as the number of the mark: 1 + share in thousandths."""


def melanin_share(linear: NDArray[np.floating]) -> float:
    """Share of the melanin index in the erythema index, by the tone of the skin.

    Parameters
    ----------
    linear : ndarray, shape (n, 3)
        Linear camera sRGB of the skin around a patch.

    Returns
    -------
    float
        What melanin adds to 100 (log10 R − log10 G) per unit of MI, in [0, 0.7]: large on light skin, small on dark
        skin, where both channels are nearly spent. Exposure and shading do not move it.

    Examples
    --------
    >>> light, dark = np.array([[0.51, 0.33, 0.23]]), np.array([[0.10, 0.045, 0.02]])
    >>> round(melanin_share(light), 2), round(melanin_share(dark), 2)
    (0.53, 0.18)
    """
    red, green = (float(np.median(linear[..., c])) for c in (0, 1))
    share = _SHARE_AT_GREY + _SHARE_PER_LOG * np.log(max(red, DARKEST_LIGHT) / max(green, DARKEST_LIGHT))
    return float(np.clip(share, 0.0, _LARGEST_SHARE))


def erythema_index(linear: NDArray[np.float32], share: float = MELANIN_IN_ERYTHEMA) -> NDArray[np.float32]:
    """Erythema index of linear sRGB colours, corrected for melanin.

    Parameters
    ----------
    linear : ndarray, shape (..., 3)
        Linear sRGB in [0, 1].
    share : float
        Of the melanin index in it, as of `melanin_share`.

    Returns
    -------
    ndarray, shape (...)
        EI′ = 100 (log10 R − log10 G) − share · MI.

    References
    ----------
    .. [1] Takiwaki, "Measurement of skin color", J. Med. Invest. 44:121, 1998.
    """
    red, green = (np.log10(np.maximum(linear[..., c], DARKEST_LIGHT)) for c in (0, 1))
    return np.asarray(100 * (red - green) - share * melanin_index(linear), dtype=np.float32)


def _patch_and_ring(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """The patch, whose number holds the share of melanin that its surroundings ask for, and the ring (−1)."""
    ring = ring_around(np.asarray(binary_fill_holes(skin)), image.valid, image, ERYTHEMA_CONTRAST)
    marks = np.zeros(skin.shape, np.int32)
    marks[ring] = -1
    marks[skin] = 1 + round(_STEPS * melanin_share(image.linear[ring]))
    return marks


def _erythema_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    assert place.marks is not None
    assert place.compared is not None
    if place.compared.sum() < MIN_RING_SHARE * (place.marks < 0).sum():
        raise MeasurementDeclined(
            f"{ERYTHEMA_CONTRAST.title} needs the skin all around the marked patch that the reference shows; less than "
            "half of it can be used here: leave more of it in the picture.",
            code="ring",
        )
    share = (int(place.marks.max()) - 1) / _STEPS
    return erythema_index(averaged(image), share)[..., None]


def _a_star_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    return lab_from_linear(averaged(image))[..., 1:2].astype(np.float32)


ERYTHEMA_CONTRAST = Metric(
    name="delta_ei",
    title="Redness contrast",
    plain="redness",
    symbol="ΔEI′",
    unit="index",
    version=4,
    direction=Direction.TOWARDS_ZERO,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.MARKED_REGION, Need.SAME_RENDERING, Need.SAME_LAMP}),
    prepare=_erythema_field,
    reduce=median,
    session_sd=0.6,
    surround_mm=8.0,
    tolerance_mm=1.0,
    leaves_out=Reason.CLOTH | Reason.HAIR | Reason.SHINE,
    topic=Topic.REDNESS,
    role=Role.PRIMARY,
    find=_patch_and_ring,
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
    needs=frozenset({Need.COLOUR, Need.MARKED_REGION, Need.SAME_RENDERING, Need.SAME_LAMP}),
    prepare=_a_star_field,
    reduce=median,
    session_sd=0.5,
    surround_mm=8.0,
    tolerance_mm=1.0,
    leaves_out=Reason.CLOTH | Reason.HAIR | Reason.SHINE,
    topic=Topic.REDNESS,
    role=Role.SECONDARY,
)
