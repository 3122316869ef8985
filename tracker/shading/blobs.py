"""Small round blobs on skin, darker or brighter than what is around them, such as pores."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.shading.filters import SIGMA_PER_WAVELENGTH, smooth_under_mask
from tracker.shading.ridges import hessian, inside, log_luminance, window

BLOB_SIGMAS_MM = (0.1, 0.14, 0.2, 0.28, 0.36, 0.5)
"""A disc answers most at its radius over √2. What answers most to the last one is wider than what is looked for."""
RIM_MM = 0.6
_LONGEST_WAVE_MM = 6.0
_PAD_MM = 8.0
_WIDTH_PER_SIGMA = float(2 * np.sqrt(2))

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Blobs:
    """Blobs, one by one.

    Attributes
    ----------
    cell : ndarray, shape (n, 2), int
        (row, column).
    contrast : ndarray, shape (n,)
        How far a Gaussian blob of that response differs in its middle, log-luminance: 0.1 = 10 %.
    width_mm : ndarray, shape (n,)
        Diameter of the disc that answers most at that scale.
    """

    cell: NDArray[np.intp]
    contrast: NDArray[np.float64]
    width_mm: NDArray[np.float64]


def dark_and_bright_blobs(linear: Field, mask: Mask, *, mm_per_cell: float, least: float) -> tuple[Blobs, Blobs]:
    """Dark round blobs 0.2 to 1 mm wide, and what is bright and else the same.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
        The skin that can be used; its outer 0.6 mm are not searched.
    mm_per_cell : float
    least : float
        Smallest contrast.

    Returns
    -------
    dark, bright : Blobs

    Notes
    -----
    Blobs after Lindeberg [1]_: extrema over place and width of the Hessian times the square of the width. In place of
    its trace, the Laplacian, stands twice the smaller of its two curvatures, which is the same for a round blob, two
    thirds for the dark half of a bump in side light, and nothing for a line, a hair or the edge of a mole.

    References
    ----------
    .. [1] Lindeberg, "Feature detection with automatic scale selection", International Journal of Computer Vision 30,
       1998.
    """
    where = window(mask, _PAD_MM / mm_per_cell)
    within = mask[where]
    skin = inside(within, RIM_MM / mm_per_cell)
    light = log_luminance(linear[where])
    flat = light - smooth_under_mask(light, within, SIGMA_PER_WAVELENGTH * _LONGEST_WAVE_MM / mm_per_cell)
    curved = [_both_ways(np.where(within, flat, np.float32(0)), sigma / mm_per_cell) for sigma in BLOB_SIGMAS_MM]
    start = np.array([part.start for part in where])
    dark, bright = (_extrema(responses, skin, least, start) for responses in zip(*curved, strict=True))
    return dark, bright


def _both_ways(flat: Field, sigma: float) -> tuple[Field, Field]:
    """Contrast of a round blob, dark and bright, by the smaller curvature: four times it, for a Gaussian of that σ."""
    mean, half, cross = hessian(flat, sigma)
    spread = cv2.sqrt(half * half + cross * cross)
    four = np.float32(4)
    return np.asarray(four * (mean - spread), np.float32), np.asarray(four * (-mean - spread), np.float32)


def _extrema(responses: tuple[Field, ...], skin: Mask, least: float, start: NDArray[np.intp]) -> Blobs:
    """What answers at least so much, and more than all around it and at both neighbouring widths."""
    around = [cv2.dilate(response, np.ones((3, 3), np.uint8)) for response in responses]
    cells, contrasts, widths = [], [], []
    for k, response in enumerate(responses[:-1]):
        row, col = np.nonzero(skin & (response > least))
        here = response[row, col]
        beside = np.max([each[row, col] for each in around[max(0, k - 1) : k + 2]], axis=0)
        top = here >= beside
        cells.append(np.stack([row[top], col[top]], axis=-1) + start)
        contrasts.append(here[top].astype(np.float64))
        widths.append(np.full(int(top.sum()), _WIDTH_PER_SIGMA * BLOB_SIGMAS_MM[k]))
    return Blobs(np.concatenate(cells), np.concatenate(contrasts), np.concatenate(widths))
