"""Corners of a printed marker to a few hundredths of a pixel, from all edges of its pattern.

A blurred corner is rounded, and where the paper is nearly white in the photo, or the camera has a curve of its own,
white spreads over black: corners sought one by one come out a third of a pixel inside, and a marker of 50 pixels one
per cent too small. The pattern has edges with white on either side. What moves one kind to the left moves the other to
the right, so the spread of white is found together with the place of the marker, and taken out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

MODULES = 6  # a side of a 4×4 marker with its black border
_LEAST_ACROSS, _STEP_PX = 19, 0.7  # points on a line across an edge: closer than pixels, or a sharp edge falls between
_REACH = 0.45  # of a module, to either side: nearly half-way to the next edge
_ALONG = (0.3, 0.5, 0.7)  # of a module: away from where edges meet
_ROUNDS = 4
_LEAST_CONTRAST = 0.4  # of the median: an edge that is fainter is covered or glossy
_LEAST_EDGES = 0.8  # share of the edges that must be seen; another of our patterns shares up to 0.75
_WORST_EDGE = 0.12  # root mean square misfit, modules: more, and it is another pattern
_HUBER = 1.5
_TOGETHER = 2.0  # edges are not independent: neighbouring lines share pixels, and a blur its direction

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RefinedCorners:
    """Corners of one marker.

    Attributes
    ----------
    corners : ndarray, shape (4, 2)
        Photo pixels (row, column), clockwise from the marker's own top left.
    error_px : float
        Standard uncertainty of each of their coordinates, pixels.
    """

    corners: Array
    error_px: float


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Points on the edges of a pattern, in modules from its middle, (y, x).

    `towards` is the unit vector from black to white.
    """

    places: Array
    towards: Array


def refined_corners(light: NDArray[np.float32], rough: Array, number: int, dictionary: int) -> RefinedCorners | None:
    """Place of a marker from all edges of its pattern.

    Parameters
    ----------
    light : ndarray, shape (H, W), float32
        Linear light of the photo.
    rough : ndarray, shape (4, 2)
        Corners to a pixel or two, (row, column), clockwise from the marker's own top left.
    number, dictionary : int
        Which marker of which of OpenCV's dictionaries.

    Returns
    -------
    RefinedCorners or None
        None where too few edges of this pattern are seen: the marker is covered, or is none.
    """
    edges = _edges(number, dictionary)
    to_photo = _square_to_photo(rough)
    found = None
    for _ in range(_ROUNDS):
        offsets, seen = _offsets(light, to_photo, edges)
        if seen.mean() < _LEAST_EDGES:
            return None
        found = _fit(edges, offsets, seen)
        to_photo = to_photo @ found.change
    if found is None or found.misfit > _WORST_EDGE:
        return None
    corners = _project(to_photo, _SQUARE)
    module_px = float(np.mean(np.hypot(*(corners - np.roll(corners, 1, axis=0)).T))) / MODULES
    return RefinedCorners(corners, found.corner_error * module_px)


_SQUARE = MODULES / 2 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])


@cache
def _edges(number: int, dictionary: int) -> _Edges:
    pattern = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(dictionary), number, MODULES)
    white = np.pad(np.asarray(pattern, dtype=np.float64) > 0, 1, constant_values=True).astype(np.float64)
    places, towards = [], []
    for axis in (0, 1):
        step = np.diff(white, axis=axis)
        for cell in np.argwhere(step != 0):
            for along in _ALONG:
                # The edge lies behind the cell; along the other axis, inside it. The pad is one module wide.
                place = cell + (np.array([1.0, along]) if axis == 0 else np.array([along, 1.0])) - 1
                if (place < 0).any() or (place > MODULES).any():
                    continue
                places.append(place - MODULES / 2)
                towards.append(step[tuple(cell)] * np.eye(2)[axis])
    return _Edges(np.array(places), np.array(towards))


