"""A later photo against the reference: brought beside it, judged, and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment, PointPairs, align, resample
from tracker.calibration import CalibratedImage
from tracker.errors import AlignmentFailed, MeasurementDeclined
from tracker.measurement import (
    Measurement,
    Metric,
    check_carried,
    measure,
    measure_part,
    over_the_same_cells,
    shared_cells,
    usable_cells,
    with_exclusions,
)
from tracker.metrics import METRICS
from tracker.pipeline.detour import Way, Waypoint, detour, wants_detour
from tracker.pipeline.each import of_each, refuse_blocked, refused_here
from tracker.pipeline.pairs import Opposite, axis_check
from tracker.pipeline.reference import Reference, Result, reported
from tracker.quality import Comparability, assess, explain_mismatch
from tracker.timeline import Refused


def follow(
    reference: Reference,
    image: CalibratedImage,
    metrics: Sequence[Metric] = METRICS,
    *,
    between: Sequence[Waypoint] = (),
    points: PointPairs | None = None,
    opposite: Opposite | None = None,
) -> Result:
    """Measure a later photo against the reference.

    Parameters
    ----------
    reference : Reference
    image : CalibratedImage
    metrics : sequence of Metric
    between : sequence of Waypoint
        Accepted photos of the series through which this one may be aligned where the direct way is refused or much
        less certain, latest first. They stay as they are.
    points : sequence of tuple of float, optional
        As in `tracker.alignment.align`.
    opposite : Opposite, optional
        The photo taken at once with the lamp on the other side.

    Raises
    ------
    AlignmentFailed
        The photo does not show the same skin, or not well enough.
    """
    beside = _beside(reference, image, between, points)
    if opposite is not None:
        beside = _paired(beside, opposite, reference)
    measured, refused = _measure_all(beside.aligned, reference, metrics, beside.quality)
    return _result(reference, image, beside, measured, refused)


def judge(
    reference: Reference,
    image: CalibratedImage,
    metrics: Sequence[Metric] = METRICS,
    *,
    between: Sequence[Waypoint] = (),
    opposite: Opposite | None = None,
) -> Result:
    """What `follow` would refuse, without measuring: quick enough to say while the patient is still there.

    Parameters
    ----------
    reference : Reference
    image : CalibratedImage
    metrics : sequence of Metric
    between : sequence of Waypoint
    opposite : Opposite, optional
        As for `follow`.

    Returns
    -------
    Result
        Without measurements; refused are the metrics that the reference gives and this photo would not.

    Raises
    ------
    AlignmentFailed
        As `follow`.
    """
    beside = _beside(reference, image, between)
    if opposite is not None:
        beside = _paired(beside, opposite, reference)
    given = {value.metric for value in reference.values}
    shared = shared_cells(beside.aligned, reference.aligned)
    refused = []
    for metric in (each for each in metrics if each.name in given):
        try:
            refuse_blocked(metric, beside.quality)
            marks = reference.marks.get(metric.name)
            check_carried(shared, reference.mask, metric, marked=reference.is_marked, marks=marks)
        except MeasurementDeclined as error:
            refused.append(refused_here(metric, beside.aligned, error.reason))
    return _result(reference, image, beside, (), tuple(refused))


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """A later photo brought beside the reference."""

    way: Way
    aligned: AlignedImage
    quality: Comparability
    seconds: float


def _beside(
    reference: Reference, image: CalibratedImage, between: Sequence[Waypoint], points: PointPairs | None = None
) -> _Beside:
    began = perf_counter()
    way = _way_to(reference, image, between, points)
    alignment = way.alignment
    seconds = perf_counter() - began
    aligned = in_frame(reference, image, alignment)
    quality = assess(reference.image, image, alignment, aligned, reference.mask)
    return _Beside(way, aligned, quality, seconds)


def _paired(beside: _Beside, opposite: Opposite, reference: Reference) -> _Beside:
    """The same with the light of the second photo of the pair."""
    like = reference.aligned.opposite
    aligned = opposite.added_to(beside.aligned, reference.image, alignment=beside.way.alignment, like=like)
    checks = (*beside.quality.checks, *opposite.checks, *axis_check(like, aligned.opposite))
    return replace(beside, aligned=aligned, quality=Comparability(checks))


def in_frame(reference: Reference, image: CalibratedImage, alignment: Alignment) -> AlignedImage:
    """A later photo in the frame of the reference, with what is left out of it."""
    moved = resample(image, alignment, reference.image)
    return with_exclusions(moved, image, reference.mask, alignment=alignment, reference=reference.aligned)


def _result(
    reference: Reference,
    image: CalibratedImage,
    beside: _Beside,
    measured: tuple[Measurement, ...],
    refused: tuple[Refused, ...],
) -> Result:
    photo = reported(image, beside.quality, beside.way, reference.basis)
    return Result(photo, measured, refused, beside.way.alignment, beside.seconds)


def _way_to(
    reference: Reference, image: CalibratedImage, between: Sequence[Waypoint], points: PointPairs | None
) -> Way:
    """The direct way, or one through another photo where that is more certain."""
    direct: Alignment | AlignmentFailed
    try:
        direct = align_or_explain(reference.image, image, region=reference.mask, points=points)
    except AlignmentFailed as error:
        direct = error
    known = direct if isinstance(direct, Alignment) else None
    way = detour(reference, image, between, direct=known) if wants_detour(direct, between) else None
    if way is not None:
        return way
    if isinstance(direct, AlignmentFailed):
        raise direct
    return Way(direct)


def align_or_explain(
    reference: CalibratedImage,
    moving: CalibratedImage,
    *,
    region: NDArray[np.bool_] | None = None,
    points: PointPairs | None = None,
) -> Alignment:
    """Alignment of two photos; a refusal names a cause that a new photo can mend, where the photo shows one.

    Raises
    ------
    AlignmentFailed
        As `tracker.alignment.align`, or with the code ``blur`` or ``light_direction``.
    """
    try:
        return align(reference, moving, region=region, points=points)
    except AlignmentFailed as error:
        cause = None if error.code in ("mirrored", "points") else explain_mismatch(reference, moving)
        if cause is None:
            raise
        raise AlignmentFailed(cause.advice, code=cause.check.replace(" ", "_")) from error


def _measure_all(
    photo: AlignedImage, reference: Reference, metrics: Sequence[Metric], quality: Comparability
) -> tuple[tuple[Measurement, ...], tuple[Refused, ...]]:
    """Every metric over the cells that the photo and the reference share."""
    shared = shared_cells(photo, reference.aligned)

    def again(metric: Metric) -> Measurement:
        refuse_blocked(metric, quality)
        return _measure_against(reference, shared, metric)

    return of_each(again, metrics, photo)


def _measure_against(reference: Reference, photo: AlignedImage, metric: Metric) -> Measurement:
    lacking = next((r.reason for r in reference.declined if r.metric == metric.name), None)
    if lacking:
        raise MeasurementDeclined(f"The reference photo does not carry it. {lacking}", code="reference_quality")
    given, mask = reference.marks.get(metric.name), reference.mask
    found = measure(photo, mask, metric, marked=reference.is_marked, marks=given)
    whole = next(m for m in reference.values if m.metric == metric.name)
    part = replace(reference.aligned, valid=reference.aligned.valid & usable_cells(photo, metric))
    common = measure_part(part, mask, metric, marked=reference.is_marked, marks=given)
    return over_the_same_cells(found, whole, common, metric)
