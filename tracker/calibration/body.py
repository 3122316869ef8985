"""Scale from markers that lie on a rounded body: each on a plane of its own.

A square that is seen narrowed lies on skin that turns away. Its longer side still tells how far away it is, so each
marker gives the depth of the skin where it lies. The skin between markers on two flanks is nearer than they are; how
much follows from how far they are turned, but for the focal length, which is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.plane import DEPTH, FOCAL_LENGTHS, SIZE_SCATTER, Evidence, Figure, PlaneScale, weigh_planes

_FLANK = 25.0  # degrees, usual turn of a marker on a limb
_SLOPE = 0.15  # usual relative change of depth over the longer side of the photo
_FORESHORTENED = 0.005  # what the skin in the middle may be turned itself

Array = NDArray[np.float64]


def scale_on_body(figures: Sequence[Figure], shape: tuple[int, int]) -> PlaneScale:
    """Size of a pixel at the middle of a photo, from figures that are each tangent to the skin.

    Parameters
    ----------
    figures : sequence of Figure
    shape : tuple of int
        Height and width of the photo.

    Returns
    -------
    PlaneScale
        Where the skin faces the camera. The misfit is 1: nothing is left to disagree.
    """
    places = np.array([figure.seen.mean(axis=0) for figure in figures]) - (np.array(shape) - 1) / 2
    found = [
        _depth(weigh_planes([figure], shape, _FLANK), place) for figure, place in zip(figures, places, strict=True)
    ]
    log_depth, variance, fall = np.array(found).T
    sides = places / max(shape)
    terms = np.column_stack([np.ones(len(sides)), sides])
    # A plane through the depths; how steep it may be is held, so that one or two markers do not tilt it at will.
    weight = 1 / (variance + SIZE_SCATTER**2)
    covariance = np.linalg.inv(terms.T @ (terms * weight[:, None]) + np.diag([0.0, _SLOPE**-2, _SLOPE**-2]))
    solved = covariance @ (terms.T @ (weight * log_depth))
    # A circle that is turned by so much at the marker rises half as far to its crest as the tangent would.
    rise = float(np.mean(fall)) / 2 / max(shape)
    by_focal, depth = rise / np.array(FOCAL_LENGTHS), DEPTH / np.array(FOCAL_LENGTHS)
    of_rise = by_focal.var() + (by_focal.mean() / 3) ** 2  # the last for a body that is no circle
    uncertainty = float(np.sqrt(covariance[0, 0] + of_rise + np.mean(depth**2) + _FORESHORTENED**2))
    return PlaneScale(float(np.exp(solved[0] - by_focal.mean())), uncertainty, 1.0)


def _depth(found: Evidence, place: Array) -> tuple[float, float, float]:
    """Ln of depth over focal length where a marker lies (mm per pixel), its variance, and how far its plane falls.

    This last is from the middle of the photo to the marker, in pixels at the distance of one focal length.
    """
    nodes = found.nodes
    log_depth = found.log_distance - np.log(nodes.depth(place)) - np.log(nodes.focal)
    mean = float(found.weight @ log_depth)
    variance = float(found.weight @ (found.variance + (log_depth - mean) ** 2))
    slope = nodes.to_plane[:, 2, :2] * (nodes.focal / nodes.to_plane[:, 2, 2])[:, None]
    return mean, variance, float(found.weight @ np.abs(slope @ place))
