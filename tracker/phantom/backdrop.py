"""What is in the picture besides skin: the backdrop, four marker cards and what else lies about."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.card import PrintedCard
from tracker.phantom.chart import Chart
from tracker.phantom.clutter import TIDY, Clutter, Cover, lay_cover, strew
from tracker.phantom.fields import Canvas, Field, random_field
from tracker.phantom.gauge import Gauge
from tracker.phantom.optics import STANDARD, Response

MARKER_SIDE: Final = 20.0
"""Side of a marker's black square, mm."""
QUIET_ZONE: Final = 5.0
"""White border around it, mm."""
CARD_SIDE: Final = MARKER_SIDE + 2 * QUIET_ZONE
"""Side of a whole card, mm."""
_DICTIONARY: Final = cv2.aruco.DICT_4X4_50
_CELLS: Final = 6
_SUPERSAMPLING: Final = 4
_WHITE = 0.84
_BLACK = 0.035
_BLUE_GREY = np.array((0.190, 0.235, 0.285), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """The plane behind the skin, and the cards in it."""

    canvas: Canvas
    colour: Field
    """Linear RGB in even light, shape (H, W, 3)."""
    card: Field
    """How much of the pixel a card or the chart covers, 0 to 1, shape (H, W)."""
    shade: Field
    """Light that the cards' thickness leaves on what is next to them, 0 to 1, shape (H, W)."""
    corners: NDArray[np.float64]
    """Corners of the markers 0-3, clockwise from the upper left, (y, x) mm in the scene, shape (4, 4, 2)."""
    patches: NDArray[np.float64] | None = None
    """Centres of the chart's patches, row by row, or of the card's tiles, (y, x) mm in the scene, shape (n, 2); None
    without."""
    over: Cover | None = None
    """Cloth on the skin; None without."""
    gauge: Gauge | None = None
    """A relief gauge; None without."""


def lay_backdrop(
    rng: np.random.Generator,
    canvas: Canvas,
    centres: tuple[tuple[float, float], ...],
    *,
    response: Response = STANDARD,
    chart: Chart | PrintedCard | None = None,
    clutter: Clutter = TIDY,
) -> Backdrop:
    """Return a blue-grey matte backdrop with marker cards on it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; clutter does not advance it.
    canvas : Canvas
        The plane.
    centres : tuple of (float, float)
        Centres of the marker cards 0, 1, …, (y, x) mm.
    response : Response
        Lamp and camera.
    chart : Chart or PrintedCard, optional
        A colour chart, or a card of our own.
    clutter : Clutter
        What else lies about.

    Returns
    -------
    Backdrop
    """
    texture = 0.018 * random_field(rng, canvas, 120.0, 400.0) + 0.012 * random_field(rng, canvas, 1.2, 4.0)
    colour = np.asarray(response.paint(_BLUE_GREY) * (1.0 + texture)[..., None], np.float32)
    strew(rng, colour, canvas, clutter, response)
    card = np.zeros(canvas.shape, np.float32)
    for number, (y, x) in enumerate(centres):
        where = canvas.window(y, x, CARD_SIDE / 2 + 1.0)
        paper, cover = _card(number, canvas.y[where[0]] - y, canvas.x[:, where[1]] - x, canvas.pitch)
        card[where] = cover
        colour[where] += cover[..., None] * (paper[..., None] - colour[where])
    patches = None
    if chart is not None:
        where = canvas.window(*chart.centre, 0.5 * max(chart.size) + 1.0)
        painted, cover = chart.draw(canvas.y[where[0]], canvas.x[:, where[1]], canvas.pitch, response)
        card[where] = np.maximum(card[where], cover)
        colour[where] += cover[..., None] * (painted - colour[where])
        patches = chart.patches
    shade = 1.0 - 0.45 * cv2.GaussianBlur(card, (0, 0), 0.9 / canvas.pitch)
    half = MARKER_SIDE / 2
    square = np.array([(-half, -half), (-half, half), (half, half), (half, -half)])
    corners = np.array([square + np.array(centre) for centre in centres])
    over = lay_cover(rng, canvas, clutter, response)
    gauge = chart.gauge if isinstance(chart, PrintedCard) else None
    light = np.asarray(shade, np.float32)
    return Backdrop(canvas, np.asarray(colour, np.float32), card, light, corners, patches, over, gauge)


def _card(number: int, y: Field, x: Field, pitch: float) -> tuple[Field, Field]:
    """Return reflectance and coverage of a card centred on the origin, averaged over each pixel."""
    bits = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(_DICTIONARY), number, _CELLS, borderBits=1)
    steps = ((np.arange(_SUPERSAMPLING) + 0.5) / _SUPERSAMPLING - 0.5) * pitch
    fine_y, fine_x = (y + steps).reshape(-1), (x.T + steps).reshape(-1)
    row, column = (np.floor((v / MARKER_SIDE + 0.5) * _CELLS).astype(int) for v in (fine_y, fine_x))
    padded = np.pad(bits, 1, constant_values=255)
    inner = padded[np.clip(row, -1, _CELLS)[:, None] + 1, np.clip(column, -1, _CELLS)[None, :] + 1] > 0
    edge = CARD_SIDE / 2
    cover = (np.abs(fine_y) < edge)[:, None] & (np.abs(fine_x) < edge)[None, :]
    return _binned(np.where(inner, _WHITE, _BLACK)), _binned(cover)


def _binned(fine: NDArray[np.generic]) -> Field:
    rows, columns = (n // _SUPERSAMPLING for n in fine.shape)
    blocks = fine.reshape(rows, _SUPERSAMPLING, columns, _SUPERSAMPLING)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)
