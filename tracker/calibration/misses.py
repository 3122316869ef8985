"""What a colour matrix that is right for skin makes of patches that are not skin.

The matrix that brings a camera's skin to its true colour misses inks and pigments, because their spectra are others:
metamerism. By how much depends on camera and lamp, which are not known; over many of them it has a mean and a
covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.spectra import deviation

_CHANNELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Misses:
    """How far patches lie from their true colours when skin is right.

    Attributes
    ----------
    mean : ndarray, shape (n, 3)
        Expected miss in CIE XYZ (D65).
    covariance : ndarray, shape (n, 3, n, 3)
        Of the misses, over cameras and lamps, and over the spectra that the patches may have.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def expected_misses(spectra: NDArray[np.float64]) -> Misses:
    """Misses of patches of known spectra.

    Parameters
    ----------
    spectra : ndarray, shape (n, 33) or (m, n, 33)
        Reflectances at `tracker.calibration.spectra.WAVELENGTHS`; m sets of them where it is not known which of m is
        the true one.

    Returns
    -------
    Misses
    """
    sets = spectra if spectra.ndim == _CHANNELS else spectra[None]
    mean, components = deviation()
    means = np.einsum("mnl,xl->mnx", sets, mean)
    modes = np.einsum("mnl,kxl->mknx", sets, components).reshape(-1, sets.shape[1], _CHANNELS)
    apart = means - means.mean(axis=0)
    every = np.concatenate([modes, apart]) / np.sqrt(len(sets))
    return Misses(means.mean(axis=0), np.einsum("knx,kmy->nxmy", every, every, optimize=True))
