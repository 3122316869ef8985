"""From about right to sub-pixel: Gauss-Newton on the displacement field, coarse to fine.

Both photos are normalised in a window of a few pixels, so that light and exposure drop out and the finest repeatable
detail decides. Places that do not correlate yet follow their neighbours, and the matched zone grows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment.field import Field, Warp, lattice_cells
from tracker.alignment.lattice import make_lattice
from tracker.alignment.motion import Motion
from tracker.alignment.planes import Plane, Points, blurred, enlarged, moved_affinely, sampled, shrunk, slopes
from tracker.alignment.pyramid import Pyramid

CORRELATION_CELLS = 40
STIFFNESS = 1 / 1600
_NORMALISATION = 2.5
_NOISE = 2.0
_KAPPA = 3.0
_INDEPENDENT = 0.15  # share of pixels whose errors are independent
_MAX_STEP = 4.0
_CONVERGED = 0.03
_BINS = 3
_SKIN = 0.5
_OUTLINE = 3  # how far to both sides of the outline of the skin nothing counts, in pixels at `WEIGHT_SIZE`
_MIN_INNER = 0.5
_BASE_WEIGHT = 0.05  # what a pixel off the skin counts


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
    information : ndarray, shape (3, n, m)
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
    pulls: Plane
    slopes: tuple[Plane, Plane]


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    """What the pair looks like under one displacement."""

    moved: Plane
    counts: Plane
    correlation: Plane
    seen: Plane


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
    cells = lattice_cells(reference.extent, level.cells)
    bins = _BINS * cells[0], _BINS * cells[1]
    lattice = make_lattice(reference.extent, cells, bins, stiffness=STIFFNESS)
    field = warp.field.on_lattice(cells)
    for _ in range(level.iterations):
        glance = _look(pair, field)
        information, pull = _normal_equations(pair, glance, bins)
        step = lattice.solve(information, pull, field.coefficients * level.size)
        length = np.hypot(step[..., 0], step[..., 1])
        step *= np.minimum(1, _MAX_STEP / np.maximum(length, 1e-9))[..., None]
        field = Field(field.extent, field.coefficients + step / level.size)
        if np.percentile(length, 95) < _CONVERGED:
            break
    refined = Warp(warp.motion, field, warp.agreeing)
    return Refined(refined, level.size, glance.correlation, glance.seen, information)


def _prepare(reference: Pyramid, moving: Pyramid, motion: Motion, size: int) -> _Pair:
    here = reference.level(size)
    shape = here.shape[0], here.shape[1]
    # The moving photo is taken from the level at which its skin is as large as here, against aliasing.
    there = moving.level(round(size / motion.scale))
    matrix = _between_levels(motion, reference.extent / shape, moving.extent / there.shape)
    clear = enlarged(moving.clear, (there.shape[0], there.shape[1]))
    inside = (moved_affinely(clear, matrix, shape, border=cv2.BORDER_CONSTANT) > 0.99).astype(np.float32)
    normal = _locally_normalised(here)
    return _Pair(
        reference=normal,
        moving=_locally_normalised(moved_affinely(there, matrix, shape)),
        inside=np.asarray(cv2.erode(inside, np.ones((5, 5), np.uint8)), dtype=np.float32),
        weight=enlarged(np.clip(1.2 * reference.weight, _BASE_WEIGHT, 1) * reference.clear, shape),
        pulls=enlarged(_off_outline(reference), shape),
        slopes=slopes(normal, 0.5),
    )


def _off_outline(photo: Pyramid) -> Plane:
    """1 where a pixel may pull at the map, 0 along the outline of the skin, shape of `Pyramid.weight`.

    The outline of a limb is no mark on the skin: it wanders over the skin when the limb turns or gets slimmer, and a
    map that follows it would hide the change. The edge of a wound or a mole within the skin is such a mark, and what
    is all outline, such as a narrow strip, keeps its weight.
    """
    skin = _filled(photo.weight > _SKIN)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _OUTLINE + 1, 2 * _OUTLINE + 1))
    inner = cv2.erode(skin, disc, borderType=cv2.BORDER_REPLICATE)
    if inner.sum() < _MIN_INNER * skin.sum():
        return np.ones_like(photo.weight)
    outer = cv2.dilate(skin, disc)
    return np.asarray((inner > 0) | (outer == 0), dtype=np.float32)


def _filled(skin: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Skin with everything in it that does not reach the border of the picture."""
    _, parts = cv2.connectedComponents((~skin).astype(np.uint8), connectivity=4)
    border = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    return np.asarray(skin | ~np.isin(parts, border[border > 0]), np.uint8)


