"""The light of flat squares that lie in one plane, read from a photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.colour import clipped
from tracker.calibration.linear import CLIPPED_HIGH, linear_from_srgb

_SAMPLES = 24
_MOST_CLIPPED = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What a photo shows of some squares.

    Attributes
    ----------
    light : ndarray, shape (n, 3)
        Median linear camera RGB.
    spread : ndarray, shape (n,)
        Robust standard deviation of the green light within the square (1.48 × median absolute deviation).
    seen : ndarray, shape (n,), bool
        Whether the square lies in the picture and its light is known: neither saturated nor dark.
    """

    light: NDArray[np.float64]
    spread: NDArray[np.float64]
    seen: NDArray[np.bool_]


def plane_to_photo(plane: NDArray[np.float64], photo: NDArray[np.float64]) -> NDArray[np.float64]:
    """Homography that takes plane points (y, x) to photo pixels (row, column), from four or more pairs, (3, 3)."""
    matrix, _ = cv2.findHomography(plane, photo, 0)
    return np.full((3, 3), np.nan) if matrix is None else np.asarray(matrix, dtype=np.float64)


def project(homography: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Photo pixels (row, column) of plane points (y, x), both (..., 2)."""
    homogeneous = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(homogeneous[..., :2] / homogeneous[..., 2:])


def read_squares(
    rgb: NDArray[np.uint8], homography: NDArray[np.float64], centres: NDArray[np.float64], half: float
) -> Readings:
    """Light in the middle of squares.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        sRGB.
    homography : ndarray, shape (3, 3)
        From the plane to the photo, see `plane_to_photo`.
    centres : ndarray, shape (n, 2)
        Of the squares, (y, x) in the plane.
    half : float
        Half the side of what is read, in units of the plane; keep away from the edge of the patch.

    Returns
    -------
    Readings
    """
    steps = ((np.arange(_SAMPLES) + 0.5) / _SAMPLES * 2 - 1) * half
    offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    places = project(homography, centres[:, None] + offsets)
    inside = np.all((places >= 0) & (places <= np.array(rgb.shape[:2]) - 1), axis=(1, 2))
    where = np.where(np.isfinite(places), places, -1.0).astype(np.float32)
    values = np.asarray(cv2.remap(rgb, where[..., 1].copy(), where[..., 0].copy(), cv2.INTER_LINEAR), dtype=np.uint8)
    saturated = np.mean(values.max(axis=-1) >= CLIPPED_HIGH, axis=1)
    light = linear_from_srgb(values / 255.0)
    median = np.median(light, axis=1)
    spread = 1.4826 * np.median(np.abs(light[..., 1] - median[:, None, 1]), axis=1)
    seen = inside & (saturated <= _MOST_CLIPPED) & ~clipped(median).any(axis=1)
    return Readings(np.asarray(median), np.asarray(spread), np.asarray(seen))
