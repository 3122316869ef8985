"""From about right to sub-pixel: Gauss-Newton on the displacement field, coarse to fine.

Both photos are normalised in a window of a few pixels, so that light and exposure drop out and the finest repeatable
detail decides. Places that do not correlate yet follow their neighbours, and the matched zone grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment.bend import Warp
from tracker.alignment.field import REACH, Field, bending, lattice_cells, products, solve_lattice
from tracker.alignment.motion import Motion
from tracker.alignment.pyramid import Plane, Points, Pyramid

CORRELATION_CELLS = 40
_NORMALISATION = 2.5
_KAPPA = 3.0
_STIFFNESS = 1 / 1600
_RIDGE = 1e-4
_INDEPENDENT = 0.15  # share of pixels whose errors are independent
_MAX_STEP = 4.0
_BINS = 3


@dataclass(frozen=True, slots=True)
class Level:
    """One step from coarse to fine: long side in pixels, lattice cells along it, most iterations."""

    size: int
    cells: int
    iterations: int


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """The outcome of one level.

    Attributes
    ----------
    warp : Warp
    size : int
        Long side of the level in pixels.
    correlation : ndarray, shape (h, w), float32
        Local correlation of the aligned photos, per cell of a lattice of `CORRELATION_CELLS` along the long side.
    seen : ndarray, shape (h, w), float32
        Share of each cell that the moving photo covers.
    information : ndarray, shape (3, h, w)
        What the pixels say about the displacement (row-row, row-column, column-column), per bin, in px⁻².
    """

    warp: Warp
    size: int
    correlation: Plane
    seen: Plane
    information: Points


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Both photos at one level, the moving one brought near by the rigid motion."""

    reference: Plane
    moving: Plane
    inside: Plane
    weight: Plane
    slopes: tuple[Plane, Plane]


