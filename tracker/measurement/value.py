"""`AlignedImage` × `Metric` → `Measurement`: a value with its standard uncertainty, or a refusal by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement.bootstrap import Group, alignment_spread, bootstrap, evaluate
from tracker.measurement.cells import (
    ALWAYS,
    check_area,
    reasons_of,
    ring_around,
    usable_cells,
    without_excluded,
    without_rim,
)
from tracker.measurement.metric import Direction, Marks, Metric, Place
from tracker.measurement.near import Near, near_region, whole_grid
from tracker.quality import Need
from tracker.region import Reason, is_left_out, shares_left_out

FOUND = Reason.HAIR | Reason.SHINE | Reason.CLOTH | Reason.BLUR
Shares = tuple[tuple[str, float], ...]
COUNTING = "counting"
"""The term of a count: Poisson's, of which the resampled skin shows most by itself."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one metric in one photo.

    Attributes
    ----------
    metric, method, unit : str
    value : float
    uncertainty : float
        Standard uncertainty (k = 1) within the photo, in `unit`; the spread between sessions is added where
        values are compared.
    digest : str
        Of the photo.
    taken_on : date or None
    parts : tuple of (str, float)
        The terms of the uncertainty, in `unit`.
    draws : tuple of float
        Bootstrap draws of the value. All photos of one region use the same resampled blocks of skin, so that
        the difference of two photos' draws shows the uncertainty of the *change*.
    area_share : float
        Share of the region that could be used, in [0, 1].
    area_mm2 : float or None
        Area of that, with the rim that a wide filter needs; None without a scale.
    left_out : tuple of (str, float)
        Share of the region that each reason took, in [0, 1], the largest first.
    also_seen : tuple of (str, float)
        The same for what was found there and measured all the same, because it does not disturb this metric.
    """

    metric: str
    method: str
    unit: str
    value: float
    uncertainty: float
    digest: str
    taken_on: date | None
    parts: tuple[tuple[str, float], ...]
    draws: tuple[float, ...]
    area_share: float
    area_mm2: float | None = None
    left_out: tuple[tuple[str, float], ...] = ()
    also_seen: tuple[tuple[str, float], ...] = ()


class Statistic(Protocol):
    """A value and its bootstrap draws, of a `Measurement` or a `Part`."""

    @property
    def value(self) -> float: ...

    @property
    def draws(self) -> tuple[float, ...]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A value and its bootstrap draws over some of the cells of a photo."""

    value: float
    draws: tuple[float, ...]


def measure(
    image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool, marks: Marks | None = None
) -> Measurement:
    """Value of one metric in one photo.

    Parameters
    ----------
    image : AlignedImage
        In the frame of the reference.
    region : ndarray, shape (h, w), bool
        Where to measure, on the same grid.
    metric : Metric
    marked : bool
        True if the region was marked by somebody, False if it is the whole skin.
    marks : ndarray, shape (h, w), int32, optional
        What the metric found in the reference, see `find_marks`; by default it looks in this photo.

    Returns
    -------
    Measurement

    Raises
    ------
    MeasurementDeclined
        The photo or the region does not carry this quantity; the reason says what is missing.
    """
    near = near_region(image, region, metric, marks)
    place, groups = _carried(near, metric, marked=marked)
    seen = without_excluded(near.image, metric)
    field = metric.prepare(seen, place)
    value, draws = evaluate(field, groups, metric), bootstrap(field, groups, metric, near.block_count)
    region_sd = float(np.std(draws, ddof=1))
    parts = (
        ("region", region_sd),
        ("alignment", alignment_spread(field, groups, metric, near.image)),
        ("scale", abs(value) * metric.scale_sensitivity * image.scale_uncertainty),
        *(_beyond(region_sd, metric.terms(seen, place, field, value)) if metric.terms else ()),
    )
    uncertainty = float(np.sqrt(sum(part**2 for _, part in parts)))
    used, mm = int(place.skin.sum()), image.grid.mm_per_cell
    return Measurement(
        metric.name, metric.method, metric.unit, value, uncertainty, image.digest, image.taken_on, parts,
        tuple(draws.tolist()), used / max(1, int(region.sum())),
        None if mm is None else used * mm**2,
        *_in_words(near.image, near.region, metric),
    )  # fmt: skip


def _beyond(region_sd: float, terms: Shares) -> Shares:
    """The terms; of a counting error what resampled skin does not show: things spread over some blocks vary less."""
    return tuple((name, sqrt(max(0.0, term**2 - region_sd**2)) if name == COUNTING else term) for name, term in terms)


def measure_part(
    image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool, marks: Marks | None = None
) -> Part:
    """Value and draws alone, of a photo whose own uncertainty is not asked for; parameters are those of `measure`."""
    near = near_region(image, region, metric, marks)
    place, groups = _carried(near, metric, marked=marked)
    field = metric.prepare(without_excluded(near.image, metric), place)
    draws = bootstrap(field, groups, metric, near.block_count)
    return Part(evaluate(field, groups, metric), tuple(draws.tolist()))


def place_of(
    image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool, marks: Marks | None = None
) -> Place:
    """Where `measure` looks; parameters and errors are those of `measure`."""
    return _carried(whole_grid(image, region, marks), metric, marked=marked)[0]


