"""What light does on relief, freed from pigment: band-pass filters under a mask and chroma-regressed shading.

Pigment changes the colour of skin, shading does not. Within one band of wavelengths, the part of the
log-luminance that follows the log-chromaticities is pigment; what is left is relief in this light.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: A Gaussian of this many wavelengths passes half the amplitude (MEASUREMENT.md §1).
SIGMA_PER_WAVELENGTH = 0.187
DIMPLE_BAND_MM = (12.0, 50.0)
DARKEST_LIGHT = 2e-3
_LUMINANCE = np.array([0.25, 0.60, 0.15], dtype=np.float32)
MEAN_LIGHT_MM = 0.5
_MAX_FILTER_SIGMA = 6.0


def log_light(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural logarithm of linear light, shape (..., 3), not below 0.2 %."""
    return np.log(np.maximum(linear, np.float32(DARKEST_LIGHT)))


def smooth_under_mask(values: NDArray[np.float32], mask: NDArray[np.bool_], sigma: float) -> NDArray[np.float32]:
    """Gaussian mean of the masked values around each cell (normalised convolution).

    Parameters
    ----------
    values : ndarray, shape (h, w) or (h, w, k), float32
    mask : ndarray, shape (h, w), bool
        True = counts.
    sigma : float
        Standard deviation in cells.

    Returns
    -------
    ndarray, the shape of `values`, float32
        Without the bias towards zero that a plain filter has at the edge of a mask. Wide filters run on a
        coarser copy, which changes the result by less than 1 % of the local contrast.
    """
    weight = mask.astype(np.float32)
    masked = values * (weight if values.ndim == 2 else weight[..., None])
    step = max(1, int(sigma / _MAX_FILTER_SIGMA))
    if step == 1:
        return _ratio(_gaussian(masked, sigma), _gaussian(weight, sigma))
    size = (-(-mask.shape[1] // step), -(-mask.shape[0] // step))
    top, bottom = (
        _gaussian(np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_AREA), np.float32), sigma / step)
        for a in (masked, weight)
    )
    wide = cv2.resize(_ratio(top, bottom), (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, dtype=np.float32)


def mean_light(
    linear: NDArray[np.float32], mask: NDArray[np.bool_], *, mm_per_cell: float | None
) -> NDArray[np.float32]:
    """Light averaged over the nearest half millimetre, for statistics that look at one cell at a time.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear light.
    mask : ndarray, shape (h, w), bool
        True = counts.
    mm_per_cell : float or None

    Returns
    -------
    ndarray, shape (h, w, 3), float32

    Notes
    -----
    A cell that holds a single pixel has one of 256 codes, and the median of such cells is a code again: steps of
    about 1.2 in MI and 0.6 in EI′. The average of a dozen noisy codes lies between them.
    """
    sigma = max(1.0, MEAN_LIGHT_MM / mm_per_cell) if mm_per_cell else 1.0
    return smooth_under_mask(linear, mask, sigma)


def _gaussian(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, dtype=np.float32)


def _ratio(top: NDArray[np.float32], bottom: NDArray[np.float32]) -> NDArray[np.float32]:
    below = np.maximum(bottom, np.float32(1e-6))
    return np.asarray(top / (below if top.ndim == 2 else below[..., None]), dtype=np.float32)


def band_pass(
    values: NDArray[np.float32], mask: NDArray[np.bool_], *, band_mm: tuple[float, float], mm_per_cell: float
) -> NDArray[np.float32]:
    """Part of a quantity with wavelengths in a band, under a mask.

    Parameters
    ----------
    values : ndarray, shape (h, w) or (h, w, k), float32
    mask : ndarray, shape (h, w), bool
    band_mm : tuple of float
        Shortest and longest wavelength in millimetres; each passes at half its amplitude.
    mm_per_cell : float

    Returns
    -------
    ndarray, the shape of `values`, float32
        Difference of Gaussians DoG(0.187 λ_short) − DoG(0.187 λ_long).
    """
    short, long = (SIGMA_PER_WAVELENGTH * wavelength / mm_per_cell for wavelength in band_mm)
    return smooth_under_mask(values, mask, short) - smooth_under_mask(values, mask, long)


def chroma_regressed_shading(
    linear: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    mm_per_cell: float,
    band_mm: tuple[float, float] = DIMPLE_BAND_MM,
    counted: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Shading of the relief in a band, without what pigment explains.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB; needs no camera model and no pigment spectra.
    mask : ndarray, shape (h, w), bool
        The skin that is measured.
    mm_per_cell : float
        Pitch of the grid.
    band_mm : tuple of float
        Wavelengths, 12 to 50 mm for dimples.
    counted : ndarray, shape (h, w), bool, optional
        The part of the mask that pigment is fitted on; by default all of it.

    Returns
    -------
    ndarray, shape (h, w), float32
        Log-luminance of the relief (natural units: 0.01 = 1 %).

    Notes
    -----
    With b_c the band-passed log of channel c and y = 0.25 b_R + 0.60 b_G + 0.15 b_B, the shading is the residual
    of the least-squares fit of y on b_R − b_G and b_G − b_B over the mask: those two hold pigment but, in light
    of one dominating colour, no shading.
    """
    bands = band_pass(log_light(linear), mask, band_mm=band_mm, mm_per_cell=mm_per_cell)
    luminance = bands @ _LUMINANCE
    chroma = np.stack([bands[..., 0] - bands[..., 1], bands[..., 1] - bands[..., 2]], axis=-1)
    fitted = mask if counted is None else counted
    fit, *_ = np.linalg.lstsq(chroma[fitted].astype(np.float64), luminance[fitted].astype(np.float64), rcond=None)
    return np.asarray(luminance - chroma @ fit.astype(np.float32), dtype=np.float32)
