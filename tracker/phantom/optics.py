"""The colour of skin, from melanin and blood to linear sRGB and CIELAB.

A two-layer model: an absorbing epidermis over a scattering dermis
(Kubelka-Munk), with the internal reflection of Saunderson and the spectra of
Jacques and Prahl. It is a model of known truth, not of any person. A `Response`
says what lamp and camera make of the spectra.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.phantom.spectra import (
    COLOUR_MATCHING,
    WAVELENGTHS,
    bilirubin_absorption,
    blood_absorption,
    camera_sensitivity,
    chart_reflectance,
    illuminant,
)

SURFACE_REFLECTION: Final = 0.02
"""Light a matte skin surface returns without entering it (share of white)."""

# IEC 61966-2-1: XYZ under D65 to linear sRGB.
_XYZ_TO_RGB = np.array((
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
))  # fmt: skip
_WHITE = np.array((0.95047, 1.0, 1.08883))
# Lam 1985: XYZ to the sharpened cone responses in which Bradford adapts.
_BRADFORD = np.array((
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
))  # fmt: skip
_MELANIN_SPAN = (0.004, 0.60)
_BLOOD_SPAN = (0.0005, 0.08)
_NODES = 256


@dataclass(frozen=True, slots=True)
class Response:
    """How a spectrum becomes the linear RGB of a file that says it is sRGB.

    White is (1, 1, 1) under every lamp: the white balance is perfect, the
    colours are not.
    """

    illuminant: str = "D65"
    """One of `tracker.phantom.spectra.ILLUMINANTS`."""
    camera: str | None = None
    """One of `tracker.phantom.spectra.CAMERAS`, with the one colour matrix it has for all lamps; None for the CIE
    1931 2° observer, adapted to D65 (Bradford)."""

    def linear(self, reflectance: ArrayLike) -> NDArray[np.float64]:
        """Return the linear RGB of spectral reflectances.

        Parameters
        ----------
        reflectance : array_like, shape (..., 33)
            Reflectance at `tracker.phantom.spectra.WAVELENGTHS`.

        Returns
        -------
        ndarray, shape (..., 3)
            Linear RGB, 1 is white; saturated colours may leave 0 to 1.
        """
        weights, matrix = _observation(self)
        return np.asarray(np.asarray(reflectance, np.float64) @ weights.T @ matrix.T)

    def paint(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how a material looks that is `linear` (sRGB) to the `STANDARD` response.

        Of all the spectra it may have, the smoothest is taken, as paper, cloth and paint mostly have.

        Parameters
        ----------
        linear : ndarray, shape (..., 3)
            Linear sRGB.

        Returns
        -------
        ndarray, shape (..., 3)
            Linear RGB, float32.
        """
        if self == STANDARD:
            return linear
        return np.asarray(linear @ self.linear(_smooth_spectra()).astype(np.float32), np.float32)


STANDARD: Final = Response()
"""Daylight D65 and the 2° observer: true sRGB."""


