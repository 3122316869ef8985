"""Outlines of pigmented spots: where skin is darker, in the colour of melanin, than what surrounds it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, percentile_filter

from tracker.alignment import AlignedImage
from tracker.measurement import Marks
from tracker.metrics.pigment import melanin_index
from tracker.shading import DARKEST_LIGHT, smooth_under_mask
from tracker.shading.chromophores import MELANIN, chromophores

BACKGROUND_MM, BACKGROUND_PERCENTILE = 24.0, 40.0
LEAST_SDS, LEAST_MM2 = 3.0, 2.0
HALF, FULL_PERCENTILE = 0.5, 90.0
"""A spot ends where half of its contrast is left: blur moves that line least."""
LEAST_LEFT_SDS = 2.0
"""Below this a spot of the reference is taken to be gone."""
GRAIN_MM = 0.25
_EDGE_MM = 1.0
_REACH_MM = 2.0
_COARSE_MM = 2.0
_BLOOD_COUNTS = (0.45, 0.60), (0.5, 1.0)
"""ln(R/G) of skin, and how much of the haemoglobin map counts as the colour of a spot: the darker the skin, the more of
its melanin is drawn as blood, since blue is spent."""
_COLOUR_SHARE = (0.55, 0.64, 0.69, 0.73), (1.0, 0.5, 0.5, 0.0)
"""ln(R/G) of skin, and how far the colour of pigment outlines a spot; its darkness does the rest."""
COLOUR_TELLS = 0.71
"""ln(R/G) of skin above which the colour of a spot is not told from that of a shadow: fraction about 0.15."""
_LEAST_COLOUR_SDS = (0.55, 0.64), (3.0, 2.7)
_LEAST_COLOURED = (0.55, 0.64), (0.40, 0.12)
"""ln(R/G) of skin, and the least share of the darkening of a spot that its colour must account for."""
_LEAST_GREEN_SDS = 3.5
_REDDEST = 1.0
"""ΔG − ΔR over ΔR: melanin has up to 0.6, blood 2 and more."""
_BLOOD_TOLD = 0.60
"""ln(R/G) of skin up to which the map of blood holds little of the melanin: a spot has less of it than of melanin."""
BESIDE_GAP_MM, BESIDE_MM, BESIDE_MEAN_MM = 1.0, 3.0, 5.0
"""The skin beside a spot: from where, to where, and the standard deviation of its mean."""


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
    deviations over more than 2 mm² may be a spot; it ends at half the 90th percentile of its contrast. It is one if it
    has the colour of pigment and not that of a shadow or of blood, see `_coloured`.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    light = smooth_under_mask(image.linear, skin, max(0.5, GRAIN_MM / mm))
    darker = _evidence(light, skin, mm)
    limit = LEAST_SDS * _robust_sd(darker[skin])
    count, labels = cv2.connectedComponents((darker > limit).astype(np.uint8), connectivity=8)
    seeds = _large(np.asarray(labels, np.int32), count, mm)
    if not seeds.any():
        return seeds
    grown, count = _grown(darker, seeds, mm)
    return _large(_coloured(_inside(grown, skin, mm), light, skin, mm), count, mm)


def beside_marks(marks: Marks, skin: NDArray[np.bool_], mm: float) -> NDArray[np.bool_]:
    """Skin from 1 to 3 mm beside the spots, shape (h, w)."""
    away = cv2.distanceTransform((marks <= 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(skin & (away > BESIDE_GAP_MM / mm) & (away <= BESIDE_MM / mm))


def tone_ratio(light: NDArray[np.float32], skin: NDArray[np.bool_]) -> float:
    """Median ln(R/G) of skin: the larger, the darker the skin, and the less the colour of melanin is its own."""
    red, green = (max(float(np.median(light[..., c][skin])), DARKEST_LIGHT) for c in (0, 1))
    return float(np.log(red / green))


def _coloured(
    labels: NDArray[np.int32], light: NDArray[np.float32], skin: NDArray[np.bool_], mm: float
) -> NDArray[np.int32]:
    """Without what is only darker: the shadow of a dimple is grey, and blood is red.

    Each is held against the skin beside it. The colour of pigment must stand out of the noise of the colour, and
    account for enough of the darkening. Where colour tells nothing, on dark skin, all are kept.
    """
    tone = tone_ratio(light, skin)
    if tone > COLOUR_TELLS or not labels.any():
        return labels
    maps = np.dstack([melanin_index(light), melanin_index(light[..., 1:]), chromophores(light)])
    over = maps - smooth_under_mask(maps, beside_marks(labels, skin, mm), BESIDE_MEAN_MM / mm)
    shades = np.stack([maps[..., 1] - maps[..., 0], _colour(maps[..., 2:], tone)], axis=-1)
    shades -= _background(shades, skin, mm)
    green_noise, noise = (_robust_sd(shades[..., k][skin]) for k in (0, 1))
    cells = np.maximum(np.bincount(labels.ravel()), 1)
    red, green, melanin, blood = (
        np.bincount(labels.ravel(), weights=over[..., k].ravel()) / cells for k in range(over.shape[-1])
    )
    found = melanin + np.interp(tone, *_BLOOD_COUNTS) * blood
    kept = found > np.interp(tone, *_LEAST_COLOUR_SDS) * noise
    kept &= MELANIN[0] * found > np.interp(tone, *_LEAST_COLOURED) * red
    if tone < _BLOOD_TOLD:
        kept &= blood < melanin
    else:
        # Of a strong spot on such skin blue shows little: it is darker in green than in red, and least in blue.
        kept |= (green - red > _LEAST_GREEN_SDS * green_noise) | (melanin < -_LEAST_GREEN_SDS * noise)
        kept &= green - red < _REDDEST * np.maximum(red, 0.0)
    kept[0] = False
    return np.where(kept[labels], labels, 0).astype(np.int32)


def _colour(maps: NDArray[np.float32], tone: float) -> NDArray[np.float32]:
    """Colour of pigment of maps of melanin and blood, shape (h, w): free of shading, which is grey."""
    return np.asarray(maps[..., 0] + np.float32(np.interp(tone, *_BLOOD_COUNTS)) * maps[..., 1], np.float32)


def _inside(labels: NDArray[np.int32], skin: NDArray[np.bool_], mm: float) -> NDArray[np.int32]:
    """Without what reaches the edge of the region: cut spots, and the dark side of a body that turns away."""
    whole = np.pad(binary_fill_holes(skin), 1).astype(np.uint8)
    deep = cv2.distanceTransform(whole, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] > _EDGE_MM / mm
    cut = np.zeros(int(labels.max()) + 1, np.bool_)
    cut[labels[~deep]] = True
    return np.where(cut[labels], 0, labels).astype(np.int32)


def _evidence(light: NDArray[np.float32], skin: NDArray[np.bool_], mm: float) -> NDArray[np.float32]:
    """Pigment over its background, in its own standard deviations, shape (h, w).

    On light skin this is the colour of pigment, which shading does not have. The darker the skin, the more blue is
    spent, the greyer is a spot, and the more the melanin index has to serve, which sees shading too.
    """
    tone = tone_ratio(light, skin)
    witnesses = np.stack([melanin_index(light), _colour(chromophores(light), tone)], axis=-1)
    over = witnesses - _background(witnesses, skin, mm)
    sds = [_robust_sd(over[..., k][skin]) for k in (0, 1)]
    share = float(np.interp(tone, *_COLOUR_SHARE))
    total = sum(w * over[..., k] / np.float32(max(sds[k], 1e-6)) for k, w in enumerate((1.0 - share, share)))
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


def outlined_anew(image: AlignedImage, marks: Marks, skin: NDArray[np.bool_]) -> Marks:
    """The spots of the reference, each outlined at half of the contrast it has in this photo; without those gone.

    Parameters
    ----------
    image : AlignedImage
        With a scale.
    marks : ndarray, shape (h, w), int32
        0 = no spot, 1, 2, … = the spots of the reference.
    skin : ndarray, shape (h, w), bool
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    darker = _evidence(smooth_under_mask(image.linear, skin, max(0.5, GRAIN_MM / mm)), skin, mm)
    gone = _percentile_of_each(darker, marks, FULL_PERCENTILE) < LEAST_LEFT_SDS * _robust_sd(darker[skin])
    left = np.where(gone[marks], 0, marks).astype(np.int32)
    return _grown(darker, left, mm)[0] if left.any() else left
