"""One photo at several sizes, and how much each place of it counts.

Lengths inside this package are *units*: the long side of the photo is 1. A portrait photo and the same photo turned
to landscape then have the same scale, and two cameras of different resolution need no further thought.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment.planes import Plane, Points, blurred, enlarged, shrunk
from tracker.calibration import CalibratedImage
from tracker.region import marker_mask

TOP_SIZE = 1600
WEIGHT_SIZE = 250
SKIN = 0.4
"""Weight from which a place counts as skin."""
_LARGE = 0.5
_FOCUS_SIZE = 500
_MIN_SKIN_SHARE = 0.08
_TWO_CLASSES = 0.75  # share of the variance that lies between two classes; 0.64 for one normal class, 0.75 if even


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """One photo, prepared for alignment.

    Attributes
    ----------
    shape : tuple of int
        Height and width of the photo in pixels.
    top : ndarray, shape (h, w), float32
        The largest level of the plane that is aligned: luma (0 to 255), unless `stained`.
    pigment : ndarray, shape (h, w), float32, or None
        What the skin absorbs, whatever the light, in hundredths; None without colour.
    weight : ndarray, shape (h, w), float32
        How much each place counts, in [0, 1], at `WEIGHT_SIZE`; 0 on printed markers and the colour chart.
    clear : ndarray, shape (h, w), float32
        1 where there is no marker, on the same lattice as `weight`.
    body : ndarray, shape (h, w), bool
        The large pieces of skin, on the same lattice: what speaks for two photos must lie there. A towel of the colour
        of skin is the same for everybody in the room.
    """

    shape: tuple[int, int]
    top: Plane
    pigment: Plane | None
    weight: Plane
    clear: Plane
    body: NDArray[np.bool_]

    @property
    def extent(self) -> Points:
        """Height and width in units."""
        return np.array(self.shape) / max(self.shape)

    def level(self, size: int) -> Plane:
        """The plane with a long side of `size` pixels, never larger than the largest level."""
        return resized(self.top, size)

    def to_units(self, points: Points) -> Points:
        """Units of photo pixels; both (..., 2) as (row, column)."""
        return (points + 0.5) / max(self.shape)

    def to_pixels(self, points: Points) -> Points:
        """Photo pixels of units; both (..., 2) as (row, column)."""
        return points * max(self.shape) - 0.5

    def weight_at(self, points: Points) -> Points:
        """Weight at points (n, 2) in units, shape (n,)."""
        return self.weight[self._cells(points)].astype(np.float64)

    def on_body(self, points: Points) -> NDArray[np.bool_]:
        """Which of points (n, 2) in units lie on the large pieces of skin, shape (n,)."""
        return np.asarray(self.body[self._cells(points)])

    def _cells(self, points: Points) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        index = (points / self.extent * self.weight.shape).astype(np.intp)
        row, col = np.clip(index, 0, np.array(self.weight.shape) - 1).T
        return row, col

    def fineness(self) -> float:
        """Finest detail of the skin over coarser detail: falls with blur, hardly depends on light or contrast.

        Clinic photos in focus have 0.15 to 0.5.
        """
        plane = self.level(_FOCUS_SIZE)
        skin = enlarged(self.weight, (plane.shape[0], plane.shape[1])) > SKIN
        fine, coarse = (np.abs(blurred(plane, s) - blurred(plane, 2 * s))[skin] for s in (1.0, 4.0))
        return float(np.median(fine) / (np.median(coarse) + 0.3)) if skin.any() else 0.0

    def stained(self) -> Pyramid:
        """The same photo with pigment in the place of luma; without colour itself."""
        return self if self.pigment is None else replace(self, top=self.pigment)

    def mirrored(self) -> Pyramid:
        """The same photo, left and right exchanged."""
        top, weight, clear = (np.ascontiguousarray(plane[:, ::-1]) for plane in (self.top, self.weight, self.clear))
        pigment = None if self.pigment is None else np.ascontiguousarray(self.pigment[:, ::-1])
        return Pyramid(self.shape, top, pigment, weight, clear, np.ascontiguousarray(self.body[:, ::-1]))


def build_pyramid(image: CalibratedImage, *, region: NDArray[np.bool_] | None = None) -> Pyramid:
    """Prepare a photo for alignment.

    Parameters
    ----------
    image : CalibratedImage
    region : ndarray, shape (h, w), bool, optional
        On the analysis grid: what counts. Without it, everything that looks like skin.

    Returns
    -------
    Pyramid
        Luma is float: an 8-bit average of many camera pixels would throw away the pores of smooth skin.
    """
    size = level_shape(image.photo.shape, WEIGHT_SIZE)
    clear = 1 - shrunk(marker_mask(image).astype(np.float32), size)
    weight = skin_weight(image) if region is None else shrunk(region.astype(np.float32), size)
    # A printed marker moves with the card, not with the skin: it must never be a landmark.
    weight = weight * (clear > 0.99)
    red, green, blue = (_channel(image.photo.rgb, index) for index in range(3))
    return Pyramid(
        shape=image.photo.shape,
        top=np.asarray(0.299 * red + 0.587 * green + 0.114 * blue, dtype=np.float32),
        pigment=_pigment(red, green, blue) if image.photo.has_colour else None,
        weight=weight,
        clear=(clear > 0.99) * np.float32(1),
        body=_large_pieces(weight > SKIN),
    )


def _large_pieces(skin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected pieces at least half as large as the largest one: both legs, but no towel beside them."""
    count, label, stats, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8), connectivity=4)
    if count < 2:
        return skin
    area = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    area[0] = 0  # what is no skin
    return np.asarray((area >= _LARGE * area.max())[label])


