"""How far the colours of a photo can be believed, and what corrects them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

BRIGHTEST, DARKEST = 0.95, 0.001
"""Linear camera values beyond which a patch says nothing about the light."""
UNCHANGED_TONE = (0.0, 1.0, 0.0)


class ColourLevel(StrEnum):
    """How far the colours of a photo can be believed (`MEASUREMENT.md` §4.4)."""

    NONE = "C0"
    GREY = "C1"
    CHART = "C2"
    SKIN_CARD = "C3"

    @property
    def absolute(self) -> bool:
        """Whether absolute tone (L*, a*, b*, ITA) may be stated."""
        return self in (ColourLevel.CHART, ColourLevel.SKIN_CARD)


@dataclass(frozen=True, slots=True, eq=False)
class PatchReadings:
    """What a photo shows of the patches of its chart or card: evidence to compare two photos by.

    Attributes
    ----------
    light : ndarray, shape (n, 3)
        Linear camera RGB, nothing undone.
    known : ndarray, shape (n,), bool
        Which of them can be read.
    grey, skin : ndarray, shape (n,), bool
        Which of them are greys, and which skin tones.
    """

    light: NDArray[np.float64]
    known: NDArray[np.bool_]
    grey: NDArray[np.bool_]
    skin: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ColourCalibration:
    """Colour level of a photo, and its evidence.

    Attributes
    ----------
    level : ColourLevel
    tone : ndarray, shape (3, 3)
        Per channel, coefficients of ln(light) as a polynomial of ln(camera value), highest power first: undoes
        the camera's tone curve. ``[0, 1, 0]`` changes nothing.
    matrix : ndarray, shape (3, 3)
        Camera light → linear sRGB (column vectors); the identity without a chart.
    delta_e : float or None
        Leave-one-patch-out ΔE00 that the level rests on; None where nothing was fitted to known colours.
    corners : ndarray, shape (4, 2), or None
        Outline of the chart or card in photo pixels (row, column).
    evidence : str
        What the level rests on, in words.
    grey_residual : float or None
        Root mean square of what the greys miss their light by after the tone curve, as a fraction; None without
        greys of known light.
    patches : PatchReadings or None
        What the level rests on, patch by patch; None where no patches were read.
    left_out : ndarray, shape (k, 3, 3), or None
        The matrix as it would be without each of the patches in turn: how far the correction rests on single ones.
    """

    level: ColourLevel
    tone: NDArray[np.float64]
    matrix: NDArray[np.float64]
    delta_e: float | None
    corners: NDArray[np.float64] | None
    evidence: str
    grey_residual: float | None = None
    patches: PatchReadings | None = None
    left_out: NDArray[np.float64] | None = None

    def apply(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Corrected linear sRGB of linear camera values, both (..., 3); unchanged at level C0."""
        if self.level is ColourLevel.NONE:
            return linear
        light = undo_tone(linear.astype(np.float64), self.tone)
        return (light @ self.matrix.T).astype(np.float32)


def undo_tone(light: NDArray[np.float64], tone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of linear camera values, both (..., 3); `tone` as in `ColourCalibration`."""
    logs = np.log(np.maximum(light, DARKEST))
    return np.exp((tone[:, 0] * logs + tone[:, 1]) * logs + tone[:, 2])


def clipped(light: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Linear camera values whose light is not known."""
    return np.asarray((light > BRIGHTEST) | (light < DARKEST), dtype=np.bool_)


def without_chart(
    evidence: str = "no colour chart in the picture", corners: NDArray[np.float64] | None = None
) -> ColourCalibration:
    """Colour level C0: contrasts may be measured, absolute tone may not."""
    return ColourCalibration(ColourLevel.NONE, np.tile(UNCHANGED_TONE, (3, 1)), np.eye(3), None, corners, evidence)
