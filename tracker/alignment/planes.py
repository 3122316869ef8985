"""Single-channel float images: OpenCV with (row, column) order and types."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Points = NDArray[np.float64]


def shrunk(plane: NDArray[np.float32 | np.uint8], shape: tuple[int, int]) -> Plane:
    """Mean over the area of each new pixel, shape `shape`."""
    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32)


def enlarged(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Bilinear interpolation between pixel centres, shape `shape`."""
    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def blurred(plane: Plane, sigma: float) -> Plane:
    """Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), dtype=np.float32)


def slopes(plane: Plane, scale: float = 1.0) -> tuple[Plane, Plane]:
    """Derivatives along rows and columns per pixel, times `scale`."""
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=scale / 8)
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=scale / 8)
    return np.asarray(down, dtype=np.float32), np.asarray(across, dtype=np.float32)


def sampled(plane: Plane, rows: Plane, cols: Plane, *, border: int = cv2.BORDER_REPLICATE) -> Plane:
    """Bilinear interpolation at (row, column) positions."""
    return np.asarray(cv2.remap(plane, cols, rows, cv2.INTER_LINEAR, borderMode=border), dtype=np.float32)


def moved_affinely(
    plane: Plane, matrix: Points, shape: tuple[int, int], *, border: int = cv2.BORDER_REPLICATE
) -> Plane:
    """The plane looked up at `matrix` (2 × 3) times (row, column, 1) for every pixel of `shape`."""
    swapped = np.column_stack([matrix[::-1, 1], matrix[::-1, 0], matrix[::-1, 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, swapped, shape[::-1], flags=flags, borderMode=border), dtype=np.float32)
