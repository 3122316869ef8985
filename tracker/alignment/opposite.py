"""The light of a second photo of one moment, with the lamp on the opposite side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class OppositeLight:
    """What a photo with the lamp on the opposite side adds to one photo, in the frame of the reference.

    Attributes
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB on the analysis grid of the reference; 0 where not covered.
    valid : ndarray, shape (h, w), bool
        True where the light is known.
    digest : str
        Of the photo.
    azimuth : float or None
        Where the lamp of the *first* photo stood, in the frame of the reference, in degrees: 0 = right, 90 = top,
        counter-clockwise. None where neither a relief gauge nor the skin tells.
    kappa : (float, float) or None
        Gain of relief shading by the relief gauge, mean of both lamps, and its standard uncertainty; None without.
    gain : (float, float)
        By which shading is multiplied to be as in the light of the reference, and its relative standard uncertainty:
        (1, 0) in the reference itself, and 1 with that of lamps on marks where one of the two shows no relief gauge.
    """

    linear: NDArray[np.float32]
    valid: NDArray[np.bool_]
    digest: str
    azimuth: float | None = None
    kappa: tuple[float, float] | None = None
    gain: tuple[float, float] = (1.0, 0.0)
