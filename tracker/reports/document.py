"""report.json: everything a report rests on, enough to draw it again."""

from __future__ import annotations

import json
import math
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from tracker.calibration import ColourCalibration, Scale
from tracker.measurement import Measurement, Metric
from tracker.metrics.colour_difference import ColourDifference
from tracker.quality import Check
from tracker.report import (
    NOT_A_DIAGNOSIS,
    Rejection,
    Report,
    ReportedPhoto,
    beside_control_sentence,
    colour_difference_on,
    confounders,
    headline,
    metric_sentence,
    patient_headline,
    photo_standing,
    practitioner_sentence,
    uncertainty_parts,
)
from tracker.reports.pictures import Pictures
from tracker.timeline import Change, MetricTimeline, Refused, SessionValue, Trend

#: Raised when a reader of the document would have to change.
SCHEMA = 1


def software_version() -> str:
    """Version of the installed package; a source tree that is not installed has none."""
    try:
        return version("tracker")
    except PackageNotFoundError:
        return "not installed"


def render_document(report: Report, pictures: Pictures) -> bytes:
    """The report as JSON.

    Parameters
    ----------
    report : Report
    pictures : Pictures
        Not part of the document; photos are named by their digests.

    Returns
    -------
    bytes
        UTF-8; what is not a finite number is null.
    """
    text = json.dumps(report_document(report), ensure_ascii=False, indent=2, allow_nan=False)
    return (text + "\n").encode("utf-8", "replace")


def report_document(report: Report) -> dict[str, object]:
    """The report as plain dictionaries, lists, text and numbers, ready for ``json.dumps``."""
    return {
        "schema": SCHEMA,
        "software": {"name": "tracker", "version": software_version()},
        "note": NOT_A_DIAGNOSIS,
        **_series(report),
        "control": _series(report.control) if report.control else None,
    }


def _series(report: Report) -> dict[str, object]:
    return {
        "title": report.title,
        "headline": headline(report),
        "patient_headline": patient_headline(report),
        "region": report.region.as_json(),
        "mm_per_px": _finite(report.mm_per_px),
        "colour_evidence": report.colour_evidence,
        "set_up": report.set_up,
        "photos": [_photo(photo, report) for photo in report.photos],
        "rejections": [_rejection(rejection) for rejection in report.rejections],
        "unused_lines": list(report.unused_lines),
        "metrics": [_metric(line) for line in report.timeline.metrics],
        "measurements": [_measurement(measurement) for measurement in report.measurements],
        "changes": [
            change_document(change, line.metric) for line in report.timeline.metrics for change in line.changes
        ],
        "relative_to_control": [
            _relative(line, change) for line in report.leading if line.relative for change in line.relative.changes
        ],
        "trends": [_trend(line, line.trend) for line in report.leading if line.trend],
        "confounders": list(confounders(report)),
        "injected_on": [_iso(day) for day in report.schedule.injected_on],
        "after_injection": [
            change_document(change, line.metric) for line in report.timeline.metrics for change in line.after_injection
        ],
        "colour_difference": _colour_differences(report),
        "refused": [_refused(refused) for refused in report.refused],
    }


def _relative(line: MetricTimeline, change: Change) -> dict[str, object]:
    """A change relative to the untreated side."""
    assert line.relative is not None
    return {
        "metric": change.metric,
        "taken_on": _iso(change.taken_on),
        "change": _finite(change.change),
        "interval": None if change.low is None else [_finite(change.low), _finite(change.high)],
        "mdc95": _finite(change.mdc95),
        "unit": change.unit,
        "correlation": _finite(line.relative.correlation),
        "correlation_evidence": line.relative.evidence,
        "verdict": str(change.verdict),
        "sentence": beside_control_sentence(line, change.taken_on),
    }


def _trend(line: MetricTimeline, trend: Trend) -> dict[str, object]:
    """The trend over a course."""
    return {
        "metric": line.metric.name,
        "method": str(trend.method),
        "sessions": trend.sessions,
        "slope": _finite(trend.slope),
        "per_days": trend.days,
        "interval": [_finite(trend.low), _finite(trend.high)],
        "unit": trend.unit,
        "p": _finite(trend.p),
        "is_certain": trend.is_certain,
    }


def _colour_differences(report: Report) -> list[dict[str, object]]:
    """How far the colour moved, for each session whose tone is compared."""
    lines = report.timeline.metrics
    days = sorted({change.taken_on for line in lines for change in line.changes})
    found = ((day, colour_difference_on(lines, day)) for day in days)
    return [{"taken_on": _iso(day), **colour_difference_document(one)} for day, one in found if one is not None]


def colour_difference_document(found: ColourDifference) -> dict[str, object]:
    """How far the colour moved as plain values."""
    return {"delta_e": _finite(found.delta_e), "by_chance": _finite(found.by_chance), "words": found.words}


