"""What the inks of an office printer may be, for prints of which only the colour was measured, and not the spectrum."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.spectra import WAVELENGTHS, observer

#: Absorption bands of cyan, magenta and yellow: (share, nm, standard deviation in nm), typical of phthalocyanine,
#: quinacridone and azo pigments.
_BANDS: Final = (
    ((1.00, 668.0, 40.0), (0.65, 615.0, 27.0), (0.10, 420.0, 50.0)),
    ((1.00, 566.0, 17.0), (0.75, 532.0, 22.0), (0.15, 430.0, 50.0)),
    ((1.00, 436.0, 32.0), (0.35, 470.0, 18.0), (0.02, 560.0, 60.0)),
)
_SHIFT_NM, _WIDER, _PURER = 7.0, 0.12, 0.35
_BLACK = (0.2, 0.8)
"""Share of the darkness common to all channels that is printed with black: a printer that saves dye, one that does
not."""
_DESIGN_ROW: Final = (1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1)
_STEPS: Final = 25
_DARKEST: Final = 2e-3
_GREY_CHROMA: Final = 0.02


def office_prints(xyz_d50: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spectra that prints of known colour may have.

    Three dyes and carbon black over white paper, by Beer's law; a grey is black alone. How the dyes differ between
    printers is varied by the design of Plackett and Burman.

    Parameters
    ----------
    xyz_d50 : ndarray, shape (n, 3)
        CIE XYZ (D50, 2°, Y = 1 for white) as measured.

    Returns
    -------
    ndarray, shape (12, n, 33)
        Reflectances, one set for each kind of ink.

    References
    ----------
    .. [1] R. L. Plackett, J. P. Burman, "The design of optimum multifactorial experiments", Biometrika 33, 305, 1946.
       :doi:`10.1093/biomet/33.4.305`
    """
    return np.array([_printed(xyz_d50, dyes, black) for dyes, black in _ink_sets()])


def _ink_sets() -> list[tuple[NDArray[np.float64], float]]:
    """Absorption of three dyes, shape (3, 33), and share of black, of each kind of ink."""
    signs = np.array([*(np.roll(_DESIGN_ROW, k) for k in range(11)), -np.ones(11, dtype=int)])
    return [
        (np.array([_dye(ink, *row[3 * k : 3 * k + 3]) for k, ink in enumerate(_BANDS)]), _BLACK[int(row[9] > 0)])
        for row in signs
    ]


def _dye(bands: tuple[tuple[float, float, float], ...], shift: int, width: int, purity: int) -> NDArray[np.float64]:
    (_, main, spread), *beside = bands
    wider = np.exp(_WIDER * width)
    absorption = np.exp(-0.5 * ((WAVELENGTHS - main - _SHIFT_NM * shift) / (spread * wider)) ** 2)
    for share, peak, spread in beside:
        place = (WAVELENGTHS - peak - _SHIFT_NM * shift) / (spread * wider)
        absorption = absorption + share * np.exp(_PURER * purity - 0.5 * place**2)
    return np.asarray(absorption / absorption.max())


def _printed(xyz: NDArray[np.float64], dyes: NDArray[np.float64], black_share: float) -> NDArray[np.float64]:
    """Spectra of prints of given colours with given dyes: Newton's method in the logarithm of the colour."""
    relative = np.maximum(xyz / observer("D50").sum(axis=1), _DARKEST)
    grey = np.ptp(relative, axis=1) < _GREY_CHROMA * relative.max(axis=1)
    black = -np.log(np.minimum(relative.max(axis=1), 1.0)) * np.where(grey, 1.0, black_share)
    weights = observer("D50") / observer("D50").sum(axis=1, keepdims=True)
    amounts = np.zeros((len(xyz), 3))
    for _ in range(_STEPS):
        reflectance = np.exp(-black[:, None] - amounts @ dyes)
        seen = np.maximum(reflectance @ weights.T, 1e-5)
        slope = -np.einsum("nl,dl,cl->ncd", reflectance, dyes, weights) / seen[..., None]
        step = np.linalg.solve(slope, (np.log(relative) - np.log(seen))[..., None])[..., 0]
        amounts = amounts + np.clip(step, -0.5, 0.5)
    return np.exp(-black[:, None] - amounts @ dyes)
