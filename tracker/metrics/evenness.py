"""B5 Evenness: how mottled melanin and blood are, on the scale of freckles and blotches."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic, weighted_sd
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import DARKEST_LIGHT, band_pass, smooth_under_mask
from tracker.shading.chromophores import chromophores

MOTTLING_BAND_MM = (2.0, 20.0)
_AVERAGED_MM = 0.25
DARKEST_RATIO = 0.75
"""Median ln(R/G) of skin above which melanin has no colour of its own: it takes as much off red as off blue."""


def mottling(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Melanin and haemoglobin in the band of 2 to 20 mm, in hundredths of optical density, shape (h, w, 2)."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    light = smooth_under_mask(image.linear, place.skin, max(0.5, _AVERAGED_MM / mm))
    red, green = (float(np.median(light[..., c][place.skin])) for c in (0, 1))
    if np.log(max(red, DARKEST_LIGHT) / max(green, DARKEST_LIGHT)) > DARKEST_RATIO:
        raise MeasurementDeclined(
            "Melanin and blood mottling need skin on which colour tells the two apart; on skin as dark as this it does "
            "not: use the spot contrast.",
            code="too_dark",
        )
    return band_pass(chromophores(light), place.skin, band_mm=MOTTLING_BAND_MM, mm_per_cell=mm)


def _field(which: int, image: AlignedImage, place: Place) -> NDArray[np.float32]:
    return mottling(image, place)[..., which : which + 1]


def _deviation(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return weighted_sd(values[:, 0], weights)


def _evenness(name: str, title: str, symbol: str, which: int, topic: Topic) -> Metric:
    return Metric(
        name=name,
        title=title,
        plain="an even skin tone",
        symbol=symbol,
        unit="0.01 OD",
        version=1,
        direction=Direction.LESS,
        multiplicative=True,
        needs=frozenset({Need.SCALE, Need.COLOUR, Need.SAME_RENDERING, Need.SAME_LAMP}),
        prepare=partial(_field, which),
        reduce=_deviation,
        session_sd=0.12,
        tolerance_mm=1.0,
        margin_mm=4.0,
        min_area_cm2=15.0,
        scale_sensitivity=0.5,
        leaves_out=Reason.CLOTH | Reason.HAIR | Reason.SHINE,
        topic=topic,
        role=Role.EXPERIMENTAL,
        picture=Picture.MAP,
    )


MELANIN_MOTTLING = _evenness("melanin_mottling", "Melanin mottling", "SD m", 0, Topic.PIGMENT)
BLOOD_MOTTLING = _evenness("blood_mottling", "Blood mottling", "SD h", 1, Topic.REDNESS)