def _square_to_photo(corners: Array) -> Array:
    matrix = cv2.getPerspectiveTransform(_SQUARE.astype(np.float32), corners.astype(np.float32))
    return np.asarray(matrix, dtype=np.float64)


def _project(matrix: Array, points: Array) -> Array:
    homogeneous = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(homogeneous[..., :2] / homogeneous[..., 2:])


def _offsets(light: NDArray[np.float32], to_photo: Array, edges: _Edges) -> tuple[Array, NDArray[np.bool_]]:
    """How far each edge lies towards white of where it is expected, modules, and which edges are seen."""
    module_px = float(np.sqrt(cv2.contourArea(_project(to_photo, _SQUARE).astype(np.float32)))) / MODULES
    across = max(_LEAST_ACROSS, round(2 * _REACH * module_px / _STEP_PX))
    end = across // 6
    way = np.linspace(-_REACH, _REACH, across)
    lines = _project(to_photo, edges.places[:, None] + way[:, None] * edges.towards[:, None])
    sampled = np.asarray(
        cv2.remap(light, lines[..., 1].astype(np.float32), lines[..., 0].astype(np.float32), cv2.INTER_LINEAR),
        dtype=np.float64,
    )
    inside = ((lines >= 0) & (lines <= np.array(light.shape) - 1)).all(axis=(1, 2))
    black, white = sampled[:, :end].mean(axis=1), sampled[:, -end:].mean(axis=1)
    contrast = white - black
    above = sampled > ((black + white) / 2)[:, None]
    first = np.argmax(above, axis=1)
    crosses_once = (np.diff(above.astype(int), axis=1) != 0).sum(axis=1) == 1
    seen = inside & crosses_once & (first > 0) & (contrast > _LEAST_CONTRAST * np.median(contrast))
    rows, before = np.arange(len(sampled)), np.maximum(first - 1, 0)
    low, high = sampled[rows, before], sampled[rows, np.maximum(first, 1)]
    share = ((black + white) / 2 - low) / np.where(high > low, high - low, 1.0)
    return way[before] + share * (way[1] - way[0]), np.asarray(seen)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    change: Array
    misfit: float
    corner_error: float


def _fit(edges: _Edges, offsets: Array, seen: NDArray[np.bool_]) -> _Fit:
    """Small homography that explains the offsets, with the spread of white; robust to covered edges."""
    y, x = edges.places[seen].T
    down, right = edges.towards[seen].T
    one = np.ones_like(y)
    radial = -(down * y + right * x)
    terms = np.column_stack(
        [down, down * y, down * x, right, right * y, right * x, radial * y, radial * x, -one]
    )  # the last: white spreads, so edges move away from white
    wanted, weight = offsets[seen], one
    for _ in range(5):
        root = np.sqrt(weight)
        solved, *_ = np.linalg.lstsq(terms * root[:, None], wanted * root, rcond=None)
        residual = wanted - terms @ solved
        spread = max(1.4826 * float(np.median(np.abs(residual))), 1e-4)
        weight = np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(residual), 1e-9))
    change = np.array([
        [1 + solved[1], solved[2], solved[0]],
        [solved[4], 1 + solved[5], solved[3]],
        [solved[6], solved[7], 1.0],
    ])  # fmt: skip
    covariance = spread**2 * _TOGETHER**2 * np.linalg.pinv(terms.T @ (terms * weight[:, None]))[:8, :8]
    corners = np.array([_moved(corner) for corner in _SQUARE]).reshape(-1, 8)
    error = float(np.sqrt(np.mean(np.einsum("ij,jk,ik->i", corners, covariance, corners))))
    return _Fit(change, float(np.sqrt(np.mean(np.minimum(np.abs(residual), 3 * _WORST_EDGE) ** 2))), error)


def _moved(point: Array) -> Array:
    """How a point moves with each of the eight terms, shape (2, 8)."""
    y, x = point
    return np.array([[1, y, x, 0, 0, 0, -y * y, -y * x], [0, 0, 0, 1, y, x, -x * y, -x * x]], dtype=np.float64)
