"""A printed card as it lies in the scene: paper with flat tiles of ink."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field
from tracker.phantom.gauge import Gauge
from tracker.phantom.optics import STANDARD, Response

PAPER: Final = (0.84, 0.84, 0.82)
"""Matt paper, linear sRGB."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle of ink."""

    centre: tuple[float, float]
    """(y, x) on the card from its upper left corner, mm."""
    size: tuple[float, float]
    """Height and width, mm."""
    colour: tuple[float, float, float]
    """Linear sRGB."""
    reflectance: tuple[float, ...] | None = None
    """Its spectrum at `tracker.phantom.spectra.WAVELENGTHS`; None for the smoothest that has this colour."""


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """A card, upright, with tiles; a later tile lies on an earlier one."""

    level: ClassVar[str] = "C3"
    """Colour level that it allows if it is measured."""

    centre: tuple[float, float]
    """(y, x) in the scene, mm."""
    sheet: tuple[float, float]
    """Height and width as it is printed, mm."""
    tiles: tuple[Tile, ...]
    paper: tuple[float, float, float] = PAPER
    """Linear sRGB."""
    scale: float = 1.0
    """Size over that at which it should have been printed."""
    gain: float = 1.0
    """Light on the card over light on the skin."""
    gauge: Gauge | None = None
    """The relief gauge that is stuck on it."""

    @property
    def size(self) -> tuple[float, float]:
        """Height and width, mm."""
        return self.sheet[0] * self.scale, self.sheet[1] * self.scale

    @property
    def patches(self) -> NDArray[np.float64]:
        """Centres of the tiles, (y, x) mm in the scene, shape (n, 2)."""
        place = np.array([tile.centre for tile in self.tiles]).reshape(-1, 2) - np.array(self.sheet) / 2
        return np.asarray(place * self.scale + np.array(self.centre))

    def draw(self, y: Field, x: Field, pitch: float, response: Response = STANDARD) -> tuple[Field, Field]:
        """Return what the card looks like, averaged over each pixel, as `tracker.phantom.chart.Chart.draw`."""
        down = (y[:, 0] - self.centre[0]) / self.scale + self.sheet[0] / 2
        right = (x[0] - self.centre[1]) / self.scale + self.sheet[1] / 2
        step = pitch / self.scale
        paper = response.paint(np.array(self.paper, np.float32))
        colour = np.broadcast_to(paper, (len(down), len(right), 3)).astype(np.float32)
        for tile in self.tiles:
            ink = _seen(tile, response)
            rows, columns = (
                _covered(place, middle, extent, step)
                for place, middle, extent in zip((down, right), tile.centre, tile.size, strict=True)
            )
            (top, bottom), (left, beyond) = _span(rows), _span(columns)
            part = colour[top:bottom, left:beyond]
            part += (rows[top:bottom, None] * columns[None, left:beyond])[..., None] * (ink - part)
        middle = self.sheet[0] / 2, self.sheet[1] / 2
        board = [_covered(p, m, 2 * m, step) for p, m in zip((down, right), middle, strict=True)]
        return np.asarray(colour * np.float32(self.gain), np.float32), board[0][:, None] * board[1][None, :]


def _seen(tile: Tile, response: Response) -> Field:
    if tile.reflectance is None:
        return response.paint(np.array(tile.colour, np.float32))
    return np.asarray(response.linear(tile.reflectance), np.float32)


def _covered(place: NDArray[np.floating], middle: float, extent: float, step: float) -> Field:
    """Return how much of each pixel of a line an interval covers, shape (N,)."""
    return np.asarray(np.clip((extent / 2 - np.abs(place - middle)) / step + 0.5, 0.0, 1.0), np.float32)


def _span(cover: Field) -> tuple[int, int]:
    found = np.flatnonzero(cover)
    return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)
