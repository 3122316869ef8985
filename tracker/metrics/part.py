"""The part of a head of hair: where it runs, and how far it lies open in profiles across it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STEP_MM, ACROSS_MM = 1.0, 0.25
"""Distance between profiles along the part, and of the points of a profile."""
REACH_MM = 20.0
"""How far a profile reaches to either side."""
LEAST_PROFILES = 30
ALONG_MM = 5.0
"""Over so much of the part each profile is averaged: hairs stand a millimetre apart."""
_SMOOTH_MM = 1.5
_ELONGATION = 2.0
POINTS = 2 * round(REACH_MM / ACROSS_MM) + 1
_MIDDLE = POINTS // 2
_MIDDLE_MM = 3.0
"""How far the barest point may lie from the line of the part: hair that is combed anew moves it."""
BESIDE_QUANTILE = 0.75
_LEAST_BESIDE = 0.15
"""Less hair beside it than this makes no part."""


def find_part(
    cover: NDArray[np.float32], skin: NDArray[np.bool_], *, mm_per_cell: float | None
) -> NDArray[np.int32] | None:
    """Profiles across the part.

    Parameters
    ----------
    cover : ndarray, shape (h, w), float32
        Share of each cell that hair covers.
    skin : ndarray, shape (h, w), bool
        The region.
    mm_per_cell : float or None

    Returns
    -------
    ndarray, shape (h, w), int32, or None
        1 + point + `POINTS` · profile, 0 where no profile runs. None without a scale, or where nothing long and bare
        runs through the hair for at least 30 mm.

    Notes
    -----
    The part is the largest connected area whose smoothed coverage is below half of that beside it; its line is a
    parabola through it, and the profiles stand across its chord.
    """
    if mm_per_cell is None:
        return None
    open_ = _open(cover, skin, mm_per_cell)
    if open_ is None:
        return None
    rows, cols = np.nonzero(open_)
    points = np.stack([rows, cols], axis=-1) * mm_per_cell
    middle = points.mean(axis=0)
    size, axes = np.linalg.eigh(np.cov((points - middle).T))
    if size[1] < _ELONGATION**2 * max(size[0], 1e-9):
        return None
    way = axes[:, 1]
    along, across = (points - middle) @ way, (points - middle) @ np.array([-way[1], way[0]])
    line = np.polyfit(along, across, 2)
    first, count = float(along.min()), int(np.ptp(along) / STEP_MM)
    if count < LEAST_PROFILES:
        return None
    down, aside = (np.arange(n, dtype=np.float32) * mm_per_cell - m for n, m in zip(skin.shape, middle, strict=True))
    u = down[:, None] * way[0] + aside[None, :] * way[1]
    v = -down[:, None] * way[1] + aside[None, :] * way[0] - np.polyval(line, u)
    profile = np.floor((u - first) / STEP_MM).astype(np.int32)
    point = _MIDDLE + np.rint(v / ACROSS_MM).astype(np.int32)
    inside = skin & (profile >= 0) & (profile < count) & (point >= 0) & (point < POINTS)
    return np.where(inside, 1 + point + POINTS * profile, 0).astype(np.int32)


def _open(cover: NDArray[np.float32], skin: NDArray[np.bool_], mm_per_cell: float) -> NDArray[np.bool_] | None:
    """Largest connected area of a region that is covered by less than half of what is usual; None without."""
    sigma = _SMOOTH_MM / mm_per_cell
    weight = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), sigma)
    smooth = cv2.GaussianBlur(np.where(skin, cover, 0), (0, 0), sigma) / np.maximum(weight, 1e-3)
    bare = skin & (smooth < 0.5 * float(np.quantile(smooth[skin], BESIDE_QUANTILE)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bare.astype(np.uint8))
    if count < 2:
        return None
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def profiles(cover: NDArray[np.float32], numbers: NDArray[np.int32], *, mm_per_cell: float) -> NDArray[np.float64]:
    """Coverage along each profile, averaged over 5 mm of the part, shape (profiles, points); NaN where nothing is.

    Parameters
    ----------
    cover : ndarray, shape (h, w), float32
    numbers : ndarray, shape (h, w), int32
        As `find_part` gives them; 0 where nothing is to be used.
    mm_per_cell : float
        That of the grid they were found on. Each point is averaged with as many beside it as make more than a cell:
        between coarse cells lie points that no cell falls on.
    """
    used = numbers[numbers > 0] - 1
    count = 1 + int(used.max()) // POINTS
    size = count * POINTS
    total = np.bincount(used, cover[numbers > 0], minlength=size).reshape(count, POINTS)
    cells = np.bincount(used, minlength=size).reshape(count, POINTS).astype(np.float64)
    reach = 2 * round(ALONG_MM / STEP_MM / 2) + 1
    aside = max(3, 2 * int((mm_per_cell / ACROSS_MM + 1) / 2) + 1)
    seen, of = (
        np.asarray(cv2.blur(v, (aside, reach), borderType=cv2.BORDER_CONSTANT), np.float64) for v in (total, cells)
    )
    return np.where(of > 0, seen / np.maximum(of, 1e-9), np.nan)


def widths(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Width of the part in each profile, mm, shape (profiles,); NaN where it cannot be told.

    Parameters
    ----------
    lines : ndarray, shape (profiles, points)
        As from `profiles`.

    Notes
    -----
    From the barest point near the middle outwards to the first point at which half of the coverage beside the part is
    reached, between points by a straight line. Beside the part is what the fullest quarter of all points has at least.
    """
    beside = float(np.nanquantile(lines, BESIDE_QUANTILE))
    if beside < _LEAST_BESIDE:
        return np.full(len(lines), np.nan)
    return np.array([_width(line, 0.5 * beside) for line in lines])


def _width(line: NDArray[np.float64], half: float) -> float:
    seen = np.flatnonzero(np.isfinite(line))
    if not len(seen):
        return np.nan
    near = np.abs(np.arange(len(line)) - _MIDDLE) * ACROSS_MM <= _MIDDLE_MM
    bare = np.where(np.isfinite(line) & near, line, np.inf)
    start = int(np.argmin(bare))
    sides = [_crossing(line[start:], half), _crossing(line[start::-1], half)]
    return float(sum(sides)) * ACROSS_MM


def _crossing(line: NDArray[np.float64], half: float) -> float:
    """Points to where a line first rises to half; NaN if it begins above it or never does."""
    above = np.flatnonzero(~(line < half))
    if not len(above) or above[0] == 0 or not np.isfinite(line[above[0]]):
        return np.nan
    k = int(above[0])
    return float(k - 1 + (half - line[k - 1]) / (line[k] - line[k - 1]))
