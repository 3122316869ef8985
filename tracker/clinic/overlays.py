"""Where the numbers of a stored photo come from: computed from its original, and kept as files."""

from __future__ import annotations

import io
from collections.abc import Collection

import numpy as np

from tracker.alignment import AlignedImage, Alignment
from tracker.calibration import CalibratedImage
from tracker.clinic.maps import DAMAGED, map_of
from tracker.clinic.measuring import Job, calibrated_original, reference_of
from tracker.errors import TrackerError
from tracker.measurement import Picture
from tracker.pipeline import Reference, found_pair, in_frame, overlay
from tracker.report import Overlay

_LEVELS = 255


def overlays_of(job: Job, alignment: bytes | None, names: Collection[str]) -> dict[str, bytes]:
    """Where the numbers of one photo come from: a pure function of bytes, run here or in another process.

    Parameters
    ----------
    job : Job
        With the reference, which may be the photo itself.
    alignment : bytes or None
        Stored map of the photo to its reference; None for the reference itself.
    names : collection of str
        The metrics to show.

    Returns
    -------
    dict of str to bytes
        By metric, as `overlay_bytes`; without those that the photo does not carry.
    """
    made: dict[str, bytes] = {}
    try:
        reference = reference_of(job)
        image = reference.aligned
        if alignment is not None:
            moving = calibrated_original(job.photo, like=reference.image.grid)
            known = map_of(alignment)
            image = _with_light(in_frame(reference, moving, known), moving, known, job, reference)
    except (TrackerError, *DAMAGED):
        return made
    for metric in (each for each in job.metrics if each.name in names):
        try:
            made[metric.name] = overlay_bytes(overlay(image, reference, metric))
        except TrackerError:
            continue
    return made


def _with_light(
    image: AlignedImage, moving: CalibratedImage, alignment: Alignment, job: Job, reference: Reference
) -> AlignedImage:
    """A photo in the frame of the reference, with the light of the other photo of its pair if it has one."""
    for each in job.companions:
        opposite = found_pair(moving, calibrated_original(each, like=reference.image.grid))
        if opposite is not None:
            like = reference.aligned.opposite
            return opposite.added_to(image, reference.image, alignment=alignment, like=like)
    return image


def overlay_bytes(found: Overlay) -> bytes:
    """An overlay as a small file: values in 256 steps between the ends of the colours, beyond which none is seen."""
    out = io.BytesIO()
    shown: dict[str, np.ndarray] = {"counted": found.counted}
    if found.compared is not None:
        shown["compared"] = found.compared
    if found.values is not None and found.span is not None:
        low, high = found.span
        steps = np.rint(_LEVELS * np.clip((found.values - low) / (high - low), 0, 1))
        shown["values"], shown["span"] = (steps * found.painted).astype(np.uint8), np.array(found.span)
    np.savez_compressed(out, unit=np.array(found.unit), kind=np.array(str(found.kind)), **shown)  # type: ignore[arg-type]
    return out.getvalue()


def overlay_from(data: bytes) -> Overlay:
    """The overlay of `overlay_bytes`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        span, values = None, None
        if "values" in stored:
            low, high = (float(end) for end in stored["span"])
            span, values = (low, high), (low + (high - low) * stored["values"] / _LEVELS).astype(np.float32)
        compared = stored.get("compared")
        return Overlay(values, stored["counted"], compared, span, str(stored["unit"]), Picture(str(stored["kind"])))
