"""B4 Pigmented spots: how much darker they are than the skin beside them, and how much of the skin they cover.

Spots are found once, in the reference, and their outlines are carried to the later photos: contrast and load are those
of the same skin. Only for the area is each of them outlined anew in every photo.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.metrics.pigment import melanin_index
from tracker.metrics.redness import erythema_index, melanin_share
from tracker.metrics.spot_outlines import (
    BESIDE_MEAN_MM,
    COLOUR_TELLS,
    GRAIN_MM,
    LEAST_MM2,
    beside_marks,
    outlined_anew,
    outlined_spots,
    tone_ratio,
)
from tracker.quality import Need
from tracker.region import Reason, looks_like_skin
from tracker.shading import light_direction, relief_shading, smooth_under_mask

LEAST_SKIN_CM2 = 15.0
_LIGHT_CM2 = 60.0
_MOST_RELIEF = 0.015
"""Shading of relief, as a share of the light, below which its shadows are lost among the spots of dark skin."""
_LEAST_RING_SHARE = 0.5


def find_spots(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """Spots of the reference, and the skin around them (−1) from 1 to 3 mm away.

    Raises
    ------
    MeasurementDeclined
        There are none, or the region is too small to tell a spot from what surrounds it.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    if skin.sum() * mm**2 < 100 * LEAST_SKIN_CM2:
        raise MeasurementDeclined(
            f"Spots need at least {LEAST_SKIN_CM2:.0f} cm² of skin around them: mark a wider region. For a single "
            "patch there is the pigment contrast.",
            code="area",
        )
    _check_told_from_shadows(image, skin)
    marks = outlined_spots(image, skin)
    if not marks.any():
        raise MeasurementDeclined(
            f"No pigmented spots of more than {LEAST_MM2:.0f} mm² stand out in the reference.",
            code="no_spots",
        )
    marks[beside_marks(marks, skin, mm)] = -1
    return marks


def _check_told_from_shadows(image: AlignedImage, skin: NDArray[np.bool_]) -> None:
    """Whether spots can be told from the shadows of relief: by their colour, or because there is no relief to see."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    if tone_ratio(image.linear, skin) <= COLOUR_TELLS:
        return
    # A small region shows no direction of the light; the skin around it does.
    shown = skin if skin.sum() * mm**2 >= 100 * _LIGHT_CM2 else image.valid & looks_like_skin(image.linear)
    if not light_direction(image.linear, shown, mm_per_cell=mm).told:
        return
    relief = relief_shading(image.linear, shown, skin, mm_per_cell=mm)
    if np.sqrt(2 * max(float(relief.directed[skin].mean()), 0.0)) > _MOST_RELIEF:
        raise MeasurementDeclined(
            "On skin as dark as this a spot has the same colour as a shadow, and the lamp at the side makes shadows in "
            "the relief: photograph spots in even light from the front.",
            code="shadows",
        )


def _check_beside(place: Place) -> None:
    assert place.marks is not None
    left = 0 if place.compared is None else int(place.compared.sum())
    if left < max(1.0, _LEAST_RING_SHARE * (place.marks < 0).sum()):
        raise MeasurementDeclined(
            f"{SPOT_CONTRAST.title} needs the skin beside the spots; less than half of it can be used in this photo: "
            "keep shine, hair and cloth off it.",
            code="ring",
        )


def _contrast_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Melanin index over that of the skin beside, and the area of all spots in mm², shape (h, w, 2)."""
    mm = image.grid.mm_per_cell
    _check_beside(place)
    assert mm is not None
    assert place.marks is not None
    assert place.compared is not None
    index = melanin_index(smooth_under_mask(image.linear, place.skin | place.compared, max(0.5, GRAIN_MM / mm)))
    beside = smooth_under_mask(index, place.compared, BESIDE_MEAN_MM / mm)
    area = np.full(index.shape, (place.marks > 0).sum() * mm**2, np.float32)
    return np.stack([index - beside, area], axis=-1)


