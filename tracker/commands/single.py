"""`measure`: single photos."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracker.calibration import UNKNOWN_COLOURS, KnownColours, KnownDistance, calibrate
from tracker.commands.card import known_colours, known_distance
from tracker.commands.printing import finite, print_json
from tracker.commands.topics import asked_metrics
from tracker.errors import PhotoRejected
from tracker.measurement import Metric
from tracker.metrics import metric_named
from tracker.photo import Photo, display_name, read_photo
from tracker.pipeline import as_reference, photo_notes, result_of_reference
from tracker.quality import Need
from tracker.region import WHOLE_SKIN, Region, read_region
from tracker.report import without_title
from tracker.reports.document import area_document, check_document, colour_document, scale_document

_OF_TONE = "The ± of tone is that of a comparison; as a colour it is known to about ΔE00 1 to 2."


def measure_photos(options: Namespace) -> int:
    """Metrics of single photos; each is its own reference.

    Raises
    ------
    PhotoRejected
        Not one of them could be read.
    CalibrationFailed
        A distance was given for more than one photo.
    """
    region = read_region(options.region) if options.region else WHOLE_SKIN
    metrics = asked_metrics(options)
    documents = _measured_or_refused(options.photos, region, known_colours(options), known_distance(options), metrics)
    if options.json:
        print_json({"photos": documents})
        return 0
    for document in documents:
        _print_measured(document)
    return 0


def _measured_or_refused(
    paths: Sequence[Path],
    region: Region,
    colours: KnownColours,
    distance: KnownDistance | None,
    metrics: Sequence[Metric],
) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    refusals: list[PhotoRejected] = []
    for path in paths:
        try:
            photo = read_photo(path)
            colours = colours.drawn_in(photo.shape)
            documents.append(_measured(photo, region, metrics, colours, distance))
        except PhotoRejected as error:
            documents.append(_unreadable(path, error.reason, metrics))
            refusals.append(error)
    if len(refusals) == len(documents):
        raise refusals[0]
    return documents


def _print_measured(document: dict[str, Any]) -> None:
    print(document["name"])
    if document["reason"]:
        print(f"  {document['reason']}")
        return
    for note in document["notes"]:
        print(f"  {note}")
    reasons = {metric["reason"] for metric in document["metrics"]}
    if len(reasons) == 1 and None not in reasons:
        print(f"  {reasons.pop()}")
        return
    given = [metric for metric in document["metrics"] if metric["value"] is not None]
    wide = max((len(metric["name"]) for metric in given), default=0)
    for metric in given:
        print(f"  {metric['name']:<{wide}}  {metric['value']:.2f} ± {metric['uncertainty']:.2f} {metric['unit']}")
    if any(Need.COLOUR_REFERENCE in metric_named(metric["name"]).needs for metric in given):
        print(f"  {_OF_TONE}")
    for reason, names in _not_given(document["metrics"]).items():
        print(f"  {', '.join(names)}: {reason}")


def _not_given(metrics: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Why there is no value, and of which metrics; in the order of these."""
    shared: dict[str, list[dict[str, Any]]] = {}
    for metric in metrics:
        if metric["value"] is None:
            reason = without_title(metric["reason"], metric_named(metric["name"]).title)
            shared.setdefault(reason, []).append(metric)
    return {
        found[0]["reason"] if len(found) == 1 else reason: [metric["name"] for metric in found]
        for reason, found in shared.items()
    }


def _measured(
    photo: Photo,
    region: Region,
    metrics: Sequence[Metric],
    colours: KnownColours = UNKNOWN_COLOURS,
    distance: KnownDistance | None = None,
) -> dict[str, Any]:
    image = calibrate(photo, colours, distance=distance)
    document: dict[str, Any] = {"name": photo.name, "digest": photo.digest, "taken_on": _day(photo.taken_on)}
    document["colour"], document["scale"] = colour_document(image.colour), scale_document(image.scale)
    notes = list(photo_notes(image))
    try:
        result = result_of_reference(as_reference(image, region, metrics))
    except PhotoRejected as error:
        nothing = {"quality": [], "notes": notes, "metrics": _no_metrics(error.reason, metrics)}
        return document | nothing | {"reason": None}
    values = {m.metric: m for m in result.measurements}
    reasons = {r.metric: r.reason for r in result.refused}
    rows = [
        _metric(m.name, m.method, m.unit, values[m.name].value, values[m.name].uncertainty)
        | {"area": area_document(values[m.name])}
        if m.name in values
        else _metric(m.name, m.method, m.unit, reason=reasons[m.name])
        for m in metrics
    ]
    quality = [check_document(check) for check in result.photo.checks]
    return document | {"quality": quality, "notes": notes, "metrics": rows, "reason": None}


def _unreadable(path: Path, reason: str, metrics: Sequence[Metric]) -> dict[str, Any]:
    """The same form for a file that gave no photo."""
    document: dict[str, Any] = {"name": display_name(path.name), "digest": None, "taken_on": None, "colour": None}
    document["scale"] = None
    return document | {"quality": [], "notes": [], "metrics": _no_metrics(reason, metrics), "reason": reason}


def _no_metrics(reason: str, metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    return [_metric(m.name, m.method, m.unit, reason=reason) for m in metrics]


def _metric(
    name: str,
    method: str,
    unit: str,
    value: float | None = None,
    uncertainty: float | None = None,
    *,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "name": name,
        "method": method,
        "unit": unit,
        "value": finite(value),
        "uncertainty": finite(uncertainty),
        "reason": reason,
        "area": None,
    }


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
