"""What light does on relief, freed from pigment: filters under a mask, relief shading, the direction of the light."""

from __future__ import annotations

from tracker.shading.blobs import Blobs, dark_and_bright_blobs
from tracker.shading.dimples import Dimples, find_dimples
from tracker.shading.directed import FineLight, fine_light, fine_turn, waves
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
from tracker.shading.relief import ReliefShading, dark_spots, relief_shading
from tracker.shading.ridges import beside_lines, dark_lines, fine_luminance, numbered_strips

__all__ = [
    "DARKEST_LIGHT",
    "DIMPLE_BAND_MM",
    "MEAN_LIGHT_MM",
    "SIGMA_PER_WAVELENGTH",
    "TOLD_DEGREES",
    "Blobs",
    "Dimples",
    "FineLight",
    "LightDirection",
    "ReliefShading",
    "Turn",
    "band_pass",
    "beside_lines",
    "chroma_regressed_shading",
    "dark_and_bright_blobs",
    "dark_lines",
    "dark_spots",
    "find_dimples",
    "fine_light",
    "fine_luminance",
    "fine_turn",
    "height_map",
    "height_noise",
    "light_direction",
    "light_side",
    "light_turn",
    "log_light",
    "mean_light",
    "numbered_strips",
    "relief_shading",
    "slope_shading",
    "smooth_under_mask",
    "waves",
]
