"""What colours are printed with: three dyes and carbon black over paper, each swallowing its part of the spectrum."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.phantom.optics import STANDARD
from tracker.phantom.spectra import WAVELENGTHS

#: Absorption bands of the process colours, (share, nm, standard deviation in nm): an approximation of the common dyes,
#: with the unwanted absorption beside the main band that they all have.
_BANDS: Final = (
    ((1.00, 655.0, 42.0), (0.40, 605.0, 24.0), (0.07, 425.0, 45.0)),
    ((1.00, 556.0, 20.0), (0.72, 520.0, 24.0), (0.14, 420.0, 45.0)),
    ((1.00, 428.0, 36.0), (0.28, 470.0, 16.0), (0.02, 560.0, 60.0)),
)
_BLACK_SHARE: Final = 0.5
"""Share of the darkness common to all channels that the printer makes with black instead of three dyes."""
_STEPS: Final = 40


def printed_reflectance(linear: ArrayLike) -> NDArray[np.float64]:
    """Return the spectra of prints that have given colours in daylight.

    Beer's law over white paper. A neutral colour is printed with black alone, as printers do for greys.

    Parameters
    ----------
    linear : array_like, shape (n, 3)
        Linear sRGB (D65, 2°), as bright as paper at most, within what dyes can make.

    Returns
    -------
    ndarray, shape (n, 33)
        Reflectance at `tracker.phantom.spectra.WAVELENGTHS`.
    """
    return np.array([_print(tuple(float(v) for v in colour)) for colour in np.asarray(linear, np.float64)])


@lru_cache(maxsize=512)
def _print(colour: tuple[float, float, float]) -> NDArray[np.float64]:
    wanted = np.array(colour)
    black = -np.log(max(wanted.max(), 1e-4))
    if np.ptp(wanted) > 1e-3 * wanted.max():
        black *= _BLACK_SHARE
    dyes = np.array([
        sum(share * np.exp(-0.5 * ((WAVELENGTHS - peak) / width) ** 2) for share, peak, width in ink)
        for ink in _BANDS
    ])  # fmt: skip
    amounts = np.zeros(3)
    for _ in range(_STEPS):  # Newton's method in the logarithm of the colour, where Beer's law is nearly straight
        reflectance = np.exp(-black - amounts @ dyes)
        seen = np.maximum(STANDARD.linear(reflectance), 1e-5)
        slope = -STANDARD.linear(dyes * reflectance) / seen
        amounts = amounts + np.clip(np.linalg.solve(slope.T, np.log(wanted) - np.log(seen)), -0.5, 0.5)
    return np.asarray(np.exp(-black - amounts @ dyes))
