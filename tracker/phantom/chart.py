"""A 24-patch colour chart as it lies in the scene, drawn from the reflectances of real ones."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.spectra import chart_reflectance

CHART_WIDTH: Final = 90.0
"""Width of the whole chart, mm."""
_ROWS: Final = 4
_COLUMNS: Final = 6
# All in patches. The gap is that of the Classic (40 mm patches, 4.4 mm apart), the margin that of the small editions.
_PITCH: Final = 1.11
_MARGIN: Final = 0.34
_RIM: Final = 0.13
_ROUNDING: Final = 0.30
_WIDE: Final = 1 + (_COLUMNS - 1) * _PITCH + 2 * _MARGIN
_HIGH: Final = 1 + (_ROWS - 1) * _PITCH + 2 * _MARGIN
_BLACK: Final = 0.032
_RIM_GREY: Final = 0.055


@dataclass(frozen=True, slots=True)
class Chart:
    """A colour chart, dark skin in its upper left corner."""

    level: ClassVar[str] = "C2"
    """Colour level that it allows."""

    centre: tuple[float, float]
    """(y, x) in the scene, mm."""
    width: float = CHART_WIDTH
    """Of the whole chart, mm; it is 0.69 times as high."""
    edition: str = "2014"
    """One of `tracker.phantom.spectra.CHARTS`."""
    gain: float = 1.0
    """Light on the chart over light on the skin: a chart that does not lie in the plane of the skin has another."""

    @property
    def size(self) -> tuple[float, float]:
        """Height and width, mm."""
        return self.width * _HIGH / _WIDE, self.width

    @property
    def patches(self) -> NDArray[np.float64]:
        """Centres of the patches, row by row, (y, x) mm in the scene, shape (24, 2)."""
        row, column = np.divmod(np.arange(_ROWS * _COLUMNS), _COLUMNS)
        place = np.stack([row - (_ROWS - 1) / 2, column - (_COLUMNS - 1) / 2], axis=-1)
        return np.asarray(place * (_PITCH * self.width / _WIDE) + np.array(self.centre))

    def draw(self, y: Field, x: Field, pitch: float, response: Response = STANDARD) -> tuple[Field, Field]:
        """Return what the chart looks like, averaged over each pixel.

        Parameters
        ----------
        y : ndarray, shape (H, 1)
            Rows of the pixels in the scene, mm.
        x : ndarray, shape (1, W)
            Their columns, mm.
        pitch : float
            Distance between two pixels, mm.
        response : Response
            Lamp and camera.

        Returns
        -------
        colour : ndarray, shape (H, W, 3)
            Linear RGB in even light.
        cover : ndarray, shape (H, W)
            How much of the pixel the chart covers, 0 to 1.
        """
        unit = self.width / _WIDE
        down, right, step = (y[:, 0] - self.centre[0]) / unit, (x[0] - self.centre[1]) / unit, pitch / unit
        rows, columns = _stripes(down, _ROWS, step), _stripes(right, _COLUMNS, step)
        patches = (
            (response.linear(chart_reflectance(self.edition)) - _BLACK).reshape(_ROWS, _COLUMNS, 3).astype(np.float32)
        )
        board = np.float32(_BLACK) + np.float32(_RIM_GREY - _BLACK) * (1 - _board(down, right, step, _RIM))[..., None]
        colour = board + np.einsum("yr,rcl,xc->yxl", rows, patches, columns, optimize=True)
        return np.asarray(colour * self.gain, np.float32), _board(down, right, step, 0.0)


def _stripes(place: NDArray[np.floating], count: int, step: float) -> Field:
    """Return how much of a pixel each row (or column) of patches covers, shape (N, count)."""
    middle = (np.arange(count) - (count - 1) / 2) * _PITCH
    away = np.abs(place[:, None] - middle)
    return np.asarray(np.clip((0.5 - away) / step + 0.5, 0.0, 1.0), np.float32)


def _board(down: NDArray[np.floating], right: NDArray[np.floating], step: float, inset: float) -> Field:
    """Return how much of a pixel the board covers, whose corners are round, without a rim of `inset` patches."""
    over = [
        np.maximum(np.abs(place) - (extent / 2 - _ROUNDING), 0.0)
        for place, extent in ((down[:, None], _HIGH), (right[None, :], _WIDE))
    ]
    outside = np.hypot(*over) - (_ROUNDING - inset)
    return np.asarray(np.clip(0.5 - outside / step, 0.0, 1.0), np.float32)
