"""Normal equations on a lattice of cubic B-splines: what the data say, what bending costs, and the balance of both.

A symmetric coupling between neighbours is stored as *blocks*, shape (REACH, REACH, h, w): entry (i, j, r, c) couples
the coefficients (r, c) and (r + i, c + j). As every coupling here is a sum of products of one-dimensional functions,
it also couples (r, c + j) and (r + i, c), so that no others need to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tracker.alignment.planes import Points

REACH = 4
_RIDGE = 1e-4


def basis(position: Points, cells: int, derivative: int = 0) -> Points:
    """Cubic B-splines at positions counted in cells, shape (n, cells + 3); outside, the last cell continues."""
    cell = np.clip(np.floor(position), 0, cells - 1).astype(int)
    t = np.clip(position - cell, -0.5, 1.5)
    if derivative == 0:
        parts = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    elif derivative == 1:
        parts = [-3 * (1 - t) ** 2, 9 * t**2 - 12 * t, -9 * t**2 + 6 * t + 3, 3 * t**2]
    else:
        parts = [6 * (1 - t), 18 * t - 12, -18 * t + 6, 6 * t]
    values = np.zeros((len(position), cells + 3))
    for offset, part in enumerate(parts):
        values[np.arange(len(position)), cell + offset] = part / 6
    return values


@cache
def bending(cells: tuple[int, int], extent: tuple[float, float]) -> Points:
    """Blocks of the thin-plate energy of one component over an area of `extent`; read-only."""
    (r0, r1, r2), (c0, c1, c2) = (_gram(n, side) for n, side in zip(cells, extent, strict=True))
    parts = [down[:, None, :, None] * across[None, :, None, :] for down, across in ((r2, c0), (r1, c1), (r0, c2))]
    energy = parts[0] + 2 * parts[1] + parts[2]
    energy.flags.writeable = False
    return energy


def _gram(cells: int, side: float) -> list[Points]:
    """Integrals of products of the basis functions and of their derivatives, each (REACH, cells + 3)."""
    nodes, weights = np.polynomial.legendre.leggauss(REACH)  # exact for these polynomials
    position = (np.arange(cells)[:, None] + (nodes + 1) / 2).ravel()
    weight = np.tile(weights / 2, cells)
    pitch = side / cells
    return [
        np.einsum("sni,n->si", _products(basis(position, cells, order)), weight) * pitch ** (1 - 2 * order)
        for order in range(3)
    ]


def _products(values: Points) -> Points:
    """Products of each basis function with the next REACH - 1, shape (REACH, n, m), zero-padded."""
    shifted = np.zeros((REACH, *values.shape))
    for step in range(REACH):
        shifted[step, :, : values.shape[1] - step] = values[:, : values.shape[1] - step] * values[:, step:]
    return shifted


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """A lattice and the bins over which its data are summed.

    Attributes
    ----------
    down, across : ndarray, shape (n, h) and (m, w)
        Values of the basis functions at the rows and columns of the bins.
    down_pairs, across_pairs : ndarray, shape (REACH, n, h) and (REACH, m, w)
        Their products with their neighbours.
    energy : ndarray, shape (REACH, REACH, h, w)
        What bending costs.
    """

    down: Points
    across: Points
    down_pairs: Points
    across_pairs: Points
    energy: Points

    def blocks(self, sums: Points) -> Points:
        """Blocks of the couplings for sums over bins (..., n, m)."""
        half = self.down_pairs.transpose(0, 2, 1) @ sums[..., None, :, :]
        return half[..., :, None, :, :] @ self.across_pairs

    def solve(self, information: Points, pull: Points, current: Points) -> Points:
        """Change of the coefficients that balances data against bending, shape (h, w, 2).

        Parameters
        ----------
        information : ndarray, shape (3, n, m)
            Sums of the weighted products of the slopes: row-row, row-column, column-column.
        pull : ndarray, shape (2, n, m)
            Sums of the weighted residuals times the slopes.
        current : ndarray, shape (h, w, 2)
            Coefficients so far.
        """
        right = (self.down.T @ pull @ self.across).transpose(1, 2, 0) - _applied(self.energy, current)
        band = _band(self._system(information))
        h, w, _ = right.shape
        flat = right.transpose(1, 0, 2).ravel()
        from scipy.linalg import solveh_banded  # loads for half a second; the first page does not align

        solution = solveh_banded(band, flat, lower=True, overwrite_ab=True, check_finite=False)
        return np.asarray(solution).reshape(w, h, 2).transpose(1, 0, 2)

    def variance(self, information: Points, down: Points, across: Points) -> Points:
        """Posterior variance per axis at the crossings of lines with basis values (k, h) and (l, w), shape (k, l)."""
        covariance = np.linalg.inv(_dense(self._system(information)))
        h, w = self.energy.shape[2:]
        mean = ((covariance[::2, ::2] + covariance[1::2, 1::2]) / 2).reshape(w, h, w, h)
        along = np.einsum("ri,aibj,rj->rab", down, mean, down, optimize=True)
        return np.maximum(np.einsum("ca,rab,cb->rc", across, along, across, optimize=True), 0)

    def _system(self, information: Points) -> Points:
        """Blocks of both components and of their coupling, shape (3, REACH, REACH, h, w)."""
        system = self.blocks(information)
        system[0] += self.energy
        system[2] += self.energy
        system[0::2, 0, 0] += _RIDGE
        return system


def make_lattice(extent: Points, cells: tuple[int, int], bins: tuple[int, int], *, stiffness: float) -> Lattice:
    """A lattice over a photo of `extent` whose data come in evenly spaced bins."""
    down, across = (basis((np.arange(n) + 0.5) / n * count, count) for n, count in zip(bins, cells, strict=True))
    energy = stiffness * bending(cells, (float(extent[0]), float(extent[1])))
    return Lattice(down, across, _products(down), _products(across), energy)


def bending_matrix(extent: Points, cells: tuple[int, int]) -> Points:
    """The bending energy of one component as a full matrix; coefficients run over columns fastest."""
    blocks = bending(cells, (float(extent[0]), float(extent[1])))
    h, w = blocks.shape[2:]
    dense = _dense(np.stack([blocks, np.zeros_like(blocks), blocks]))[::2, ::2]
    return dense.reshape(w, h, w, h).transpose(1, 0, 3, 2).reshape(h * w, h * w)


def _band(system: Points) -> Points:
    """Lower band for LAPACK; unknowns run over component, then row, then column."""
    h, w = system.shape[3:]
    band = np.zeros((2 * (3 * h + 3) + 2, w, h, 2))
    for across in range(REACH):
        for down in range(-REACH + 1, REACH):
            for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
                step = 2 * (across * h + down) + b - a
                values = system[a + b, abs(down), across].T
                if step < 0:
                    continue
                if down < 0:
                    band[step, :, -down:, a] = values[:, : h + down]
                else:
                    band[step, :, :, a] = values
    return band.reshape(len(band), -1)


def _dense(system: Points) -> Points:
    """The whole symmetric matrix; only for small lattices."""
    band = _band(system)
    size = band.shape[1]
    matrix = np.zeros((size, size))
    for step, values in enumerate(band):
        index = np.arange(size - step)
        matrix[index + step, index] = matrix[index, index + step] = values[: size - step]
    return matrix


def _applied(blocks: Points, values: Points) -> Points:
    """Couplings times values (h, w, k)."""
    h, w, _ = values.shape
    o = REACH - 1
    total = np.zeros_like(values)
    padded = np.pad(values, ((o, o), (o, o), (0, 0)))
    coupling = np.pad(blocks, ((0, 0), (0, 0), (o, 0), (o, 0)))
    for i in range(-o, REACH):
        for j in range(-o, REACH):
            block = coupling[abs(i), abs(j), o + min(i, 0) : o + min(i, 0) + h, o + min(j, 0) : o + min(j, 0) + w]
            total += block[..., None] * padded[o + i : o + i + h, o + j : o + j + w]
    return total
