"""A later photo judged against its reference: what the program says, and what it would say without its gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.scenes import calibrated, region_of
from tracker.alignment import AlignedImage, resample
from tracker.calibration import ColourLevel
from tracker.calibration.chart import without_chart
from tracker.errors import AlignmentFailed, MeasurementDeclined, PhotoRejected
from tracker.measurement import (
    Measurement,
    Metric,
    Place,
    measure,
    measure_part,
    over_the_same_cells,
    shared_cells,
    usable_cells,
    with_exclusions,
)
from tracker.metrics import metric_named
from tracker.phantom import PhantomPhoto, Shot, Stage, State, photograph
from tracker.phantom.photograph import true_metrics
from tracker.pipeline import Reference, Result, establish, follow, summarise
from tracker.quality import Comparability, Need
from tracker.repeatability import PROVISIONAL
from tracker.timeline import Change, Refused, compare_sessions, session_value


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric in one later photo.

    Attributes
    ----------
    refused : str
        Why the program gives no change; empty if it gives one.
    change, half_width : float
        Against the reference, in logarithms or units; NaN if it could not even be measured without the gate.
    uncertainty : float
        Standard uncertainty that the program states for this photo alone, on the same scale.
    claimed : float
        MDC95 that the program states, on the same scale.
    verdict, raw_verdict : str
        Of the program; and what it would have said without its gate.
    covered : bool or None
        Whether the stated interval holds the truth; None if nothing was stated.
    truth : float
        The true change on the same scale.
    bare : float
        The change without the chart's correction; NaN for metrics that need none.
    first : float
        The value of the reference, in logarithms or units.
    stopped_by : tuple of str
        Names of the checks that stop the metric.
    """

    refused: str
    change: float
    uncertainty: float
    claimed: float
    verdict: str
    raw_verdict: str
    covered: bool | None
    truth: float
    bare: float
    first: float
    stopped_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Anchored:
    """A reference with what belongs to it."""

    photo: PhantomPhoto
    reference: Reference
    first: Result
    metrics: tuple[Metric, ...]
    truth: Mapping[str, float]


def anchor(stage: Stage, shot: Shot, state: State, names: tuple[str, ...], *, session: int) -> Anchored | None:
    """A reference that carries all metrics of the scene; None if the program asks for another photo."""
    photo = photograph(stage, shot, state, session=session)
    metrics = tuple(metric_named(name) for name in names)
    try:
        reference, first = establish(calibrated(photo), region_of(photo), metrics)
    except PhotoRejected:
        return None
    if reference.declined:
        return None
    return Anchored(photo, reference, first, metrics, true_values(photo))


def true_values(photo: PhantomPhoto) -> Mapping[str, float]:
    """What is true of the skin in a photo; relief under the lamp of the plan, or every lamp would be a change."""
    return true_metrics(photo.stage, photo.state, photo.stage.plan.light)


def judge(anchored: Anchored, photo: PhantomPhoto) -> tuple[str, dict[str, Reading]]:
    """What the program says of a later photo: a refusal of all of it, or one reading per metric."""
    reference = anchored.reference
    try:
        image = calibrated(photo)
        result = follow(reference, image, anchored.metrics)
    except (PhotoRejected, AlignmentFailed) as error:
        return error.code, {}
    assert result.alignment is not None
    report = summarise(reference.basis, [anchored.first, result], [], metrics=anchored.metrics)
    aligned = with_exclusions(
        resample(image, result.alignment, reference.image),
        image,
        reference.mask,
        alignment=result.alignment,
        reference=reference.aligned,
    )
    truth = anchored.truth if photo.state == anchored.photo.state else true_values(photo)
    bare = _bare_changes(reference, aligned, anchored.metrics)
    readings = {}
    for metric in anchored.metrics:
        told = report.timeline.of(metric.name).changes[-1]
        measured = next((m for m in result.measurements if m.metric == metric.name), None)
        refused = next((r for r in result.refused if r.metric == metric.name), None)
        anyway = measured or measured_anyway(reference, aligned, metric)
        true = _difference(metric, truth[metric.name], anchored.truth[metric.name])
        without = bare.get(metric.name, np.nan)
        reading = _reading(reference, metric, told, refused, anyway, truth=true, bare=without)
        stopping = Comparability(result.photo.checks).stopping(metric.needs)
        readings[metric.name] = replace(reading, stopped_by=tuple(check.check for check in stopping))
    return "", readings


def _reading(
    reference: Reference,
    metric: Metric,
    told: Change,
    refused: Refused | None,
    measured: Measurement | None,
    *,
    truth: float,
    bare: float,
) -> Reading:
    whole = next(m for m in reference.values if m.metric == metric.name)
    first = float(np.log(whole.value)) if metric.multiplicative else whole.value
    if measured is None:
        reason = told.reason or "refused"
        return Reading(reason, np.nan, np.nan, np.nan, told.verdict, "", None, truth, bare, first)
    raw = compare_sessions(
        metric, session_value(metric, (whole,), PROVISIONAL), session_value(metric, (measured,), PROVISIONAL)
    )
    assert raw.low is not None
    assert raw.high is not None
    low, high = (_scaled_step(metric, bound) for bound in (raw.low, raw.high))
    covered = None if told.change is None else bool(low <= truth <= high)
    own = measured.uncertainty / abs(measured.value) if metric.multiplicative else measured.uncertainty
    return Reading(
        refused=(refused.reason if refused else "") or ("" if told.change is not None else told.reason),
        change=_difference(metric, measured.value, whole.value),
        uncertainty=own,
        claimed=(high - low) / 2,
        verdict=told.verdict,
        raw_verdict=raw.verdict,
        covered=covered,
        truth=truth,
        bare=bare,
        first=first,
    )


def measured_anyway(reference: Reference, aligned: AlignedImage, metric: Metric) -> Measurement | None:
    """The value over the shared cells whatever the gate says; None where there is nothing to measure."""
    shared = shared_cells(aligned, reference.aligned)
    marked, marks = reference.is_marked, reference.marks.get(metric.name)
    try:
        found = measure(shared, reference.mask, metric, marked=marked, marks=marks)
        part = replace(reference.aligned, valid=reference.aligned.valid & usable_cells(shared, metric))
        common = measure_part(part, reference.mask, metric, marked=marked, marks=marks)
    except MeasurementDeclined:
        return None
    whole = next(m for m in reference.values if m.metric == metric.name)
    return over_the_same_cells(found, whole, common, metric)


def _bare_changes(reference: Reference, aligned: AlignedImage, metrics: tuple[Metric, ...]) -> dict[str, float]:
    """Changes of tone that colours without a chart would show: the camera's own, passed off as calibrated."""
    toned = [metric for metric in metrics if Need.COLOUR_REFERENCE in metric.needs]
    mask = reference.mask & aligned.valid & reference.aligned.valid
    if not toned or not mask.any():
        return {}
    colour = replace(without_chart(), level=ColourLevel.CHART)
    now, then = (
        toned[0].prepare(replace(image, colour=colour), Place(mask, mask))[mask].astype(np.float64)
        for image in (aligned, reference.aligned)
    )
    alike = np.ones(len(now))
    return {metric.name: metric.reduce(now, alike) - metric.reduce(then, alike) for metric in toned}


def _difference(metric: Metric, now: float, then: float) -> float:
    return float(np.log(now / then)) if metric.multiplicative else now - then


def _scaled_step(metric: Metric, stated: float) -> float:
    """A stated difference as a logarithm where it was stated in per cent."""
    return float(np.log1p(stated / 100)) if metric.multiplicative else stated
