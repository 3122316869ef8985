"""Two alignments one after the other: from the reference through a photo between to the moving photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment.area import extremes, is_skin_like, local_area, relative_area
from tracker.alignment.mapping import Alignment
from tracker.alignment.uncertainty import RADIUS_OF_MEDIAN

_SURE = 0.99


def compose(first: Alignment, second: Alignment, region: NDArray[np.bool_]) -> Alignment | None:
    """The map from the reference into the moving photo through a photo between.

    Parameters
    ----------
    first : Alignment
        Of the photo between to the reference.
    second : Alignment
        Of the moving photo to the photo between.
    region : ndarray, shape (h, w), bool
        Nodes of `first` that are to be measured.

    Returns
    -------
    Alignment or None
        On the nodes of `first`; None where nothing of the region is usable on both ways.

    Notes
    -----
    An error of the first way is carried on as it is, and that of the second is brought to pixels of the reference by
    the local stretch of the first. Their standard uncertainties are added, not their squares: both ways share the photo
    between, and what misleads the one (marks that are fading, a lamp that wanders) misleads the other in the same
    direction. On skin whose marks change, squares held 82 % of the errors where 95 % were claimed. Where the second map
    stretches the skin more than elsewhere, what is looked up beside the right place counts in addition.
    """
    between = first.moving.astype(np.float64)
    reached = _inside(between, second)
    points = np.where(reached[..., None], between, 0.0).reshape(-1, 2)
    shape = reached.shape
    moving = np.where(reached[..., None], second.at(points).reshape(*shape, 2), np.nan)
    stretch = _stretch(between, first, first.scale)
    onward = _stretch(moving, first, first.scale * second.scale) / stretch
    sd_second = np.where(reached, second.sd_at(points).reshape(shape), np.nan) / stretch
    sd_slope = first.sd * (onward / second.scale - 1.0)
    sd = np.hypot(first.sd.astype(np.float64) + sd_second, sd_slope)
    known = np.isfinite(sd)
    sd = np.where(known, sd, sd[known].max(initial=0.0))  # as everywhere: what is not reached has some number, not none
    alike = first.usable & reached & (second.plane_at(second.usable, points).reshape(shape) > _SURE)
    alike &= np.isfinite(moving).all(axis=-1) & known
    area = relative_area(local_area(moving, first.rows, first.cols), alike & region)
    usable = alike & is_skin_like(area)
    if not (usable & region).any():
        return None
    return Alignment(
        rows=first.rows,
        cols=first.cols,
        moving=moving.astype(np.float32),
        sd=sd.astype(np.float32),
        usable=usable,
        overlap=float(usable[region].mean()),
        error_px=RADIUS_OF_MEDIAN * float(np.median(sd[usable & region])),
        correlation=min(first.correlation, second.correlation),
        scale=first.scale * second.scale,
        rotation=(first.rotation + second.rotation + 180.0) % 360.0 - 180.0,
        area_change=extremes(area, usable & region),
        by_hand=first.by_hand or second.by_hand,
    )


def _inside(points: NDArray[np.float64], of: Alignment) -> NDArray[np.bool_]:
    """Which points (h, w, 2) lie between the nodes of a map."""
    low, high = (np.array([of.rows[end], of.cols[end]]) for end in (0, -1))
    return np.asarray((np.isfinite(points) & (points >= low) & (points <= high)).all(axis=-1))


def _stretch(position: NDArray[np.float64], at: Alignment, usual: float) -> NDArray[np.float64]:
    """Root of the local area, pixels per pixel of the reference, shape (h, w); the usual one where it is not known."""
    root = np.sqrt(np.maximum(local_area(position, at.rows, at.cols), 0.0))
    return np.where(np.isfinite(root) & (root > 0.0), root, usual)
