"""Two photos from one place with the lamp moved: how far camera and skin moved between, whatever the lamps did.

Light from the other side turns the shading of every slope round, and pulls a registration by brightness. The colour of
skin stays: blocks of it are brought together by the phase of their spectra.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment, in_own_frame, resample
from tracker.calibration import CalibratedImage
from tracker.shading import log_light, smooth_under_mask

_BLOCK = 96
"""Side of a block, in cells; it overlaps its neighbours by half."""
_SHORT, _LONG = 1.0, 8.0
"""Standard deviations of the band of colour that is compared, in cells."""
_FILLED = 0.9
_LEAST_BLOCKS = 6
_NEAR = 1.0
"""Cells by which a block may lie beside the common movement."""
_AGREEING = 0.6
_STILL = 0.5
"""Cells below which nothing is said to have moved."""
_LEAST_SD = 0.2
_ROUNDS = 6
_NODES = 121


def moved_as_one(first: CalibratedImage, second: CalibratedImage, mask: NDArray[np.bool_]) -> Alignment | None:
    """The alignment of two photos taken from one place, by the colour of the skin.

    Parameters
    ----------
    first, second : CalibratedImage
    mask : ndarray, shape (h, w), bool
        Skin of the first photo.

    Returns
    -------
    Alignment or None
        None if the photos differ in size, show no colour, or did not move as one: then they were not taken
        from one place within seconds.

    Notes
    -----
    An affine map is fitted to the shifts of the blocks; at least 60 % of these must lie within a cell of it. Less than
    half a cell in the median is no movement, and the photos are taken to lie on each other.

    References
    ----------
    .. [1] Kuglin & Hines, "The phase correlation image alignment method", Proc. IEEE Int. Conf. Cybernetics and
       Society, 1975.
    """
    if first.photo.shape != second.photo.shape or not (first.photo.has_colour and second.photo.has_colour):
        return None
    here, there = in_own_frame(first), resample(second, _affine(first, np.zeros(2), np.zeros((3, 2)), 0.0, 1.0), first)
    centres, shifts = _block_shifts(here.linear, there.linear, mask & here.valid & there.valid)
    if len(centres) < _LEAST_BLOCKS:
        return None
    terms = np.column_stack([np.ones(len(centres)), (centres - centres.mean(axis=0)) / _BLOCK])
    near = np.hypot(*(shifts - np.median(shifts, axis=0)).T) <= 2 * _NEAR
    for _ in range(_ROUNDS):
        if near.sum() < _LEAST_BLOCKS:
            return None
        fit, *_ = np.linalg.lstsq(terms[near], shifts[near], rcond=None)
        beside = np.hypot(*(shifts - terms @ fit).T)
        near = beside <= _NEAR
    if near.mean() < _AGREEING:
        return None
    if np.median(np.hypot(*(terms @ fit).T)) <= _STILL:
        fit = np.zeros_like(fit)
    sd = max(_LEAST_SD, float(np.median(beside[near])) / np.sqrt(near.sum()))
    return _affine(first, centres.mean(axis=0), fit, sd, float(near.mean()))


def _block_shifts(
    first: NDArray[np.float32], second: NDArray[np.float32], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the blocks and how far each moved, (row, column) in cells, both of shape (n, 2)."""
    colours = [_colour(linear, mask) for linear in (first, second)]
    window = cv2.createHanningWindow((_BLOCK, _BLOCK), cv2.CV_32F)
    centres, shifts = [], []
    for top in range(0, mask.shape[0] - _BLOCK + 1, _BLOCK // 2):
        for left in range(0, mask.shape[1] - _BLOCK + 1, _BLOCK // 2):
            at = slice(top, top + _BLOCK), slice(left, left + _BLOCK)
            if mask[at].mean() < _FILLED:
                continue
            then, now = (np.ascontiguousarray(colour[at]) for colour in colours)
            (right, down), _ = cv2.phaseCorrelate(then, now, window)
            centres.append((top + (_BLOCK - 1) / 2, left + (_BLOCK - 1) / 2))
            shifts.append((down, right))
    return np.array(centres, np.float64).reshape(-1, 2), np.array(shifts, np.float64).reshape(-1, 2)


def _colour(linear: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Band-passed ln(G/R), which pigment and blood move and no lamp."""
    light = log_light(linear)
    colour = np.where(mask, light[..., 1] - light[..., 0], 0).astype(np.float32)
    band = smooth_under_mask(colour, mask, _SHORT) - smooth_under_mask(colour, mask, _LONG)
    return np.asarray(band * mask, dtype=np.float32)


def _affine(
    first: CalibratedImage, middle: NDArray[np.float64], fit: NDArray[np.float64], sd: float, agreeing: float
) -> Alignment:
    rows, cols = (np.linspace(0, side - 1, _NODES) for side in first.photo.shape)
    nodes = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    pitch = first.grid.px_per_cell
    away = (first.grid.from_photo(nodes) - middle) / _BLOCK
    moving = nodes + pitch * (fit[0] + away @ fit[1:])
    stretch = np.eye(2) + fit[1:].T / _BLOCK
    return Alignment(
        rows=rows,
        cols=cols,
        moving=moving.astype(np.float32),
        sd=np.full(nodes.shape[:2], sd * pitch, np.float32),
        usable=np.ones(nodes.shape[:2], np.bool_),
        overlap=agreeing,
        error_px=sd * pitch,
        correlation=agreeing,
        scale=float(np.sqrt(abs(np.linalg.det(stretch)))),
        rotation=float(np.degrees(np.arctan2(stretch[1, 0] - stretch[0, 1], np.trace(stretch)))),
    )
