"""Where to begin when a person has shown the same places in both photos.

The points only say where to look: matches are sought around them, the refinement is the same, and so is the decision.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracker.alignment.bend import BACKWARD, bend_to_matches, rematch
from tracker.alignment.features import Features, match, similarities
from tracker.alignment.field import Warp, flat_field, lattice_cells
from tracker.alignment.motion import Motion, plausible
from tracker.alignment.planes import Points
from tracker.alignment.pyramid import Pyramid
from tracker.alignment.search import Start, support_of
from tracker.errors import AlignmentFailed

LEAST = 3
_CLICK = 0.005  # standard deviation of a place shown by hand, in units
_SHEAR = 0.15  # and of what a tilted camera adds to a similarity
_SPREAD = 0.04  # least standard deviation of the points along their short axis, in units
_NEAR = 0.05  # how far the skin may have moved from what the points say, in units
_CELLS = 16


def as_units(points: object, here: Pyramid, there: Pyramid) -> Points:
    """Points given by a person, checked, in units, shape (n, 4).

    Parameters
    ----------
    points : sequence of (row, column, row, column)
        Pixels of the upright reference and of the upright moving photo.
    here, there : Pyramid

    Raises
    ------
    AlignmentFailed
        With the code ``points``: too few, outside, or too near to a line to say how the view was turned.
    """
    given = np.asarray(points, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 4 or len(given) < LEAST or not np.isfinite(given).all():
        raise _unusable(f"at least {LEAST} places are needed, each shown in both photos")
    for pair, photo in ((given[:, :2], here), (given[:, 2:], there)):
        if (pair < -0.5).any() or (pair > np.array(photo.shape) - 0.5).any():
            raise _unusable("one lies outside its photo")
    units = np.column_stack([here.to_units(given[:, :2]), there.to_units(given[:, 2:])])
    if min(_short_axis(units[:, :2]), _short_axis(units[:, 2:])) < _SPREAD:
        raise _unusable("they lie too near together, or along a line")
    return units


def _unusable(why: str) -> AlignmentFailed:
    return AlignmentFailed(
        f"The marked points cannot be used: {why}; please mark three places far apart, such as moles, in both photos.",
        code="points",
    )


def _short_axis(points: Points) -> float:
    return float(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[-1] / np.sqrt(len(points)))


def motion_through(points: Points) -> Motion | None:
    """The affine map that the points say, drawn towards a similarity where they say little; None if mirrored.

    Parameters
    ----------
    points : ndarray, shape (n, 4)
        In units.
    """
    here, there = points[:, :2], points[:, 2:]
    middle, target = here.mean(axis=0), there.mean(axis=0)
    offset, moved = here - middle, there - target
    similar = _similarity(offset, moved)
    prior = (_CLICK / _SHEAR) ** 2 * np.eye(2)
    shear = np.linalg.solve(offset.T @ offset + prior, offset.T @ (moved - offset @ similar.T)).T
    linear = similar + shear
    matrix = np.column_stack([linear, target - linear @ middle])
    return Motion(matrix, 0.0, np.zeros(0, np.bool_)) if plausible(matrix) else None


def _similarity(offset: Points, moved: Points) -> Points:
    """Turn and scale without a reflection, least squares (Umeyama), shape (2, 2)."""
    turn, size, other = np.linalg.svd(moved.T @ offset)
    sign = np.array([1.0, np.sign(np.linalg.det(turn @ other))])
    return np.asarray((turn * sign) @ other * float((size * sign).sum() / (offset**2).sum()))


def start_at(points: Points, here: Pyramid, there: Pyramid, features: tuple[Features, Features]) -> Start:
    """Where the refinement begins: the points instead of the vote.

    Parameters
    ----------
    points : ndarray, shape (n, 4)
        Of `as_units`.
    here, there : Pyramid
    features : tuple of Features

    Raises
    ------
    AlignmentFailed
        With the code ``points``: no camera turns one set of places into the other.
    """
    motion = motion_through(points)
    if motion is None:
        raise _unusable("no camera sees one set of places as the other, so two of them may be exchanged")
    cosine = similarities(*features)
    matches = match(*features, cosine)
    near = np.hypot(*(motion(matches.here) - matches.there).T) < _NEAR * motion.scale
    motion = replace(motion, score=float(matches.weight[near].sum()), supporters=near)
    rough = Warp(motion, flat_field(here.extent, lattice_cells(here.extent, _CELLS)), 0)
    warp, found = rematch(rough, *features, cosine)
    # As without points, the way back has its own start: matches, not the inverse of the way there.
    back = bend_to_matches(
        motion.inverse(),
        (found or matches).reversed(),
        there.extent,
        BACKWARD,
        trusted=None if found else near.astype(np.float64),
    )
    return Start(warp, back, support_of(warp, (here, there), matches, found))
