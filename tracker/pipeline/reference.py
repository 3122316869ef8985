"""One photo at a time: the reference that everything is compared with, and a later photo against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment, PointPairs, align, in_own_frame, resample
from tracker.calibration import CalibratedImage
from tracker.errors import AlignmentFailed, MeasurementDeclined, PhotoRejected, RegionInvalid
from tracker.measurement import (
    Marks,
    Measurement,
    Metric,
    check_carried,
    find_marks,
    measure,
    measure_part,
    over_the_same_cells,
    shared_cells,
    usable_cells,
    with_exclusions,
)
from tracker.metrics import METRICS
from tracker.pipeline.detour import Way, Waypoint, detour, wants_detour
from tracker.pipeline.notes import photo_notes
from tracker.pipeline.pairs import Opposite, axis_check
from tracker.quality import Comparability, Status, assess, assess_photo, explain_mismatch
from tracker.region import WHOLE_SKIN, Region, region_mask
from tracker.report import ReportedPhoto
from tracker.timeline import Refused

_AT_A_TIME = 2


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What a series rests on, without pixels.

    Attributes
    ----------
    region : Region
    mm_per_px : float or None
        Scale of the reference photo.
    colour_evidence : str
        What the colours of the reference rest on.
    """

    region: Region
    mm_per_px: float | None
    colour_evidence: str


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The photo everything of a series is compared with, and where it is measured.

    Attributes
    ----------
    image : CalibratedImage
    region : Region
    mask : ndarray, shape (h, w), bool
        The region on the analysis grid.
    quality : Comparability
        Of the reference itself.
    aligned : AlignedImage
        The reference in its own frame.
    values : tuple of Measurement
    declined : tuple of Refused
        What the reference itself does not give: nothing can be compared with it there.
    marks : mapping of str to Marks
        What each metric that looks for something found here, by the metric's name.
    """

    image: CalibratedImage
    region: Region
    mask: NDArray[np.bool_]
    quality: Comparability
    aligned: AlignedImage
    values: tuple[Measurement, ...]
    declined: tuple[Refused, ...]
    marks: Mapping[str, Marks]

    @property
    def is_marked(self) -> bool:
        """Whether the region was marked by somebody."""
        return not self.region.is_whole_skin

    @property
    def basis(self) -> Basis:
        """What has to be kept of the reference to report later."""
        scale = self.image.scale
        return Basis(self.region, scale.mm_per_px if scale else None, self.image.colour.evidence)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one photo of a series gave.

    Attributes
    ----------
    photo : ReportedPhoto
    measurements : tuple of Measurement
    refused : tuple of Refused
        Metrics that this photo does not give, and why.
    alignment : Alignment or None
        None for the reference itself.
    seconds : float
        Time the alignment took.
    """

    photo: ReportedPhoto
    measurements: tuple[Measurement, ...]
    refused: tuple[Refused, ...]
    alignment: Alignment | None
    seconds: float = 0.0


def establish(
    image: CalibratedImage,
    region: Region = WHOLE_SKIN,
    metrics: Sequence[Metric] = METRICS,
    *,
    opposite: Opposite | None = None,
) -> tuple[Reference, Result]:
    """Make a photo the reference of a series, and measure it; parameters are those of `as_reference`.

    Raises
    ------
    PhotoRejected
        The photo is not good enough for a baseline; the reason says what to do.
    RegionInvalid
        The region does not fit the photo.
    """
    reference = as_reference(image, region, metrics, opposite=opposite)
    if reference.quality.status is Status.BLOCK:
        reason = next(c.advice for c in reference.quality.checks if c.status is Status.BLOCK)
        raise PhotoRejected(f"{image.photo.name} cannot be the baseline. {reason}", code="poor_baseline")
    return reference, result_of_reference(reference)


def result_of_reference(reference: Reference) -> Result:
    """What the reference itself gives; metrics that it does not carry are refused."""
    photo = _reported(reference.image, reference.quality, None, reference.basis)
    return Result(photo, reference.values, reference.declined, None)