def _redness_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Erythema index, corrected for melanin by the tone beside the spots, over that of the skin beside; (h, w, 1)."""
    mm = image.grid.mm_per_cell
    _check_beside(place)
    assert mm is not None
    assert place.compared is not None
    light = smooth_under_mask(image.linear, place.skin | place.compared, max(0.5, GRAIN_MM / mm))
    index = erythema_index(light, melanin_share(image.linear[place.compared]))
    return (index - smooth_under_mask(index, place.compared, BESIDE_MEAN_MM / mm))[..., None]


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(values[:, 0], weights=weights))


def _load(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over the marks times their area, as the reference outlines them: what is summed over them."""
    return _mean(values, weights) * float(values[0, 1])


def _area_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Area of each spot now over that in the reference, 0 beside, and the area of all of them there; (h, w, 2)."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    assert place.marks is not None
    seeds = np.where(place.skin, np.maximum(place.marks, 0), 0).astype(np.int32)
    now = outlined_anew(image, seeds, place.skin)
    count = int(place.marks.max()) + 1
    then_cells, now_cells = (np.bincount(each.ravel(), minlength=count) for each in (seeds, now))
    ratio = now_cells / np.maximum(then_cells, 1)
    ratio[0] = 0.0
    area = np.full(seeds.shape, (place.marks > 0).sum() * mm**2)
    return np.stack([ratio[seeds], area], axis=-1).astype(np.float32)


_NEEDS = frozenset({Need.SCALE, Need.COLOUR, Need.SAME_RENDERING, Need.LAMP_IN_PLACE})
_LEFT_OUT = Reason.CLOTH | Reason.HAIR | Reason.SHINE

SPOT_CONTRAST = Metric(
    name="spot_contrast",
    title="Spot contrast",
    plain="the dark spots",
    symbol="ΔMI spots",
    unit="index",
    version=2,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=_contrast_field,
    reduce=_mean,
    session_sd=0.4,
    surround_mm=8.0,
    tolerance_mm=0.7,
    least_cells=32,
    leaves_out=_LEFT_OUT,
    topic=Topic.PIGMENT,
    role=Role.PRIMARY,
    find=find_spots,
    picture=Picture.MARKS,
)

SPOT_LOAD = Metric(
    name="spot_load",
    title="Spot load",
    plain="the dark spots",
    symbol="ΔMI·A",
    unit="index·mm²",
    version=2,
    direction=Direction.LESS,
    multiplicative=True,
    vanishes=True,
    needs=_NEEDS,
    prepare=_contrast_field,
    reduce=_load,
    session_sd=0.05,
    surround_mm=8.0,
    tolerance_mm=0.7,
    least_cells=32,
    scale_sensitivity=2.0,
    leaves_out=_LEFT_OUT,
    topic=Topic.PIGMENT,
    role=Role.SECONDARY,
    find=find_spots,
    picture=Picture.MARKS,
)

SPOT_REDNESS = Metric(
    name="spot_redness",
    title="Redness of the spots",
    plain="redness of the spots",
    symbol="ΔEI′ spots",
    unit="index",
    version=2,
    direction=Direction.NONE,
    multiplicative=False,
    needs=_NEEDS | {Need.SAME_LAMP},
    prepare=_redness_field,
    reduce=_mean,
    session_sd=0.6,
    surround_mm=8.0,
    tolerance_mm=0.7,
    least_cells=32,
    leaves_out=_LEFT_OUT,
    topic=Topic.REDNESS,
    role=Role.SECONDARY,
    find=find_spots,
    picture=Picture.MARKS,
)

SPOT_AREA = Metric(
    name="spot_area",
    title="Spot area",
    plain="the dark spots",
    symbol="A spots",
    unit="mm²",
    version=2,
    direction=Direction.LESS,
    multiplicative=True,
    vanishes=True,
    needs=_NEEDS,
    prepare=_area_field,
    reduce=_load,
    session_sd=0.08,
    surround_mm=8.0,
    tolerance_mm=0.7,
    least_cells=32,
    scale_sensitivity=2.0,
    leaves_out=_LEFT_OUT,
    topic=Topic.PIGMENT,
    role=Role.SECONDARY,
    find=find_spots,
    picture=Picture.MARKS,
)
