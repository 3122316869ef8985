"""`CalibratedImage` pairs → `Alignment` → `AlignedImage`: the same skin in the same place, or a refusal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tracker.alignment.composition import compose
from tracker.alignment.decision import MIN_OVERLAP, NO_EVIDENCE, Evidence, refusal
from tracker.alignment.features import Features, find_features
from tracker.alignment.mapping import BLACK, PAPER, AlignedImage, Alignment, carry, in_own_frame, resample, warp_photo
from tracker.alignment.pyramid import Pyramid, build_pyramid
from tracker.alignment.search import find_start
from tracker.alignment.survey import Survey, as_alignment, take_survey
from tracker.calibration import CalibratedImage
from tracker.errors import AlignmentFailed

__all__ = [
    "BLACK",
    "MIN_OVERLAP",
    "PAPER",
    "AlignedImage",
    "Alignment",
    "align",
    "carry",
    "compose",
    "in_own_frame",
    "resample",
    "warp_photo",
]

_CLEAR = 0.7  # a local correlation that leaves no doubt


def align(reference: CalibratedImage, moving: CalibratedImage, *, region: NDArray[np.bool_] | None = None) -> Alignment:
    """Find where each point of the reference photo lies in another photo of the same skin.

    Parameters
    ----------
    reference, moving : CalibratedImage
        Of any size, portrait or landscape, turned by any angle.
    region : ndarray, shape (h, w), bool, optional
        What to align, on the analysis grid of the reference. Without it, whatever looks like skin.

    Returns
    -------
    Alignment
        The same for the same photos, always.

    Raises
    ------
    AlignmentFailed
        The photos do not show the same skin well enough; `code` is one of ``no_features``, ``too_blurred``,
        ``different_area``, ``mirrored``, ``too_little_overlap``, ``folded`` and ``unsure``.
    """
    # The matrices are small: a second BLAS thread only waits, and on a busy machine it waits for seconds.
    with threadpool_limits(limits=1, user_api="blas"):
        return _align(reference, moving, region)


def _align(reference: CalibratedImage, moving: CalibratedImage, region: NDArray[np.bool_] | None) -> Alignment:
    names = reference.photo.name, moving.photo.name
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.submit(build_pyramid, reference, region=region), pool.submit(build_pyramid, moving)
    here, there = ours.result(), theirs.result()
    found = _bring_together(here, there, names)
    if _evidence(found).correlation < _CLEAR:
        # The relief of the skin looks different under another lamp; its pigment does not.
        by_pigment = _bring_together(here.stained(), there.stained(), names)
        found = max(found, by_pigment, key=lambda each: _evidence(each).strength)
    if found is None or not found.evidence.convincing:
        raise refusal(
            _evidence(found),
            names=names,
            fineness=(here.fineness(), there.fineness()),
            mirrored=lambda: _evidence(_bring_together(here, there.mirrored(), names)),
        )
    return as_alignment(found)


def _evidence(found: Survey | None) -> Evidence:
    return found.evidence if found else NO_EVIDENCE


def _bring_together(here: Pyramid, there: Pyramid, names: tuple[str, str]) -> Survey | None:
    """The finished map, right or wrong; None if nothing suggests a common motion."""
    with ThreadPoolExecutor(2) as pool:
        features = pool.map(find_features, (here, there))
    ours, theirs = (_seen(found, name) for found, name in zip(features, names, strict=True))
    start = find_start(here, there, (ours, theirs))
    return take_survey(here, there, start) if start else None


def _seen(features: Features | None, name: str) -> Features:
    if features is None:
        raise AlignmentFailed(
            f"No structure of the skin can be seen in {name}; please photograph again in focus and in good light.",
            code="no_features",
        )
    return features
