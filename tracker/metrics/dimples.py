"""A3 Dimples on the height map of a pair with dual light: how many, how much of the skin, how deep."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic
from tracker.metrics.dual_relief import Terms, light_of_kappa
from tracker.metrics.heights import heights_mm, slope_of
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import Dimples, find_dimples, height_noise

LEAST_MM, OF_NOISE = 0.15, 3.0
"""Smallest prominence of a dimple: so many mm, and so many standard deviations of the noise of the height."""
_MM2_PER_100_CM2 = 1e4


def dimples_of(image: AlignedImage, place: Place) -> Dimples:
    """The dimples of one photo in the counted skin; found in each photo anew, for they come and go."""
    assert image.grid.mm_per_cell is not None
    assert image.opposite is not None
    assert image.opposite.kappa is not None
    assert image.opposite.azimuth is not None
    height = heights_mm(image, place.skin)
    noise = height_noise(
        slope_of(image, place.skin) / np.float32(image.opposite.kappa[0]), place.skin,
        azimuth=image.opposite.azimuth, mm_per_cell=image.grid.mm_per_cell,
    )  # fmt: skip
    least = max(LEAST_MM, OF_NOISE * noise)
    return find_dimples(height, place.skin, place.counted, mm_per_cell=image.grid.mm_per_cell, least_mm=least)


def count_density(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Dimples per 100 cm² in each cell, shape (h, w, 1): every dimple is spread evenly over its counted cells."""
    assert image.grid.mm_per_cell is not None
    shares = _share_of_one(dimples_of(image, place), place)
    return shares[..., None] * np.float32(_MM2_PER_100_CM2 / image.grid.mm_per_cell**2)


def covered_percent(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """100 where a dimple is, else 0, shape (h, w, 1)."""
    return np.float32(100) * (dimples_of(image, place).labels > 0).astype(np.float32)[..., None]


def depths_mm(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Depth of the dimples and their number, each spread over the cells of its dimple, shape (h, w, 2).

    Raises
    ------
    MeasurementDeclined
        There is no dimple.
    """
    found = dimples_of(image, place)
    if not len(found.depth):
        raise MeasurementDeclined(
            f"There is no dimple of {LEAST_MM:g} mm or more here, so none has a depth: look at the number of dimples.",
            code="no_dimple",
        )
    ones = _share_of_one(found, place)
    depth = np.concatenate([[0.0], found.depth]).astype(np.float32)[found.labels]
    return np.stack([ones * depth, ones], axis=-1)


def mean_of(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over cells, values of shape (n, 1)."""
    return float(np.average(values[:, 0], weights=weights))


def mean_per_dimple(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over dimples, values of shape (n, 2) as `depths_mm` spreads them."""
    number = float(weights @ values[:, 1])
    return float(weights @ values[:, 0]) / number if number > 0 else 0.0


def count_error(image: AlignedImage, place: Place, field: NDArray[np.float32], value: float) -> Terms:
    """Poisson standard deviation of the count, per 100 cm²; of one dimple where none was found."""
    assert image.grid.mm_per_cell is not None
    area = float(place.counted.sum()) * image.grid.mm_per_cell**2 / _MM2_PER_100_CM2
    return (("counting", sqrt(max(value * area, 1.0)) / area),)


def area_error(image: AlignedImage, place: Place, field: NDArray[np.float32], value: float) -> Terms:
    """The same as a share of the area: each dimple that is or is not there takes its own area along."""
    number = max(len(np.unique(dimples_of(image, place).labels[place.counted])) - 1, 1)
    return (("counting", value / sqrt(number)),)


def _share_of_one(found: Dimples, place: Place) -> NDArray[np.float32]:
    """One over the number of counted cells of the dimple a cell belongs to; 0 outside, shape (h, w)."""
    cells = np.bincount(found.labels[place.counted], minlength=1 + len(found.depth)).astype(np.float64)
    cells[0] = np.inf
    return np.asarray((1 / np.maximum(cells, 1))[found.labels] * place.counted, dtype=np.float32)


def shown_height(image: AlignedImage, place: Place, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The height in mm that the dimples are found on, shape (h, w)."""
    return heights_mm(image, place.skin)


_NEEDS = frozenset({Need.SCALE, Need.DUAL_LIGHT, Need.RELIEF_GAUGE})

DIMPLE_COUNT = Metric(
    name="dimple_count",
    title="Number of dimples",
    plain="number of dimples",
    symbol="Nd",
    unit="per 100 cm²",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=count_density,
    reduce=mean_of,
    session_sd=0.4,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=100.0,
    scale_sensitivity=2.0,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.SECONDARY,
    terms=count_error,
    picture=Picture.MAP,
    shown=shown_height,
    shown_unit="mm",
)
DIMPLE_AREA = Metric(
    name="dimple_area",
    title="Area of dimples",
    plain="area of the dimples",
    symbol="Ad",
    unit="% of the skin",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=covered_percent,
    reduce=mean_of,
    session_sd=0.8,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=100.0,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.EXPERIMENTAL,
    terms=area_error,
    picture=Picture.MAP,
    shown=shown_height,
    shown_unit="mm",
)
DIMPLE_DEPTH = Metric(
    name="dimple_depth",
    title="Depth of dimples",
    plain="depth of the dimples",
    symbol="Dd",
    unit="mm",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=depths_mm,
    reduce=mean_per_dimple,
    session_sd=0.02,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=100.0,
    scale_sensitivity=1.0,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.SECONDARY,
    terms=light_of_kappa,
    picture=Picture.MAP,
    shown=shown_height,
)
