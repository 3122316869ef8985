"""`Photo` → `CalibratedImage`: linear light, colour chart, millimetres per pixel.

Texture is comparable at one physical scale only, so everything after this station lives on the *analysis grid*:
0.5 mm per cell on the body, 0.1 mm in a close-up. A photo without a scale gets a grid of fixed pixel size, and
the metrics that need millimetres decline by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.batch import Batch, read_batch
from tracker.calibration.card import PlacedCard, find_card
from tracker.calibration.chart import Edition
from tracker.calibration.colour import ColourCalibration, ColourLevel
from tracker.calibration.distance import KnownDistance, read_distance
from tracker.calibration.levels import UNKNOWN_COLOURS, KnownColours, colour_level
from tracker.calibration.linear import (
    clipped_on_grid,
    lab_from_linear,
    linear_from_srgb,
    linear_on_grid,
    srgb_from_linear,
)
from tracker.calibration.markers import MIN_MARKER_SIDE_PX, Marker, find_markers
from tracker.calibration.scale import Scale, ScaleSource, scale_by_hand, scale_from_markers
from tracker.photo import Photo

__all__ = [
    "UNKNOWN_COLOURS",
    "Batch",
    "CalibratedImage",
    "ColourCalibration",
    "ColourLevel",
    "Edition",
    "Grid",
    "KnownColours",
    "KnownDistance",
    "Marker",
    "Scale",
    "ScaleSource",
    "calibrate",
    "lab_from_linear",
    "linear_from_srgb",
    "read_batch",
    "read_distance",
    "srgb_from_linear",
]

BODY_PITCH_MM = 0.5
CLOSE_UP_PITCH_MM = 0.1
CLOSE_UP_FIELD_MM = 160.0
COARSEST_CLOSE_UP_MM = 0.13
"""Ten pixels per millimetre are asked for; a little fewer still serve."""
UNSCALED_WIDTH = 1000
MARKER_SEARCH_WIDTH = 2400
CLIPPED_SHARE = 0.25
SMALLEST_MARKER_PX = 10.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The analysis grid of one photo.

    Attributes
    ----------
    shape : tuple of int
        Height and width in cells.
    px_per_cell : float
        Photo pixels per cell, the same in both directions.
    mm_per_cell : float or None
        Pitch in millimetres; None when the photo has no scale.
    """

    shape: tuple[int, int]
    px_per_cell: float
    mm_per_cell: float | None

    @property
    def is_close_up(self) -> bool:
        """Whether the cells are fine enough to show lines and the fine relief of the skin."""
        return self.mm_per_cell is not None and self.mm_per_cell <= COARSEST_CLOSE_UP_MM

    def to_photo(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Photo pixels of grid points; both (..., 2) as (row, column), pixel centres are integers."""
        return (points + 0.5) * self.px_per_cell - 0.5

    def from_photo(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Grid points of photo pixels; both (..., 2) as (row, column)."""
        return (points + 0.5) / self.px_per_cell - 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedImage:
    """A photo as linear light on its analysis grid.

    Attributes
    ----------
    photo : Photo
    grid : Grid
    linear : ndarray, shape (h, w, 3), float32
        Linear camera sRGB, not corrected by a chart: that is `colour`'s; read-only.
    clipped : ndarray, shape (h, w), bool
        True where the light is not known because the sensor was saturated or dark.
    scale : Scale or None
    colour : ColourCalibration
    markers : tuple of Marker
    """

    photo: Photo
    grid: Grid
    linear: NDArray[np.float32]
    clipped: NDArray[np.bool_]
    scale: Scale | None
    colour: ColourCalibration
    markers: tuple[Marker, ...]


def calibrate(
    photo: Photo,
    known: KnownColours = UNKNOWN_COLOURS,
    *,
    distance: KnownDistance | None = None,
    like: Grid | None = None,
) -> CalibratedImage:
    """Linear light of a photo on its analysis grid.

    Parameters
    ----------
    photo : Photo
    known : KnownColours
        What is known about the card or chart in the picture.
    distance : KnownDistance, optional
        A length in this photo. It goes before printed markers: who gives one knows why.
    like : Grid, optional
        That of the reference, for a photo that will be compared with it: the two are equally fine wherever one of them
        has no scale, or stands at the border between body and close-up.

    Returns
    -------
    CalibratedImage
        With the scale of the distance or of the printed markers and the colours of the chart, where these are in the
        picture.

    Raises
    ------
    CalibrationFailed
        The distance does not lie in the photo.
    """
    seen = _markers(photo, least_px=SMALLEST_MARKER_PX)
    large = _large_enough(seen, photo)
    card = find_card(seen)
    # A marker too small to be trusted alone is confirmed by the others of a card.
    markers = seen if len(large) < len(seen) and card else large
    scale = _scale(photo, markers, find_card(markers), distance)
    grid = _grid(photo.shape, scale, like)
    colour = colour_level(photo, markers, known)
    linear = linear_on_grid(photo.rgb, grid.shape)
    clipped = clipped_on_grid(photo.rgb, grid.shape) > CLIPPED_SHARE
    linear.flags.writeable = False
    clipped.flags.writeable = False
    return CalibratedImage(photo, grid, linear, clipped, scale, colour, markers)


def _large_enough(markers: tuple[Marker, ...], photo: Photo) -> tuple[Marker, ...]:
    factor = max(1.0, max(photo.shape) / MARKER_SEARCH_WIDTH)
    return tuple(m for m in markers if m.side_px >= MIN_MARKER_SIDE_PX * factor)


def _markers(photo: Photo, *, least_px: float) -> tuple[Marker, ...]:
    """Markers are searched at a bounded size: 20 mm cover hundreds of pixels in a 12-megapixel photo."""
    grey = cv2.cvtColor(photo.rgb, cv2.COLOR_RGB2GRAY)
    factor = max(photo.shape) / MARKER_SEARCH_WIDTH
    if factor <= 1:
        return find_markers(np.asarray(grey, dtype=np.uint8), least_px=least_px)
    size = (round(photo.shape[1] / factor), round(photo.shape[0] / factor))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    exact = np.array([photo.shape[0] / size[1], photo.shape[1] / size[0]])
    return tuple(
        Marker(m.id, (m.corners + 0.5) * exact - 0.5, m.error_px * factor)
        for m in find_markers(small, least_px=least_px)
    )


def _scale(
    photo: Photo, markers: tuple[Marker, ...], card: PlacedCard | None, distance: KnownDistance | None
) -> Scale | None:
    if distance is None:
        return scale_from_markers(markers, photo.shape, card)
    distance.check_inside(photo.shape)
    return scale_by_hand(distance)


def _grid(shape: tuple[int, int], scale: Scale | None, like: Grid | None) -> Grid:
    """Grid of the photo: never finer than its pixels."""
    if scale is None or (like is not None and like.mm_per_cell is None):
        cells = UNSCALED_WIDTH if like is None else max(like.shape)
        px_per_cell = max(1.0, max(shape) / cells)
    else:
        field = max(shape) * scale.mm_per_px
        if like is not None and like.mm_per_cell is not None:
            field = max(like.shape) * like.mm_per_cell
        pitch = CLOSE_UP_PITCH_MM if field < CLOSE_UP_FIELD_MM else BODY_PITCH_MM
        px_per_cell = max(1.0, pitch / scale.mm_per_px)
    rows, cols = (max(1, round(side / px_per_cell)) for side in shape)
    return Grid((rows, cols), px_per_cell, px_per_cell * scale.mm_per_px if scale else None)
