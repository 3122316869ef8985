"""`track` and `measure`: a folder of photos, or single ones."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import PAPER, Alignment, warp_photo
from tracker.calibration import UNKNOWN_COLOURS, CalibratedImage, KnownColours, KnownDistance, calibrate
from tracker.commands.card import known_colours, known_distance
from tracker.commands.origins import FOLDER, Origins, drawn_before
from tracker.commands.printing import (
    ProgressBar,
    finite,
    forget,
    print_json,
    writer,
)
from tracker.commands.topics import asked_metrics
from tracker.errors import PhotoRejected, SeriesInvalid
from tracker.measurement import Metric
from tracker.measurement.typed import FILE_NAME as TYPED_FILE
from tracker.metrics import metric_named
from tracker.photo import PHOTO_SUFFIXES, Photo, display_name, read_photo
from tracker.pipeline import Reference, Watcher, as_reference, photo_notes, result_of_reference, track, with_typed
from tracker.quality import Need, Status
from tracker.region import WHOLE_SKIN, Region, read_region
from tracker.report import Report, ReportedPhoto, headline, without_title
from tracker.reports import FORMATS
from tracker.reports.document import (
    area_document,
    check_document,
    colour_document,
    report_document,
    scale_document,
)
from tracker.reports.pictures import PICTURE_WIDTH, THUMBNAIL_WIDTH, Picture, Pictures, encode_picture

#: Files that look like photos: those we read, and those whose refusal should be explained.
_LOOKS_LIKE_A_PHOTO = PHOTO_SUFFIXES | {
    *(".hif", ".avif", ".gif", ".bmp", ".jp2", ".jxl"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
}
_OF_TONE = "The ± of tone is that of a comparison; as a colour it is known to about ΔE00 1 to 2."
_REGION_FILES = ("region.json", "region.png")
_ALIGNED_NAME = re.compile(r"\d{4}-\d{2}-\d{2}_[0-9a-f]{8}\.jpg")


class _Album:
    """Pictures for the report, kept small while the pixels pass by; aligned photos are written at full size."""

    def __init__(self, folder: Path) -> None:
        self._write = writer(folder)
        self.shown: dict[str, bytes] = {}
        self.thumbnails: dict[str, bytes] = {}
        self.shape = (1, 1)

    def __call__(self, reference: Reference, image: CalibratedImage, alignment: Alignment | None) -> None:
        self.shape = reference.image.photo.shape
        rgb = image.photo.rgb if alignment is None else _in_frame(image, alignment, self.shape)
        name = f"{image.photo.taken_on}_{image.photo.digest[:8]}.jpg"
        self._write(name, encode_picture(rgb, width=rgb.shape[1]))
        self.shown[image.photo.digest] = encode_picture(rgb, width=PICTURE_WIDTH)
        self.thumbnails[image.photo.digest] = encode_picture(image.photo.rgb, width=THUMBNAIL_WIDTH)


def _in_frame(image: CalibratedImage, alignment: Alignment, shape: tuple[int, int]) -> NDArray[np.uint8]:
    return warp_photo(image.photo.rgb, alignment, shape, ground=PAPER)


def track_folder(options: Namespace) -> int:
    """The main job without a clinic: a folder of photos → reports."""
    photos = photo_files(options.folder)
    region = _region(options)
    untreated = photo_files(options.control) if options.control else []
    forget(_of_an_earlier_run(options.out), keep=[*photos, *untreated])
    album, colours = _Album(options.out / "aligned"), known_colours(options)
    metrics = asked_metrics(options)
    origins = Origins(metrics)
    control = None
    if options.control:
        control = _tracked(options.control, untreated, _region_in(options.control), colours, metrics)
    report = _tracked(
        options.folder, photos, region, colours, metrics, control, [album, origins], known_distance(options)
    )
    write = writer(options.out)
    pictures = replace(_pictures(report, album, photos), origins=origins.of(report))
    for name, data in origins.files(report):
        write(f"{FOLDER}/{name}", data)
    written = [write(form.file_name, form.render(report, pictures)) for form in FORMATS]
    if options.json:
        print_json(report_document(report))
    else:
        print(headline(report))
        print(f"{len(report.photos)} photos measured, {len(report.rejections)} left out.")
        for rejection in report.rejections:
            print(f"  {rejection.name}: {rejection.reason}")
        for path in written:
            print(f"  {path}")
    return 0


def _of_an_earlier_run(out: Path) -> list[Path]:
    """Reports, aligned photos and overlays that were written here before; nothing else in the folder is ours."""
    aligned = out / "aligned"
    pictures = [p for p in aligned.iterdir() if _ALIGNED_NAME.fullmatch(p.name)] if aligned.is_dir() else []
    return [*(out / form.file_name for form in FORMATS), *pictures, *drawn_before(out)]


def _tracked(
    folder: Path,
    photos: list[Path],
    region: Region | None,
    colours: KnownColours,
    metrics: Sequence[Metric],
    control: Report | None = None,
    watchers: Sequence[Watcher] = (),
    distance: KnownDistance | None = None,
) -> Report:
    def watch(reference: Reference, image: CalibratedImage, alignment: Alignment | None) -> None:
        for watcher in watchers:
            watcher(reference, image, alignment)

    title = display_name(folder.resolve().name)
    report = track(
        photos,
        region=region,
        metrics=metrics,
        control=control,
        colours=colours,
        distance=distance,
        title=title,
        progress=ProgressBar(),
        watcher=watch,
    )
    if (folder / TYPED_FILE).is_file():
        report = with_typed(report, (folder / TYPED_FILE).read_bytes())
    # A file that could not even be identified is reported under its raw name, which not every report can hold.
    shown = tuple(replace(rejection, name=display_name(rejection.name)) for rejection in report.rejections)
    return replace(report, rejections=shown)


def _pictures(report: Report, album: _Album, files: list[Path]) -> Pictures:
    """The first and the latest comparable photo, the region, and a thumbnail of every photo that can be read."""
    thumbnails = dict(album.thumbnails)
    by_name = {display_name(path.name): path for path in files}
    for rejection in report.rejections:
        if rejection.name in by_name and rejection.digest not in thumbnails:
            try:
                photo = read_photo(by_name[rejection.name])
            except PhotoRejected:
                continue
            if photo.digest == rejection.digest:  # two names may look the same when shown
                thumbnails[photo.digest] = encode_picture(photo.rgb, width=THUMBNAIL_WIDTH)
    latest = _latest(report)
    outline: tuple[tuple[float, float], ...] = ()
    if report.region.polygon is not None:
        outline = tuple((float(r), float(c)) for r, c in (report.region.polygon + 0.5) / album.shape)
    return Pictures(
        first=Picture(album.shown[report.reference.digest], report.reference.taken_on),
        latest=Picture(album.shown[latest.digest], latest.taken_on) if latest else None,
        region_outline=outline,
        thumbnails=thumbnails,
    )


def _latest(report: Report) -> ReportedPhoto | None:
    """The photo of the last session that the headline speaks of; without one, the last that is not blocked."""
    line = report.primary
    digests = {m.digest for m in line.sessions[-1].measurements} if line and len(line.sessions) > 1 else set()
    others = [p for p in report.photos if not p.is_reference]
    chosen = [p for p in others if p.digest in digests] or [p for p in others if p.status is not Status.BLOCK]
    return chosen[-1] if chosen else None


def photo_files(folder: Path) -> list[Path]:
    """Files of a folder that look like photos, by name.

    Raises
    ------
    SeriesInvalid
        There is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise SeriesInvalid(f"{folder} is not a folder; please name the folder that holds the photos.")
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in _LOOKS_LIKE_A_PHOTO and p.is_file())
    photos = [p for p in found if p.name not in _REGION_FILES and not p.name.startswith(".")]
    if not photos:
        raise SeriesInvalid(f"There are no photos in {folder}; put the JPEG files of one view into it.")
    return photos


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


def _region(options: Namespace) -> Region | None:
    """The region asked for, else the one that lies in the folder."""
    return read_region(options.region) if options.region else _region_in(options.folder)


def _region_in(folder: Path) -> Region | None:
    return next((read_region(folder / n) for n in _REGION_FILES if (folder / n).is_file()), None)


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
