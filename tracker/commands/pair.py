"""`align` and `compare`: one pair of photos."""

from __future__ import annotations

import io
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from tracker.alignment import Alignment, PointPairs, warp_photo
from tracker.calibration import CalibratedImage, calibrate
from tracker.commands.card import known_colours, known_distance
from tracker.commands.pair_document import alignment_document, metric_document, photo_document
from tracker.commands.printing import (
    forget,
    print_json,
    writer,
)
from tracker.commands.studied import known_repeatability
from tracker.commands.topics import asked_metrics
from tracker.errors import AlignmentFailed, PhotoRejected, RegionInvalid, TrackerError
from tracker.measurement import Metric, Role
from tracker.metrics import metrics_about
from tracker.photo import read_photo
from tracker.pipeline import (
    Opposite,
    Result,
    align_or_explain,
    as_pair,
    as_reference,
    follow,
    result_of_reference,
)
from tracker.quality import Check, assess_photo, explain_mismatch
from tracker.quality.check import is_about
from tracker.region import WHOLE_SKIN, Region, read_region, skin_mask
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.report import colour_difference_of, practitioner_sentence, practitioner_summary
from tracker.reports.document import (
    check_document,
    colour_difference_document,
)
from tracker.timeline import Change, Refused, Verdict, timeline

#: Stand-in dates: in a pair the order is given, whatever the cameras' clocks say.
_FIRST, _SECOND = date(2000, 1, 1), date(2000, 1, 1) + timedelta(days=1)
#: What `align` writes; a refused pair leaves neither, not even those of the pair before.
_FILES = ("aligned.png", "map.npz")


def align_pair(options: Namespace) -> int:
    """Write the moving photo in the reference's frame, and the map."""
    reference = calibrate(read_photo(options.reference), distance=known_distance(options))
    moving = calibrate(read_photo(options.moving), like=reference.grid)
    began = time.perf_counter()
    write = writer(options.out)
    forget((options.out / name for name in _FILES), keep=(options.reference, options.moving))
    try:
        alignment = align_or_explain(reference, moving, points=options.points)
    except AlignmentFailed as error:
        _complain_of_points(error)
        document = alignment_document(None, reference, time.perf_counter() - began, error)
    else:
        document = alignment_document(alignment, reference, time.perf_counter() - began)
        picture, field = _FILES
        write(picture, _png(warp_photo(moving.photo.rgb, alignment, reference.photo.shape)))
        write(field, map_bytes(alignment))
    if options.json:
        print_json(document)
    else:
        print(_alignment_sentence(document))
    return 0


def compare_pair(options: Namespace) -> int:
    """Print all metrics of both photos and what changed."""
    region = read_region(options.region) if options.region else WHOLE_SKIN
    colours = known_colours(options)
    then = calibrate(read_photo(options.reference), colours, distance=known_distance(options))
    now = calibrate(read_photo(options.moving), colours.drawn_in(then.photo.shape), like=then.grid)
    opposite = tuple(
        None if path is None else calibrate(read_photo(path), colours.drawn_in(then.photo.shape), like=then.grid)
        for path in (options.opposite_reference, options.opposite_moving)
    )
    metrics = asked_metrics(options)
    document = compare_document(
        then, now, region, points=options.points, metrics=metrics, opposite=opposite,
        repeatability=known_repeatability(options.repeatability),
    )  # fmt: skip
    if options.json:
        print_json(document)
    else:
        for line in (*document["summary"], *_remarks(document, metrics)):
            print(line)
    return 0


def _remarks(document: dict[str, Any], metrics: Sequence[Metric]) -> list[str]:
    """What no metric says yet: the advice of checks that warn or block one of the metrics, and the notes of photos."""
    refusals = [metric["reason"] for metric in document["metrics"] if metric["reason"]]
    lines: list[str] = []
    for photo, quality in (("reference", "reference_quality"), ("moving", "quality")):
        # Two checks may find the same fault.
        checks = [check for check in document[quality] if check["advice"]]
        advice = dict.fromkeys(c["advice"] for c in checks if any(is_about(c["blocks"], m.needs) for m in metrics))
        unsaid = [text for text in advice if not any(text in refusal for refusal in refusals)]
        lines += [f"{document[photo]['name']}: {text}" for text in (*unsaid, *document[photo]["notes"])]
    return lines


