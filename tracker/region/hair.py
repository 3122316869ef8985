"""Hair: thin dark lines on the skin, found in the photo itself, where a hair is at least seen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage

KERNEL_MM = 1.3
WIDEST_MM = 0.8
SHORTEST_MM = 4.0
#: A hair of 0.08 mm darkens a pixel of this size by a third; in coarser photos it is not told from the grain.
COARSEST_MM_PER_PX = 0.2
WORKING_MM_PER_PX = 0.15
DIRECTIONS = 8
#: Least drop of log-luma of a hair, and in units of the spread of what else is on the skin.
LEAST_DROP, TIMES_USUAL = 0.04, 2.0
USUAL_QUANTILE = 0.5
_CODES_PER_LOG = 96.0


def find_hair(rgb: NDArray[np.uint8], *, mm_per_px: float) -> NDArray[np.bool_]:
    """Pixels that show hair.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Photo, or a part of it, sRGB.
    mm_per_px : float

    Returns
    -------
    ndarray, shape (h, w), bool
        At a working resolution of its own, of the same field.

    Notes
    -----
    After DullRazor [1]_: a black-hat of 0.8 mm keeps what is darker and narrower than that. Its mean along the best
    of eight directions, less its mean all around, is that of lines and not of spots or grain. What is connected
    must be longer than 4 mm and thin. Only hair darker than the skin is found. A deep narrow crease looks like one.

    References
    ----------
    .. [1] Lee, Ng, Gallagher, Coldman, McLean, "DullRazor: a software approach to hair removal from images",
       Comput. Biol. Med. 27, 1997.
    """
    log_luma, pitch = _log_luma(rgb, mm_per_px)
    lines = _lines(log_luma, pitch)
    usual = float(np.quantile(lines[::4, ::4], USUAL_QUANTILE))
    weak = (lines > max(LEAST_DROP * _CODES_PER_LOG, TIMES_USUAL * usual)).astype(np.uint8)
    joined = np.asarray(cv2.morphologyEx(weak, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    return _long(joined, SHORTEST_MM / pitch)


def hair_share(image: CalibratedImage, where: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Share of hair in each cell of a photo.

    Parameters
    ----------
    image : CalibratedImage
    where : ndarray, shape (h, w), bool
        Cells that are asked for, on the analysis grid of the photo.

    Returns
    -------
    ndarray, shape (h, w), float32, or None
        In [0, 1], on the same grid. None where the photo has no scale, or pixels too coarse to show hair.
    """
    if image.scale is None or image.scale.mm_per_px > COARSEST_MM_PER_PX or not where.any():
        return None
    cells = _box(where)
    pixels = tuple(_pixels(part, image.grid.px_per_cell) for part in cells)
    found = find_hair(image.photo.rgb[pixels], mm_per_px=image.scale.mm_per_px)
    share = np.zeros(image.grid.shape, np.float32)
    size = share[cells].shape[::-1]
    share[cells] = cv2.resize(found.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return share


def _box(where: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, cols = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _pixels(cells: slice, px_per_cell: float) -> slice:
    return slice(round(cells.start * px_per_cell), round(cells.stop * px_per_cell))


def _log_luma(rgb: NDArray[np.uint8], mm_per_px: float) -> tuple[NDArray[np.uint8], float]:
    """Logarithm of the luma in 96 levels per natural unit, at the working resolution."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    factor = min(1.0, mm_per_px / WORKING_MM_PER_PX)
    if factor < 1.0:
        size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    table = np.clip(_CODES_PER_LOG * np.log(np.maximum(np.arange(256), 18) / 18.0), 0, 255).round().astype(np.uint8)
    return np.asarray(cv2.LUT(grey, table), dtype=np.uint8), mm_per_px / factor


def _lines(levels: NDArray[np.uint8], pitch: float) -> NDArray[np.uint8]:
    """Black-hat, averaged along the best of some directions, over its mean all around."""
    across = max(3, round(WIDEST_MM / pitch)) | 1
    hat = cv2.morphologyEx(levels, cv2.MORPH_BLACKHAT, np.ones((across, across), np.uint8))
    length = max(5, round(KERNEL_MM / pitch)) | 1
    best: NDArray[np.uint8] | None = None
    for k in range(DIRECTIONS):
        along = np.asarray(cv2.filter2D(hat, cv2.CV_8U, _line(length, np.pi * k / DIRECTIONS)), np.uint8)
        best = along if best is None else np.asarray(cv2.max(best, along), np.uint8)
    assert best is not None
    return np.asarray(cv2.subtract(best, cv2.blur(hat, (length, length))), dtype=np.uint8)


def _line(length: int, angle: float) -> NDArray[np.float32]:
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    run = np.linspace(-middle, middle, 2 * length)
    rows, cols = (np.rint(middle + run * part).astype(int) for part in (np.sin(angle), np.cos(angle)))
    kernel[rows, cols] = 1
    return kernel / kernel.sum()


def _long(mask: NDArray[np.uint8], least: float) -> NDArray[np.bool_]:
    """Connected lines at least so long, in pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    thin = stats[:, cv2.CC_STAT_AREA] < 0.35 * length**2
    keep = (length >= least) & thin
    keep[0] = False
    return np.asarray(keep[labels])
