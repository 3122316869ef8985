"""The gradients of skin texture, in blocks: what the direction of the light is read from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from tracker.shading.filters import DIMPLE_BAND_MM, band_pass, log_light

PITCH_MM = 1.0
"""The band starts at 12 mm: a finer grid would only cost time."""
BLOCK_MM = 25.0
"""About twice the distance over which shading in the band is correlated: blocks are as good as independent."""
MARGIN_MM = 15.0
_SHAPE_DEGREE = 6
_EVERY = 4
_CLOSED_MM = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """Log light of one photo without its broad shape, in the dimple band.

    Attributes
    ----------
    bands : ndarray, shape (h, w, 3), float32
        Band-passed log of the linear channels.
    gradient : ndarray, shape (2, n, 3), float32
        To the right and upwards, of the cells that count.
    place : Place
    """

    bands: NDArray[np.float32]
    gradient: NDArray[np.float32]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where texture is read, on a grid of about `PITCH_MM`.

    Attributes
    ----------
    mask : ndarray, shape (h, w), bool
    counted : ndarray, shape (h, w), bool
        The part of it that is `MARGIN_MM` away from the edge of the skin.
    mm_per_cell : float
    blocks : ndarray, shape (n,), int
        The block of each counted cell, from 0.
    tilted : ndarray, shape (number of blocks,), complex
        How a rounded body leans away there if the edge of the mask is its silhouette: the square of the position
        between crest (0) and silhouette (1), in the doubled angle of the way to the edge.
    """

    mask: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    mm_per_cell: float
    blocks: NDArray[np.intp]
    tilted: NDArray[np.complex128]


def coarse(
    linear: NDArray[np.float32], mask: NDArray[np.bool_], mm_per_cell: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_], float]:
    """Light and mask on cells of about `PITCH_MM`, never finer than given, and their pitch."""
    step = max(1, int(PITCH_MM / mm_per_cell + 0.25))
    if step == 1:
        return linear, mask, mm_per_cell
    rows, cols = (size // step * step for size in mask.shape)
    size = (cols // step, rows // step)
    light, share = (
        np.asarray(cv2.resize(a[:rows, :cols], size, interpolation=cv2.INTER_AREA), np.float32)
        for a in (linear * mask[..., None], mask.astype(np.float32))
    )
    spread = np.maximum(share, np.float32(1e-6))[..., None]
    return np.asarray(light / spread, np.float32), share > 0.5, mm_per_cell * step


def texture_place(mask: NDArray[np.bool_], mm_per_cell: float) -> Place | None:
    """Where texture can be read; None if nothing is left of the mask."""
    gap = 2 * int(_CLOSED_MM / mm_per_cell / 2) + 1
    # Moles, hairs and shine are holes in the mask, not the edge of the body.
    whole = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    to_edge = np.asarray(cv2.distanceTransform(whole, cv2.DIST_L2, 5), np.float32) * np.float32(mm_per_cell)
    to_edge = np.minimum(to_edge, np.float32(mm_per_cell * np.hypot(*mask.shape)))  # without an edge it is infinite
    inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    counted = inner & (to_edge > MARGIN_MM)
    if not counted.any():
        return None
    rows, cols = np.nonzero(counted)
    side = BLOCK_MM / mm_per_cell
    number = (rows // side).astype(np.intp) * (1 + int(mask.shape[1] // side)) + (cols // side).astype(np.intp)
    _, blocks = np.unique(number, return_inverse=True)
    return Place(mask, counted, mm_per_cell, blocks, _leaning(to_edge, counted, blocks))


def _leaning(
    to_edge: NDArray[np.float32], counted: NDArray[np.bool_], blocks: NDArray[np.intp]
) -> NDArray[np.complex128]:
    down, right = np.gradient(cv2.GaussianBlur(to_edge, (0, 0), 3.0))
    away = np.square(-right[counted] + 1j * down[counted])  # upwards is positive
    unit = away / np.maximum(np.abs(away), 1e-9)
    out = np.square(1 - to_edge[counted] / to_edge.max())
    return np.asarray(block_sums(blocks, out * unit) / np.bincount(blocks))


def read_texture(linear: NDArray[np.float32], place: Place) -> Texture:
    """Texture of a photo at a place; `linear` is on the grid of the place."""
    flat = log_light(linear) - broad_shape(log_light(linear), place.mask)
    bands = band_pass(flat, place.mask, band_mm=DIMPLE_BAND_MM, mm_per_cell=place.mm_per_cell)
    right, up = np.gradient(bands, axis=1), -np.gradient(bands, axis=0)
    return Texture(bands, np.stack([right[place.counted], up[place.counted]]), place)


def broad_shape(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Polynomial surface through the masked values, shape (h, w, 3): how light falls over the body as a whole."""
    rows, cols = (np.linspace(-1, 1, size) for size in mask.shape)
    down, across = (chebyshev.chebvander(line, _SHAPE_DEGREE) for line in (rows, cols))
    sample = np.zeros_like(mask)
    sample[::_EVERY, ::_EVERY] = mask[::_EVERY, ::_EVERY]
    i, j = np.nonzero(sample)
    terms = [(p, q) for p in range(_SHAPE_DEGREE + 1) for q in range(_SHAPE_DEGREE + 1 - p)]
    matrix = np.stack([down[i, p] * across[j, q] for p, q in terms], axis=1)
    found, *_ = np.linalg.lstsq(matrix, values[i, j].astype(np.float64), rcond=None)
    weights = np.zeros((_SHAPE_DEGREE + 1, _SHAPE_DEGREE + 1, values.shape[2]))
    for (p, q), weight in zip(terms, found, strict=True):
        weights[p, q] = weight
    return np.asarray(np.einsum("ip,pqc,jq->ijc", down, weights, across, optimize=True), np.float32)


def block_sums(blocks: NDArray[np.intp], values: NDArray[np.complexfloating]) -> NDArray[np.complex128]:
    """Sums over each block, shape (number of blocks,)."""
    return np.asarray(np.bincount(blocks, values.real) + 1j * np.bincount(blocks, values.imag), np.complex128)
