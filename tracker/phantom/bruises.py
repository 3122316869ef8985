"""Bruises: blood outside its vessels, that loses its oxygen and breaks down to bilirubin within three weeks."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field, random_field, scattered
from tracker.phantom.optics import Response, skin_reflectance

_PITCH: Final = 0.75
"""Of the grid on which bruises live, mm; they have no sharp edge."""
_BLOOD: Final = 0.06
"""Volume fraction of the blood of a fresh bruise."""
_BILIRUBIN: Final = 0.04
"""Bilirubin of a bruise at its yellowest, g/L: an eighth of what that blood could leave; the rest is carried off."""
_YELLOWEST: Final = 7.0
"""Days until then."""
_FAINT: Final = 2e-3
_VISIBLE: Final = 0.05
"""Share of the most blood or bilirubin below which a bruise is taken to have faded."""


@dataclass(frozen=True, slots=True)
class Bruises:
    """What bruises to make."""

    count: int
    size: tuple[float, float] = (18.0, 40.0)
    """Smallest and largest mean diameter, mm."""
    area: tuple[float, float] | None = None
    """Height and width of where they lie at the centre, mm; None for all the skin."""


@dataclass(frozen=True, slots=True, eq=False)
class Bruising:
    """Bruises through their days. Arrays are on a grid of some 0.75 mm over the whole canvas, shape (h, w)."""

    centre: NDArray[np.float64]
    """(y, x) mm, shape (n, 2)."""
    away: Field
    """Distance from the nearest bruise's centre over its radius, ragged."""
    number: NDArray[np.int16]
    """Which bruise is the nearest, from 1."""
    mottle: Field
    """Local factor on the blood."""
    cell: float
    """Area of a grid cell, mm²."""

    def core(self, age: float) -> Field:
        """Return where the blood is, 0 to 1: it shrinks from the edge."""
        return _soft(self.away, max(1.0 - 0.045 * age, 0.2), 0.15)

    def halo(self, age: float) -> Field:
        """Return where the bilirubin is, 0 to 1: it seeps outwards."""
        return _soft(self.away, 1.0 + 0.02 * min(age, 15.0), 0.20)

    def blood(self, age: float) -> Field:
        """Return the volume fraction of the blood outside its vessels."""
        return np.asarray(np.float32(_BLOOD * np.exp(-((age / 6.0) ** 2))) * self.core(age) * self.mottle)

    def bilirubin(self, age: float) -> Field:
        """Return the bilirubin, g/L."""
        phase = age / _YELLOWEST
        return np.asarray(np.float32(_BILIRUBIN * phase**5 * np.exp(5.0 * (1.0 - phase))) * self.halo(age))

    def areas(self, age: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the areas of cores and of halos at half maximum, mm², each of shape (n,); 0 once they have faded."""
        many = len(self.centre) + 1
        core, halo = (
            np.bincount(self.number[part > 0.5], minlength=many)[1:] for part in (self.core(age), self.halo(age))
        )
        seen = self.blood(age).max() > _VISIBLE * _BLOOD, self.bilirubin(age).max() > _VISIBLE * _BILIRUBIN
        return np.asarray(core * self.cell * seen[0]), np.asarray(halo * self.cell * seen[1])

    def mask(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return where skin was bruised at all on the first day (at half maximum), on a canvas of that shape."""
        grown = cv2.resize(self.core(0.0), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        return np.asarray(grown > 0.5)

    def tinge(self, age: float, *, melanin: Field, blood: Field, oxygenation: float, response: Response) -> Field:
        """Return the colour of bruised over that of sound skin, linear RGB.

        Parameters
        ----------
        age : float
            Days since the blow.
        melanin, blood : ndarray, shape (H, W)
            Volume fractions of the skin without the bruises.
        oxygenation : float
            Share of its haemoglobin that carries oxygen.
        response : Response
            Lamp and camera.

        Returns
        -------
        ndarray, shape (H, W, 3)
        """
        shape = melanin.shape
        small = self.away.shape[::-1]
        extra, yellow = self.blood(age), self.bilirubin(age)
        where = (extra > _FAINT * _BLOOD) | (yellow > _FAINT * _BILIRUBIN)
        ratio = np.ones((*self.away.shape, 3), np.float32)
        if where.any():
            pigment, sound = (cv2.resize(part, small, interpolation=cv2.INTER_AREA)[where] for part in (melanin, blood))
            spent = 0.12 + 0.70 * np.exp(-age)
            mixed = (sound * oxygenation + extra[where] * spent) / (sound + extra[where])
            bruised = skin_reflectance(pigment, sound + extra[where], oxygenation=mixed, bilirubin=yellow[where])
            plain = skin_reflectance(pigment, sound, oxygenation=oxygenation)
            # A strongly saturated colour may leave the gamut of a camera.
            ratio[where] = np.maximum(response.linear(bruised), 1e-3) / np.maximum(response.linear(plain), 1e-3)
        return np.asarray(cv2.resize(ratio, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def strike(rng: np.random.Generator, canvas: Canvas, bruises: Bruises) -> Bruising:
    """Return random bruises of the given make."""
    rows, columns = canvas.shape
    height, width = rows * canvas.pitch, columns * canvas.pitch
    grid = Canvas(height, width, _PITCH)
    area = bruises.area or (height - 1.6 * bruises.size[1], width - 1.6 * bruises.size[1])
    centres = scattered(rng, Canvas(*area, canvas.pitch), count=bruises.count, apart=0.6 * sum(bruises.size))
    ragged = 0.15 * random_field(rng, grid, 14.0, 45.0) + 0.045 * random_field(rng, grid, 5.0, 14.0)
    mottle = np.exp(0.20 * random_field(rng, grid, 8.0, 30.0) - 0.02)
    # The grid covers the canvas from edge to edge, even where its pitch does not divide it.
    y, x = (
        (np.arange(n) + 0.5) / n * extent - extent / 2 for n, extent in zip(grid.shape, (height, width), strict=True)
    )
    away = np.full(grid.shape, 9.0, np.float32)
    number = np.zeros(grid.shape, np.int16)
    for at, (cy, cx) in enumerate(centres):
        radius, oval, angle = rng.uniform(*bruises.size) / 2, rng.uniform(0.65, 0.95), rng.uniform(0.0, np.pi)
        dy, dx = y[:, None] - cy, x[None, :] - cx
        along, aside = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        one = (np.hypot(along * np.sqrt(oval), aside / np.sqrt(oval)) / radius + ragged).astype(np.float32)
        number[one < away] = at + 1
        away = np.minimum(one, away)
    return Bruising(centres, away, number, np.asarray(mottle, np.float32), height * width / (len(y) * len(x)))


def _soft(away: Field, radius: float, edge: float) -> Field:
    """Return 1 within a radius and 0 far outside it."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((away - radius) / edge, -30, 30))), np.float32)
