"""A1 Relief roughness: shading of the skin's relief with wavelengths of 12 to 50 mm, the dimples of cellulite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic, weighted_sd
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import DIMPLE_BAND_MM, relief_shading

_SHADING, _ENERGY, _DIRECTED, _CHANCE, _SHEEN = range(5)


def relief_field(
    image: AlignedImage, place: Place, band_mm: tuple[float, float] = DIMPLE_BAND_MM
) -> NDArray[np.float32]:
    """Shading of the relief in a band and how far it is directed, shape (h, w, 5).

    Returns
    -------
    ndarray, float32
        Shading in per cent of light, its energy and the directed part of it in per cent squared, all as the lamp of the
        reference would make them; the directed share that chance makes, and the relative uncertainty by the sheen, the
        same in each cell.
    """
    assert image.grid.mm_per_cell is not None
    found = relief_shading(image.linear, place.skin, place.counted, mm_per_cell=image.grid.mm_per_cell, band_mm=band_mm)
    per_cent = np.float32(100 / (image.light_gain[0] if image.light_gain else 1.0))
    everywhere = np.ones_like(found.shading)
    return np.stack(
        [
            per_cent * found.shading,
            per_cent**2 * found.energy,
            per_cent**2 * found.directed,
            np.float32(found.chance) * everywhere,
            np.float32(found.sheen_effect) * everywhere,
        ],
        axis=-1,
    )


def roughness(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation of the shading that is relief, values of shape (n, 5) as of `relief_field`."""
    return float(weighted_sd(values[:, _SHADING], weights) * np.sqrt(relief_share(values, weights)))


def relief_share(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Share of the variance that is relief, in (0, 1]: twice the directed share, over a floor that chance makes."""
    energy, directed = weights @ values[:, _ENERGY], weights @ values[:, _DIRECTED]
    share = 2 * max(float(directed), 0.0) / max(float(energy), 1e-12)
    return min(1.0, float(np.hypot(share, values[0, _CHANCE])))


def light_terms(
    image: AlignedImage, place: Place, field: NDArray[np.float32], value: float
) -> tuple[tuple[str, float], ...]:
    """Uncertainty by the sheen of the skin, and by the gain of the light where relief gauges tell it."""
    light = image.light_gain[1] if image.light_gain else 0.0
    return (("sheen", abs(value) * float(field[place.counted][0, _SHEEN])), ("light", abs(value) * light))


RELIEF = Metric(
    name="relief",
    title="Relief roughness",
    plain="smoothness",
    symbol="Rsh",
    unit="% log-luminance",
    version=3,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.OBLIQUE_LIGHT}),
    prepare=relief_field,
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
    terms=light_terms,
)
