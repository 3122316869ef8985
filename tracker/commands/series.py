"""`track`: a folder of photos."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import PAPER, Alignment, warp_photo
from tracker.calibration import CalibratedImage, KnownColours, KnownDistance
from tracker.commands.card import known_colours, known_distance
from tracker.commands.origins import FOLDER, Origins, drawn_before
from tracker.commands.printing import ProgressBar, forget, print_json, writer
from tracker.commands.studied import known_repeatability
from tracker.commands.topics import asked_metrics
from tracker.errors import PhotoRejected, SeriesInvalid
from tracker.measurement import Metric
from tracker.measurement.typed import FILE_NAME as TYPED_FILE
from tracker.measurement.typed import TypedQuantity, read_typed
from tracker.photo import PHOTO_SUFFIXES, display_name, read_photo
from tracker.pipeline import Reference, Result, Watcher, track, with_typed
from tracker.quality import Status
from tracker.region import Region, read_region
from tracker.repeatability import Repeatability
from tracker.report import Report, ReportedPhoto, headline
from tracker.reports import FORMATS
from tracker.reports.document import report_document
from tracker.reports.pictures import PICTURE_WIDTH, THUMBNAIL_WIDTH, Picture, Pictures, encode_picture
from tracker.timeline import Schedule

#: Files that look like photos: those we read, and those whose refusal should be explained.
_LOOKS_LIKE_A_PHOTO = PHOTO_SUFFIXES | {
    *(".hif", ".avif", ".gif", ".bmp", ".jp2", ".jxl"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
}
_Typed = tuple[tuple[TypedQuantity, ...], tuple[str, ...]]
_REGION_FILES = ("region.json", "region.png")
_ALIGNED_NAME = re.compile(r"\d{4}-\d{2}-\d{2}_[0-9a-f]{8}\.jpg")


class _Album:
    """Pictures for the report, kept small while the pixels pass by; aligned photos are written at full size."""

    def __init__(self, folder: Path) -> None:
        self._write = writer(folder)
        self.shown: dict[str, bytes] = {}
        self.thumbnails: dict[str, bytes] = {}
        self.shape = (1, 1)

    def __call__(self, reference: Reference, image: CalibratedImage, result: Result) -> None:
        self.shape = reference.image.photo.shape
        rgb = image.photo.rgb if result.alignment is None else _in_frame(image, result.alignment, self.shape)
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
    # Read before anything is measured: what is wrong with a file must not come out at the end of it.
    typed, typed_beside = _typed_in(options.folder), _typed_in(options.control)
    repeat = known_repeatability(options.repeatability)
    forget(_of_an_earlier_run(options.out), keep=[*photos, *untreated])
    album, colours = _Album(options.out / "aligned"), known_colours(options)
    metrics = asked_metrics(options)
    origins = Origins(metrics)
    schedule = Schedule(options.injected, options.baseline_sessions or (2 if options.injected else 1))
    control = None
    if options.control:
        marked = region_in(options.control)
        control = _tracked(options.control, untreated, marked, colours, metrics, typed_beside, repeat, schedule)
    report = _tracked(
        options.folder, photos, region, colours, metrics, typed, repeat, schedule, control, [album, origins],
        known_distance(options),
    )  # fmt: skip
    write = writer(options.out)
    pictures = replace(_pictures(report, album, photos), origins=origins.of(report))
    for name, data in origins.files(report):
        write(f"{FOLDER}/{name}", data)
    written = [write(form.file_name, form.render(report, pictures)) for form in FORMATS]
    if options.json:
        print_json(report_document(report))
    else:
        _print_report(report, written)
    return 0


def _print_report(report: Report, written: Sequence[Path]) -> None:
    print(headline(report))
    print(f"{len(report.photos)} photos measured, {len(report.rejections)} left out.")
    apart = sum(report.schedule.is_aftermath(photo.taken_on) for photo in report.photos)
    if apart:
        print(f"{apart} of the days after an injection are kept apart from the course.")
    for rejection in report.rejections:
        print(f"  {rejection.name}: {rejection.reason}")
    if report.unused_lines:
        print("Not used of what was typed:")
    for line in (*report.unused_lines, *map(str, written)):
        print(f"  {line}")


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
    typed: _Typed,
    repeatability: Repeatability,
    schedule: Schedule,
    control: Report | None = None,
    watchers: Sequence[Watcher] = (),
    distance: KnownDistance | None = None,
) -> Report:
    def watch(reference: Reference, image: CalibratedImage, result: Result) -> None:
        for watcher in watchers:
            watcher(reference, image, result)

    title = display_name(folder.resolve().name)
    report = track(
        photos,
        region=region,
        metrics=metrics,
        repeatability=repeatability,
        control=control,
        schedule=schedule,
        colours=colours,
        distance=distance,
        title=title,
        progress=ProgressBar(),
        watcher=watch,
    )
    report = with_typed(report, *typed)
    # A file that could not even be identified is reported under its raw name, which not every report can hold.
    shown = tuple(replace(rejection, name=display_name(rejection.name)) for rejection in report.rejections)
    return replace(report, rejections=shown)


def _typed_in(folder: Path | None) -> _Typed:
    """What was typed beside the photos of a folder, and what is wrong with the other lines."""
    if folder is None or not (folder / TYPED_FILE).is_file():
        return (), ()
    return read_typed((folder / TYPED_FILE).read_bytes())


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


def _region(options: Namespace) -> Region | None:
    """The region asked for, else the one that lies in the folder."""
    return read_region(options.region) if options.region else region_in(options.folder)


def region_in(folder: Path) -> Region | None:
    """The region that lies in a folder; None if there is none."""
    return next((read_region(folder / n) for n in _REGION_FILES if (folder / n).is_file()), None)
