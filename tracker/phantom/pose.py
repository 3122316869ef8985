"""Where a point of the skin lands in a photo: tissue deformation, then the camera.

Three frames: *skin* (mm on the canvas), *scene* (mm in the plane of skin and
markers) and *pixels* of a photo. Points are (row, column) or (y, x).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
_COARSE = 8
"""Spacing of the pixel grid on which the map to the skin is evaluated exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Deformation:
    """Smooth sideways shift of soft tissue, a sum of plane waves.

    Defined from the scene to the skin, which is the direction rendering needs;
    `to_scene` inverts it to machine precision.
    """

    waves: NDArray[np.float64]
    """Wave vectors, rad/mm, shape (n, 2)."""
    phases: NDArray[np.float64]
    """Phases, rad, shape (n,)."""
    shifts: NDArray[np.float64]
    """Amplitude of each wave along y and x, mm, shape (n, 2)."""

    def to_skin(self, scene: Points) -> Points:
        """Return the skin points, mm, that lie at scene points, shape (..., 2)."""
        return np.asarray(scene + np.cos(scene @ self.waves.T + self.phases) @ self.shifts)

    def to_scene(self, skin: Points) -> Points:
        """Return where skin points lie in the scene, mm, shape (..., 2)."""
        scene = skin
        for _ in range(25):  # contracts by the largest strain, under a quarter: 25 steps reach 1e-12 mm
            scene = scene + (skin - self.to_skin(scene))
        return scene


def soft_tissue(rng: np.random.Generator, rms: float) -> Deformation:
    """Return a random deformation of `rms` mm over wavelengths of 60 to 220 mm."""
    count = 14
    length, heading = rng.uniform(60.0, 220.0, count), rng.uniform(0.0, np.pi, count)
    waves = 2.0 * np.pi / length[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    # Long waves move more than short ones, as tissue does.
    shifts = rng.standard_normal((count, 2)) * (length / length.max())[:, None]
    shifts *= rms / np.sqrt(0.5 * np.sum(shifts**2))
    return Deformation(waves, rng.uniform(0.0, 2.0 * np.pi, count), shifts)


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera before the scene plane."""

    size: tuple[int, int]
    """Rows and columns of the photo."""
    field: float
    """Width of the scene seen at the nominal distance, mm."""
    distance: float = 900.0
    """Nominal distance, mm."""
    scale: float = 1.0
    """Distance over nominal distance."""
    roll: float = 0.0
    """Degrees the picture content is turned counter-clockwise."""
    tilt: tuple[float, float] = (0.0, 0.0)
    """Degrees the scene is tilted about its horizontal and its vertical axis."""
    shift: tuple[float, float] = (0.0, 0.0)
    """Millimetres the scene lies below and to the right of the optical axis."""

    @property
    def homography(self) -> NDArray[np.float64]:
        """The 3x3 matrix from scene (y, x, 1) in mm to photo (row, column, 1) in pixels."""
        rows, columns = self.size
        focal = columns * self.distance / self.field
        pitch, yaw, roll = np.deg2rad([*self.tilt, self.roll])
        about_x = np.array([[np.cos(pitch), 0.0], [0.0, 1.0], [np.sin(pitch), 0.0]])
        about_y = np.array([[1, 0, 0], [0, np.cos(yaw), np.sin(yaw)], [0, -np.sin(yaw), np.cos(yaw)]])
        turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        axes = turn @ about_y @ about_x
        place = np.array([*self.shift, self.distance * self.scale])
        lens = np.array([[focal, 0, (rows - 1) / 2], [0, focal, (columns - 1) / 2], [0, 0, 1]])
        return np.asarray(lens @ np.column_stack([axes, place]))

    @property
    def mm_per_px(self) -> float:
        """Millimetres of the scene per pixel at the centre of the photo (root of the area ratio)."""
        rows, columns = self.size
        centre = np.array([[(rows - 1) / 2, (columns - 1) / 2]])
        around = self.to_scene(centre + np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]]))
        down, right = around[0] - around[1], around[2] - around[3]
        return float(np.sqrt(abs(down[0] * right[1] - down[1] * right[0])))

    def to_pixels(self, scene: Points) -> Points:
        """Return pixel (row, column) of scene points (y, x) in mm, shape (..., 2)."""
        return _project(self.homography, scene)

    def to_scene(self, pixels: Points) -> Points:
        """Return scene points (y, x) in mm of pixels (row, column), shape (..., 2)."""
        return _project(np.asarray(np.linalg.inv(self.homography)), pixels)


def _project(matrix: NDArray[np.float64], points: Points) -> Points:
    homogeneous = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(homogeneous[..., :2] / homogeneous[..., 2:])


def scene_of_pixels(camera: Camera) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the scene point of every node of a coarse pixel grid, shape (h, w, 2), for `to_full`."""
    rows, columns = camera.size
    # Two cells of margin on every side, so that the cubic enlargement never meets the border.
    count = (-(-rows // _COARSE) + 4, -(-columns // _COARSE) + 4)
    row, column = ((np.arange(n) - 2) * _COARSE + (_COARSE - 1) / 2 for n in count)
    grid = np.stack(np.meshgrid(row, column, indexing="ij"), axis=-1)
    return camera.to_scene(grid), camera.size


def to_full(coarse: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a smooth quantity of the coarse grid at every pixel, shape (H, W), float32."""
    down, across = (_catmull_rom(full, count) for full, count in zip(size, coarse.shape, strict=True))
    return np.asarray(down @ coarse.astype(np.float32) @ across.T, np.float32)


@cache
def _catmull_rom(full: int, coarse: int) -> NDArray[np.float32]:
    """Return the interpolation matrix from the coarse grid to all pixels of one axis, shape (full, coarse).

    Unlike the cubic enlargement of OpenCV (a = -0.75) it reproduces straight lines, so maps stay exact.
    """
    at = (np.arange(full) - (_COARSE - 1) / 2) / _COARSE + 2
    first = np.floor(at).astype(int) - 1
    t = at - np.floor(at)
    weights = 0.5 * np.stack([
        -t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3
    ])  # fmt: skip
    matrix = np.zeros((full, coarse), np.float32)
    for tap in range(4):
        matrix[np.arange(full), first + tap] = weights[tap]
    return matrix
