"""The relief of the skin: what stays, and the dimples that a treatment changes."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field, cells, random_field, scattered

_FINE_BLUR: Final = 0.12
"""Standard deviation of the softening of the fine relief, mm: skin has no knife edges."""


@dataclass(frozen=True, slots=True)
class Relief:
    """What shapes the skin."""

    dimples: int = 0
    depth: float = 0.0
    """Depth of the deepest dimple, mm."""
    mattress: float = 0.0
    """Standard deviation of the soft undulation between dimples, 24-60 mm wavelength, mm."""
    waviness: float = 0.3
    """Standard deviation of the 50-120 mm undulation, mm; does not change."""
    peel: float = 0.012
    """Standard deviation of the orange-peel relief, 3-9 mm, mm; does not change."""
    micro: float = 0.012
    """Standard deviation of the fine relief, mm; does not change."""
    cell: float = 1.1
    """Size of the polygons of the fine relief, mm."""


def still_relief(shaping: np.random.Generator, fine: np.random.Generator, canvas: Canvas, relief: Relief) -> Field:
    """Return waviness, orange peel and fine relief, mm."""
    height = relief.waviness * random_field(shaping, canvas, 50.0, 120.0)
    height += relief.peel * random_field(shaping, canvas, 3.0, 9.0)
    # Cells of two sizes, the larger ones weighted unevenly, so that no lattice shows.
    mesh = -cells(fine, canvas, relief.cell) - 0.8 * cells(fine, canvas, 2.1 * relief.cell)
    mesh *= 1.0 + 0.3 * np.clip(random_field(fine, canvas, 5.0, 30.0), -2.0, 2.0)
    mesh = cv2.GaussianBlur(mesh, (0, 0), max(_FINE_BLUR / canvas.pitch, 0.3))
    return np.asarray(height + (mesh - mesh.mean()) * np.float32(relief.micro / mesh.std()), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Dents:
    """The dimples as they are, one by one; undulation between them is not counted."""

    centre: NDArray[np.float64]
    """(y, x) mm, shape (n, 2)."""
    depth: NDArray[np.float64]
    """Of the middle, mm, shape (n,)."""
    width: NDArray[np.float64]
    """Standard deviation of the Gaussian along the longer axis, mm, shape (n,)."""


def dimples(rng: np.random.Generator, canvas: Canvas, relief: Relief) -> tuple[Field, Dents]:
    """Return the relief that treatment changes, mm, and the dimples in it."""
    height = relief.mattress * random_field(rng, canvas, 24.0, 60.0)
    centres = scattered(rng, canvas, count=relief.dimples, apart=15.0)
    depths, widths = np.zeros(len(centres)), np.zeros(len(centres))
    for at, (y, x) in enumerate(centres):
        width = rng.uniform(4.5, 9.0)
        # Narrow dimples are shallower: tethered fat, not bullet holes.
        depth = relief.depth * rng.uniform(0.5, 1.0) * np.sqrt(width / 9.0)
        squeeze, angle = rng.uniform(0.6, 1.0), rng.uniform(0.0, np.pi)
        where = canvas.window(y, x, 4.5 * width)
        dy, dx = canvas.y[where[0]] - y, canvas.x[:, where[1]] - x
        along, aside = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        height[where] -= depth * np.exp(-0.5 * ((along / width) ** 2 + (aside / (squeeze * width)) ** 2))
        depths[at], widths[at] = depth, width
    return np.asarray(height, np.float32), Dents(centres, depths, widths)
