"""E1 Hair coverage and E2 part width: how much of a marked scalp is hair, and how far its part lies open."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic, weighted_median
from tracker.metrics.part import LEAST_PROFILES, POINTS, find_part, profiles, widths
from tracker.quality import Need
from tracker.region import Reason, looks_like_skin

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_DARKEST = np.float32(2e-3)
#: Quantile of the log light from which the light of bare scalp is searched, and how far around its mode it reaches.
_BRIGHT_QUANTILE, _REACH = 0.98, 0.25
#: Least bare scalp: cells, and share of the region.
_LEAST_SCALP_CELLS, _LEAST_SCALP = 100, 0.005
#: How far bare scalp may lie beside its light, as a logarithm: mottling and grain, but no hair.
_SCALP_SPREAD = 0.15
#: Slope of the light over the whole region that needs no evidence, as a logarithm.
_USUAL_SLOPE = 0.1
#: The darkest share of the region shows where hair covers most.
_DARKEST_SHARE = 0.005
_HAIR_AROUND = 0.01
"""Width of what lies around such a place, as a share of the region's width."""
#: Light of hair: this quantile around those places, each cell averaged with its neighbours by so many cells. Single
#: cells would be grain and ringing, broader means would never be hair alone where hair is thin.
_HAIR_CELLS, _HAIR_QUANTILE = 0.4, 0.001
#: Hair must be darker than the scalp by this share of its light, or nothing is told apart.
_LEAST_CONTRAST = 0.4
_WITHIN = (-0.25, 1.25)
"""Coverage of a single cell: grain may take it beyond 0 and 1, and cutting it there would shift the mean."""
_KINDS = 3
OTHER, SCALP, HAIR = range(_KINDS)


