"""How wide the photo draws a sharp edge: the sides of the printed markers as slanted edges (after ISO 12233).

Every pixel near a side gives light at its exact distance from it. Sides lie at all fractions of a pixel, so together
these samples trace the edge finer than pixels do, and nothing is interpolated. Where all sides run exactly along the
pixels there is one fraction only, and a sharp edge may seem half a pixel wider than it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.linear import linear_from_srgb
from tracker.calibration.markers import Marker

_MODULES = 6  # a side of a 4×4 marker with its black border
_REACH = 0.45  # of a module, to either side of the edge: beyond lies the pattern, or the end of the paper
_LEVEL = 0.3  # of a module, from where on light is that of ink or of paper
_ENDS = 0.1  # of a side: left out, because corners are round
_BIN_PX = 0.25
_LEAST_MODULE_PX = 6.0
_LEAST_PAPER = 2.5  # times the light of the ink: a side that is fainter is covered or glossy
_LOW, _HIGH = 0.1, 0.9

Array = NDArray[np.float64]


def edge_width_px(rgb: NDArray[np.uint8], markers: Iterable[Marker]) -> float | None:
    """Distance over which a sharp edge rises from 10 to 90 %, in photo pixels.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        The photo, sRGB.
    markers : iterable of Marker
        In photo pixels.

    Returns
    -------
    float or None
        That of the worse direction, so that motion blur shows; None where no marker is large enough. An edge wider
        than nine tenths of a module of the marker is not told from one of that width.
    """
    # Opposite sides are blurred alike; a camera that moved blurs one pair of sides and not the other.
    widths: tuple[list[float], list[float]] = ([], [])
    for marker in markers:
        if marker.side_px / _MODULES < _LEAST_MODULE_PX:
            continue
        for side in range(4):
            start, end = marker.corners[side], marker.corners[(side + 1) % 4]
            width = _side_width(rgb, start, end, marker.corners.mean(axis=0), marker.side_px / _MODULES)
            if width is not None:
                widths[_runs_down(start, end)].append(width)
    found = [float(np.median(same)) for same in widths if same]
    return max(found) if found else None


def _runs_down(start: Array, end: Array) -> int:
    return int(abs(end[0] - start[0]) > abs(end[1] - start[1]))


def _side_width(rgb: NDArray[np.uint8], start: Array, end: Array, middle: Array, module_px: float) -> float | None:
    distance, value = _samples(rgb, start, end, middle, _REACH * module_px)
    if len(value) == 0:
        return None
    ink, paper = (value[distance < -_LEVEL * module_px], value[distance > _LEVEL * module_px])
    if len(ink) == 0 or len(paper) == 0 or np.median(paper) < _LEAST_PAPER * np.median(ink):
        return None
    dark, bright = float(np.median(ink)), float(np.median(paper))
    bins = np.round(distance / _BIN_PX).astype(int)
    places = np.unique(bins)
    rise = np.array([(np.mean(value[bins == place]) - dark) / (bright - dark) for place in places])
    low, high = _crossing(places * _BIN_PX, rise, _LOW), _crossing(places * _BIN_PX, rise, _HIGH)
    return high - low if low is not None and high is not None else None


def _samples(rgb: NDArray[np.uint8], start: Array, end: Array, middle: Array, reach: float) -> tuple[Array, Array]:
    """Distance of the pixels along a side, positive outwards, and their light."""
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length
    outwards = np.array([-along[1], along[0]])
    if (middle - start) @ outwards > 0:
        outwards = -outwards
    corners = np.array([place + sign * reach * outwards for place in (start, end) for sign in (-1, 1)])
    first = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, rgb.shape[:2])
    rows, cols = np.mgrid[first[0] : last[0], first[1] : last[1]]
    offset = np.stack([rows - start[0], cols - start[1]], axis=-1)
    way, distance = offset @ along / length, offset @ outwards
    near = (np.abs(distance) <= reach) & (way > _ENDS) & (way < 1 - _ENDS)
    return distance[near], linear_from_srgb(rgb[rows[near], cols[near]] / 255).mean(axis=1)


def _crossing(places: Array, rise: Array, level: float) -> float | None:
    """Where the rising edge last leaves a level behind, between bins."""
    below = np.flatnonzero(rise < level)
    if len(below) == 0 or below[-1] + 1 >= len(rise):
        return None
    k = int(below[-1])
    return float(np.interp(level, rise[k : k + 2], places[k : k + 2]))
