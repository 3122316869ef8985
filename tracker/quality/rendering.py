"""How lamp and camera render the same things in two photos: read from the patches that both show.

A chart does not change; what changes between two readings of it is the camera's tone curve and the spectrum of the
lamp. Both are modelled, and applied to the skin of the *reference*: what comes out is how far a contrast would have
moved if nothing but the rendering had changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.colour import BRIGHTEST, PatchReadings

LEAST_GREYS, LEAST_COLOURS = 4, 6
_LEAST_RANGE = 1.0  # of ln(light) over the greys
_DARKEST_READ = 0.01  # of full light: below, one step of 8 bits is more than 8 %
_MIDDLE = float(np.log(0.2))
_SKIN_WEIGHT, _GREY_WEIGHT = 4.0, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class ToneChange:
    """The tone curve of one photo against that of another: ln(now) = curve(ln(then)) + gain.

    Attributes
    ----------
    curve : ndarray, shape (k,)
        Polynomial of ln(then) − ln(0.2), highest power first, the same for all channels; its constant is 0.
    gain : ndarray, shape (3,)
        Of the logarithms, per channel.
    known : tuple of float
        Range of ln(then) − ln(0.2) that the greys cover; beyond it the curve goes on straight.
    """

    curve: NDArray[np.float64]
    gain: NDArray[np.float64]
    known: tuple[float, float]

    def slope(self, then: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much steeper the curve is now at light `then` (...), as a factor: contrasts of light scale with it."""
        return np.asarray(np.polyval(np.polyder(self.curve), self._inside(then)))

    def apply(self, then: NDArray[np.float64]) -> NDArray[np.float64]:
        """Light (..., 3) as this photo would have rendered it."""
        place, inside = self._place(then), self._inside(then)
        return np.exp(np.polyval(self.curve, inside) + self.slope(then) * (place - inside) + self.gain)

    def _place(self, then: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log(np.maximum(then, 1e-4)) - _MIDDLE

    def _inside(self, then: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(self._place(then), *self.known)


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What lamp and camera made of the chart now, against then.

    Attributes
    ----------
    tone : ToneChange
    matrix : ndarray, shape (3, 3)
        Of what tone leaves: light now ≈ toned light @ matrix.
    lamp : float
        Median change of the log-chromaticities ln(R/G) and ln(B/G) of the coloured patches that the tone curve
        does not explain: 0 under the same lamp.
    """

    tone: ToneChange
    matrix: NDArray[np.float64]
    lamp: float

    def apply(self, then: NDArray[np.float64]) -> NDArray[np.float64]:
        """Light (..., 3) of the reference as lamp and camera would render it now."""
        return np.asarray(np.maximum(self.tone.apply(then) @ self.matrix, 1e-4))


def compare_rendering(then: PatchReadings | None, now: PatchReadings | None) -> Rendering | None:
    """What changed between two readings of the same chart; None where they do not share enough of it."""
    if then is None or now is None or then.light.shape != now.light.shape:
        return None
    both = then.known & now.known & _readable(then.light) & _readable(now.light)
    tone = _tone_change(then.light[both & then.grey], now.light[both & then.grey])
    coloured = both & ~then.grey
    if tone is None or coloured.sum() < LEAST_COLOURS:
        return None
    toned = tone.apply(then.light)
    moved = np.log(now.light[coloured] / toned[coloured])
    lamp = float(np.median(np.abs(moved[:, [0, 2]] - moved[:, [1]])))
    weights = np.where(then.skin, _SKIN_WEIGHT, np.where(then.grey, _GREY_WEIGHT, 1.0))[both]
    # Relative errors count: a dark patch says as much about a lamp as a bright one.
    weights = (weights / toned[both].mean(axis=1))[:, None]
    matrix, *_ = np.linalg.lstsq(toned[both] * weights, now.light[both] * weights, rcond=None)
    return Rendering(tone, np.asarray(matrix), lamp)


def _readable(light: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(((light > _DARKEST_READ) & (light < BRIGHTEST)).all(axis=1))


def _tone_change(then: NDArray[np.float64], now: NDArray[np.float64]) -> ToneChange | None:
    """One curve through the greys of all channels, as steep as they say; None where they are too few or too alike."""
    if len(then) < LEAST_GREYS or np.ptp(np.log(then[:, 1])) < _LEAST_RANGE:
        return None
    place = (np.log(then) - _MIDDLE).T.ravel()
    degree = min(3, len(then) - 2)
    powers = np.vander(place, degree + 1)[:, :-1]
    channels = np.repeat(np.eye(3), len(then), axis=0)
    solution, *_ = np.linalg.lstsq(np.hstack([powers, channels]), np.log(now).T.ravel(), rcond=None)
    return ToneChange(np.append(solution[:degree], 0.0), solution[degree:], (place.min(), place.max()))
