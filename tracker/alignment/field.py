"""A smooth displacement field over the reference photo, and the warp it makes together with a rigid motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.alignment.lattice import basis
from tracker.alignment.motion import Motion
from tracker.alignment.planes import Points


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A displacement in units.

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
        along = np.tensordot(down, self.coefficients, axes=1)
        return np.einsum("nja,nj->na", along, across)

    def bases(self, rows: Points, cols: Points) -> tuple[Points, Points]:
        """Values of the basis functions on lines, shapes (len(rows), h) and (len(cols), w)."""
        (down, across), (height, width) = self.cells, self.extent
        return basis(rows / height * down, down), basis(cols / width * across, across)

    def on_lattice(self, cells: tuple[int, int]) -> Field:
        """The same displacement on another lattice, by least squares."""
        if cells == self.cells:
            return self
        target = flat_field(self.extent, cells)
        rows, cols = (np.linspace(0, side, 6 * count + 1) for side, count in zip(self.extent, cells, strict=True))
        down, across = (np.linalg.pinv(values) for values in target.bases(rows, cols))
        values = self.on_lines(rows, cols).transpose(2, 0, 1)
        return Field(self.extent, (down @ values @ across.T).transpose(1, 2, 0))


def flat_field(extent: Points, cells: tuple[int, int]) -> Field:
    """No displacement anywhere."""
    return Field(extent, np.zeros((cells[0] + 3, cells[1] + 3, 2)))


def lattice_cells(extent: Points, count: int) -> tuple[int, int]:
    """Cells per axis for about square cells, `count` along the long side; four at least."""
    rows, cols = (max(4, round(count * float(side))) for side in extent)
    return rows, cols


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
        crossings = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
        return self.motion(crossings + self.field.on_lines(rows, cols))