def change_document(change: Change, metric: Metric | None = None) -> dict[str, object]:
    """One change as plain values."""
    return {
        "metric": change.metric,
        "taken_on": _iso(change.taken_on),
        "baseline_on": _iso(change.baseline_on),
        "baseline": _finite(change.baseline),
        "value": _finite(change.value),
        "change": _finite(change.change),
        "interval": None if change.low is None else [_finite(change.low), _finite(change.high)],
        "mdc95": _finite(change.mdc95),
        "unit": change.unit,
        "mdc_source": change.mdc_source,
        "verdict": str(change.verdict),
        "reason": change.reason or None,
        "ruled_out": _finite(change.ruled_out),
        "among": change.among,
        "sentence": practitioner_sentence(change, metric),
    }


def parts_document(measurement: Measurement) -> dict[str, object]:
    """The parts of the uncertainty of one photo's value, in its unit."""
    return {name: _finite(part) for name, part in measurement.parts}


def area_document(measurement: Measurement) -> dict[str, object]:
    """Where a value was measured, and what was left out of the region, as plain values."""
    return {
        "area_share": _finite(measurement.area_share),
        "area_mm2": _finite(measurement.area_mm2),
        "left_out": {reason: _finite(share) for reason, share in measurement.left_out},
        "also_seen": {reason: _finite(share) for reason, share in measurement.also_seen},
    }


def check_document(check: Check) -> dict[str, object]:
    """One quality check as plain values."""
    return {
        "check": check.check,
        "value": _finite(check.value),
        "unit": check.unit or None,
        "limit": check.limit,
        "status": str(check.status),
        "advice": check.advice or None,
        "blocks": str(check.blocks),
    }


def colour_document(colour: ColourCalibration | None) -> dict[str, object] | None:
    """The colour level of a photo and its evidence as plain values; None where it was not kept."""
    if colour is None:
        return None
    return {
        "level": str(colour.level),
        "delta_e": _finite(colour.delta_e),
        "grey_residual": _finite(colour.grey_residual),
        "evidence": colour.evidence,
    }


def scale_document(scale: Scale | None) -> dict[str, object] | None:
    """The scale of a photo and what it rests on as plain values; None without one."""
    if scale is None:
        return None
    return {
        "mm_per_px": _finite(scale.mm_per_px),
        "relative_uncertainty": _finite(scale.relative_uncertainty),
        "source": scale.source,
    }


def _photo(photo: ReportedPhoto, report: Report) -> dict[str, object]:
    metrics = [line.metric for line in report.timeline.metrics]
    return {
        "digest": photo.digest,
        "name": photo.name,
        "taken_on": _iso(photo.taken_on),
        "is_reference": photo.is_reference,
        "standing": photo_standing(photo, gives=report.gives(photo)),
        "overlap": _finite(photo.overlap),
        "error_px": _finite(photo.error_px),
        "error_mm": _finite(photo.error_mm),
        "aligned_through": photo.through or None,
        "quality": [check_document(check) for check in photo.checks],
        "blocked": {metric.name: [check.check for check in photo.stopping(metric)] for metric in metrics},
        "notes": list(photo.notes),
        "colour": colour_document(photo.colour),
        "scale": scale_document(photo.scale),
    }


def _rejection(rejection: Rejection) -> dict[str, object]:
    return {
        "digest": rejection.digest or None,
        "name": rejection.name,
        "taken_on": _iso(rejection.taken_on),
        "reason": rejection.reason,
        "code": rejection.code,
    }


def _metric(line: MetricTimeline) -> dict[str, object]:
    metric = line.metric
    return {
        "name": metric.name,
        "title": metric.title,
        "symbol": metric.symbol,
        "method": metric.method,
        "unit": metric.unit,
        "direction": str(metric.direction),
        "topic": str(metric.topic),
        "role": str(metric.role),
        "changes_are": "ratios" if metric.multiplicative else "differences",
        "sentence": metric_sentence(line),
        "sessions": [_session(line, session) for session in line.sessions],
    }


def _session(line: MetricTimeline, session: SessionValue) -> dict[str, object]:
    parts = uncertainty_parts(session, line)
    return {
        "taken_on": _iso(session.taken_on),
        "value": _finite(session.value),
        "uncertainty": _finite(session.uncertainty),
        "uncertainty_parts": {part.name: _finite(part.uncertainty) for part in parts},
        "unit": line.metric.unit,
        "photos": [measurement.digest for measurement in session.measurements],
    }


def _measurement(measurement: Measurement) -> dict[str, object]:
    return {
        "metric": measurement.metric,
        "method": measurement.method,
        "unit": measurement.unit,
        "digest": measurement.digest,
        "taken_on": _iso(measurement.taken_on),
        "value": _finite(measurement.value),
        "uncertainty": _finite(measurement.uncertainty),
        "parts": parts_document(measurement),
        "uncertainty_parts": parts_document(measurement),
        **area_document(measurement),
    }


def _refused(refused: Refused) -> dict[str, object]:
    return {
        "metric": refused.metric,
        "digest": refused.digest or None,
        "taken_on": _iso(refused.taken_on),
        "reason": refused.reason,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _finite(value: float | None) -> float | None:
    """JSON has no word for NaN or infinity. Numpy's numbers become Python's."""
    return float(value) if value is not None and math.isfinite(value) else None
