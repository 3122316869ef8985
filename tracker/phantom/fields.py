"""Where things lie on the skin: the canvas in millimetres, random fields and spots on it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Field = NDArray[np.float32]
AMPLITUDE_HALF = 0.187
"""Gaussian sigma over wavelength at which half the amplitude passes (exp(-2π²σ²/λ²) = 1/2)."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A rectangle of skin, laid flat, centred on the origin; y points down, x to the right."""

    height: float
    """Extent along the rows, mm."""
    width: float
    """Extent along the columns, mm."""
    pitch: float
    """Distance between two pixels, mm."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return round(self.height / self.pitch), round(self.width / self.pitch)

    @property
    def y(self) -> Field:
        """Position of every row, mm, shape (H, 1)."""
        rows = self.shape[0]
        return ((np.arange(rows, dtype=np.float32) - (rows - 1) / 2) * np.float32(self.pitch))[:, None]

    @property
    def x(self) -> Field:
        """Position of every column, mm, shape (1, W)."""
        columns = self.shape[1]
        return ((np.arange(columns, dtype=np.float32) - (columns - 1) / 2) * np.float32(self.pitch))[None, :]

    def window(self, y: float, x: float, reach: float) -> tuple[slice, slice]:
        """Return the rows and columns within `reach` mm of a point, for painting small things fast."""
        rows, columns = self.shape
        row, column = y / self.pitch + (rows - 1) / 2, x / self.pitch + (columns - 1) / 2
        half = reach / self.pitch + 1
        return (
            slice(max(0, int(row - half)), max(0, int(row + half) + 1)),
            slice(max(0, int(column - half)), max(0, int(column + half) + 1)),
        )


def random_field(rng: np.random.Generator, canvas: Canvas, low: float, high: float) -> Field:
    """Return a smooth random field holding the wavelengths from `low` to `high`.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; advanced by an amount that does not depend on the pitch.
    canvas : Canvas
        Where the field lives.
    low, high : float
        Wavelengths at which half the amplitude passes, mm.

    Returns
    -------
    ndarray, shape (H, W)
        Values of mean 0 and standard deviation 1, float32. The same generator
        gives the same field at any pitch.
    """
    step = max(low / 5.0, 0.2)
    shape = (max(8, round(canvas.height / step)), max(8, round(canvas.width / step)))
    noise = rng.standard_normal(shape, dtype=np.float32)
    band = gaussian_filter(noise, AMPLITUDE_HALF * low / step, mode="wrap")
    band -= gaussian_filter(noise, AMPLITUDE_HALF * high / step, mode="wrap")
    band = (band - band.mean()) / band.std()
    rows, columns = canvas.shape
    return np.asarray(cv2.resize(band, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def scattered(rng: np.random.Generator, canvas: Canvas, *, count: int, apart: float) -> NDArray[np.float64]:
    """Return up to `count` random points at least `apart` mm from each other, shape (n, 2), (y, x) in mm."""
    low = np.array([-canvas.height / 2, -canvas.width / 2])
    points: list[NDArray[np.float64]] = []
    for candidate in rng.uniform(low, -low, size=(20 * count, 2)):
        if all(np.hypot(*(candidate - point)) >= apart for point in points):
            points.append(candidate)
        if len(points) == count:
            break
    return np.array(points).reshape(-1, 2)


def cells(rng: np.random.Generator, canvas: Canvas, size: float) -> Field:
    """Return the distance to the nearest of many scattered points, in units of `size`, shape (H, W).

    Its ridges outline the polygons of the skin's fine relief.
    """
    rows, columns = canvas.shape
    count = round(canvas.height / size), round(canvas.width / size)
    grid = np.stack(np.meshgrid(np.arange(count[0]), np.arange(count[1]), indexing="ij"), axis=-1)
    place = (grid + rng.uniform(0.0, 1.0, grid.shape)) / np.array(count) * np.array([rows, columns])
    row, column = np.minimum(place.reshape(-1, 2).astype(int), [rows - 1, columns - 1]).T
    away = np.full((rows, columns), 255, np.uint8)
    away[row, column] = 0
    distance = cv2.distanceTransform(away, cv2.DIST_L2, 5)
    return np.asarray(distance * (canvas.pitch / size), np.float32)
