"""Checks of where the camera stood: coverage of the region, distance, rotation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment
from tracker.calibration import CalibratedImage
from tracker.photo import Photo
from tracker.quality.check import Check, Status, graded, judged


def coverage(region: NDArray[np.bool_], covered: NDArray[np.bool_]) -> Check:
    """Whether enough of the region is in the picture and can be used."""
    share = 100 * float((region & covered).sum() / max(1, region.sum()))
    status = graded(share, (90, 101), (70, 101))
    advice = (
        ""
        if status is Status.OK
        else (
            f"Only {share:.0f} % of the region can be compared. "
            "Frame the same area as in the reference, with some margin."
        )
    )
    return Check("coverage", share, "at least 90 % of the region", status, advice, unit="%")


def distance(reference: CalibratedImage, moving: CalibratedImage, alignment: Alignment) -> Check:
    """Whether the camera stood as far away as for the reference."""
    if reference.scale and moving.scale and reference.scale.kind is moving.scale.kind:
        ratio = moving.scale.mm_per_px / reference.scale.mm_per_px * _resolution(moving.photo, reference.photo)
    else:
        ratio = _resolution(moving.photo, reference.photo) / max(alignment.scale, 1e-6)
    return distance_check(ratio)


def distance_check(ratio: float) -> Check:
    """The check of a camera that stood `ratio` times as far away as for the reference."""
    return judged(
        "distance",
        ratio,
        "0.9 to 1.11 of the reference",
        graded(ratio, (0.9, 1.11), (0.8, 1.25)),
        f"The camera was {'farther away' if ratio > 1 else 'closer'} than for the reference. "
        "Go back to the marked distance.",
    )


def _resolution(moving: Photo, reference: Photo) -> float:
    """Pixels of one photo for those of the other over the same field of view; 1 where one of them was cropped."""
    longer, shorter = (max(p.shape) for p in (moving, reference)), (min(p.shape) for p in (moving, reference))
    (long_now, long_then), (short_now, short_then) = longer, shorter
    same_format = abs(long_now / short_now - long_then / short_then) < 0.02
    return long_now / long_then if same_format else 1.0


def rotation(alignment: Alignment) -> Check:
    """Whether the camera was held as for the reference."""
    turned = abs((alignment.rotation + 180) % 360 - 180)
    status = Status.OK if turned <= 10 else Status.WARN
    advice = "" if status is Status.OK else f"The camera was turned by {turned:.0f}° against the reference."
    return Check("rotation", turned, "at most 10°", status, advice, unit="°")
