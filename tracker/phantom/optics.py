"""The colour of skin, from melanin and blood to linear sRGB and CIELAB.

A two-layer model: an absorbing epidermis over a scattering dermis
(Kubelka-Munk), with the internal reflection of Saunderson and the spectra of
Jacques and Prahl. It is a model of known truth, not of any person.
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.phantom.spectra import COLOUR_MATCHING, DAYLIGHT, WAVELENGTHS, blood_absorption

SURFACE_REFLECTION: Final = 0.02
"""Light a matte skin surface returns without entering it (share of white)."""

# IEC 61966-2-1: XYZ under D65 to linear sRGB.
_XYZ_TO_RGB = np.array((
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
))  # fmt: skip
_WHITE = np.array((0.95047, 1.0, 1.08883))
_MELANIN_SPAN = (0.004, 0.60)
_BLOOD_SPAN = (0.0005, 0.08)
_NODES = 256


def skin_reflectance(
    melanin: ArrayLike, blood: ArrayLike, *, surface: float = SURFACE_REFLECTION
) -> NDArray[np.float64]:
    """Return the spectral reflectance of skin.

    Parameters
    ----------
    melanin : array_like
        Volume fraction of melanosomes in the epidermis, 0 to 0.6.
    blood : array_like
        Volume fraction of blood in the dermis; broadcast against `melanin`.
    surface : float
        Surface reflection added to the light that has been inside the skin.

    Returns
    -------
    ndarray, shape (..., 33)
        Reflectance, 0 to 1, at `tracker.phantom.spectra.WAVELENGTHS`.

    References
    ----------
    .. [1] S. L. Jacques, "Optical properties of biological tissues: a review",
       Phys. Med. Biol. 58, R37, 2013. :doi:`10.1088/0031-9155/58/11/R37`
    .. [2] J. L. Saunderson, "Calculation of the color of pigmented plastics",
       J. Opt. Soc. Am. 32, 727, 1942.
    """
    f_mel = np.asarray(melanin, np.float64)[..., None]
    f_blood = np.asarray(blood, np.float64)[..., None]
    base = 0.244 + 85.3 * np.exp(-(WAVELENGTHS - 154.0) / 66.2)
    epidermis = f_mel * 6.6e11 * WAVELENGTHS**-3.33 + (1.0 - f_mel) * base
    passed_twice = np.exp(-2.0 * epidermis * 0.006)
    dermis = f_blood * blood_absorption() + (1.0 - f_blood) * base
    scattering = 0.75 * 46.0 * (WAVELENGTHS / 500.0) ** -1.421
    ratio = (scattering + 2.0 * dermis) / scattering
    inside = passed_twice * (ratio - np.sqrt(ratio * ratio - 1.0))
    return np.asarray((1 - 0.028) * (1 - 0.53) * inside / (1 - 0.53 * inside) + surface)


def linear_from_reflectance(reflectance: ArrayLike) -> NDArray[np.float64]:
    """Return the linear sRGB colour (D65, 2°) of spectral reflectances.

    Parameters
    ----------
    reflectance : array_like, shape (..., 33)
        Reflectance at `tracker.phantom.spectra.WAVELENGTHS`.

    Returns
    -------
    ndarray, shape (..., 3)
        Linear sRGB; a perfect white is (1, 1, 1).
    """
    weights = COLOUR_MATCHING * DAYLIGHT
    # Scaling each channel by its own sum makes white exactly D65 white, in spite of the coarse table.
    weights = weights / weights.sum(axis=1, keepdims=True) * _WHITE[:, None]
    return np.asarray(np.asarray(reflectance, np.float64) @ weights.T @ _XYZ_TO_RGB.T)


def lab_from_linear(linear: ArrayLike) -> NDArray[np.float64]:
    """Return the CIELAB colour (D65, 2°) of linear sRGB colours.

    Parameters
    ----------
    linear : array_like, shape (..., 3)
        Linear sRGB; 1 is white.

    Returns
    -------
    ndarray, shape (..., 3)
        L*, a*, b* (CIE 15:2018).
    """
    ratio = np.asarray(linear, np.float64) @ np.linalg.inv(_XYZ_TO_RGB).T / _WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def skin_colour(melanin: NDArray[np.float32], blood: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the linear sRGB colour of flat skin, looked up in a table.

    Parameters
    ----------
    melanin, blood : ndarray, shape (H, W)
        Volume fractions as in `skin_reflectance`; values outside the table
        (0.004-0.6 and 0.0005-0.08) are moved to its edge.

    Returns
    -------
    ndarray, shape (H, W, 3)
        Linear sRGB, D65, float32, with the matte surface reflection included.
    """
    column = _table_position(melanin, _MELANIN_SPAN)
    row = _table_position(blood, _BLOOD_SPAN)
    colour = cv2.remap(_colour_table(), column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colour, np.float32)


def _table_position(fraction: NDArray[np.float32], span: tuple[float, float]) -> NDArray[np.float32]:
    """Return where a fraction lies in the table, whose nodes are evenly spaced in its logarithm."""
    low, high = np.log(span)
    position = (np.log(fraction) - low) * ((_NODES - 1) / (high - low))
    return np.asarray(np.clip(position, 0, _NODES - 1), np.float32)


@cache
def _colour_table() -> NDArray[np.float32]:
    """Return linear sRGB over blood (rows) and melanin (columns)."""
    melanin = np.geomspace(*_MELANIN_SPAN, _NODES)[None, :]
    blood = np.geomspace(*_BLOOD_SPAN, _NODES)[:, None]
    table = linear_from_reflectance(skin_reflectance(melanin, blood)).astype(np.float32)
    table.flags.writeable = False
    return table
