"""sRGB bytes → linear light on the analysis grid."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

LINEAR_FULL_SCALE = 65535
CLIPPED_HIGH = 250
CLIPPED_LOW = 3

#: Linear sRGB (D65) → CIE XYZ, IEC 61966-2-1.
XYZ_FROM_LINEAR = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE_D65 = XYZ_FROM_LINEAR.sum(axis=1)


def linear_from_srgb(encoded: ArrayLike) -> NDArray[np.float64]:
    """Linear light of sRGB-encoded values.

    Parameters
    ----------
    encoded : array_like
        sRGB values in [0, 1].

    Returns
    -------
    ndarray
        Linear values in [0, 1].

    References
    ----------
    .. [1] IEC 61966-2-1:1999.

    Examples
    --------
    >>> linear_from_srgb([0.0, 0.5, 1.0]).round(4).tolist()
    [0.0, 0.214, 1.0]
    """
    v = np.asarray(encoded, dtype=np.float64)
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: ArrayLike) -> NDArray[np.float64]:
    """sRGB-encoded values of linear light, clipped to [0, 1]; the inverse of `linear_from_srgb`.

    Examples
    --------
    >>> srgb_from_linear(linear_from_srgb([0.2, 0.7])).round(6).tolist()
    [0.2, 0.7]
    """
    v = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 0.0031308) ** (1 / 2.4) - 0.055)


def lab_from_linear(linear: ArrayLike) -> NDArray[np.float64]:
    """CIELAB (D65, 2°) of linear sRGB colours.

    Parameters
    ----------
    linear : array_like, shape (..., 3)
        Linear sRGB, 1 = white.

    Returns
    -------
    ndarray, shape (..., 3)
        L*, a*, b*.

    References
    ----------
    .. [1] CIE 15:2018, Colorimetry.

    Examples
    --------
    >>> lab_from_linear([1.0, 1.0, 1.0]).round(3).tolist()
    [100.0, 0.0, 0.0]
    """
    return lab_from_xyz(np.asarray(linear, dtype=np.float64) @ XYZ_FROM_LINEAR.T)


def lab_from_xyz(xyz: ArrayLike) -> NDArray[np.float64]:
    """CIELAB (D65, 2°) of CIE XYZ colours with Y = 1 for white, shape (..., 3)."""
    ratio = np.asarray(xyz, dtype=np.float64) / _WHITE_D65
    delta = 6 / 29
    f = np.where(ratio > delta**3, np.cbrt(np.maximum(ratio, 0)), ratio / (3 * delta**2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def xyz_from_lab(lab: ArrayLike) -> NDArray[np.float64]:
    """CIE XYZ (Y = 1 for white) of CIELAB colours under D65, shape (..., 3)."""
    values = np.asarray(lab, dtype=np.float64)
    fy = (values[..., 0] + 16) / 116
    f = np.stack([fy + values[..., 1] / 500, fy, fy - values[..., 2] / 200], axis=-1)
    delta = 6 / 29
    return np.where(f > delta, f**3, 3 * delta**2 * (f - 4 / 29)) * _WHITE_D65


def _eotf_table() -> NDArray[np.uint16]:
    return np.rint(linear_from_srgb(np.arange(256) / 255.0) * LINEAR_FULL_SCALE).astype(np.uint16)


def linear_on_grid(rgb: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Linear light averaged onto a coarser grid.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        sRGB.
    shape : tuple of int
        Height and width of the grid, at most (H, W).

    Returns
    -------
    ndarray, shape (h, w, 3), float32
        Linear sRGB in [0, 1].

    Notes
    -----
    Light is averaged, not code values: the mean of sRGB bytes is darker than the light they stand for. Sixteen
    bits per value keep the intermediate of a 12-megapixel photo at 72 MB; the error is below 0.1 % at 1 % grey.
    """
    light = np.asarray(cv2.LUT(rgb, _eotf_table()), dtype=np.uint16)
    if light.shape[:2] != shape:
        averaged = cv2.resize(light, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
        light = np.asarray(averaged, dtype=np.uint16)
    return light.astype(np.float32) / np.float32(LINEAR_FULL_SCALE)


def clipped_on_grid(rgb: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Share of clipped pixels in each cell of a coarser grid, in [0, 1].

    A pixel is clipped if any channel is ≥ 250 or ≤ 3 of 255: its light is not known.
    """
    red, green, blue = cv2.split(rgb)
    bright = cv2.threshold(cv2.max(cv2.max(red, green), blue), CLIPPED_HIGH - 1, 255, cv2.THRESH_BINARY)[1]
    dark = cv2.threshold(cv2.min(cv2.min(red, green), blue), CLIPPED_LOW, 255, cv2.THRESH_BINARY_INV)[1]
    clipped = cv2.bitwise_or(bright, dark)
    if clipped.shape != shape:
        clipped = cv2.resize(clipped, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return clipped.astype(np.float32) / np.float32(255)
