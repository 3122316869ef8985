"""Points that stay on the skin: from the photo they were placed on, through the reference, to another photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment

_STEPS = 60
_CLOSE_PX = 0.01
_SURE = 0.5
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CarriedPoints:
    """Where points lie in another photo of their view.

    Attributes
    ----------
    there : ndarray, shape (n, 2)
        Row and column in pixels of that photo; NaN where a point is outside.
    sd : ndarray, shape (n,)
        Claimed standard uncertainty along each axis, in pixels of the reference; NaN where a point is outside.
    inside : ndarray, shape (n,), bool
        True where both photos show the skin and their alignment is known.
    """

    there: Points
    sd: NDArray[np.float64]
    inside: NDArray[np.bool_]


def carried_points(
    points: Points,
    placed: Alignment | None,
    shown: Alignment | None,
    *,
    shape: tuple[int, int],
    placed_shape: tuple[int, int] | None = None,
) -> CarriedPoints:
    """Carry points from the photo they were placed on to another photo of the same view.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Row and column in pixels of the photo they were placed on.
    placed, shown : Alignment or None
        Of either photo to the reference of the view; None for the reference itself.
    shape : tuple of int
        Height and width of the photo they are carried to.
    placed_shape : tuple of int, optional
        Of the photo they were placed on, by default the same: a point beside the picture is outside.

    Returns
    -------
    CarriedPoints

    Notes
    -----
    The way back through `placed` is the numerical inverse of its map, to a hundredth of a pixel. What the two ways err
    is added, not its squares: both share the reference, as in `tracker.alignment.composition`.
    """
    known = _within(points, placed_shape or shape)
    reference, sd_back, known_back = _to_reference(points, placed)
    there, sd_on, known_on = _from_reference(reference, shown)
    inside = known & known_back & known_on & _within(there, shape)
    return CarriedPoints(
        there=np.where(inside[:, None], there, np.nan), sd=np.where(inside, sd_back + sd_on, np.nan), inside=inside
    )


def _to_reference(points: Points, by: Alignment | None) -> tuple[Points, NDArray[np.float64], NDArray[np.bool_]]:
    """Points of the reference that lie at points of a photo, what is claimed of them, and whether it is known."""
    if by is None:
        return points, np.zeros(len(points)), np.ones(len(points), np.bool_)
    found = inverse_at(by, points)
    _, sd, usable = _from_reference(found, by)
    return found, sd, usable


def _from_reference(points: Points, by: Alignment | None) -> tuple[Points, NDArray[np.float64], NDArray[np.bool_]]:
    if by is None:
        return points, np.zeros(len(points)), np.asarray(np.isfinite(points).all(axis=1))
    low, high = np.array([by.rows[0], by.cols[0]]), np.array([by.rows[-1], by.cols[-1]])
    covered = np.isfinite(points).all(axis=1) & np.all((points >= low - 0.5) & (points <= high + 0.5), axis=1)
    safe = np.where(covered[:, None], points, low)
    there, sd = by.at(safe), by.sd_at(safe)
    known = np.isfinite(there).all(axis=1) & np.isfinite(sd)
    usable = np.asarray(covered & known & (by.plane_at(by.usable, safe) > _SURE), np.bool_)
    return np.where(usable[:, None], there, np.nan), sd, usable


def inverse_at(alignment: Alignment, points: Points) -> Points:
    """Points of the reference whose place in the moving photo is given, shape (n, 2); NaN where there is none.

    Parameters
    ----------
    alignment : Alignment
    points : ndarray, shape (n, 2)
        Row and column in pixels of the moving photo.
    """
    moving = alignment.moving.astype(np.float64)
    nodes = np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1)
    known = np.isfinite(moving).all(axis=-1)
    found = np.full(points.shape, np.nan)
    if not known.any():
        return found
    there, here = moving[known], nodes[known]
    low, high = nodes[0, 0], nodes[-1, -1]
    for k, point in enumerate(points):
        if not np.isfinite(point).all():
            continue
        at = here[np.argmin(np.hypot(*(there - point).T))]
        found[k] = _settled(alignment, at, point, low, high)
    return found


def _settled(alignment: Alignment, at: Points, point: Points, low: Points, high: Points) -> Points:
    """Walk from a node to the place in the reference that is carried to a point."""
    turn = np.deg2rad(alignment.rotation)
    for _ in range(_STEPS):
        miss = point - alignment.at(at[None])[0]
        if not np.isfinite(miss).all():
            break
        if float(np.hypot(*miss)) < _CLOSE_PX:
            return at
        at = np.clip(at + _slope_inverse(alignment, at, turn) @ miss, low, high)
    return np.full(2, np.nan)


def _slope_inverse(alignment: Alignment, at: Points, turn: float) -> NDArray[np.float64]:
    """How far to go in the reference for a way in the moving photo, from the map itself where it is known around."""
    step = 0.5 * float(alignment.rows[1] - alignment.rows[0])
    around = at + step * np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    around = np.clip(around, [alignment.rows[0], alignment.cols[0]], [alignment.rows[-1], alignment.cols[-1]])
    ends = alignment.at(around)
    spans = np.array([around[1, 0] - around[0, 0], around[3, 1] - around[2, 1]])
    slope = np.stack([(ends[1] - ends[0]) / spans[0], (ends[3] - ends[2]) / spans[1]], axis=1)
    if np.isfinite(slope).all() and abs(np.linalg.det(slope)) > 1e-6:
        return np.asarray(np.linalg.inv(slope))
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([[cos, -sin], [sin, cos]]) / alignment.scale


def _within(points: Points, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which points lie in a picture; what is not a number does not."""
    return np.asarray(np.all((points >= -0.5) & (points <= np.array(shape) - 0.5), axis=1))
