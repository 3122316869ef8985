"""How large a pixel is on a plane that shows things of known size.

A pinhole camera before a plane, its focal length not known. Everything printed gives two kinds of evidence: how its
size changes over the picture, and how far its squares are from square. Both are weighed over all directions in which
the plane can face and all focal lengths that a camera can have, so a single marker far from the point of interest
comes out as uncertain as it is, and four around it as certain as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FOCAL_LENGTHS = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)  # of the longer side of the photo: from a phone to a portrait lens
USUAL_TILT = 12.0  # degrees, standard deviation about each axis before anything is seen
_STEEPEST = 40.0  # degrees
_FIRST_STEP = 5.0  # degrees between the directions that are tried first
_FINER = 3  # as many smaller steps in one, in each direction, in every round
_ROUNDS = 7
_LEAST_NODES = 40.0  # effective number that carries the result: fewer, and the grid is too coarse for the evidence
_KEPT, _MOST_KEPT = 0.999, 60  # share of the evidence, and number, of the directions that are looked at more closely
_SHALLOWEST = 0.05  # depth over distance: nothing is seen beyond the horizon of a plane
SIZE_SCATTER = 0.004  # relative: print, and depth of one marker against the others (4 mm at 1 m)
SHAPE_SCATTER_MM = 0.05  # print, paper that is not flat
DEPTH = 0.01  # of the longer side of what the photo shows, skin before or behind the paper: 3 mm in 300
TURNED, TURNED_ALONE = 0.05, 0.1  # radians, what is printed against the skin: 3°, and 6° for a single marker


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Something of known size on the plane: a marker, or a card with several.

    Attributes
    ----------
    printed : ndarray, shape (n, 2)
        Points in millimetres (y, x).
    seen : ndarray, shape (n, 2)
        The same in photo pixels (row, column).
    error_px : float
        Standard uncertainty of a coordinate, pixels.
    """

    printed: Array
    seen: Array
    error_px: float


