"""A2 Relief from a pair of photos with the lamp on the left and on the right: its strength, and its depth in mm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic, weighted_sd
from tracker.metrics.heights import heights_mm, slope_of
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import DIMPLE_BAND_MM, band_pass

DEEPEST = 0.02
"""Share of the skin that lies deeper than the depth index."""
Terms = tuple[tuple[str, float], ...]


def slope_percent(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Shading by the slope towards the lamps in the dimple band, %, in the light of the reference, shape (h, w, 1)."""
    assert image.grid.mm_per_cell is not None
    assert image.opposite is not None
    shading = slope_of(image, place.skin) * np.float32(image.opposite.gain[0])
    band = band_pass(shading, place.skin, band_mm=DIMPLE_BAND_MM, mm_per_cell=image.grid.mm_per_cell)
    return np.float32(100) * band[..., None]


def roughness(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation, values of shape (n, 1)."""
    return weighted_sd(values[:, 0], weights)


def light_of_gain(image: AlignedImage, place: Place, field: NDArray[np.float32], value: float) -> Terms:
    """Uncertainty of how the light of this pair is brought to that of the reference."""
    assert image.opposite is not None
    return (("light", value * image.opposite.gain[1]),)


def height_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Height of the relief in mm, shape (h, w, 1)."""
    return heights_mm(image, place.skin)[..., None]


def depth_index(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """How far the deepest 2 % of the skin lie below its mean: mean minus 2nd percentile, mm, values of shape (n, 1)."""
    heights = values[:, 0]
    order = np.argsort(heights, kind="stable")
    reached = np.cumsum(weights[order])
    return float(np.average(heights, weights=weights) - heights[order[np.searchsorted(reached, DEEPEST * reached[-1])]])


def light_of_kappa(image: AlignedImage, place: Place, field: NDArray[np.float32], value: float) -> Terms:
    """Uncertainty of the gain of the light, which turns shading into slope."""
    assert image.opposite is not None
    assert image.opposite.kappa is not None
    kappa, sd = image.opposite.kappa
    return (("light", value * sd / kappa),)


DUAL_RELIEF = Metric(
    name="dual_relief",
    title="Dual-light relief",
    plain="smoothness",
    symbol="Rdual",
    unit="% slope shading",
    version=2,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.OBLIQUE_LIGHT, Need.DUAL_LIGHT}),
    prepare=slope_percent,
    reduce=roughness,
    session_sd=0.06,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=100.0,
    scale_sensitivity=0.3,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.SECONDARY,
    terms=light_of_gain,
    picture=Picture.MAP,
)
DUAL_DEPTH = Metric(
    name="dual_depth",
    title="Relief depth",
    plain="depth of the dimples",
    symbol="Sv",
    unit="mm",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=frozenset({Need.SCALE, Need.DUAL_LIGHT, Need.RELIEF_GAUGE}),
    prepare=height_field,
    reduce=depth_index,
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
)
