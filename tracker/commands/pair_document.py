"""The documents of `align --json` and `compare --json`: photos, alignment and metrics of one pair as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.alignment import Alignment
from tracker.alignment.area import HALF_FOLLOWED
from tracker.calibration import CalibratedImage
from tracker.commands.printing import finite
from tracker.errors import AlignmentFailed, PhotoRejected
from tracker.measurement import Measurement, Metric
from tracker.pipeline import Result, photo_notes
from tracker.quality import Check, Comparability
from tracker.reports.document import area_document, colour_document, parts_document, scale_document
from tracker.timeline import Change


def alignment_document(
    alignment: Alignment | None,
    reference: CalibratedImage,
    seconds: float,
    error: PhotoRejected | AlignmentFailed | None = None,
) -> dict[str, Any]:
    """An alignment in the form of `align --json`."""
    mm = reference.scale.mm_per_px if reference.scale else None
    px = alignment.error_px if alignment else None
    return {
        "status": "aligned" if alignment else "rejected",
        "reason": error.reason if error else None,
        "code": error.code if error else None,
        "overlap": finite(alignment.overlap) if alignment else 0.0,
        "error_px": finite(px),
        "error_mm": finite(px * mm) if px is not None and mm else None,
        "area_change": [finite(area) for area in alignment.area_change]
        if alignment and alignment.area_change
        else None,
        "stiffness_mm": finite(HALF_FOLLOWED * max(reference.photo.shape) * mm) if alignment and mm else None,
        "by_hand": alignment.by_hand if alignment else False,
        "seconds": finite(seconds, 3),
    }


def photo_document(image: CalibratedImage, notes: Sequence[str] = ()) -> dict[str, Any]:
    """One photo of a pair in the form of `compare --json`; with further notes."""
    photo = image.photo
    return {
        "name": photo.name,
        "digest": photo.digest,
        "height": photo.shape[0],
        "width": photo.shape[1],
        "notes": [*photo_notes(image), *notes],
        "colour": colour_document(image.colour),
        "scale": scale_document(image.scale),
    }


def _value(result: Result | None, metric: Metric) -> Measurement | None:
    return next((m for m in result.measurements if m.metric == metric.name), None) if result else None


def metric_document(
    metric: Metric, change: Change, first: Result | None, second: Result | None, checks: tuple[Check, ...]
) -> dict[str, Any]:
    then, now = _value(first, metric), _value(second, metric)
    interval = None if change.low is None or change.high is None else [finite(change.low), finite(change.high)]
    return {
        "name": metric.name,
        "method": metric.method,
        "unit": metric.unit,
        "reference": finite(then.value) if then else None,
        "moving": finite(now.value) if now else None,
        "uncertainty": finite(now.uncertainty) if now else None,
        "uncertainty_parts": parts_document(now) if now else None,
        "area": area_document(now) if now else None,
        "change": finite(change.change),
        "change_unit": change.unit,
        "interval": interval,
        "mdc95": finite(change.mdc95),
        "mdc_source": change.mdc_source,
        "verdict": str(change.verdict),
        "reason": change.reason or None,
        "blocked_by": list(dict.fromkeys(c.check for c in Comparability(checks).stopping(metric.needs))),
    }
