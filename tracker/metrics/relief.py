"""A1 Relief roughness: shading of the skin's relief with wavelengths of 12 to 50 mm, the dimples of cellulite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic, weighted_sd
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import chroma_regressed_shading


def shading_percent(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Chroma-regressed shading in the dimple band, in per cent of luminance, shape (h, w, 1)."""
    assert image.grid.mm_per_cell is not None
    shading = chroma_regressed_shading(
        image.linear, place.skin, mm_per_cell=image.grid.mm_per_cell, counted=place.counted
    )
    return np.float32(100) * shading[..., None]


def roughness(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation of the shading, values of shape (n, 1) in per cent."""
    return weighted_sd(values[:, 0], weights)


RELIEF = Metric(
    name="relief",
    title="Relief roughness",
    plain="smoothness",
    symbol="Rsh",
    unit="% log-luminance",
    version=2,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.OBLIQUE_LIGHT}),
    prepare=shading_percent,
    reduce=roughness,
    session_sd=0.12,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=100.0,
    scale_sensitivity=0.3,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.PRIMARY,
    picture=Picture.MAP,
)
