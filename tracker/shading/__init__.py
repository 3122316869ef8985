"""What light does on relief, freed from pigment: filters under a mask, relief shading, the direction of the light."""

from __future__ import annotations

from tracker.shading.dimples import Dimples, find_dimples
from tracker.shading.direction import TOLD_DEGREES, LightDirection, Turn, light_direction, light_side, light_turn
from tracker.shading.filters import (
    DARKEST_LIGHT,
    DIMPLE_BAND_MM,
    MEAN_LIGHT_MM,
    SIGMA_PER_WAVELENGTH,
    band_pass,
    chroma_regressed_shading,
    log_light,
    mean_light,
    smooth_under_mask,
)
from tracker.shading.height import height_map, height_noise
from tracker.shading.opposite import slope_shading

__all__ = [
    "DARKEST_LIGHT",
    "DIMPLE_BAND_MM",
    "MEAN_LIGHT_MM",
    "SIGMA_PER_WAVELENGTH",
    "TOLD_DEGREES",
    "Dimples",
    "LightDirection",
    "Turn",
    "band_pass",
    "chroma_regressed_shading",
    "find_dimples",
    "height_map",
    "height_noise",
    "light_direction",
    "light_side",
    "light_turn",
    "log_light",
    "mean_light",
    "slope_shading",
    "smooth_under_mask",
]
