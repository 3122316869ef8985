"""`CalibratedImage` pairs → `Alignment` → `AlignedImage`: the same skin in the same place, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tracker.alignment.attempt import attempt, evidence_of
from tracker.alignment.composition import compose
from tracker.alignment.decision import MIN_OVERLAP, refusal
from tracker.alignment.mapping import BLACK, PAPER, AlignedImage, Alignment, carry, in_own_frame, resample, warp_photo
from tracker.alignment.opposite import OppositeLight
from tracker.alignment.points import as_units
from tracker.alignment.pyramid import build_pyramid
from tracker.alignment.survey import as_alignment
from tracker.calibration import CalibratedImage

__all__ = [
    "BLACK",
    "MIN_OVERLAP",
    "PAPER",
    "AlignedImage",
    "Alignment",
    "OppositeLight",
    "align",
    "carry",
    "compose",
    "in_own_frame",
    "resample",
    "warp_photo",
]

PointPairs = Sequence[tuple[float, float, float, float]]
"""Places shown by hand: (row, column) in the reference and (row, column) in the moving photo, in pixels of each."""


def align(
    reference: CalibratedImage,
    moving: CalibratedImage,
    *,
    region: NDArray[np.bool_] | None = None,
    points: PointPairs | None = None,
) -> Alignment:
    """Find where each point of the reference photo lies in another photo of the same skin.

    Parameters
    ----------
    reference, moving : CalibratedImage
        Of any size, portrait or landscape, turned by any angle.
    region : ndarray, shape (h, w), bool, optional
        What to align, on the analysis grid of the reference. Without it, whatever looks like skin.
    points : sequence of (row, column, row, column), optional
        At least three places that a person has shown in both photos, where the automatic start failed. They only say
        where to begin: the result is refined and judged as any other.

    Returns
    -------
    Alignment
        The same for the same photos, always.

    Raises
    ------
    AlignmentFailed
        The photos do not show the same skin well enough; `code` is one of ``no_features``, ``too_blurred``,
        ``different_area``, ``mirrored``, ``too_little_overlap``, ``folded`` and ``unsure``; or ``points``, where those
        cannot be used.
    """
    # The matrices are small: a second BLAS thread only waits, and on a busy machine it waits for seconds.
    with threadpool_limits(limits=1, user_api="blas"):
        return _align(reference, moving, region, points)


def _align(
    reference: CalibratedImage,
    moving: CalibratedImage,
    region: NDArray[np.bool_] | None,
    points: PointPairs | None,
) -> Alignment:
    names = reference.photo.name, moving.photo.name
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.submit(build_pyramid, reference, region=region), pool.submit(build_pyramid, moving)
    here, there = ours.result(), theirs.result()
    shown = None if points is None else as_units(points, here, there)
    found = attempt(here, there, names, points=shown)
    if found is None or not found.evidence.convincing:
        raise refusal(
            evidence_of(found),
            names=names,
            fineness=(here.fineness(), there.fineness()),
            mirrored=lambda: evidence_of(attempt(here, there.mirrored(), names)),
        )
    return replace(as_alignment(found), by_hand=points is not None)
