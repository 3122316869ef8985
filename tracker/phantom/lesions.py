"""Lesions of one colour: pigmented spots and red areas."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field, random_field, scattered
from tracker.phantom.strokes import curves, stroke_cover

_VESSEL: Final = 0.12
"""Width of a vessel wide enough to be seen, mm."""
_VESSEL_GAIN: Final = 2.5
"""Blood that it adds, over that of the skin around."""


@dataclass(frozen=True, slots=True)
class Spots:
    """What pigmented spots to grow: lentigines."""

    count: int
    radius: tuple[float, float] = (1.2, 4.0)
    """Smallest and largest, mm."""
    gain: tuple[float, float] = (1.3, 2.0)
    """Melanin over that of the skin around, weakest and strongest."""
    area: tuple[float, float] | None = None
    """Height and width of where they lie at the centre, mm; None for all the skin."""


@dataclass(frozen=True, slots=True)
class Redness:
    """What red areas to grow."""

    count: int
    radius: tuple[float, float] = (3.0, 10.0)
    """Smallest and largest, mm."""
    gain: tuple[float, float] = (1.5, 3.0)
    """Blood over that of the skin around, weakest and strongest."""
    vessels: float = 0.0
    """Widened vessels per square centimetre of a red area (telangiectasia)."""
    area: tuple[float, float] | None = None
    """Height and width of where they lie at the centre, mm; None for all the skin."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesions:
    """Lesions of one kind as they are at their strongest, and what is true about each."""

    centre: NDArray[np.float64]
    """(y, x) mm, shape (n, 2)."""
    area: NDArray[np.float64]
    """Within the outline at half maximum, mm², shape (n,)."""
    gain: NDArray[np.float64]
    """Pigment or blood over that around, shape (n,)."""
    number: NDArray[np.int16]
    """Which lesion has its outline around a pixel, from 1; 0 for none; shape (H, W)."""
    added: Field
    """Share that they add to the pigment or blood around, shape (H, W)."""

    @property
    def radius(self) -> NDArray[np.float64]:
        """Radius of the circle of the same area, mm, shape (n,)."""
        return np.asarray(np.sqrt(self.area / np.pi))


def grow_spots(rng: np.random.Generator, canvas: Canvas, spots: Spots) -> Lesions:
    """Return random pigmented spots of the given make: sharp-edged, and mottled inside."""
    ragged = 0.11 * random_field(rng, canvas, 2.5, 8.0) + 0.03 * random_field(rng, canvas, 0.8, 2.5)
    mottle = 1.0 + 0.10 * random_field(rng, canvas, 0.5, 2.0)
    return _lesions(rng, canvas, spots, ragged=ragged, mottle=np.asarray(mottle, np.float32), edge=0.09)


def grow_redness(rng: np.random.Generator, canvas: Canvas, redness: Redness) -> Lesions:
    """Return random red areas of the given make: soft-edged and blotchy, with a vessel here and there."""
    ragged = 0.26 * random_field(rng, canvas, 5.0, 18.0) + 0.10 * random_field(rng, canvas, 1.5, 5.0)
    mottle = np.maximum(1.0 + 0.16 * random_field(rng, canvas, 0.8, 5.0), 0.2)
    found = _lesions(rng, canvas, redness, ragged=ragged, mottle=mottle, edge=0.2)
    if redness.vessels:
        for (y, x), radius, area in zip(found.centre, found.radius, found.area, strict=True):
            count = rng.poisson(redness.vessels * area / 100.0)
            paths = curves(
                rng.uniform(-0.9, 0.9, (count, 2)) * radius + [y, x],
                heading=rng.uniform(0.0, 2.0 * np.pi, count),
                length=rng.uniform(0.5, 1.2, count) * min(radius, 5.0),
                bend=rng.normal(0.0, 0.7, count),
            )
            where = canvas.window(y, x, 3.0 * radius)
            found.added[where] += np.float32(_VESSEL_GAIN) * _painted(paths, canvas, where)
    return found


def _painted(paths: NDArray[np.float64], canvas: Canvas, where: tuple[slice, slice]) -> Field:
    """Return the cover of vessels in a window of the canvas, 0 to 1."""
    y, x = canvas.y[where[0], 0], canvas.x[0, where[1]]
    middle = np.array([(y[0] + y[-1]) / 2, (x[0] + x[-1]) / 2])
    return stroke_cover(paths - middle, _VESSEL, Canvas(len(y) * canvas.pitch, len(x) * canvas.pitch, canvas.pitch))


def _lesions(
    rng: np.random.Generator, canvas: Canvas, kind: Spots | Redness, *, ragged: Field, mottle: Field, edge: float
) -> Lesions:
    """Return lesions whose radius is raised and lowered by the share `ragged`, and softened by the share `edge`."""
    area = kind.area or (canvas.height - 4.0 * kind.radius[1], canvas.width - 4.0 * kind.radius[1])
    centres = scattered(rng, Canvas(*area, canvas.pitch), count=kind.count, apart=1.2 * sum(kind.radius))
    count = len(centres)
    radii, gains = rng.uniform(*kind.radius, count), rng.uniform(*kind.gain, count)
    ovals, angles = rng.uniform(0.78, 1.0, count), rng.uniform(0.0, np.pi, count)
    number = np.zeros(canvas.shape, np.int16)
    added = np.zeros(canvas.shape, np.float32)
    areas = np.zeros(count)
    for at, (y, x) in enumerate(centres):
        where = canvas.window(y, x, (1.8 + 4.0 * edge) * radii[at])
        dy, dx = canvas.y[where[0]] - np.float32(y), canvas.x[:, where[1]] - np.float32(x)
        sine, cosine, squeeze = np.float32(np.sin(angles[at])), np.float32(np.cos(angles[at])), np.float32(ovals[at])
        away = np.hypot((dx * cosine + dy * sine) * squeeze, (dy * cosine - dx * sine) / squeeze)
        level = away / np.float32(radii[at]) - 1.0 + ragged[where]
        weight = 1.0 / (1.0 + np.exp(np.clip(level / np.float32(edge), -30, 30)))
        outline = weight > 0.5
        areas[at] = outline.sum() * canvas.pitch**2
        number[where][outline] = at + 1
        part = added[where]
        np.maximum(part, np.float32(gains[at] - 1.0) * weight * mottle[where], out=part)
    return Lesions(centres, areas, gains, number, added)