def find_marks(image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool = True) -> Marks | None:
    """What a metric looks for in the reference, and is carried to later photos.

    Parameters
    ----------
    image : AlignedImage
        The reference in its own frame.
    region : ndarray, shape (h, w), bool
    metric : Metric
    marked : bool
        As for `measure`.

    Returns
    -------
    ndarray, shape (h, w), int32, or None
        None for a metric that looks for nothing.

    Raises
    ------
    MeasurementDeclined
        There is nothing, or the photo has not what the metric needs.
    """
    if metric.find is None:
        return None
    _check_needs(image, metric, marked=marked)
    return metric.find(without_excluded(image, metric), region & usable_cells(image, metric))


def check_carried(
    image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool, marks: Marks | None = None
) -> None:
    """What `measure` declines before it computes anything; parameters and errors are those of `measure`."""
    _carried(near_region(image, region, metric, marks), metric, marked=marked)


def _carried(near: Near, metric: Metric, *, marked: bool) -> tuple[Place, list[Group]]:
    """Place and groups of cells of a metric that a photo carries."""
    image, region, marks = near.image, near.region, near.marks
    _check_needs(image, metric, marked=marked)
    usable = usable_cells(image, metric)
    counted, compared = without_rim(region & usable, image, metric), None
    if metric.find is not None:
        marks = find_marks(image, region, metric, marked=marked) if marks is None else marks
        assert marks is not None
        counted, compared = counted & (marks > 0), usable & (marks < 0) if (marks < 0).any() else None
    elif metric.is_contrast:
        compared = ring_around(region, usable, image, metric)
    check_area(counted, image, metric, region)
    masks = [counted] if compared is None else [counted, compared]
    return Place(region & usable, counted, compared, marks), [Group.of(mask, near.blocks) for mask in masks]


def _in_words(image: AlignedImage, region: NDArray[np.bool_], metric: Metric) -> tuple[Shares, Shares]:
    """What was left out of the region, and what was seen in the rest of it and measured all the same."""
    bits = reasons_of(image, metric)
    left_out = metric.leaves_out | ALWAYS
    kept = region & ~is_left_out(bits, left_out)
    rest = max(1, int(region.sum()))
    seen = [(r, s * int(kept.sum()) / rest) for r, s in shares_left_out(bits, kept, FOUND)]
    taken = shares_left_out(bits, region, left_out)
    words = [tuple((reason.word, share) for reason, share in found) for found in (taken, seen)]
    return words[0], words[1]


def over_the_same_cells(found: Measurement, whole: Measurement, common: Statistic, metric: Metric) -> Measurement:
    """A photo's value, freed from what the cells it lacks would have contributed.

    Parameters
    ----------
    found : Measurement
        Of the photo, over the cells it has.
    whole : Measurement
        Of the reference, over all its cells.
    common : Statistic
        Of the reference, over those cells that the photo has.
    metric : Metric

    Returns
    -------
    Measurement
        Its difference from `whole` is that of `found` from `common`: two photos are only ever compared over the
        same skin. The value itself is that of the whole region, had the missing part changed like the rest.
    """

    def shifted(value: float, of_whole: float, of_common: float) -> float:
        if metric.multiplicative:
            return value * of_whole / max(of_common, 1e-9)
        return value + of_whole - of_common

    value = shifted(found.value, whole.value, common.value)
    if metric.direction is Direction.LESS and min(found.value, whole.value, common.value) >= 0:
        value = max(value, 0.0)  # there is no less than none of what is counted
    draws = tuple(map(shifted, found.draws, whole.draws, common.draws))
    if not metric.multiplicative or not found.value:
        return replace(found, value=value, draws=draws)
    # The terms are shares of the value they were found with.
    grown = value / found.value
    parts = tuple((name, part * grown) for name, part in found.parts)
    return replace(found, value=value, uncertainty=found.uncertainty * grown, parts=parts, draws=draws)


def _check_needs(image: AlignedImage, metric: Metric, *, marked: bool) -> None:
    missing = {
        Need.SCALE: (image.grid.mm_per_cell is None, "needs millimetres: put the printed marker card in the picture"),
        Need.CLOSE_UP: (
            not image.grid.is_close_up,
            "needs a close-up: the picture must be less than 160 mm long, at 10 pixels per millimetre or more",
        ),
        Need.COLOUR: (not image.has_colour, "needs colour, and the photo is greyscale"),
        Need.COLOUR_REFERENCE: (not image.colour.level.absolute, "needs a colour chart in the picture"),
        Need.DUAL_LIGHT: (
            image.opposite is None,
            "needs a pair of photos taken at once, with the lamp on the left and on the right",
        ),
        Need.RELIEF_GAUGE: (
            image.opposite is None or image.opposite.kappa is None,
            "needs the relief gauge of the card in both photos of the pair",
        ),
        Need.MARKED_REGION: (not marked, "compares a marked patch with the skin around it: mark the patch"),
        Need.MARKED_HAIR: (not marked, "needs a region that is marked for hair: draw it around the hair and its part"),
    }
    for need, (absent, reason) in missing.items():
        if need in metric.needs and absent:
            raise MeasurementDeclined(f"{metric.title} {reason}.", code=f"needs_{need.replace(' ', '_')}")