@dataclass(frozen=True, slots=True)
class PlaneScale:
    """Size of a pixel on the plane.

    Attributes
    ----------
    mm_per_px : float
    relative_uncertainty : float
        Standard uncertainty as a fraction.
    misfit : float
        Root mean square of what the plane leaves unexplained, in its own standard uncertainties: 1 where the figures
        lie on one plane.
    """

    mm_per_px: float
    relative_uncertainty: float
    misfit: float


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Possible planes and cameras.

    Attributes
    ----------
    to_plane : ndarray, shape (k, 3, 3)
        Homographies from photo pixels, counted from the optical axis, to a plane at unit distance.
    focal : ndarray, shape (k,)
        Pixels.
    log_prior : ndarray, shape (k,)
    """

    to_plane: Array
    focal: Array
    log_prior: Array

    def depth(self, pixel: Array) -> Array:
        """Inverse of the depth of each plane at a pixel, over that at which the camera's axis meets it, (k,)."""
        return np.maximum(self.to_plane[:, 2, :2] @ pixel + self.to_plane[:, 2, 2], _SHALLOWEST)

    def log_spread(self, pixel: Array) -> Array:
        """Ln of the size of a pixel on each plane: half the ln of the determinant of the derivative, (k,)."""
        return np.asarray(-np.log(self.focal) - 1.5 * np.log(self.depth(pixel)))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What figures say of each possible plane; all of shape (k,).

    Attributes
    ----------
    nodes : Nodes
    weight : ndarray
        Posterior probability.
    log_distance : ndarray
        Ln of the distance of the plane, mm.
    variance : ndarray
        Of `log_distance`.
    misfit : ndarray
        See `PlaneScale`.
    """

    nodes: Nodes
    weight: Array
    log_distance: Array
    variance: Array
    misfit: Array


def scale_on_plane(figures: Sequence[Figure], shape: tuple[int, int]) -> PlaneScale:
    """Size of a pixel at the middle of a photo, from figures on one plane.

    Parameters
    ----------
    figures : sequence of Figure
        At least one. Each lies anywhere on the plane, turned in any way.
    shape : tuple of int
        Height and width of the photo; the optical axis is taken to pass through its middle.

    Returns
    -------
    PlaneScale
        Geometric mean over all directions in the plane. The uncertainty holds the corners, print and paper, that of
        tilt and focal length, and the skin: its depth against the paper, and its turn where it is extrapolated to.
    """
    found = weigh_planes(figures, shape)
    log_scale = found.nodes.log_spread(np.zeros(2)) + found.log_distance
    order = np.argsort(log_scale)
    cumulated = np.cumsum(found.weight[order]) - found.weight[order] / 2
    median = float(np.interp(0.5, cumulated, log_scale[order]))
    beside = np.hypot(*(np.mean([figure.seen.mean(axis=0) for figure in figures], axis=0) - _middle(shape)))
    turned = TURNED if len(figures) > 1 or len(figures[0].seen) > 4 else TURNED_ALONE
    off = (turned * beside) ** 2 + (DEPTH * max(shape)) ** 2
    variance = found.variance + off / found.nodes.focal**2 + (log_scale - median) ** 2
    misfit = float(found.misfit[np.argmax(found.weight)])
    return PlaneScale(float(np.exp(median)), float(np.sqrt(found.weight @ variance)), misfit)


def weigh_planes(figures: Sequence[Figure], shape: tuple[int, int], usual_tilt: float = USUAL_TILT) -> Evidence:
    """How probable every plane and camera is.

    The directions are tried on a grid, which is made finer around those that matter until it is fine enough.
    """
    ticks = np.arange(-_STEEPEST, _STEEPEST + 1e-9, _FIRST_STEP)
    tilts, step = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2), _FIRST_STEP
    for _ in range(_ROUNDS):
        nodes = _nodes(tilts, float(max(shape)), usual_tilt)
        log_likelihood, log_distance, variance, misfit = _weighed(figures, nodes, _middle(shape))
        weight, is_fine = _weights(nodes.log_prior, log_likelihood)
        if is_fine:
            break
        tilts, step = _closer(tilts, step, weight)
    return Evidence(nodes, weight, log_distance, variance, misfit)


def _middle(shape: tuple[int, int]) -> Array:
    return (np.array(shape, dtype=np.float64) - 1) / 2


def _weights(log_prior: Array, log_likelihood: Array) -> tuple[Array, bool]:
    """Weights of the nodes, and whether they are posterior probabilities.

    If the likelihood is too sharp for the grid it is blunted, so that what lies around its peaks is kept.
    """
    for sharpness in (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001):
        log_weight = log_prior + sharpness * (log_likelihood - log_likelihood.max())
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        if 1 / np.sum(weight**2) >= _LEAST_NODES:
            break
    return weight, sharpness == 1.0


def _closer(tilts: Array, step: float, weight: Array) -> tuple[Array, float]:
    """Finer directions around those that matter."""
    of_tilt = weight.reshape(len(tilts), -1).sum(axis=1)
    order = np.argsort(-of_tilt)
    count = min(_MOST_KEPT, 1 + int(np.searchsorted(np.cumsum(of_tilt[order]), _KEPT)))
    finer = step / _FINER
    away = finer * (np.arange(_FINER) - (_FINER - 1) / 2)
    around = np.stack(np.meshgrid(away, away, indexing="ij"), axis=-1).reshape(-1, 2)
    return (tilts[order[:count], None] + around).reshape(-1, 2), finer


def _nodes(tilts: Array, longer_side: float, usual_tilt: float) -> Nodes:
    tilt = np.repeat(tilts, len(FOCAL_LENGTHS), axis=0)
    focal = np.tile(np.array(FOCAL_LENGTHS) * longer_side, len(tilts))
    y, x = np.tan(np.deg2rad(tilt)).T
    normal = np.stack([y, x, np.ones_like(x)], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    first = np.stack([np.ones_like(y), np.zeros_like(y), -y], axis=1)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    facing = np.stack([first, np.cross(normal, first), normal], axis=1)
    facing[:, :, :2] /= focal[:, None, None]
    return Nodes(facing, focal, -0.5 * np.sum((tilt / usual_tilt) ** 2, axis=1))


def _weighed(figures: Sequence[Figure], nodes: Nodes, middle: Array) -> tuple[Array, Array, Array, Array]:
    """Ln likelihood of each node, ln of its distance in mm, the variance of this, and the misfit; of shape (k,)."""
    shape_misfit, count = np.zeros(len(nodes.focal)), 0
    log_sizes, precisions = [], []
    for figure in figures:
        size, residual = _fitted(figure, nodes, middle)
        local = nodes.log_spread(figure.seen.mean(axis=0) - middle)
        px_per_mm = np.exp(np.log(size) - local)
        side = np.sqrt(2 * np.mean(np.sum((figure.printed - figure.printed.mean(axis=0)) ** 2, axis=1)))
        error = np.hypot(figure.error_px, SHAPE_SCATTER_MM * px_per_mm)
        shape_misfit += residual / np.exp(local) ** 2 / error**2
        count += 2 * len(figure.printed) - 4
        log_sizes.append(np.log(size))
        own = figure.error_px / (side * px_per_mm * np.sqrt(len(figure.printed) / 2))
        precisions.append(1 / (own**2 + SIZE_SCATTER**2))
    sizes, precision = np.array(log_sizes), np.array(precisions)
    mean = np.sum(precision * sizes, axis=0) / precision.sum(axis=0)
    chi2 = shape_misfit + np.sum(precision * (sizes - mean) ** 2, axis=0)
    free = count + len(figures) - 1 - 2
    return -chi2 / 2, -mean, 1 / precision.sum(axis=0), np.sqrt(chi2 / max(1, free))


def _fitted(figure: Figure, nodes: Nodes, middle: Array) -> tuple[Array, Array]:
    """Size on each plane per millimetre, and the squared misfit there; both of shape (k,)."""
    sight = np.concatenate([(figure.seen - middle), np.ones((len(figure.seen), 1))], axis=1)
    on_plane = (nodes.to_plane.reshape(-1, 3) @ sight.T).reshape(-1, 3, len(sight))
    flat = (on_plane[:, 0] + 1j * on_plane[:, 1]) / np.maximum(on_plane[:, 2], _SHALLOWEST)
    flat -= flat.mean(axis=1, keepdims=True)
    printed = figure.printed - figure.printed.mean(axis=0)
    ideal = printed[:, 0] + 1j * printed[:, 1]
    # The axes on the plane are turned against the photo's, not mirrored: figures are seen from their front.
    turn = flat @ ideal.conj() / np.sum(np.abs(ideal) ** 2)
    residual = flat - turn[:, None] * ideal
    return np.abs(turn), np.sum(np.abs(residual) ** 2, axis=1)
