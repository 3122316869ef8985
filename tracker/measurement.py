"""`AlignedImage` × `Metric` → `Measurement`: a value with its standard uncertainty, or a refusal by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.quality import Need
from tracker.region import looks_like_skin

BOOTSTRAP_DRAWS = 200
ALIGNMENT_DRAWS = 12
DRAWN_CELLS = 8000
BLOCK_MM = 25.0
UNSCALED_BLOCKS = 24
MIN_CELLS = 64
RING_MM = (1.0, 3.0)
UNSCALED_RING = (0.05, 0.15)
MIN_RING_SHARE = 0.5
_SEED = 20260131

Values = NDArray[np.floating]


class Direction(StrEnum):
    """Which change of a quantity is called better."""

    LESS = "less"
    TOWARDS_ZERO = "towards zero"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Metric:
    """A measurand with its measurement procedure.

    Attributes
    ----------
    name : str
        Stable identifier, such as ``"relief"``.
    title : str
        For people, such as ``"Relief roughness"``.
    plain : str
        What a patient would call it, such as ``"smoothness"``.
    symbol, unit : str
    version : int
        Raised whenever the same photo would give another number.
    direction : Direction
        Which change is called better.
    multiplicative : bool
        True if changes are ratios: they are computed in logarithms and stated in per cent.
    needs : frozenset of Need
    prepare : callable
        ``(AlignedImage, skin, counted) -> ndarray (h, w, k)``: the quantity in each cell. `skin` may be used to
        filter, `counted` (a part of it) is what the statistic sees.
    reduce : callable
        ``(values (n, k), weights (n,)) -> float``: its statistic over weighted cells.
    session_sd : float
        Provisional standard deviation between repeated sessions of unchanged skin (MEASUREMENT.md §9), in the
        unit of the metric, or as a logarithm if it is multiplicative.
    tolerance_mm : float
        Largest position uncertainty at which a cell is still used.
    margin_mm : float
        Width of the rim of the region that is used to filter but not counted: a wide filter is one-sided there.
    min_area_cm2 : float
        Smallest area that carries the statistic.
    scale_sensitivity : float
        Relative change of the value per relative error of the scale.
    """

    name: str
    title: str
    plain: str
    symbol: str
    unit: str
    version: int
    direction: Direction
    multiplicative: bool
    needs: frozenset[Need]
    prepare: Callable[[AlignedImage, NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float32]]
    reduce: Callable[[NDArray[np.float64], NDArray[np.float64]], float]
    session_sd: float
    tolerance_mm: float = 2.0
    margin_mm: float = 0.0
    min_area_cm2: float = 0.0
    scale_sensitivity: float = 0.0

    @property
    def method(self) -> str:
        """Name and version of the procedure, such as ``"relief@1"``."""
        return f"{self.name}@{self.version}"

    @property
    def is_contrast(self) -> bool:
        """Whether the value is the region minus the skin around it."""
        return Need.MARKED_REGION in self.needs


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


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """Cells of one group (the region, or the ring around it): where they are and which block they fall in."""

    mask: NDArray[np.bool_]
    blocks: NDArray[np.intp]

    @classmethod
    def of(cls, mask: NDArray[np.bool_], blocks: NDArray[np.intp]) -> _Prepared:
        return cls(mask, blocks[mask])


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
    _check_needs(image, metric, marked=marked)
    usable = usable_cells(image, metric)
    blocks = _blocks(region, image)
    groups = [_Prepared.of(_without_rim(region & usable, image, metric), blocks)]
    share = float((region & usable).sum() / max(1, region.sum()))
    if metric.is_contrast:
        groups.append(_Prepared.of(_ring(region, usable, image, metric), blocks))
    _check_area(groups[0].mask, image, metric)
    field = metric.prepare(image, region & usable, groups[0].mask)
    value = _evaluate(field, groups, metric)
    draws = _bootstrap(field, groups, metric, 1 + int(blocks.max()))
    parts = (
        ("region", float(np.std(draws, ddof=1))),
        ("alignment", _alignment_spread(field, groups, metric, image)),
        ("scale", abs(value) * metric.scale_sensitivity * image.scale_uncertainty),
    )
    uncertainty = float(np.sqrt(sum(part**2 for _, part in parts)))
    return Measurement(
        metric.name, metric.method, metric.unit, value, uncertainty, image.digest, image.taken_on, parts,
        tuple(draws.tolist()), share,
    )  # fmt: skip


def usable_cells(image: AlignedImage, metric: Metric) -> NDArray[np.bool_]:
    """Cells whose light is known and whose place is known well enough for this metric, shape (h, w)."""
    return np.asarray(image.valid & (image.sd <= _tolerance_cells(image, metric)))


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


def _tolerance_cells(image: AlignedImage, metric: Metric) -> float:
    if image.grid.mm_per_cell is None:
        return 0.004 * image.grid.shape[1]
    return metric.tolerance_mm / image.grid.mm_per_cell


def _check_area(mask: NDArray[np.bool_], image: AlignedImage, metric: Metric) -> None:
    mm = image.grid.mm_per_cell
    area = float(mask.sum()) * mm**2 / 100 if mm else np.inf
    if area < metric.min_area_cm2:
        raise MeasurementDeclined(
            f"{metric.title} needs at least {metric.min_area_cm2:.0f} cm² of skin; {area:.0f} cm² can be used here.",
            code="area",
        )
    if mask.sum() < MIN_CELLS:
        raise MeasurementDeclined(f"{metric.title}: too little of the region can be used in this photo.", code="area")


def _without_rim(mask: NDArray[np.bool_], image: AlignedImage, metric: Metric) -> NDArray[np.bool_]:
    """Cells at least `margin_mm` away from the outline; small holes, such as moles, have no rim."""
    if not metric.margin_mm or image.grid.mm_per_cell is None:
        return mask
    hole = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(2.5 / image.grid.mm_per_cell) + 1,) * 2)
    whole = cv2.morphologyEx(np.pad(mask, 1).astype(np.uint8), cv2.MORPH_CLOSE, hole)
    whole[[0, -1]], whole[:, [0, -1]] = 0, 0
    depth = cv2.distanceTransform(whole, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return np.asarray(mask & (depth >= metric.margin_mm / image.grid.mm_per_cell))


def _blocks(region: NDArray[np.bool_], image: AlignedImage) -> NDArray[np.intp]:
    """Number of the block each cell of the grid falls in: fixed by the region, so that all photos share them."""
    height, width = image.grid.shape
    mm = image.grid.mm_per_cell
    size = max(2, round(BLOCK_MM / mm)) if mm else max(2, round(max(height, width) / UNSCALED_BLOCKS))
    rows, cols = np.nonzero(region)
    # A small region still needs blocks to draw from; a quarter of its width keeps at least a dozen.
    if len(rows):
        size = max(2, min(size, int(np.ceil(max(np.ptp(rows), np.ptp(cols)) / 4))))
    down, across = np.arange(height) // size, np.arange(width) // size
    return np.asarray(down[:, None] * (width // size + 1) + across[None, :], dtype=np.intp)


def _ring(
    region: NDArray[np.bool_], usable: NDArray[np.bool_], image: AlignedImage, metric: Metric
) -> NDArray[np.bool_]:
    """Skin around the region: from 1 to 3 mm, or from 5 to 15 % of its diameter where there is no scale."""
    diameter = 2 * np.sqrt(region.sum() / np.pi)
    mm = image.grid.mm_per_cell
    near, far = (r / mm for r in RING_MM) if mm else (share * diameter for share in UNSCALED_RING)
    distance = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = np.asarray((distance > max(near, 1)) & (distance <= max(far, 3)))
    # Floor and clothing are no skin to compare with; the patch itself may have any colour.
    usable = usable & looks_like_skin(image.linear)
    if (ring & usable).sum() < MIN_RING_SHARE * max(1, ring.sum()) or ring.sum() < MIN_CELLS:
        raise MeasurementDeclined(
            f"{metric.title} needs skin all around the marked patch; leave more of it in the picture.", code="ring"
        )
    return np.asarray(ring & usable)


def _evaluate(field: NDArray[np.float32], groups: list[_Prepared], metric: Metric) -> float:
    values = [_reduce(field, group, metric, None) for group in groups]
    return values[0] if len(values) == 1 else values[0] - values[1]


def _reduce(
    field: NDArray[np.float32], group: _Prepared, metric: Metric, block_weights: NDArray[np.float64] | None
) -> float:
    cells = field[group.mask].astype(np.float64)
    weights = np.ones(len(cells)) if block_weights is None else block_weights[group.blocks]
    return metric.reduce(cells, weights)


def _bootstrap(field: NDArray[np.float32], groups: list[_Prepared], metric: Metric, count: int) -> NDArray[np.float64]:
    """Values over resampled blocks of skin (Bayesian block bootstrap: smooth weights, never an empty draw)."""
    rng = np.random.default_rng(_SEED)
    prepared = [_in_order(*_thinned(field[g.mask].astype(np.float64), g.blocks)) for g in groups]
    draws = np.empty(BOOTSTRAP_DRAWS)
    for k in range(BOOTSTRAP_DRAWS):
        weights = rng.standard_exponential(count)
        values = [metric.reduce(cells, weights[blocks]) for cells, blocks in prepared]
        draws[k] = values[0] if len(values) == 1 else values[0] - values[1]
    return draws


def _thinned(cells: NDArray[np.float64], blocks: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Every n-th cell: blocks, not cells, are the independent units, so the spread of the draws does not change."""
    step = max(1, len(cells) // DRAWN_CELLS)
    return cells[::step], blocks[::step]


def _in_order(cells: NDArray[np.float64], blocks: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cells by their first quantity: a median sorts what is sorted in no time, and there are 200 of them."""
    order = np.argsort(cells[:, 0], kind="stable")
    return cells[order], blocks[order]


def _alignment_spread(
    field: NDArray[np.float32], groups: list[_Prepared], metric: Metric, image: AlignedImage
) -> float:
    """Spread of the value when the photo is shifted by its own position uncertainty."""
    shift = float(np.median(image.sd[groups[0].mask]))
    if shift == 0.0:
        return 0.0
    rng = np.random.default_rng(_SEED)
    size = (field.shape[1], field.shape[0])
    values = []
    for row, col in rng.normal(0.0, shift, (ALIGNMENT_DRAWS, 2)):
        move = np.array([[1, 0, col], [0, 1, row]], dtype=np.float64)
        moved = cv2.warpAffine(field, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        moved = np.asarray(moved, dtype=np.float32).reshape(field.shape)
        values.append(_evaluate(moved, groups, metric))
    return float(np.std(values, ddof=1))


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Median of weighted values.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)

    Returns
    -------
    float
        Smallest value at which half of the weight is reached.

    Examples
    --------
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    2.0
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0]))
    3.0
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])


def weighted_sd(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation of weighted values, both of shape (n,)."""
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
