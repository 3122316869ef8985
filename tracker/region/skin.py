"""Skin found by its colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import CalibratedImage, srgb_from_linear
from tracker.region.markers import marker_mask


def skin_mask(image: CalibratedImage) -> NDArray[np.bool_]:
    """Skin found by colour, on the analysis grid of the image.

    Parameters
    ----------
    image : CalibratedImage

    Returns
    -------
    ndarray, shape (h, w), bool

    Notes
    -----
    A gate in YCrCb (Chai & Ngan 1999, widened for warm light) proposes skin; the chroma of the largest proposed
    part then decides for the whole picture, so that the result follows this patient's tone and this room's light.
    In a picture without colour everything that is neither black nor white counts as skin.
    """
    encoded = (srgb_from_linear(image.linear) * 255).astype(np.uint8)
    usable = ~marker_mask(image) & (encoded.max(axis=2) > 12)
    if not image.photo.has_colour:
        return usable & (encoded.max(axis=2) < 245)
    proposed = _skin_coloured(encoded) & usable
    if not proposed.any():
        return proposed
    chroma = cv2.cvtColor(encoded, cv2.COLOR_RGB2LAB)[..., 1:].astype(np.float64)
    core = _largest_part(proposed)
    centre = np.median(chroma[core], axis=0)
    spread = np.cov(chroma[core].T) + 9.0 * np.eye(2)
    offset = chroma - centre
    distance = np.einsum("hwi,ij,hwj->hw", offset, np.linalg.inv(spread), offset)
    likely = usable & (distance < 12.0) & _skin_coloured(encoded, tolerance=6)
    return _tidy(likely, image)


def _skin_coloured(encoded: NDArray[np.uint8], tolerance: int = 0) -> NDArray[np.bool_]:
    luma, cr, cb = cv2.split(cv2.cvtColor(encoded, cv2.COLOR_RGB2YCrCb))
    inside = (cr > 132 - tolerance) & (cr < 185 + tolerance) & (cb > 70 - tolerance) & (cb < 128 + tolerance)
    return np.asarray(inside & (luma > 25))


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _tidy(mask: NDArray[np.bool_], image: CalibratedImage) -> NDArray[np.bool_]:
    """Close pores and moles, drop crumbs, and stay away from the outline, where shape and not skin is seen."""
    size = max(3, round(max(image.grid.shape) / 100)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc)
    whole = _filled(_large_parts(opened.astype(np.bool_)))
    return np.asarray(cv2.erode(whole.astype(np.uint8), disc, borderValue=0).astype(np.bool_) & ~marker_mask(image))


def _large_parts(mask: NDArray[np.bool_], share: float = 0.1) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.isin(labels, 1 + np.flatnonzero(areas >= share * areas.max()))


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill enclosed holes smaller than 2 % of the skin: spots and moles are skin."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    holes = 1 + np.flatnonzero(stats[1:count, cv2.CC_STAT_AREA] < 0.02 * mask.sum())
    return np.asarray(mask | np.isin(labels, holes))


def has_colour_of_skin(linear: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cells of skin colour, cell by cell; nothing grey is among them. Shape (h, w) of linear sRGB (h, w, 3)."""
    return _skin_coloured((srgb_from_linear(linear) * 255).astype(np.uint8))


def looks_like_skin(linear: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cells whose colour skin can have in ordinary light, cell by cell; wider than `skin_mask`.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.

    Returns
    -------
    ndarray, shape (h, w), bool
    """
    return _skin_coloured((srgb_from_linear(linear) * 255).astype(np.uint8), tolerance=8)
