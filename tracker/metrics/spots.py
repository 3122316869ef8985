"""B4 Pigmented spots: how much darker they are than the skin beside them, and how much of the skin they cover.

Spots are found once, in the reference, and their outlines are carried to the later photos: contrast and load are those
of the same skin. Only the area is outlined anew in every photo.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.metrics.pigment import melanin_index
from tracker.metrics.redness import erythema_index, melanin_share
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import smooth_under_mask
from tracker.shading.chromophores import chromophores

BACKGROUND_MM, BACKGROUND_PERCENTILE = 24.0, 40.0
LEAST_SDS, LEAST_MM2 = 3.0, 2.0
HALF, FULL_PERCENTILE = 0.5, 90.0
"""A spot ends where half of its contrast is left: blur moves that line least."""
LEAST_SKIN_CM2 = 15.0
_GRAIN_MM = 0.25
_GAP_MM, _RING_MM = 1.0, 3.0
_REACH_MM = 2.0
_BESIDE_MM = 5.0
_COARSE_MM = 2.0
_COLOUR_TELLS = (0.55, 0.75)
"""ln(R/G) of skin up to which the colour of melanin tells fully, and from which it does not: fractions 0.06, 0.15."""
_LEAST_RING_SHARE = 0.5


def outlined_spots(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """Outlines of pigmented spots at half of their contrast.

    Parameters
    ----------
    image : AlignedImage
        With a scale.
    skin : ndarray, shape (h, w), bool
        Where to look.

    Returns
    -------
    ndarray, shape (h, w), int32
        0 = no spot, 1, 2, … = the spots.

    Notes
    -----
    The background is the 40th percentile over 24 mm. What stands out of it by more than three robust standard
    deviations over more than 2 mm² is a spot; it ends at half the 90th percentile of its contrast.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    darker = _evidence(smooth_under_mask(image.linear, skin, max(0.5, _GRAIN_MM / mm)), skin, mm)
    limit = LEAST_SDS * _robust_sd(darker[skin])
    count, labels = cv2.connectedComponents((darker > limit).astype(np.uint8), connectivity=8)
    seeds = _large(np.asarray(labels, np.int32), count, mm)
    if not seeds.any():
        return seeds
    return _large(*_grown(darker, seeds, mm), mm)


def _evidence(light: NDArray[np.float32], skin: NDArray[np.bool_], mm: float) -> NDArray[np.float32]:
    """Sum of two witnesses of pigment over their background, each in its own standard deviations, shape (h, w).

    The melanin index sees pigment on all skin, and shading too. Melanin as its colour tells it from blood and shading
    shows a spot several times more clearly on light skin, but not on dark skin, where blue is spent: there it is left
    out, by the tone of the skin.
    """
    witnesses = np.stack([melanin_index(light), chromophores(light)[..., 0]], axis=-1)
    over = witnesses - _background(witnesses, skin, mm)
    sds = [_robust_sd(over[..., k][skin]) for k in (0, 1)]
    red, green = (float(np.median(light[..., c][skin])) for c in (0, 1))
    share = np.interp(np.log(red / green), _COLOUR_TELLS, (1.0, 0.0))
    total = sum(w * over[..., k] / np.float32(max(sds[k], 1e-6)) for k, w in enumerate((1.0, share)))
    return np.where(skin, total, np.float32(0)).astype(np.float32)


