"""Terminal hair: opaque strokes over the skin, on a limb, a brow or a scalp with its part."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.phantom.fields import Canvas, Field, random_field
from tracker.phantom.strokes import curves, stroke_cover


@dataclass(frozen=True, slots=True)
class Hair:
    """What hair to grow."""

    per_cm2: float
    """Hairs per square centimetre of where they grow."""
    length: tuple[float, float] = (8.0, 20.0)
    """Shortest and longest, mm."""
    width: float = 0.08
    """Of a shaft, mm."""
    heading: float = -90.0
    """Where they lie towards, degrees: 0 to the right, 90 to the top of the picture."""
    spread: float = 18.0
    """Standard deviation of the heading from one hair to the next, degrees."""
    swirl: float = 15.0
    """The same over some 40 mm, degrees."""
    bend: float = 25.0
    """Standard deviation of the turn from root to tip, degrees."""
    clump: float = 0.0
    """How far the tips of neighbours come together, 0 to 1: locks."""
    part: float = 0.0
    """Width of a part from top to bottom through the centre, mm; hairs to its left lie the other way."""
    area: tuple[float, float] | None = None
    """Height and width of the ellipse at the centre where they grow, mm: a brow; None for all the skin."""
    colour: tuple[float, float, float] = (0.022, 0.015, 0.011)
    """Linear RGB."""


@dataclass(frozen=True, slots=True, eq=False)
class Coat:
    """Hair that has grown, and what is true about it."""

    hair: Hair
    canvas: Canvas
    paths: NDArray[np.float64]
    """Polylines from the roots to the tips, (y, x) mm, shape (n, k, 2), in the order in which they fall out."""

    def kept(self, share: float) -> NDArray[np.float64]:
        """Return the polylines of the hairs that are there: always the same ones for a share."""
        return self.paths[: round(share * len(self.paths))]

    def cover(self, share: float) -> Field:
        """Return how much of each pixel hair covers, 0 to 1, shape (H, W), read-only."""
        return _cover(self, share)

    def per_cm2(self, share: float) -> float:
        """Return the hairs per square centimetre of where they grow, the part not counted in."""
        inside = (np.abs(self.kept(share)[:, 0]) < [self.canvas.height / 2, self.canvas.width / 2]).all(axis=1).sum()
        return float(inside) / (_ground(self.hair, self.canvas) / 100.0)


@lru_cache(maxsize=2)
def _cover(coat: Coat, share: float) -> Field:
    """Return `Coat.cover`, kept for the next photo of the day: a scalp takes half a second to draw."""
    cover = stroke_cover(coat.kept(share), coat.hair.width, coat.canvas)
    cover.flags.writeable = False
    return cover


def grow_hair(rng: np.random.Generator, canvas: Canvas, hair: Hair) -> Coat:
    """Return random hair of the given make."""
    # Without an area, hair from outside the canvas lies over its edge too.
    extent = hair.area or (canvas.height + 2.0 * hair.length[1], canvas.width + 2.0 * hair.length[1])
    whole = np.pi / 4 if hair.area else 1.0
    count = round(hair.per_cm2 * extent[0] * extent[1] * whole / 100.0)
    roots = _roots(rng, count, hair, extent)
    swirl = _looked_up(random_field(rng, Canvas(canvas.height, canvas.width, 2.0), 30.0, 80.0), roots, canvas)
    side = np.where(roots[:, 1] < 0.0, -1.0, 1.0) if hair.part else np.ones(count)
    edge = 0.5 * hair.part * (1.0 + 0.12 * np.sin(roots[:, 0] / 9.0 + 2.0 * side) + 0.08 * rng.standard_normal(count))
    parted = np.abs(roots[:, 1]) < edge
    heading = np.deg2rad(hair.heading + hair.swirl * swirl + hair.spread * rng.standard_normal(count))
    heading = np.where(side < 0, np.pi - heading, heading)
    bend = np.deg2rad(hair.bend) * rng.standard_normal(count)
    paths = curves(roots, heading=heading, length=rng.uniform(*hair.length, count), bend=bend)
    if hair.clump:
        paths = _in_locks(rng, paths, side, hair)
    return Coat(hair, canvas, paths[~parted])


def part_width(cover: Field, canvas: Canvas) -> float:
    """Return the width of a part, mm: between the half of the cover beside it, on the profile across; 0 without one."""
    profile = cover[np.abs(canvas.y[:, 0]) < canvas.height / 3].mean(axis=0)
    x = canvas.x[0]
    bare = profile < 0.5 * np.median(profile[np.abs(x) < canvas.width / 3])
    centre = int(np.argmin(np.abs(x)))
    if not bare[centre]:
        return 0.0
    right = centre + int(np.argmin(np.append(bare[centre:], False)))
    left = centre - int(np.argmin(np.append(bare[centre::-1], False)))
    return float((right - left - 1) * canvas.pitch)


def _roots(rng: np.random.Generator, count: int, hair: Hair, extent: tuple[float, float]) -> NDArray[np.float64]:
    """Return where hairs grow, (y, x) mm, evenly as follicles do: on a jittered lattice, in random order."""
    if hair.area:
        radius, bearing = np.sqrt(rng.uniform(0.0, 1.0, count)), rng.uniform(0.0, 2.0 * np.pi, count)
        return np.stack([radius * np.sin(bearing), radius * np.cos(bearing)], axis=1) * np.array(extent) / 2
    columns = max(1, round(np.sqrt(count * extent[1] / extent[0])))
    rows = int(np.ceil(count / columns))
    lattice = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).reshape(-1, 2)
    lattice = rng.permutation(lattice)[:count] + rng.uniform(0.0, 1.0, (count, 2))
    return np.asarray((lattice / [rows, columns] - 0.5) * np.array(extent))


def _in_locks(
    rng: np.random.Generator, paths: NDArray[np.float64], side: NDArray[np.float64], hair: Hair
) -> NDArray[np.float64]:
    """Return paths whose tips come together with those of a leader nearby."""
    leaders = rng.permutation(len(paths))[: max(1, len(paths) // max(4, round(hair.per_cm2 / 12.0)))]
    # Hairs follow a leader on their own side of the part: far apart for the tree.
    apart = np.array([0.0, 1e4]) * side[:, None]
    leader = leaders[cKDTree(paths[leaders, 0] + apart[leaders]).query(paths[:, 0] + apart)[1]]
    pull = hair.clump * np.linspace(0.0, 1.0, paths.shape[1])[:, None] ** 1.5
    return np.asarray(paths + pull * (paths[leader] - paths) * rng.uniform(0.6, 1.0, (len(paths), 1, 1)))


def _looked_up(field: Field, points: NDArray[np.float64], canvas: Canvas) -> NDArray[np.float64]:
    """Return the values of a coarse field of the canvas at (y, x) mm, shape (n,)."""
    place = (points / [canvas.height, canvas.width] + 0.5) * field.shape
    row, column = np.clip(place.astype(int), 0, np.array(field.shape) - 1).T
    return np.asarray(field[row, column], np.float64)


def _ground(hair: Hair, canvas: Canvas) -> float:
    """Return the area on which hairs grow, mm²."""
    if hair.area:
        return float(np.pi / 4 * hair.area[0] * hair.area[1])
    return canvas.height * (canvas.width - hair.part)