def compare_document(
    then: CalibratedImage,
    now: CalibratedImage,
    region: Region = WHOLE_SKIN,
    *,
    points: PointPairs | None = None,
    metrics: Sequence[Metric] | None = None,
    opposite: Sequence[CalibratedImage | None] = (None, None),
    repeatability: Repeatability = PROVISIONAL,
) -> dict[str, Any]:
    """The comparison of a pair in the form of `compare --json`, with a sentence per metric.

    `opposite` are the photos taken at once with each of the two, the lamp on the other side.
    """
    metrics = metrics_about() if metrics is None else metrics
    then, now = _dated(then, _FIRST), _dated(now, _SECOND)
    began = time.perf_counter()
    first: Result | None = None
    second: Result | None = None
    reason: PhotoRejected | AlignmentFailed | None = None
    beside = [_as_pair(image, other) for image, other in zip((then, now), opposite, strict=True)]
    try:
        reference = as_reference(then, region, metrics, opposite=beside[0][0])
        first = result_of_reference(reference)
        second = follow(reference, now, metrics, points=points, opposite=beside[1][0])
    except (PhotoRejected, AlignmentFailed) as error:
        _complain_of_points(error)
        reason = error
    seconds = second.seconds if second else time.perf_counter() - began
    changes = _changes(first, second, reason, metrics, repeatability)
    moved = colour_difference_of(changes.values())
    before = first.photo.checks if first else ()
    after = second.photo.checks if second else _checks_of_unaligned(then, now, reason)
    return {
        "reference": photo_document(then, beside[0][1]),
        "moving": photo_document(now, beside[1][1]),
        "alignment": alignment_document(second.alignment if second else None, then, seconds, reason),
        "reference_quality": [check_document(check) for check in before],
        "quality": [check_document(check) for check in after],
        "metrics": [metric_document(m, changes[m.name], first, second, (*before, *after)) for m in metrics],
        "sentences": [practitioner_sentence(changes[m.name]) for m in metrics],
        "summary": list(practitioner_summary([changes[m.name] for m in sorted(metrics, key=partial(_last, changes))])),
        "colour_difference": colour_difference_document(moved) if moved else None,
    }


def _as_pair(image: CalibratedImage, other: CalibratedImage | None) -> tuple[Opposite | None, tuple[str, ...]]:
    """The pair that two photos were given as; without it, the note that says why it is none."""
    if other is None:
        return None, ()
    try:
        return as_pair(image, replace(other, photo=replace(other.photo, taken_on=image.photo.taken_on))), ()
    except (AlignmentFailed, RegionInvalid) as error:
        return None, (f"{other.photo.name} is not used as the other photo of the pair. {error.reason}",)


def _last(changes: dict[str, Change], metric: Metric) -> tuple[bool, bool]:
    """What is compared comes first, and of it what a topic is judged by."""
    return changes[metric.name].verdict is Verdict.NOT_COMPARABLE, metric.role is not Role.PRIMARY


def _complain_of_points(error: TrackerError) -> None:
    """Points that cannot be used are wrong input, and say nothing of the photos."""
    if error.code == "points":
        raise error


def _checks_of_unaligned(
    then: CalibratedImage, now: CalibratedImage, reason: PhotoRejected | AlignmentFailed | None
) -> tuple[Check, ...]:
    """What a photo that was not aligned shows by itself, on all its skin, and the check that explains the refusal."""
    skin = skin_mask(now)
    checks = assess_photo(now, skin).checks if skin.any() else ()
    # A mirrored photo is refused for nothing that a check finds.
    explained = isinstance(reason, AlignmentFailed) and reason.code != "mirrored"
    cause = explain_mismatch(then, now) if explained else None
    return checks if cause is None else (*(c for c in checks if c.check != cause.check), cause)


def _changes(
    first: Result | None,
    second: Result | None,
    reason: Exception | None,
    metrics: Sequence[Metric],
    repeatability: Repeatability,
) -> dict[str, Change]:
    results = [r for r in (first, second) if r is not None]
    measured = [m for r in results for m in r.measurements]
    refused = [r for result in results for r in result.refused]
    if second is None:
        refused = [Refused(m.name, "", _SECOND, str(reason)) for m in metrics]
    # What the reference itself does not give explains the pair before anything the second photo lacks.
    refused = [Refused(r.metric, r.digest, _SECOND, r.reason) for r in reversed(refused)]
    lines = timeline(measured, refused, metrics, repeatability).metrics
    return {line.metric.name: line.changes[-1] for line in lines}


def _dated(image: CalibratedImage, day: date) -> CalibratedImage:
    return replace(image, photo=replace(image.photo, taken_on=day))


def _alignment_sentence(document: dict[str, Any]) -> str:
    if document["status"] != "aligned":
        return f"Not aligned: {document['reason']}"
    mm = document["error_mm"]
    size = f"{document['error_px']:.2f} px" + (f" ({mm:.2f} mm)" if mm else "")
    start = "Aligned from the points shown" if document["by_hand"] else "Aligned"
    return f"{start}: claimed median error {size} over {document['overlap']:.0%} of the skin."


def map_bytes(alignment: Alignment) -> bytes:
    """The map of an alignment as the bytes of a ``map.npz``."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        rows=alignment.rows,
        cols=alignment.cols,
        moving_row=alignment.moving[..., 0],
        moving_col=alignment.moving[..., 1],
        sd=alignment.sd,
    )
    return buffer.getvalue()


def _png(rgb: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
