"""How the skin bent between the two photos, from matches alone: a smoothing spline around a rigid motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tracker.alignment.features import Features, Matches, match_near
from tracker.alignment.field import Field, Warp, flat_field, lattice_cells
from tracker.alignment.lattice import bending_matrix
from tracker.alignment.motion import Motion
from tracker.alignment.planes import Plane, Points

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_CELLS = 16
_STIFFNESS = 7.5e-5
_RIDGE = 1e-6
_STEPS = 8
_FEW = 12


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a match may be off, in units.

    Attributes
    ----------
    gate : float
        From the rigid motion, to be considered at all.
    first, last : float
        From the spline, to lose its vote at the first and at the last step.
    """

    gate: float
    first: float
    last: float


TENTATIVE = Tolerance(0.10, 0.02, 0.006)
GUIDED = Tolerance(0.15, 0.012, 0.004)
BACKWARD = Tolerance(0.15, 0.02, 0.006)


def bend_to_matches(
    motion: Motion, matches: Matches, extent: Points, tolerance: Tolerance, *, trusted: Points | None = None
) -> Warp:
    """Smooth warp through the matches that agree with each other.

    Parameters
    ----------
    motion : Motion
    matches : Matches
    extent : ndarray, shape (2,)
        Height and width of the reference in units.
    tolerance : Tolerance
    trusted : ndarray, shape (n,), optional
        Weight of each match in the first step, in [0, 1].
    """
    from scipy.linalg import solve  # loads for half a second; the first page does not align

    offset = motion.inverse()(matches.there) - matches.here
    inside = np.hypot(*offset.T) < tolerance.gate
    field = flat_field(extent, lattice_cells(extent, _CELLS))
    if inside.sum() < 4:
        return Warp(motion, field, 0)
    offset, quality = offset[inside], matches.weight[inside] / np.percentile(matches.weight[inside], 90)
    weight = quality if trusted is None else quality * trusted[inside]
    design = _design(field, matches.here[inside])
    energy = _STIFFNESS * bending_matrix(extent, field.cells) + _RIDGE * np.eye(design.shape[1])
    for allowed in np.geomspace(tolerance.first, tolerance.last, _STEPS):
        normal = (design.T @ (design * weight[:, None])).toarray() + energy
        flat = solve(normal, design.T @ (weight[:, None] * offset), assume_a="pos", check_finite=False)
        miss = np.hypot(*(design @ flat - offset).T)
        weight = quality / (1 + (miss / allowed) ** 2) ** 2
    agreeing = int((miss < 3 * tolerance.last).sum())
    return Warp(motion, Field(extent, flat.reshape(field.coefficients.shape)), agreeing)


def _design(field: Field, points: Points) -> csr_array:
    from scipy.sparse import csr_array

    down, across = field.bases(points[:, 0], points[:, 1])
    return csr_array((down[:, :, None] * across[:, None, :]).reshape(len(points), -1))


def rematch(warp: Warp, here: Features, there: Features, cosine: Plane) -> tuple[Warp, Matches | None]:
    """Match again near where the warp expects each feature, twice, and bend to what was found."""
    kept = None
    for radius in (0.03, 0.018):
        found = match_near(here, there, cosine, expected=warp.at(here.position), radius=radius)
        if len(found.here) >= max(_FEW, warp.agreeing // 2):
            kept, warp = found, bend_to_matches(warp.motion, found, warp.field.extent, GUIDED)
    return warp, kept
