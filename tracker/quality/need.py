"""What a photo must have for a quantity to mean anything in it."""

from __future__ import annotations

from enum import StrEnum


class Need(StrEnum):
    """What a photo must have for a quantity to mean anything in it."""

    SCALE = "scale"
    COLOUR = "colour"
    COLOUR_REFERENCE = "colour reference"
    OBLIQUE_LIGHT = "oblique light"
    MARKED_REGION = "marked region"
    SAME_LAMP = "same kind of lamp"
    CLOSE_UP = "close up"
    SAME_SHADING = "same shading of fine relief"
    DUAL_LIGHT = "dual light"
    RELIEF_GAUGE = "relief gauge"
    MARKED_HAIR = "marked hair"
    LAMP_IN_PLACE = "lamp in its place"
    SAME_RENDERING = "same rendering of contrasts"