def levels_for(reference: Pyramid, moving: Pyramid, motion: Motion, levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """The levels that are not finer than what both photos resolve."""
    native = min(max(reference.shape), max(moving.shape) * motion.scale)
    return tuple(level for level in levels if level.size <= 1.1 * native) or levels[:1]


def refine(reference: Pyramid, moving: Pyramid, warp: Warp, levels: tuple[Level, ...]) -> list[Refined]:
    """Refine a warp level by level; the outcomes, coarse to fine."""
    outcomes: list[Refined] = []
    for level in levels:
        outcomes.append(_refine_level(reference, moving, warp, level))
        warp = outcomes[-1].warp
    return outcomes


def _refine_level(reference: Pyramid, moving: Pyramid, warp: Warp, level: Level) -> Refined:
    pair = _prepare(reference, moving, warp.motion, level.size)
    field = warp.field.on_lattice(lattice_cells(reference.extent, level.cells))
    for _ in range(level.iterations):
        field, correlation, seen, information, largest = _iterate(pair, field, level.size)
        if largest < 0.03:
            break
    return Refined(Warp(warp.motion, field, warp.agreeing), level.size, correlation, seen, information)


def _prepare(reference: Pyramid, moving: Pyramid, motion: Motion, size: int) -> _Pair:
    here = reference.luma(size)
    shape = here.shape
    # The moving photo is taken from the level at which its skin is as large as here, against aliasing.
    there = moving.luma(round(size / motion.scale))
    matrix = _pixel_matrix(reference, shape, moving, there.shape, motion)
    warp = partial(cv2.warpAffine, M=matrix, dsize=shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    clear = cv2.resize(moving.clear, there.shape[::-1], interpolation=cv2.INTER_LINEAR)
    inside = cv2.erode((warp(clear) > 0.99).astype(np.float32), np.ones((5, 5), np.uint8))
    counts = np.clip(1.2 * reference.weight, 0.05, 1) * reference.clear
    normal = _locally_normalised(here)
    return _Pair(
        reference=normal,
        moving=_locally_normalised(warp(there, borderMode=cv2.BORDER_REPLICATE)),
        inside=inside,
        weight=cv2.resize(counts, shape[::-1], interpolation=cv2.INTER_LINEAR),
        slopes=_slopes(normal),
    )


def _pixel_matrix(
    reference: Pyramid, here: tuple[int, ...], moving: Pyramid, there: tuple[int, ...], motion: Motion
) -> NDArray[np.float64]:
    """The motion between pixels (x, y) of two levels, as OpenCV wants it."""
    pitch_here, pitch_there = reference.extent / here, moving.extent / there
    linear = motion.matrix[:, :2] * pitch_here / pitch_there[:, None]
    shift = (motion(0.5 * pitch_here)) / pitch_there - 0.5
    return np.column_stack([linear[::-1, ::-1], shift[::-1]])


def _locally_normalised(luma: Plane) -> Plane:
    """Detail over its local contrast; noise of about two grey levels is not amplified."""
    blur = partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=_NORMALISATION)
    mean = blur(luma)
    variance = np.maximum(blur(luma * luma) - mean * mean, 0)
    return np.asarray(np.clip((luma - mean) / np.sqrt(variance + 4.0), -3, 3), dtype=np.float32)


def _slopes(image: Plane) -> tuple[Plane, Plane]:
    """Half the derivative along rows and columns: two photos share the work."""
    return (
        cv2.Sobel(image, cv2.CV_32F, 0, 1, scale=1 / 16),
        cv2.Sobel(image, cv2.CV_32F, 1, 0, scale=1 / 16),
    )


def _iterate(pair: _Pair, field: Field, size: int) -> tuple[Field, Plane, Plane, Points, float]:
    shape = pair.reference.shape
    map_row, map_col = _dense_map(field, shape)
    moved = cv2.remap(pair.moving, map_col, map_row, cv2.INTER_LINEAR)
    inside = cv2.remap(pair.inside, map_col, map_row, cv2.INTER_NEAREST)
    counts = inside * pair.weight
    correlation = _local_correlation(pair.reference, moved, counts, field.extent)
    residual = pair.reference - moved
    trust = np.clip((correlation - 0.1) / 0.5, 0.01, 1)
    weight = counts / (1 + (residual / np.float32(_KAPPA)) ** 2) ** 2
    weight *= cv2.resize(trust, shape[::-1], interpolation=cv2.INTER_LINEAR)
    slopes = [a + b for a, b in zip(pair.slopes, _slopes(moved), strict=True)]
    field, information, largest = _step(field, weight, residual, slopes, size)
    return field, correlation, _per_cell(inside, field.extent), information, largest


def _dense_map(field: Field, shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Rows and columns of the pre-warped moving photo for each pixel of the level."""
    down, across = (b.astype(np.float32) for b in field.bases(*_lines(field.extent, shape)))
    pitch = field.extent / shape
    planes = [down @ (field.coefficients[..., a] / pitch[a]).astype(np.float32) @ across.T for a in (0, 1)]
    planes[0] += np.arange(shape[0], dtype=np.float32)[:, None]
    planes[1] += np.arange(shape[1], dtype=np.float32)
    return planes[0], planes[1]


def _lines(extent: Points, shape: tuple[int, ...]) -> tuple[Points, Points]:
    """Units of the rows and columns of an image that covers the photo."""
    rows, cols = ((np.arange(n) + 0.5) * side / n for n, side in zip(shape, extent, strict=True))
    return rows, cols


def _per_cell(plane: Plane, extent: Points) -> Plane:
    rows, cols = lattice_cells(extent, CORRELATION_CELLS)
    return np.asarray(cv2.resize(plane, (cols, rows), interpolation=cv2.INTER_AREA))


def _local_correlation(a: Plane, b: Plane, weight: Plane, extent: Points) -> Plane:
    weighted_a, weighted_b = a * weight, b * weight
    ab, aa, bb = (
        cv2.GaussianBlur(_per_cell(plane, extent), (0, 0), 1.0)
        for plane in (weighted_a * b, weighted_a * a, weighted_b * b)
    )
    return np.asarray(ab / np.sqrt(aa * bb + 1e-4))


def _step(field: Field, weight: Plane, residual: Plane, slopes: list[Plane], size: int) -> tuple[Field, Points, float]:
    """One Gauss-Newton step; also the information it rests on and the 95th percentile of its length in pixels."""
    by_row, by_col = weight * slopes[0], weight * slopes[1]
    pull = weight * residual
    noise = float((pull * residual).sum() / max(1.0, float(weight.sum()))) + 1e-3
    bins = tuple(_BINS * n for n in field.cells)
    scale = _INDEPENDENT / noise * (residual.size / (bins[0] * bins[1]))
    sums = [
        cv2.resize(plane, bins[::-1], interpolation=cv2.INTER_AREA).astype(np.float64) * scale
        for plane in (by_row * slopes[0], by_row * slopes[1], by_col * slopes[1], pull * slopes[0], pull * slopes[1])
    ]
    step = _solve(field, sums, size)
    length = np.hypot(step[..., 0], step[..., 1])
    step *= np.minimum(1, _MAX_STEP / np.maximum(length, 1e-9))[..., None]
    moved = Field(field.extent, field.coefficients + step / size)
    return moved, np.stack(sums[:3]), float(np.percentile(length, 95))


def _solve(field: Field, sums: list[Points], size: int) -> Points:
    """Step in pixels that balances what the pixels want against bending."""
    down, across = field.bases(*_lines(field.extent, sums[0].shape))
    energy = _STIFFNESS * bending(field.cells, (float(field.extent[0]), float(field.extent[1])))
    rows, mixed, cols = couplings(np.stack(sums[:3]), down, across)
    resist = apply_lattice(energy, field.coefficients * size)
    pull = np.stack([down.T @ plane @ across for plane in sums[3:]], axis=-1)
    energy[0, 0] += _RIDGE
    return solve_lattice((rows + energy, cols + energy), mixed, pull - resist)


def couplings(sums: Points, down: Points, across: Points) -> Points:
    """Sums over bins of products of neighbouring basis functions, shape (k, REACH, REACH, h, w)."""
    return np.einsum("inr,knm,jmc->kijrc", products(down), sums, products(across), optimize=True)


def apply_lattice(blocks: Points, values: Points) -> Points:
    """Matrix of neighbour couplings times values (h, w, k)."""
    h, w, _ = values.shape
    total = np.zeros_like(values)
    padded = np.pad(values, ((REACH - 1,) * 2, (REACH - 1,) * 2, (0, 0)))
    coupling = np.pad(blocks, ((0, 0), (0, 0), (REACH - 1, 0), (REACH - 1, 0)))
    o = REACH - 1
    for i in range(-o, REACH):
        for j in range(-o, REACH):
            block = coupling[abs(i), abs(j), o + min(i, 0) : o + min(i, 0) + h, o + min(j, 0) : o + min(j, 0) + w]
            total += block[..., None] * padded[o + i : o + i + h, o + j : o + j + w]
    return total
