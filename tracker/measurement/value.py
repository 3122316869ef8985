"""`AlignedImage` × `Metric` → `Measurement`: a value with its standard uncertainty, or a refusal by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement.bootstrap import Group, alignment_spread, bootstrap, evaluate
from tracker.measurement.cells import (
    ALWAYS,
    blocks_of,
    check_area,
    reasons_of,
    ring_around,
    usable_cells,
    without_excluded,
    without_rim,
)
from tracker.measurement.metric import Metric
from tracker.quality import Need
from tracker.region import Reason, is_left_out, shares_left_out

FOUND = Reason.HAIR | Reason.SHINE | Reason.CLOTH | Reason.BLUR


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


def measure(image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool) -> Measurement:
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

    Returns
    -------
    Measurement

    Raises
    ------
    MeasurementDeclined
        The photo or the region does not carry this quantity; the reason says what is missing.
    """
    usable, blocks, groups = _carried(image, region, metric, marked=marked)
    used = int((region & usable).sum())
    field = metric.prepare(without_excluded(image, metric), region & usable, groups[0].mask)
    value = evaluate(field, groups, metric)
    draws = bootstrap(field, groups, metric, 1 + int(blocks.max()))
    parts = (
        ("region", float(np.std(draws, ddof=1))),
        ("alignment", alignment_spread(field, groups, metric, image)),
        ("scale", abs(value) * metric.scale_sensitivity * image.scale_uncertainty),
    )
    uncertainty = float(np.sqrt(sum(part**2 for _, part in parts)))
    mm = image.grid.mm_per_cell
    return Measurement(
        metric.name, metric.method, metric.unit, value, uncertainty, image.digest, image.taken_on, parts,
        tuple(draws.tolist()), used / max(1, int(region.sum())),
        None if mm is None else used * mm**2,
        *_in_words(image, region, metric),
    )  # fmt: skip


def check_carried(image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool) -> None:
    """What `measure` declines before it computes anything; parameters and errors are those of `measure`."""
    _carried(image, region, metric, marked=marked)


def _carried(
    image: AlignedImage, region: NDArray[np.bool_], metric: Metric, *, marked: bool
) -> tuple[NDArray[np.bool_], NDArray[np.intp], list[Group]]:
    """Usable cells, blocks and groups of cells of a metric that a photo carries."""
    _check_needs(image, metric, marked=marked)
    usable = usable_cells(image, metric)
    blocks = blocks_of(region, image)
    groups = [Group.of(without_rim(region & usable, image, metric), blocks)]
    if metric.is_contrast:
        groups.append(Group.of(ring_around(region, usable, image, metric), blocks))
    check_area(groups[0].mask, image, metric, region)
    return usable, blocks, groups


Shares = tuple[tuple[str, float], ...]


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


def over_the_same_cells(found: Measurement, whole: Measurement, common: Measurement, metric: Metric) -> Measurement:
    """A photo's value, freed from what the cells it lacks would have contributed.

    Parameters
    ----------
    found : Measurement
        Of the photo, over the cells it has.
    whole, common : Measurement
        Of the reference: over all its cells, and over those cells that the photo has.
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

    draws = tuple(map(shifted, found.draws, whole.draws, common.draws))
    return replace(found, value=shifted(found.value, whole.value, common.value), draws=draws)


def _check_needs(image: AlignedImage, metric: Metric, *, marked: bool) -> None:
    missing = {
        Need.SCALE: (image.grid.mm_per_cell is None, "needs millimetres: put the printed marker card in the picture"),
        Need.COLOUR: (not image.has_colour, "needs colour, and the photo is greyscale"),
        Need.COLOUR_REFERENCE: (not image.colour.level.absolute, "needs a colour chart in the picture"),
        Need.MARKED_REGION: (not marked, "compares a marked patch with the skin around it: mark the patch"),
    }
    for need, (absent, reason) in missing.items():
        if need in metric.needs and absent:
            raise MeasurementDeclined(f"{metric.title} {reason}.", code=f"needs_{need.replace(' ', '_')}")
