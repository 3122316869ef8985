"""How well a clinic repeats a photo: the spread of pose, light and camera from one shot to the next."""

from dataclasses import dataclass
from typing import Final

import numpy as np

_WIDEST = 2.0
"""No shot is further than this many standard deviations from the plan: somebody would have noticed."""


@dataclass(frozen=True, slots=True)
class Rig:
    """Standard deviations between two shots of the same view.

    Attributes
    ----------
    name : str
    slant, azimuth : float
        Of the lamp, degrees.
    ambient : float
        Of the share of light that comes from everywhere.
    distance : float
        Relative, of the camera.
    roll, tilt : float
        Of the camera, degrees.
    shift : float
        Of the framing, as a share of the picture's height and width.
    tissue : float
        Root mean square of the sideways shift of soft tissue in each photo of a field of 300 mm, mm; two photos
        differ by its 1.4-fold.
    exposure_ev : float
        Stops.
    white_balance : float
        Relative, of the gains of red and blue.
    focus : float
        Relative, of the blur.
    """

    name: str
    slant: float
    azimuth: float
    ambient: float
    distance: float
    roll: float
    tilt: float
    shift: float
    tissue: float
    exposure_ev: float
    white_balance: float
    focus: float = 0.1


CLINIC: Final = Rig("clinic", 0.75, 1.5, 0.01, 0.02, 1.5, 2.0, 0.025, 0.7, 0.15, 0.015)
"""A lamp that stays where it is, a camera held at a mark: the demonstration."""
FIXED_RIG: Final = Rig("fixed rig", 1.0, 2.0, 0.01, 0.005, 0.7, 0.7, 0.01, 0.5, 0.05, 0.005)
"""Lamp and camera on one stand, exposure and white balance locked."""
MARKED_FLOOR: Final = Rig("marked floor", 3.0, 5.0, 0.04, 0.02, 1.5, 2.0, 0.025, 0.7, 0.15, 0.015)
"""Lamp and camera put back to marks on the floor before every session."""
FREE_HAND: Final = Rig("free-hand", 10.0, 20.0, 0.12, 0.05, 2.5, 3.5, 0.04, 1.0, 0.25, 0.015)
"""Lamp and camera in the hand."""
RIGS: Final = (FIXED_RIG, MARKED_FLOOR, FREE_HAND)
"""The rigs of the specification (MEASUREMENT.md §2, A1), from the best to the worst."""


class Spread:
    """Draws deviations of one shot from the plan."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def __call__(self, deviation: float) -> float:
        """Return a normal deviate, no wider than `_WIDEST` standard deviations."""
        limit = _WIDEST * deviation
        return float(np.clip(self.rng.normal(0.0, deviation), -limit, limit))
