"""Hypotheses of how the whole view moved: votes of single matches, made into affine maps.

Nothing is drawn at random: every good match proposes the motion that its own position, size and orientation imply,
and all others vote on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.alignment.features import Matches
from tracker.alignment.planes import Points

_PROPOSERS = 500
_MAX_MODES = 4
_SAME_MODE = 0.3
_MAX_TURN = 0.45
_MAX_LOG_SCALE = 0.35
_TOLERANCES = np.linspace(0.06, 0.035, 6)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """An affine map from the reference to the moving photo, in units.

    Attributes
    ----------
    matrix : ndarray, shape (2, 3)
        Acts on (row, column, 1).
    score : float
        Summed weight of the matches that voted for it.
    supporters : ndarray, shape (n,), bool
        The matches that agree with it.
    """

    matrix: Points
    score: float
    supporters: NDArray[np.bool_]

    def __call__(self, points: Points) -> Points:
        """Where reference points lie in the moving photo; both (..., 2)."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def inverse(self) -> Motion:
        """The map from the moving photo to the reference."""
        turned = np.linalg.inv(self.matrix[:, :2])
        return Motion(np.column_stack([turned, -turned @ self.matrix[:, 2]]), self.score, self.supporters)

    @property
    def scale(self) -> float:
        """Root of the area ratio."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))


def propose_motions(matches: Matches) -> list[Motion]:
    """Plausible motions of the view, best supported first."""
    motions = [_fit_affine(matches, support, score) for score, support in _vote(matches)]
    return [motion for motion in motions if motion is not None]


def _vote(matches: Matches) -> list[tuple[float, NDArray[np.bool_]]]:
    proposers = np.flatnonzero(np.abs(matches.log_scale) < np.log(2.0))[:_PROPOSERS]
    if len(proposers) == 0:
        return []
    agrees = _agreement(matches, proposers)
    score = agrees @ matches.weight
    modes: list[tuple[float, NDArray[np.bool_]]] = []
    free = np.ones(len(proposers), bool)
    while free.any() and len(modes) < _MAX_MODES:
        best = int(np.argmax(np.where(free, score, -1)))
        modes.append((float(score[best]), agrees[best]))
        free[best] = False
        free &= (agrees & agrees[best]).sum(axis=1) <= _SAME_MODE * agrees.sum(axis=1)
    return modes


def _agreement(matches: Matches, proposers: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which match (columns) fits the similarity proposed by which other (rows)."""
    turn, log_scale = matches.turn[proposers, None], matches.log_scale[proposers, None]
    cos, sin = np.cos(turn) * np.exp(log_scale), np.sin(turn) * np.exp(log_scale)
    row, col = np.moveaxis(matches.here[None] - matches.here[proposers, None], 2, 0)
    row_there, col_there = np.moveaxis(matches.there[None] - matches.there[proposers, None], 2, 0)
    miss = np.hypot(row_there - (sin * col + cos * row), col_there - (cos * col - sin * row))
    # Skin bends: the farther from the proposer, the more a true match may deviate from a rigid motion.
    tolerance = np.minimum(0.015 + 0.12 * np.hypot(row, col), 0.07)
    twist = np.abs(np.angle(np.exp(1j * (matches.turn - turn))))
    return (miss < tolerance) & (twist < _MAX_TURN) & (np.abs(matches.log_scale - log_scale) < _MAX_LOG_SCALE)


def _fit_affine(matches: Matches, support: NDArray[np.bool_], score: float) -> Motion | None:
    """Affine map of the supporters, re-chosen while the tolerance shrinks; None if no camera could do that."""
    design = np.column_stack([matches.here, np.ones(len(matches.here))])
    for tolerance in _TOLERANCES:
        if support.sum() < 4:
            return None
        weighted = design.T * (matches.weight * support)
        normal = weighted @ design + 1e-9 * np.eye(3)
        matrix = np.asarray(np.linalg.solve(normal, weighted @ matches.there).T, dtype=np.float64)
        support = np.hypot(*(design @ matrix.T - matches.there).T) < tolerance
    return Motion(matrix, score, support) if plausible(matrix) else None


def plausible(matrix: Points) -> bool:
    """Whether a camera held by hand could have moved the view by this affine map, shape (2, 3)."""
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(np.linalg.det(matrix[:, :2]) > 0 and large < 2.6 and small > 0.35 and large / small < 2.2)
