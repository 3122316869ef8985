"""A whole series: `track(photos) -> Report`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from tracker.calibration import UNKNOWN_COLOURS, CalibratedImage, Grid, KnownColours, KnownDistance, calibrate
from tracker.errors import AlignmentFailed, PhotoRejected, SeriesInvalid
from tracker.measurement import Metric
from tracker.metrics import METRICS, metrics_about, primary_among
from tracker.photo import Photo, read_photo
from tracker.pipeline.ahead import Ahead, follow_pair, result_of_opposite
from tracker.pipeline.detour import MOST_DETOURS, Waypoint
from tracker.pipeline.order import PhotoSource, in_order
from tracker.pipeline.reference import Basis, Reference, Result, establish
from tracker.region import WHOLE_SKIN, Region
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.report import Rejection, Report
from tracker.timeline import NO_SCHEDULE, Refused, Schedule, Timeline, beside_control, timeline

Progress = Callable[[int, int, str], None]
Watcher = Callable[[Reference, CalibratedImage, Result], None]


def track(
    photos: Iterable[PhotoSource],
    *,
    region: Region | None = None,
    metrics: Sequence[Metric] | None = None,
    repeatability: Repeatability | None = None,
    control: Report | None = None,
    schedule: Schedule = NO_SCHEDULE,
    colours: KnownColours = UNKNOWN_COLOURS,
    distance: KnownDistance | None = None,
    title: str = "Series",
    progress: Progress | None = None,
    watcher: Watcher | None = None,
) -> Report:
    """Measure a series of photos of the same skin, and say what changed.

    Parameters
    ----------
    photos : iterable of Photo, path or bytes
        One view; the date of each comes from the photo. Photos of one date are replicates.
    region : Region, optional
        In pixels of the reference photo, which is the earliest usable one; by default the whole skin.
    metrics : sequence of Metric, optional
        By default `tracker.metrics.metrics_about`; the order is that of importance.
    repeatability : Repeatability, optional
        Measured in this clinic; by default provisional values.
    control : Report, optional
        The same dates on untreated skin.
    schedule : Schedule
        Injections, whose aftermath is no part of the course, and how many sessions the baseline is of.
    colours : KnownColours
        What is known about the card, chart or grey surface in the photos; the latter in pixels of the reference.
    distance : KnownDistance, optional
        A length in the reference photo, where no printed marker gives its scale; later photos need none.
    title : str
        Of the series; not a person's name.
    progress : callable, optional
        Called with (done, total, what) before each photo.
    watcher : callable, optional
        Called with the reference, each photo and what it gave while its pixels are in memory; the second photo of a
        pair gives nothing by itself.

    Returns
    -------
    Report
        Photos that cannot be compared are in it as rejections with their reasons.

    Raises
    ------
    SeriesInvalid
        Fewer than two photos, or no photo that can be a baseline.
    RegionInvalid
        The region does not fit the reference photo.
    CalibrationFailed
        The distance does not lie in the reference photo.
    """
    found = in_order(photos)
    repeat = repeatability or PROVISIONAL
    metrics = metrics_about() if metrics is None else metrics
    rejections = list(found.rejections)
    reference: Reference | None = None
    results: list[Result] = []
    accepted: dict[date, Waypoint] = {}
    days = sorted({entry[2] for entry in found.entries})

    def load(number: int, like: Grid | None) -> CalibratedImage:
        photo = _read(found.entries[number][0])
        known = colours if like is None else colours.drawn_in(photo.shape)
        return calibrate(photo, known, distance=distance if like is None else None, like=like)

    ahead = Ahead([entry[2] for entry in found.entries], load)
    for k, (_, name, taken_on, digest) in enumerate(found.entries):
        if progress:
            progress(k, len(found.entries), name)
        if ahead.is_used(k):
            continue
        try:
            image = ahead.image(k, reference.image.grid if reference else None)
            opposite = ahead.opposite(k, image, reference)
            if reference is None:
                reference, result = establish(image, region or WHOLE_SKIN, metrics, opposite=opposite)
                colours = colours.drawn_in(image.photo.shape)
            else:
                image, opposite, result = follow_pair(reference, image, opposite, metrics, between=_latest(accepted))
            results.append(result)
            if result.alignment is not None:
                accepted[taken_on] = Waypoint.at(image, result.alignment, 1 + days.index(taken_on))
                accepted = dict(list(accepted.items())[-MOST_DETOURS:])
            _show(watcher, reference, image, result)
            if opposite is not None:
                ahead.use_up(k + 1)
                results.append(result_of_opposite(opposite, result))
                _show(watcher, reference, opposite.image, results[-1])
        except (PhotoRejected, AlignmentFailed) as error:
            rejections.append(Rejection(digest, name, taken_on, error.reason, error.code))
    if reference is None:
        raise SeriesInvalid("No photo of the series can be a baseline: " + _first_reason(rejections))
    if progress:
        progress(len(found.entries), len(found.entries), "done")
    return summarise(
        reference.basis,
        results,
        rejections,
        metrics=metrics,
        repeatability=repeat,
        control=control,
        schedule=schedule,
        title=title,
    )


def summarise(
    basis: Basis,
    results: Sequence[Result],
    rejections: Sequence[Rejection],
    *,
    metrics: Sequence[Metric] = METRICS,
    repeatability: Repeatability = PROVISIONAL,
    control: Report | None = None,
    schedule: Schedule = NO_SCHEDULE,
    title: str = "Series",
) -> Report:
    """Report of photos that have been measured already.

    Parameters
    ----------
    basis : Basis
        Of the reference.
    results : sequence of Result
        Of the reference and of each photo that could be aligned; their alignments are not needed.
    rejections : sequence of Rejection
    metrics, repeatability, control, schedule, title
        As in `track`.

    Returns
    -------
    Report
    """
    refused = [r for result in results for r in result.refused]
    refused += [
        Refused(m.name, r.digest, r.taken_on, r.reason) for r in rejections if r.taken_on is not None for m in metrics
    ]
    measurements = [m for result in results for m in result.measurements]
    named = {metric.name for metric in primary_among(metrics, marked=not basis.region.is_whole_skin)}
    found = timeline(measurements, refused, metrics, repeatability, schedule=schedule, primary=named)
    if control is not None:
        found = Timeline(beside_control(found.metrics, control.timeline.metrics, repeatability))
    return Report(
        title=title,
        photos=tuple(sorted((r.photo for r in results), key=lambda p: p.taken_on)),
        rejections=tuple(rejections),
        region=basis.region,
        timeline=found,
        refused=tuple(refused),
        mm_per_px=basis.mm_per_px,
        colour_evidence=basis.colour_evidence,
        set_up=repeatability.set_up,
        control=control,
        schedule=schedule,
    )


def _latest(accepted: dict[date, Waypoint]) -> tuple[Waypoint, ...]:
    """The last photos that were accepted, one per session, the latest first; older ones are let go."""
    return tuple(reversed(accepted.values()))


def _first_reason(rejections: list[Rejection]) -> str:
    return rejections[0].reason if rejections else "none could be read."


def _read(source: PhotoSource) -> Photo:
    return source if isinstance(source, Photo) else read_photo(source)


def _show(watcher: Watcher | None, reference: Reference, image: CalibratedImage, result: Result) -> None:
    if watcher:
        watcher(reference, image, result)