def _between_levels(motion: Motion, pitch_here: Points, pitch_there: Points) -> Points:
    """The motion between the pixels (row, column) of two levels, whose pixels have these pitches in units."""
    linear = motion.matrix[:, :2] * pitch_here / pitch_there[:, None]
    return np.column_stack([linear, motion(0.5 * pitch_here) / pitch_there - 0.5])


def _locally_normalised(luma: Plane) -> Plane:
    """Detail over its local contrast, without blowing up noise."""
    mean = blurred(luma, _NORMALISATION)
    variance = np.maximum(blurred(luma * luma, _NORMALISATION) - mean * mean, 0)
    return np.asarray(np.clip((luma - mean) / np.sqrt(variance + _NOISE**2), -3, 3), dtype=np.float32)


def _look(pair: _Pair, field: Field) -> _Glance:
    rows, cols = _dense_map(field, pair.reference.shape)
    moved = sampled(pair.moving, rows, cols)
    inside = sampled(pair.inside, rows, cols, border=cv2.BORDER_CONSTANT)
    counts = inside * pair.weight
    cells = lattice_cells(field.extent, CORRELATION_CELLS)
    correlation = _local_correlation(pair.reference, moved, counts, cells)
    return _Glance(moved, counts, correlation, shrunk(inside, cells))


def _dense_map(field: Field, shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Rows and columns of the pre-warped moving photo for each pixel of the level."""
    rows, cols = ((np.arange(n) + 0.5) * side / n for n, side in zip(shape, field.extent, strict=True))
    down, across = (values.astype(np.float32) for values in field.bases(rows, cols))
    pixels = (field.coefficients * shape / field.extent).astype(np.float32)
    map_row = down @ pixels[..., 0] @ across.T + np.arange(shape[0], dtype=np.float32)[:, None]
    map_col = down @ pixels[..., 1] @ across.T + np.arange(shape[1], dtype=np.float32)
    return np.asarray(map_row, dtype=np.float32), np.asarray(map_col, dtype=np.float32)


def _local_correlation(a: Plane, b: Plane, weight: Plane, cells: tuple[int, int]) -> Plane:
    weighted_a, weighted_b = a * weight, b * weight
    ab, aa, bb = (blurred(shrunk(product, cells), 1.0) for product in (weighted_a * b, weighted_a * a, weighted_b * b))
    return np.asarray(ab / np.sqrt(aa * bb + 1e-4), dtype=np.float32)


def _normal_equations(pair: _Pair, glance: _Glance, bins: tuple[int, int]) -> tuple[Points, Points]:
    """Information (3, n, m) and pull (2, n, m) of the pixels, summed over bins, for `Lattice.solve`."""
    residual = pair.reference - glance.moved
    trust = np.clip((glance.correlation - 0.1) / 0.5, 0.01, 1)
    weight = glance.counts * pair.pulls / (1 + (residual / np.float32(_KAPPA)) ** 2) ** 2
    weight *= enlarged(trust, (residual.shape[0], residual.shape[1]))
    by_row, by_col = (a + b for a, b in zip(pair.slopes, slopes(glance.moved, 0.5), strict=True))
    weighted = weight * residual
    noise = float((weighted * residual).sum() / max(1.0, float(weight.sum()))) + 1e-3
    scale = _INDEPENDENT / noise * (residual.size / (bins[0] * bins[1]))
    products = [weight * by_row * by_row, weight * by_row * by_col, weight * by_col * by_col]
    pulls = [weighted * by_row, weighted * by_col]
    sums = np.stack([shrunk(plane, bins) for plane in (*products, *pulls)]).astype(np.float64) * scale
    return sums[:3], sums[3:]