def skin_reflectance(
    melanin: ArrayLike,
    blood: ArrayLike,
    *,
    oxygenation: ArrayLike = 0.75,
    scattering: ArrayLike = 1.0,
    bilirubin: ArrayLike = 0.0,
    surface: ArrayLike = SURFACE_REFLECTION,
) -> NDArray[np.float64]:
    """Return the spectral reflectance of skin.

    All arguments are broadcast against each other.

    Parameters
    ----------
    melanin : array_like
        Volume fraction of melanosomes in the epidermis, 0 to 0.6.
    blood : array_like
        Volume fraction of blood in the dermis.
    oxygenation : array_like
        Share of the haemoglobin that carries oxygen, 0 to 1.
    scattering : array_like
        Factor on the published scattering of the dermis; the literature supports 0.7 to 1.3.
    bilirubin : array_like
        Bilirubin in the dermis, g/L: what an old bruise is yellow with, up to about 0.2.
    surface : array_like
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
    f_mel, f_blood, scatter, yellow, gloss = (
        np.asarray(value, np.float64)[..., None] for value in (melanin, blood, scattering, bilirubin, surface)
    )
    base = 0.244 + 85.3 * np.exp(-(WAVELENGTHS - 154.0) / 66.2)
    epidermis = f_mel * 6.6e11 * WAVELENGTHS**-3.33 + (1.0 - f_mel) * base
    passed_twice = np.exp(-2.0 * epidermis * 0.006)
    dermis = f_blood * blood_absorption(oxygenation) + (1.0 - f_blood) * base + yellow * bilirubin_absorption()
    scattered = scatter * (0.75 * 46.0 * (WAVELENGTHS / 500.0) ** -1.421)
    ratio = (scattered + 2.0 * dermis) / scattered
    inside = passed_twice * (ratio - np.sqrt(ratio * ratio - 1.0))
    return np.asarray((1 - 0.028) * (1 - 0.53) * inside / (1 - 0.53 * inside) + gloss)


def linear_from_reflectance(reflectance: ArrayLike) -> NDArray[np.float64]:
    """Return the linear sRGB colour (D65, 2°) of spectral reflectances, `Response.linear` of `STANDARD`."""
    return STANDARD.linear(reflectance)


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


def skin_colour(
    melanin: NDArray[np.float32],
    blood: NDArray[np.float32],
    *,
    oxygenation: float = 0.75,
    scattering: float = 1.0,
    bilirubin: float = 0.0,
    response: Response = STANDARD,
) -> NDArray[np.float32]:
    """Return the linear RGB colour of flat skin, looked up in a table.

    Parameters
    ----------
    melanin, blood : ndarray, shape (H, W)
        Volume fractions as in `skin_reflectance`; values outside the table
        (0.004-0.6 and 0.0005-0.08) are moved to its edge.
    oxygenation, scattering, bilirubin : float
        As in `skin_reflectance`. A new combination costs a new table, some 50 ms; the last 32 are kept.
    response : Response
        Lamp and camera.

    Returns
    -------
    ndarray, shape (H, W, 3)
        Linear RGB, float32, with the matte surface reflection included; sRGB if the response is `STANDARD`.
    """
    column = _table_position(melanin, _MELANIN_SPAN)
    row = _table_position(blood, _BLOOD_SPAN)
    table = _colour_table(oxygenation, scattering, bilirubin, response)
    colour = cv2.remap(table, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colour, np.float32)


def _table_position(fraction: NDArray[np.float32], span: tuple[float, float]) -> NDArray[np.float32]:
    """Return where a fraction lies in the table, whose nodes are evenly spaced in its logarithm."""
    low, high = np.log(span)
    position = (np.log(fraction) - low) * ((_NODES - 1) / (high - low))
    return np.asarray(np.clip(position, 0, _NODES - 1), np.float32)


@lru_cache(maxsize=32)
def _colour_table(oxygenation: float, scattering: float, bilirubin: float, response: Response) -> NDArray[np.float32]:
    """Return linear RGB over blood (rows) and melanin (columns)."""
    melanin = np.geomspace(*_MELANIN_SPAN, _NODES)[None, :]
    blood = np.geomspace(*_BLOOD_SPAN, _NODES)[:, None]
    spectra = skin_reflectance(melanin, blood, oxygenation=oxygenation, scattering=scattering, bilirubin=bilirubin)
    table = response.linear(spectra).astype(np.float32)
    table.flags.writeable = False
    return table


@cache
def _observation(response: Response) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spectral weights of three channels, shape (3, 33), and the matrix from them to linear RGB."""
    lamp = illuminant(response.illuminant)
    if response.camera is not None:
        return _balanced(camera_sensitivity(response.camera) * lamp), _camera_matrix(response.camera)
    weights = COLOUR_MATCHING * lamp
    if response.illuminant == "D65":
        # Scaling each channel by its own sum makes white exactly D65 white, in spite of the coarse table.
        return _balanced(weights) * _WHITE[:, None], _XYZ_TO_RGB
    white = weights.sum(axis=1) / weights[1].sum()
    adapted = np.linalg.solve(_BRADFORD, np.diag(_BRADFORD @ _WHITE / (_BRADFORD @ white)) @ _BRADFORD)
    return _balanced(weights) * white[:, None], _XYZ_TO_RGB @ adapted


def _balanced(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return spectral weights that make white (1, 1, 1)."""
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@cache
def _camera_matrix(camera: str) -> NDArray[np.float64]:
    """Return the colour matrix a camera's firmware has, fitted to the chart in daylight, shape (3, 3).

    Its rows sum to 1, so that it leaves white alone.
    """
    patches = chart_reflectance()
    seen = patches @ _balanced(camera_sensitivity(camera) * illuminant("D65")).T
    wanted = STANDARD.linear(patches)
    # The sum of a row is fixed by fitting what sets the patches apart from their own blue.
    two, *_ = np.linalg.lstsq(seen[:, :2] - seen[:, 2:], wanted - seen[:, 2:], rcond=None)
    return np.column_stack([two.T, 1.0 - two.sum(axis=0)])


@cache
def _smooth_spectra() -> NDArray[np.float64]:
    """Return the spectra of unit red, green and blue whose sums have the least squared slope, shape (3, 33).

    References
    ----------
    .. [1] S. A. Burns, "Numerical methods for smoothest reflectance reconstruction",
       Color Res. Appl. 45, 8, 2020. :doi:`10.1002/col.22437`
    """
    count = len(WAVELENGTHS)
    slope = np.diff(np.eye(count), axis=0)
    sees = STANDARD.linear(np.eye(count)).T
    system = np.block([[slope.T @ slope, sees.T], [sees, np.zeros((3, 3))]])
    return np.linalg.solve(system, np.vstack([np.zeros((count, 3)), np.eye(3)]))[:count].T