def _channel(rgb: NDArray[np.uint8], index: int) -> Plane:
    return resized(cv2.extractChannel(rgb, index).astype(np.float32), TOP_SIZE)


def _pigment(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Absorption in hundredths: coarser than luma, but blind to the lamp.

    Shading multiplies red, green and blue alike, so a sum of logarithms whose weights add up to zero does not see it.
    """
    logarithms = (cv2.log(plane + 4) for plane in (red, green, blue))
    absorbed = sum(share * plane for share, plane in zip((1.5, -1.0, -0.5), logarithms, strict=True))
    return np.asarray(255 + 100 * absorbed, dtype=np.float32)


def level_shape(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """Height and width of an image whose long side is brought to `size` pixels."""
    factor = size / max(shape)
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def resized(plane: Plane, size: int) -> Plane:
    """A plane reduced to a long side of `size` pixels; never enlarged."""
    shape = (plane.shape[0], plane.shape[1])
    return plane if size >= max(shape) else shrunk(plane, level_shape(shape, size))


def skin_weight(image: CalibratedImage) -> Plane:
    """How much each place looks like this patient's skin.

    Parameters
    ----------
    image : CalibratedImage

    Returns
    -------
    ndarray, shape (h, w), float32
        In [0, 1], at `WEIGHT_SIZE`. Soft, because it only weighs evidence and never cuts. All ones without colour,
        or when hardly anything has the colour of skin.
    """
    shape = level_shape(image.photo.shape, WEIGHT_SIZE)
    small = np.asarray(cv2.resize(image.photo.rgb, shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)
    proposed = _skin_coloured(small)
    if not image.photo.has_colour or proposed.mean() < _MIN_SKIN_SHARE:
        return np.ones(shape, np.float32)
    chroma = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[..., 1:].astype(np.float64)
    proposed = _the_more_colourful(proposed, np.hypot(*np.moveaxis(chroma - 128.0, -1, 0)))
    centre = np.median(chroma[proposed], axis=0)
    spread = np.cov((chroma[proposed] - centre).T) + 6.0 * np.eye(2)
    offset = chroma - centre
    distance = np.einsum("hwi,ij,hwj->hw", offset, np.linalg.inv(spread), offset)
    likely = np.exp(-0.25 * np.maximum(distance - 2.0, 0)).astype(np.float32)
    return blurred(likely, 3.0)


def _the_more_colourful(proposed: NDArray[np.bool_], chroma: Points) -> NDArray[np.bool_]:
    """Skin among all that has its hue: in warm light sheets and floors have it too, but they are paler.

    Otsu's threshold; nothing is left out unless there are two clear classes, and the upper one is large.
    """
    values = np.sort(chroma[proposed])
    below = np.arange(1, len(values))
    sums = np.cumsum(values)
    share = below / len(values)
    between = (values.mean() * share - sums[:-1] / len(values)) ** 2 / (share * (1 - share))
    best = int(np.argmax(between))
    upper = np.asarray(proposed & (chroma > values[best]))
    split = between[best] > _TWO_CLASSES * float(values.var()) and upper.mean() >= _MIN_SKIN_SHARE
    return upper if split else proposed


def _skin_coloured(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    luma, cr, cb = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))
    inside = (cr > 131) & (cr < 185) & (cb > 75) & (cb < 130) & (luma > 35)
    return cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.bool_)
