"""What the second photo of a pair adds to the first, brought into the frame of the reference."""

from __future__ import annotations

from dataclasses import replace
from math import hypot, sqrt

import numpy as np

from tracker.alignment import AlignedImage, Alignment, OppositeLight, compose, resample
from tracker.calibration import CalibratedImage
from tracker.dual.pair import LightPair

UNGAUGED = sqrt(2) * 0.116
"""Relative standard uncertainty of the gain between two pairs that the relief gauge does not tell.

On marks on the floor the logarithm of κ has a standard deviation of 0.116 from session to session
(`benchmarks.lamps.gain` over the slants and the ambient light of `tracker.phantom.MARKED_FLOOR`), and shading is in
proportion to κ. The spread between sessions was found beside the gauge and does not hold it.
"""


def with_opposite(
    aligned: AlignedImage,
    pair: LightPair,
    second: CalibratedImage,
    reference: CalibratedImage,
    *,
    alignment: Alignment | None = None,
    like: OppositeLight | None = None,
) -> AlignedImage:
    """A photo in the frame of the reference with the light of its pair.

    Parameters
    ----------
    aligned : AlignedImage
        The first photo of the pair, in the frame of the reference.
    pair : LightPair
    second : CalibratedImage
        The second photo of the pair.
    reference : CalibratedImage
    alignment : Alignment, optional
        Of the first photo to the reference; None if it is the reference itself.
    like : OppositeLight, optional
        Of the pair of the reference, to the light of which shading is brought.

    Returns
    -------
    AlignedImage
        Nothing but `opposite` differs. It is None where the second photo shows nothing of the reference.

    Notes
    -----
    The second photo goes the way of the first, and then that between the two: what the way to the reference has of
    errors is the same for both, and does not tear the pair apart.
    """
    onward = pair.alignment
    if alignment is not None:
        whole = compose(alignment, onward, np.ones(alignment.usable.shape, np.bool_))
        if whole is None:
            return replace(aligned, opposite=None)
        onward = whole
    seen = resample(second, onward, reference)
    turned = alignment.rotation if alignment is not None else 0.0
    azimuth = None if pair.azimuth is None else (pair.azimuth - turned) % 360
    found = OppositeLight(seen.linear, seen.valid, second.photo.digest, azimuth, pair.kappa)
    return replace(aligned, opposite=replace(found, gain=_gain(found, like)))


def _gain(found: OppositeLight, like: OppositeLight | None) -> tuple[float, float]:
    """By which the shading is multiplied to be as under the lamps of the reference, with its relative uncertainty."""
    if like is None:
        return 1.0, 0.0
    if like.kappa is None or found.kappa is None:
        return 1.0, UNGAUGED
    (then, then_sd), (now, now_sd) = like.kappa, found.kappa
    return then / now, hypot(then_sd / then, now_sd / now)
