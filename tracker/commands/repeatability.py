"""`repeatability`: folders of re-posed photos → how well each number repeats."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from tracker.calibration import KnownColours
from tracker.commands.card import known_colours
from tracker.commands.printing import ProgressBar, print_json, writer
from tracker.commands.series import photo_files, region_in
from tracker.commands.topics import asked_metrics
from tracker.errors import PhotoRejected, SeriesInvalid
from tracker.measurement import Metric
from tracker.photo import Photo, display_name, read_photo
from tracker.pipeline import track
from tracker.repeatability import (
    MetricStudy,
    Reading,
    study_document,
    study_metrics,
)
from tracker.report import STUDY_NOTE, Report, adoption_sentence, not_studied, study_row

#: Stand-in days: the posings of a person follow each other, whatever the cameras' clocks say.
_FIRST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class _Found:
    """Readings by metric, and why there are none; what could not be used, as (where, why); files met, by digest."""

    readings: dict[str, list[Reading]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    met: dict[str, str] = field(default_factory=dict)


def study_folder(options: Namespace) -> int:
    """FOLDER/person/posing/photos → a table, and a file for `track` and `compare`."""
    people = _folders_in(options.folder, "person")
    metrics, colours, found, bar = asked_metrics(options), known_colours(options), _Found(), ProgressBar("person")
    for k, person in enumerate(people):
        bar(k, len(people), person.name)
        _measure(person, metrics, colours, found)
    bar(len(people), len(people), "done")
    studies = study_metrics(metrics, found.readings, found.refused)
    document = study_document(studies, options.set_up)
    if options.out is not None:
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        writer(options.out.parent)(options.out.name, f"{text}\n".encode())
    if options.json:
        print_json(document | {"left_out": [{"where": where, "reason": why} for where, why in found.left_out]})
    else:
        for line in _lines(studies, found, len(people)):
            print(line)
    return 0


def _measure(person: Path, metrics: Sequence[Metric], colours: KnownColours, found: _Found) -> None:
    """Measure all photos of a person against the first; what cannot be used is noted and costs nobody else."""
    try:
        posings = _folders_in(person, "posing")
        photos = [photo for k, posing in enumerate(posings) for photo in _photos(posing, k, found)]
        report = track(photos, region=region_in(person), metrics=metrics, colours=colours, title=person.name)
    except SeriesInvalid as error:
        found.left_out.append((display_name(person.name), error.reason))
        return
    found.left_out.extend((display_name(f"{person.name}/{r.name}"), r.reason) for r in report.rejections)
    found.refused.update((each.metric, each.reason) for each in report.refused)
    for name, reading in _readings(report, display_name(person.name), [posing.name for posing in posings]):
        found.readings.setdefault(name, []).append(reading)


def _photos(posing: Path, number: int, found: _Found) -> Iterator[Photo]:
    try:
        paths = photo_files(posing)
    except SeriesInvalid as error:
        found.left_out.append((display_name(f"{posing.parent.name}/{posing.name}"), error.reason))
        return
    for path in paths:
        where = display_name(f"{posing.parent.name}/{posing.name}/{path.name}")
        try:
            photo = read_photo(path)
        except PhotoRejected as error:
            found.left_out.append((where, error.reason))
            continue
        first = found.met.setdefault(photo.digest, where)
        if first != where:
            found.left_out.append((where, f"It is the same file as {first}; please check which of the two it is."))
            continue
        yield replace(photo, name=f"{posing.name}/{photo.name}", taken_on=_FIRST + timedelta(days=number))


def _readings(report: Report, person: str, posings: Sequence[str]) -> Iterator[tuple[str, Reading]]:
    for line in report.timeline.metrics:
        for session in line.sessions:
            posing = posings[(session.taken_on - _FIRST).days]
            for measurement in session.measurements:
                yield line.metric.name, Reading(person, posing, measurement.value)


def _folders_in(folder: Path, what: str) -> list[Path]:
    if not folder.is_dir():
        raise SeriesInvalid(f"{folder} is not a folder; please name the folder that holds one folder per person.")
    found = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise SeriesInvalid(
            f"There is no folder of a {what} in {display_name(folder.name)}; please sort the photos into one folder "
            "per person, and in it one per posing."
        )
    return found


def _lines(studies: Sequence[MetricStudy], found: _Found, people: int) -> Iterator[str]:
    yield f"{people} {'person' if people == 1 else 'people'}."
    for each in studies:
        if each.study is None:
            continue
        row = study_row(each)
        yield f"{row.title}"
        yield f"  spread       {row.spread}, {row.people} people"
        yield f"  detectable   {row.detectable}"
        yield f"  where from   {row.parts}"
        yield f"  3 photos     {row.averaged}"
        yield f"  ICC(2,1)     {row.agreement}"
        yield f"  for reports  {row.use}"
        if row.remark:
            yield f"  {row.remark}"
    for reason, titles in not_studied(studies).items():
        yield f"Not given: {', '.join(titles)}. {reason}"
    for where, why in found.left_out:
        yield f"Left out, {where}: {why}"
    yield STUDY_NOTE
    yield adoption_sentence(studies)
