"""Where everything is on our printed card: the one place that printing and reading share.

Millimetres from the upper left corner of the card, (y, x); y points down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.markers import MARKER_SIDE_MM

CARD_HEIGHT_MM, CARD_WIDTH_MM = 112.0, 150.0
QUIET_ZONE_MM = 5.0
PATCH_SIDE_MM = 12.5
RULER_MM = 100.0
RULER_AT = (71.5, 25.0)
"""Left end of the check ruler."""
GAUGE_AT, GAUGE_SIDE_MM = (36.0, 2.0), 30.0
"""Upper left corner of the place for a relief gauge."""
EDGE_AT, EDGE_SIDE_MM, EDGE_DEGREES = (36.0, 118.0), 30.0, 5.0
"""Upper left corner of the slanted edge, and how far it leans."""
LABEL_AT = (96.6, 34.0)
"""Upper left corner of the words: batch, date, and how to lay it."""

#: Centres of the markers 0, 1, 2, 3: clockwise from the upper left.
MARKER_CENTRES = np.array([[17.0, 17.0], [17.0, 133.0], [95.0, 133.0], [95.0, 17.0]])


@dataclass(frozen=True, slots=True)
class CardPatch:
    """One patch of the card.

    Attributes
    ----------
    name : str
        ``G1`` … ``G6`` greys from light to dark, ``S01`` … ``S12`` skin tones, ``V01`` … ``V12`` vivid colours.
    centre : tuple of float
        (y, x), mm.
    lab_d50 : tuple of float
        CIELAB (D50, 2°) that is sent to the printer. What comes out of it is another matter, and is measured.
    """

    name: str
    centre: tuple[float, float]
    lab_d50: tuple[float, float, float]

    @property
    def is_grey(self) -> bool:
        """Whether it is one of the six greys."""
        return self.name.startswith("G")

    @property
    def is_skin(self) -> bool:
        """Whether it is one of the twelve skin tones."""
        return self.name.startswith("S")


_GREYS = ((92.0, 0.0, 0.0), (80.0, 0.0, 0.0), (66.0, 0.0, 0.0), (52.0, 0.0, 0.0), (38.0, 0.0, 0.0), (24.0, 0.0, 0.0))
#: Melanin from little to much, each once pale and once flushed, after a two-layer model of skin; the last is a shadow.
_SKIN = (
    (75.0, 4.0, 14.0), (67.0, 13.0, 17.0), (70.0, 7.0, 18.0), (61.0, 15.0, 19.0),
    (66.0, 7.0, 22.0), (57.0, 15.0, 22.0), (59.0, 9.0, 26.0), (51.0, 16.0, 24.0),
    (48.0, 12.0, 27.0), (43.0, 16.0, 25.0), (35.0, 13.0, 24.0), (26.0, 8.0, 12.0),
)  # fmt: skip
#: What sets cameras and lamps apart the most when they see it printed with office inks, found by exchanging one after
#: another; kept so pale that no channel of a camera is left without light.
_VIVID = (
    (69.0, 13.0, 53.0), (55.0, 41.0, 35.0), (56.0, 44.0, -2.0), (55.0, 25.0, -50.0), (49.0, 6.0, -56.0),
    (35.0, 5.0, -44.0), (82.0, -9.0, 70.0), (72.0, -52.0, 55.0), (49.0, -38.0, 41.0), (75.0, -37.0, -11.0),
    (57.0, -8.0, -36.0), (38.0, -6.0, -26.0),
)  # fmt: skip
_COLUMNS_MM = (40.0, 54.0, 68.0, 82.0, 96.0, 110.0)
#: Greys, skin, vivid, vivid, skin: the upper three rows and the lowest one lie between the markers.
_ROWS_MM = {"G": (9.5,), "S": (25.75, 86.0), "V": (42.0, 58.25)}
PATCHES = tuple(
    CardPatch(
        f"{kind}{k + 1:0{digits}d}", (_ROWS_MM[kind][k // len(_COLUMNS_MM)], _COLUMNS_MM[k % len(_COLUMNS_MM)]), lab
    )
    for kind, digits, colours in (("G", 1, _GREYS), ("S", 2, _SKIN), ("V", 2, _VIVID))
    for k, lab in enumerate(colours)
)


def marker_corners() -> NDArray[np.float64]:
    """Corners of the markers 0–3, clockwise from the upper left, (y, x) mm, shape (4, 4, 2)."""
    half = MARKER_SIDE_MM / 2
    square = np.array([(-half, -half), (-half, half), (half, half), (half, -half)])
    return MARKER_CENTRES[:, None] + square


def patch_centres() -> NDArray[np.float64]:
    """Centres of the patches, (y, x) mm, shape (30, 2)."""
    return np.array([patch.centre for patch in PATCHES])


def outline() -> NDArray[np.float64]:
    """Corners of the card, (y, x) mm, clockwise from the upper left, shape (4, 2)."""
    return np.array([[0, 0], [0, CARD_WIDTH_MM], [CARD_HEIGHT_MM, CARD_WIDTH_MM], [CARD_HEIGHT_MM, 0]])


def nominal_lab_d50() -> NDArray[np.float64]:
    """CIELAB (D50, 2°) that is sent to the printer, shape (30, 3)."""
    return np.array([patch.lab_d50 for patch in PATCHES])


def is_grey() -> NDArray[np.bool_]:
    """Which patches are greys, shape (30,)."""
    return np.array([patch.is_grey for patch in PATCHES])


def is_skin() -> NDArray[np.bool_]:
    """Which patches are skin tones, shape (30,)."""
    return np.array([patch.is_skin for patch in PATCHES])