def find_hair_and_part(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """Where bare scalp and full hair are seen, and the profiles across the part.

    Parameters
    ----------
    image : AlignedImage
        The reference.
    skin : ndarray, shape (h, w), bool
        The marked region, hair and all.

    Returns
    -------
    ndarray, shape (h, w), int32
        1 + kind + 3 · profile: the kind is 0, 1 = bare scalp or 2 = around the fullest hair, the profile 0 or what
        `tracker.metrics.part.find_part` numbers.

    Raises
    ------
    MeasurementDeclined
        There is no bare scalp, or no hair that is darker than it.
    """
    light = _log_light(image)
    bright = light[skin & looks_like_skin(image.linear)]
    if len(bright) < _LEAST_SCALP_CELLS:
        raise MeasurementDeclined(_NO_SCALP, code="no_scalp")
    start = _mode(bright)
    # Grain is averaged out first, or what is dark by chance would be left out, and what is bright kept.
    smooth = cv2.GaussianBlur(light, (0, 0), 1.0)
    coloured = looks_like_skin(np.asarray(cv2.GaussianBlur(image.linear, (0, 0), 1.0), np.float32))
    near = skin & (np.abs(smooth - start) < _SCALP_SPREAD) & coloured
    scalp = cv2.erode(near.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if scalp.sum() < max(_LEAST_SCALP_CELLS, _LEAST_SCALP * skin.sum()):
        raise MeasurementDeclined(_NO_SCALP, code="no_scalp")
    share = _of_scalp(light, scalp, skin)
    kinds = np.where(scalp, SCALP, np.where(_around_the_darkest(share, skin), HAIR, OTHER))
    cover = _mixed(share, _hair_light(share, kinds == HAIR))
    part = find_part(np.where(skin, cover, 0), skin, mm_per_cell=image.grid.mm_per_cell)
    numbers = part if part is not None else np.zeros(skin.shape, np.int32)
    return np.asarray(np.where(skin, 1 + kinds + _KINDS * numbers, 0), dtype=np.int32)


_NO_SCALP = (
    "Hair measurements need bare scalp to compare with: comb a part or mark a region in which some scalp is seen."
)


def hair_cover(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Share of each cell that hair covers, shape (h, w); 0 where nothing is measured.

    Notes
    -----
    Light adds up, so a cell of which hair covers the share c gives c times the light of hair and 1 − c times that of
    scalp: hair thinner than a cell is measured too. Both are looked up in this very photo, at the places that the
    reference says; no threshold is computed anew. A single cell may lie a little beyond 0 and 1.

    Raises
    ------
    MeasurementDeclined
        The bare scalp of the reference is not seen here, or hair is not clearly darker.
    """
    kinds = _kinds(place)
    scalp = kinds == SCALP
    if scalp.sum() < _LEAST_SCALP_CELLS:
        raise MeasurementDeclined(_NO_SCALP, code="no_scalp")
    share = _of_scalp(_log_light(image), scalp, place.skin)
    cover = _mixed(share, _hair_light(share, kinds == HAIR))
    return np.where(place.skin, cover, np.float32(0))


def _kinds(place: Place) -> NDArray[np.int32]:
    assert place.marks is not None
    return np.where(place.skin & (place.marks > 0), (place.marks - 1) % _KINDS, OTHER).astype(np.int32)


def _log_light(image: AlignedImage) -> NDArray[np.float32]:
    return np.asarray(np.log(np.maximum(image.linear @ _LUMINANCE, _DARKEST)), dtype=np.float32)


def _mode(values: NDArray[np.float32]) -> float:
    """Where the bright values crowd, of which there is at least one: the bright end, shifted until it stays."""
    middle = float(np.quantile(values, _BRIGHT_QUANTILE, method="nearest"))
    for reach in (_REACH, _REACH, _SCALP_SPREAD, _SCALP_SPREAD, _SCALP_SPREAD):
        middle = float(np.quantile(values[np.abs(values - middle) < reach], 0.5, method="nearest"))
    return middle


def _of_scalp(light: NDArray[np.float32], scalp: NDArray[np.bool_], skin: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Light as a share of what bare scalp would give there, shape (h, w); 1 where nothing is measured."""
    share = np.exp(light - _scalp_light(light, scalp, skin))
    return np.where(skin, share, np.float32(1)).astype(np.float32)


def _scalp_light(light: NDArray[np.float32], scalp: NDArray[np.bool_], skin: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Log light that bare scalp has or would have in each cell, shape (h, w).

    A plane through the scalp that is seen. Where hair has moved over it, it is darker and left out.
    """
    rows, cols = (np.flatnonzero(skin.any(axis=axis)) for axis in (1, 0))
    size = float(max(int(np.ptp(rows)), int(np.ptp(cols)), 1))
    down = ((np.arange(skin.shape[0]) - rows.mean()) / size).astype(np.float32)
    aside = ((np.arange(skin.shape[1]) - cols.mean()) / size).astype(np.float32)
    at = np.nonzero(scalp)
    values = light[at].astype(np.float64)
    terms = np.stack([np.ones(len(values)), down[at[0]], aside[at[1]]], axis=-1)
    found = np.array([_mode(light[at]), 0.0, 0.0])
    for _ in range(4):
        off = values - terms @ found
        # Hair makes darker only, so the bright side alone tells the grain of the scalp.
        brighter = off[off > 0]
        grain = 1.4826 * max(float(np.median(brighter)) if len(brighter) else 0.0, _LEAST_GRAIN)
        kept = np.abs(off) < 3 * grain
        held = np.diag([0.0, 1.0, 1.0]) * (_SCALP_SPREAD / _USUAL_SLOPE) ** 2 * _EQUIVALENT_CELLS / len(values)
        design, seen = terms[kept], values[kept]
        found = np.linalg.solve(design.T @ design / len(seen) + held, design.T @ seen / len(seen))
    # What mixes with hair is the mean light, not the mean of its logarithm.
    found[0] += float(np.log(np.mean(np.exp((values - terms @ found)[kept]))))
    return np.asarray(found[0] + found[1] * down[:, None] + found[2] * aside[None, :], dtype=np.float32)


_LEAST_GRAIN = 0.01
_EQUIVALENT_CELLS = 30.0
"""How many cells of scalp weigh as much as the usual slope: mottled scalp is far from independent cell by cell."""


def _around_the_darkest(share: NDArray[np.float32], skin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    dark = skin & (share <= np.quantile(share[skin], _DARKEST_SHARE))
    reach = 2 * max(1, round(_HAIR_AROUND * np.sqrt(skin.sum()))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray((cv2.dilate(dark.astype(np.uint8), disc) > 0) & skin)


def _hair_light(share: NDArray[np.float32], hair: NDArray[np.bool_]) -> float:
    """Light of hair over that of scalp, found where hair is fullest.

    Raises
    ------
    MeasurementDeclined
        There is no hair that is clearly darker than the scalp.
    """
    found = _darkest(share, hair)
    if found > 1.0 - _LEAST_CONTRAST:
        raise MeasurementDeclined(
            "Hair measurements need hair that is clearly darker than the scalp, and this is not.", code="pale_hair"
        )
    return found


def _darkest(share: NDArray[np.float32], hair: NDArray[np.bool_]) -> float:
    smooth = np.asarray(cv2.GaussianBlur(share, (0, 0), _HAIR_CELLS), np.float32)
    return float(np.quantile(smooth[hair], _HAIR_QUANTILE)) if hair.any() else 1.0


def _mixed(share: NDArray[np.float32], hair: float) -> NDArray[np.float32]:
    return np.asarray(np.clip((1 - share) / np.float32(1 - hair), _WITHIN[0], _WITHIN[1]), dtype=np.float32)


def _coverage_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Coverage in per cent, and whether it is known, shape (h, w, 2)."""
    return np.stack([100 * hair_cover(image, place), place.skin.astype(np.float32)], axis=-1)


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(values[:, 0] @ weights / max(float(values[:, 1] @ weights), 1e-12))


def _part_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Width of the part in the profile through each cell, mm, and whether there is one, shape (h, w, 2)."""
    assert place.marks is not None
    numbers = np.where(place.skin & (place.marks > 0), (place.marks - 1) // _KINDS, 0).astype(np.int32)
    field = np.zeros((*numbers.shape, 2), np.float32)
    if not numbers.any():
        raise MeasurementDeclined(_NO_PART, code="no_part")
    mm = image.grid.mm_per_cell
    assert mm is not None
    found = widths(profiles(hair_cover(image, place), numbers, mm_per_cell=mm))
    known = np.isfinite(found)
    if known.sum() < LEAST_PROFILES:
        raise MeasurementDeclined(_NO_PART, code="no_part")
    profile = np.maximum(numbers - 1, 0) // POINTS
    there = (numbers > 0) & known[profile]
    field[..., 0] = np.where(there, np.nan_to_num(found)[profile], 0)
    field[..., 1] = there
    return field


_NO_PART = (
    "Part width needs a part that runs through the marked region for at least 30 mm with hair on both sides: comb one, "
    "and mark the scalp around it."
)


def _middle_profile(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Weighted median of the widths, values of shape (n, 2)."""
    # Where the photo is shifted, cells at the rim hold a share of a profile, and of its width.
    share = values[:, 1]
    return weighted_median(values[:, 0] / np.maximum(share, 1e-6), weights * share)


def _references(
    image: AlignedImage, place: Place, field: NDArray[np.float32], value: float
) -> tuple[tuple[str, float], ...]:
    """How far coverage depends on where bare scalp is seen: half of what either half of it alone gives apart."""
    kinds, light = _kinds(place), _log_light(image)
    scalp = kinds == SCALP
    number = np.cumsum(scalp.sum(axis=1))
    upper = np.zeros_like(scalp)
    upper[: int(np.searchsorted(number, number[-1] / 2))] = True
    covers = []
    for half in (scalp & upper, scalp & ~upper):
        if half.any():
            share = _of_scalp(light, half, place.skin)
            covers.append(float(_mixed(share, _darkest(share, kinds == HAIR))[place.counted].mean()))
    return (("scalp", 50 * abs(covers[0] - covers[-1])),)


HAIR_COVERAGE = Metric(
    name="hair_coverage",
    title="Hair coverage",
    plain="how much of the scalp hair covers",
    symbol="HC",
    unit="% of area",
    version=1,
    direction=Direction.NONE,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.SAME_RENDERING, Need.MARKED_HAIR}),
    prepare=_coverage_field,
    reduce=_mean,
    session_sd=3.0,
    tolerance_mm=3.0,
    leaves_out=Reason(0),
    topic=Topic.HAIR,
    role=Role.PRIMARY,
    find=find_hair_and_part,
    terms=_references,
    picture=Picture.MAP,
)

PART_WIDTH = Metric(
    name="part_width",
    title="Part width",
    plain="the width of the part",
    symbol="PW",
    unit="mm",
    version=2,
    direction=Direction.NONE,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.SAME_RENDERING, Need.MARKED_HAIR, Need.SCALE}),
    prepare=_part_field,
    reduce=_middle_profile,
    session_sd=0.5,
    tolerance_mm=3.0,
    scale_sensitivity=1.0,
    leaves_out=Reason(0),
    topic=Topic.HAIR,
    role=Role.SECONDARY,
    find=find_hair_and_part,
    picture=Picture.MAP,
)
