"""How the skin bent between the two photos, from matches alone: a smoothing spline around a rigid motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve
from scipy.sparse import csr_array

from tracker.alignment.features import Features, Matches, match_near
from tracker.alignment.field import Field, bending, dense_lattice, flat_field, lattice_cells
from tracker.alignment.motion import Motion
from tracker.alignment.pyramid import Plane, Points

_CELLS = 16
_STIFFNESS = 7.5e-5
_RIDGE = 1e-6
_GATE = 0.1
_GUIDED_GATE = 0.15
_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A motion of the view and the bending of the skin on top of it.

    Attributes
    ----------
    motion : Motion
    field : Field
        Displacement in the frame of the reference, applied before the motion.
    agreeing : int
        Matches that lie on it.
    """

    motion: Motion
    field: Field
    agreeing: int

    def at(self, points: Points) -> Points:
        """Where reference points (n, 2) lie in the moving photo, in units."""
        return self.motion(points + self.field.at(points))

    def on_lines(self, rows: Points, cols: Points) -> Points:
        """Where the crossings of reference lines lie in the moving photo, shape (len(rows), len(cols), 2)."""
        lattice = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
        return self.motion(lattice + self.field.on_lines(rows, cols))


def bend_to_matches(
    motion: Motion,
    matches: Matches,
    extent: Points,
    *,
    trusted: Points | None = None,
    gate: float = _GATE,
    coarse: float = 0.02,
    fine: float = 0.006,
) -> Warp:
    """Smooth warp through the matches that agree with each other.

    Parameters
    ----------
    motion : Motion
    matches : Matches
    extent : ndarray, shape (2,)
        Height and width of the reference in units.
    trusted : ndarray, shape (n,), optional
        Weight of each match in the first step, in [0, 1].
    gate : float
        Farthest a match may lie from the motion, in units.
    coarse, fine : float
        Residual at which a match loses its vote, in units, at the first and the last step.
    """
    offset = motion.inverse()(matches.there) - matches.here
    inside = np.hypot(*offset.T) < gate
    field = flat_field(extent, lattice_cells(extent, _CELLS))
    if inside.sum() < 4:
        return Warp(motion, field, 0)
    offset, here = offset[inside], matches.here[inside]
    quality = matches.weight[inside] / np.percentile(matches.weight[inside], 90)
    weight = quality if trusted is None else quality * trusted[inside]
    design = _design(field, here)
    cells = field.cells
    energy = _STIFFNESS * _full(bending(cells, (float(extent[0]), float(extent[1]))))
    flat = np.zeros((design.shape[1], 2))
    miss = np.hypot(*offset.T)
    for tolerance in np.geomspace(coarse, fine, _STEPS):
        normal = (design.T @ (design * weight[:, None])).toarray() + energy
        flat = solve(normal, design.T @ (weight[:, None] * offset), assume_a="pos", check_finite=False)
        miss = np.hypot(*(design @ flat - offset).T)
        weight = quality / (1 + (miss / tolerance) ** 2) ** 2
    return Warp(motion, Field(extent, flat.reshape(field.coefficients.shape)), int((miss < 3 * fine).sum()))


def _design(field: Field, points: Points) -> csr_array:
    down, across = field.bases(points[:, 0], points[:, 1])
    return csr_array((down[:, :, None] * across[:, None, :]).reshape(len(points), -1))


def _full(blocks: Points) -> Points:
    """Matrix of one component from its neighbour couplings, with rows running slowest."""
    _, _, h, w = blocks.shape
    dense = dense_lattice((blocks, blocks), np.zeros_like(blocks))[::2, ::2].reshape(w, h, w, h)
    return dense.transpose(1, 0, 3, 2).reshape(h * w, h * w) + _RIDGE * np.eye(h * w)


def rematch(warp: Warp, here: Features, there: Features, cosine: Plane) -> tuple[Warp, Matches | None]:
    """Match again near where the warp expects each feature, twice, and bend to what was found."""
    matches = None
    for radius in (0.03, 0.018):
        found = match_near(here, there, cosine, expected=warp.at(here.position), radius=radius)
        if len(found.here) < max(12, warp.agreeing // 2):
            continue
        matches = found
        warp = bend_to_matches(warp.motion, found, warp.field.extent, gate=_GUIDED_GATE, coarse=0.012, fine=0.004)
    return warp, matches
