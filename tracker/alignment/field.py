"""A smooth displacement field: cubic B-splines on a lattice, and what it costs to bend it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from tracker.alignment.pyramid import Points

REACH = 4
"""Basis functions that overlap at one place, per axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A displacement over the reference photo, in units.

    Attributes
    ----------
    extent : ndarray, shape (2,)
        Height and width of the photo in units.
    coefficients : ndarray, shape (h, w, 2)
        Of the cubic B-splines along (row, column), three more than lattice cells per axis.
    """

    extent: Points
    coefficients: Points

    @property
    def cells(self) -> tuple[int, int]:
        """Lattice cells along rows and columns."""
        return self.coefficients.shape[0] - 3, self.coefficients.shape[1] - 3

    def on_lines(self, rows: Points, cols: Points) -> Points:
        """Displacement where lines of rows and columns cross, shape (len(rows), len(cols), 2)."""
        down, across = self.bases(rows, cols)
        planes = [down @ self.coefficients[..., axis] @ across.T for axis in (0, 1)]
        return np.stack(planes, axis=-1)

    def at(self, points: Points) -> Points:
        """Displacement at points; both (n, 2)."""
        down, across = self.bases(points[:, 0], points[:, 1])
        return np.einsum("ni,ija,nj->na", down, self.coefficients, across, optimize=True)

    def bases(self, rows: Points, cols: Points) -> tuple[Points, Points]:
        """Values of the basis functions on lines, shapes (len(rows), h) and (len(cols), w)."""
        return (
            basis(rows / self.extent[0] * self.cells[0], self.cells[0]),
            basis(cols / self.extent[1] * self.cells[1], self.cells[1]),
        )

    def on_lattice(self, cells: tuple[int, int]) -> Field:
        """The same displacement on another lattice, by least squares."""
        if cells == self.cells:
            return self
        target = flat_field(self.extent, cells)
        rows, cols = (np.linspace(0, side, 6 * count + 1) for side, count in zip(self.extent, cells, strict=True))
        down, across = (np.linalg.pinv(values) for values in target.bases(rows, cols))
        values = self.on_lines(rows, cols)
        return Field(self.extent, np.einsum("ir,rca,jc->ija", down, values, across, optimize=True))


def flat_field(extent: Points, cells: tuple[int, int]) -> Field:
    """No displacement anywhere."""
    return Field(extent, np.zeros((cells[0] + 3, cells[1] + 3, 2)))


def lattice_cells(extent: Points, count: int) -> tuple[int, int]:
    """Cells per axis for about square cells, `count` along the long side."""
    rows, cols = (max(4, round(count * side)) for side in extent)
    return rows, cols


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


def products(values: Points) -> Points:
    """Products of each basis function with the next `REACH` - 1, shape (REACH, n, m), zero-padded."""
    shifted = np.zeros((REACH, *values.shape))
    for step in range(REACH):
        shifted[step, :, : values.shape[1] - step] = values[:, : values.shape[1] - step] * values[:, step:]
    return shifted


@cache
def bending(cells: tuple[int, int], extent: tuple[float, float]) -> Points:
    """Thin-plate energy of one component between lattice neighbours, shape (REACH, REACH, h, w).

    Entry (i, j, r, c) couples the coefficients (r, c) and (r + i, c + j); because the energy is a sum of products of
    one-dimensional integrals, it also couples (r, c + j) and (r + i, c).
    """
    (r0, r1, r2), (c0, c1, c2) = (_gram(n, side) for n, side in zip(cells, extent, strict=True))
    pairs = ((r2, c0, 1.0), (r1, c1, 2.0), (r0, c2, 1.0))
    return np.asarray(sum(factor * down[:, None, :, None] * across[None, :, None, :] for down, across, factor in pairs))


def _gram(cells: int, side: float) -> list[Points]:
    """Integrals of products of the basis functions and of their derivatives, each (REACH, cells + 3)."""
    nodes, weights = np.polynomial.legendre.leggauss(REACH)  # exact for these polynomials
    position = (np.arange(cells)[:, None] + (nodes + 1) / 2).ravel()
    weight = np.tile(weights / 2, cells)
    pitch = side / cells
    return [
        np.einsum("sni,n->si", products(basis(position, cells, order)), weight) * pitch ** (1 - 2 * order)
        for order in range(3)
    ]


def solve_lattice(diagonal: tuple[Points, Points], mixed: Points, right: Points) -> Points:
    """Solve the symmetric system of a lattice of 2-vectors.

    Parameters
    ----------
    diagonal : tuple of two ndarray, shape (REACH, REACH, h, w)
        Couplings of the row components and of the column components, in the layout of `bending`.
    mixed : ndarray, shape (REACH, REACH, h, w)
        Couplings of row with column components.
    right : ndarray, shape (h, w, 2)

    Returns
    -------
    ndarray, shape (h, w, 2)
    """
    h, w, _ = right.shape
    band = lattice_band(diagonal, mixed)
    solution = solveh_banded(band, right.transpose(1, 0, 2).ravel(), lower=True, overwrite_ab=True, check_finite=False)
    return solution.reshape(w, h, 2).transpose(1, 0, 2)


def lattice_band(diagonal: tuple[Points, Points], mixed: Points) -> Points:
    """Lower band of the system of `solve_lattice`; unknowns run over component, then row, then column."""
    h, w = mixed.shape[2:]
    band = np.zeros((2 * (3 * h + 3) + 2, w, h, 2))
    couplings = {(0, 0): diagonal[0], (1, 1): diagonal[1], (0, 1): mixed, (1, 0): mixed}
    for across in range(REACH):
        for down in range(-REACH + 1, REACH):
            nodes = across * h + down
            for (a, b), blocks in couplings.items():
                step = 2 * nodes + b - a
                if nodes < 0 or step < 0:
                    continue
                values = blocks[abs(down), across].T
                if down < 0:
                    band[step, :, -down:, a] = values[:, : h + down]
                else:
                    band[step, :, :, a] = values
    return band.reshape(len(band), -1)


def dense_lattice(diagonal: tuple[Points, Points], mixed: Points) -> NDArray[np.float64]:
    """The whole symmetric matrix of `solve_lattice`; only for small lattices."""
    band = lattice_band(diagonal, mixed)
    size = band.shape[1]
    matrix = np.zeros((size, size))
    for step, values in enumerate(band):
        index = np.arange(size - step)
        matrix[index + step, index] = matrix[index, index + step] = values[: size - step]
    return matrix