def as_reference(
    image: CalibratedImage,
    region: Region = WHOLE_SKIN,
    metrics: Sequence[Metric] = METRICS,
    *,
    opposite: Opposite | None = None,
) -> Reference:
    """A photo with the place to measure and what it gives; `establish` also says whether it is good enough.

    Parameters
    ----------
    image : CalibratedImage
    region : Region
    metrics : sequence of Metric
    opposite : Opposite, optional
        The photo taken at once with the lamp on the other side.

    Raises
    ------
    PhotoRejected
        The whole skin was asked for, and there is none.
    RegionInvalid
        The marked region does not fit the photo.
    """
    try:
        mask = region_mask(region, image)
    except RegionInvalid as error:
        if not region.is_whole_skin:
            raise
        raise PhotoRejected(error.reason, code=error.code) from error
    quality, aligned = assess_photo(image, mask), with_exclusions(in_own_frame(image), image, mask)
    if opposite is not None:
        aligned = opposite.added_to(aligned, image)
        quality = Comparability((*quality.checks, *opposite.checks))
    marks: dict[str, Marks] = {}
    searched: dict[object, Future[Marks | None]] = {}

    def first(metric: Metric) -> Measurement:
        _refuse_blocked(metric, quality)
        marked = not region.is_whole_skin
        found = _found_once(searched, aligned, mask, metric, marked=marked)
        value = measure(aligned, mask, metric, marked=marked, marks=found)
        if found is not None:
            marks[metric.name] = found
        return value

    values, declined = _each(first, metrics, aligned)
    return Reference(image, region, mask, quality, aligned, values, declined, marks)


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
            _refuse_blocked(metric, beside.quality)
            marks = reference.marks.get(metric.name)
            check_carried(shared, reference.mask, metric, marked=reference.is_marked, marks=marks)
        except MeasurementDeclined as error:
            refused.append(_refused(metric, beside.aligned, error.reason))
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
    photo = _reported(image, beside.quality, beside.way, reference.basis)
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
        _refuse_blocked(metric, quality)
        return _measure_against(reference, shared, metric)

    return _each(again, metrics, photo)


def _each(
    work: Callable[[Metric], Measurement], metrics: Sequence[Metric], photo: AlignedImage
) -> tuple[tuple[Measurement, ...], tuple[Refused, ...]]:
    """What each metric gives or why it does not, in their order; two at a time, because arrays let threads run."""

    def outcome(metric: Metric) -> Measurement | Refused:
        try:
            return work(metric)
        except MeasurementDeclined as error:
            return _refused(metric, photo, error.reason)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        outcomes = list(pool.map(outcome, metrics))
    measured = tuple(each for each in outcomes if isinstance(each, Measurement))
    return measured, tuple(each for each in outcomes if isinstance(each, Refused))


def _found_once(
    searched: dict[object, Future[Marks | None]],
    image: AlignedImage,
    region: NDArray[np.bool_],
    metric: Metric,
    *,
    marked: bool,
) -> Marks | None:
    """What a metric looks for; metrics that look for the same in the same cells do it once."""
    key = (metric.find, metric.needs, metric.leaves_out, metric.tolerance_mm)
    mine: Future[Marks | None] = Future()
    search = searched.setdefault(key, mine)
    if search is mine:
        try:
            mine.set_result(find_marks(image, region, metric, marked=marked))
        except MeasurementDeclined as error:
            mine.set_exception(error)
    return search.result()


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


def _refused(metric: Metric, photo: AlignedImage, reason: str) -> Refused:
    return Refused(metric.name, photo.digest, photo.taken_on or date.min, reason)


def _refuse_blocked(metric: Metric, quality: Comparability) -> None:
    blocked = quality.blocked(metric.needs)
    if blocked:
        raise MeasurementDeclined(blocked, code="quality")


def _reported(image: CalibratedImage, quality: Comparability, way: Way | None, basis: Basis) -> ReportedPhoto:
    alignment = way.alignment if way else None
    error = alignment.error_px if alignment else None
    return ReportedPhoto(
        digest=image.photo.digest,
        name=image.photo.name,
        taken_on=image.photo.taken_on or date.min,
        is_reference=alignment is None,
        checks=quality.checks,
        overlap=alignment.overlap if alignment else None,
        error_px=error,
        error_mm=error * basis.mm_per_px if error is not None and basis.mm_per_px else None,
        notes=(*photo_notes(image), *(way.notes if way else ())),
        through=way.through.digest if way and way.through else "",
        colour=image.colour,
        scale=image.scale,
    )