def _background(indices: NDArray[np.float32], skin: NDArray[np.bool_], mm: float) -> NDArray[np.float32]:
    """The 40th percentile over 24 mm of indices, shape (h, w, 2), on a coarse grid; beside the skin, their mean."""
    size = tuple(max(1, round(side * mm / _COARSE_MM)) for side in skin.shape[::-1])
    pitch = mm * skin.shape[1] / size[0]
    weight = np.asarray(cv2.resize(skin.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
    total = np.asarray(cv2.resize(indices * skin[..., None], size, interpolation=cv2.INTER_AREA), np.float32)
    known = weight > 0.25
    values = np.where(known[..., None], total / np.maximum(weight, np.float32(1e-6))[..., None], np.float32(0))
    sigma = BACKGROUND_MM / 4 / pitch
    values = np.where(known[..., None], values, smooth_under_mask(values, known, sigma))
    window = max(3, round(BACKGROUND_MM / pitch))
    low = percentile_filter(values, BACKGROUND_PERCENTILE, size=(window, window, 1), mode="nearest").astype(np.float32)
    smooth = smooth_under_mask(low, known, sigma)
    return np.asarray(cv2.resize(smooth, skin.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _robust_sd(values: NDArray[np.float32]) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if len(values) else 0.0


def _large(labels: NDArray[np.int32], count: int, mm: float) -> Marks:
    """Labels from 1 of what covers more than 2 mm²."""
    cells = np.bincount(labels.ravel(), minlength=count)
    kept = cells * mm**2 > LEAST_MM2
    kept[0] = False
    return np.asarray(np.where(kept, np.cumsum(kept), 0)[labels], np.int32)


def _grown(darker: NDArray[np.float32], seeds: Marks, mm: float) -> tuple[NDArray[np.int32], int]:
    """Each seed out, or in, to half of its contrast: the part of that which touches the seed."""
    peaks = _percentile_of_each(darker, seeds, FULL_PERCENTILE)
    away, nearest = cv2.distanceTransformWithLabels(
        (seeds == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[seeds > 0]] = seeds[seeds > 0]
    belongs = owner[nearest]
    inside = (darker > HALF * peaks[belongs]) & (away <= _REACH_MM / mm)
    # Cells of two spots that touch stay apart: a spot is labelled by its own number.
    labels = np.where(inside, belongs, 0).astype(np.int32)
    _, parts = cv2.connectedComponents((labels > 0).astype(np.uint8), connectivity=8)
    touched = np.zeros(int(parts.max()) + 1, np.bool_)
    touched[parts[(seeds > 0) & inside]] = True
    touched[0] = False
    return np.where(touched[parts], labels, 0).astype(np.int32), len(peaks)


def _percentile_of_each(values: NDArray[np.float32], labels: Marks, percentile: float) -> NDArray[np.float32]:
    """Percentile of the values of each label, shape (labels + 1,)."""
    where = labels > 0
    own, found = labels[where], values[where]
    order = np.lexsort((found, own))
    counts = np.bincount(own, minlength=int(labels.max()) + 1)
    last = np.cumsum(counts)
    at = np.minimum(last - counts + np.floor(percentile / 100 * counts).astype(int), last - 1)
    return np.asarray(np.concatenate([[0.0], found[order][at[1:]]]), np.float32)


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
            f"{SPOT_CONTRAST.title} needs at least {LEAST_SKIN_CM2:.0f} cm² of skin around the spots: mark a wider "
            "region. For a single patch there is the pigment contrast.",
            code="area",
        )
    marks = outlined_spots(image, skin)
    if not marks.any():
        raise MeasurementDeclined(
            f"{SPOT_CONTRAST.title}: no pigmented spots of more than {LEAST_MM2:.0f} mm² stand out in the reference.",
            code="no_spots",
        )
    away = cv2.distanceTransform((marks == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    marks[skin & (away > _GAP_MM / mm) & (away <= _RING_MM / mm)] = -1
    return marks


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
    index = melanin_index(smooth_under_mask(image.linear, place.skin | place.compared, max(0.5, _GRAIN_MM / mm)))
    beside = smooth_under_mask(index, place.compared, _BESIDE_MM / mm)
    area = np.full(index.shape, (place.marks > 0).sum() * mm**2, np.float32)
    return np.stack([index - beside, area], axis=-1)


def _redness_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Erythema index, corrected for melanin by the tone beside the spots, over that of the skin beside; (h, w, 1)."""
    mm = image.grid.mm_per_cell
    _check_beside(place)
    assert mm is not None
    assert place.compared is not None
    light = smooth_under_mask(image.linear, place.skin | place.compared, max(0.5, _GRAIN_MM / mm))
    index = erythema_index(light, melanin_share(image.linear[place.compared]))
    return (index - smooth_under_mask(index, place.compared, _BESIDE_MM / mm))[..., None]


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(values[:, 0], weights=weights))


def _load(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean contrast times the area of the spots, as the reference outlines them."""
    return _mean(values, weights) * float(values[0, 1])


def _area_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """1 in the spots of this photo, 0 beside them, shape (h, w, 1)."""
    marks = outlined_spots(image, place.skin)
    if not (marks[place.counted] > 0).any():
        raise MeasurementDeclined(
            f"{SPOT_AREA.title}: no pigmented spots of more than {LEAST_MM2:.0f} mm² stand out in this photo.",
            code="no_spots",
        )
    return np.asarray(marks > 0, np.float32)[..., None]


def _per_cent(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return 100 * _mean(values, weights)


_LEFT_OUT = Reason.CLOTH | Reason.HAIR | Reason.SHINE

SPOT_CONTRAST = Metric(
    name="spot_contrast",
    title="Spot contrast",
    plain="the dark spots",
    symbol="ΔMI spots",
    unit="index",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=frozenset({Need.SCALE, Need.COLOUR}),
    prepare=_contrast_field,
    reduce=_mean,
    session_sd=0.6,
    tolerance_mm=0.7,
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
    version=1,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.COLOUR}),
    prepare=_contrast_field,
    reduce=_load,
    session_sd=0.08,
    tolerance_mm=0.7,
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
    version=1,
    direction=Direction.TOWARDS_ZERO,
    multiplicative=False,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.SAME_LAMP}),
    prepare=_redness_field,
    reduce=_mean,
    session_sd=0.6,
    tolerance_mm=0.7,
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
    unit="% of the region",
    version=1,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.COLOUR}),
    prepare=_area_field,
    reduce=_per_cent,
    session_sd=0.08,
    tolerance_mm=0.7,
    min_area_cm2=LEAST_SKIN_CM2,
    leaves_out=_LEFT_OUT,
    topic=Topic.PIGMENT,
    role=Role.SECONDARY,
    picture=Picture.MAP,
)
