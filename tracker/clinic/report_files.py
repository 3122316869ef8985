"""A view's report as a file: rendered in every format of `tracker.reports`, with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from tracker.clinic.records import StoredPhoto, View
from tracker.errors import RecordError
from tracker.report import Report
from tracker.reports import FORMATS, Format, Picture, Pictures
from tracker.reports.pictures import ORIGIN_WIDTH, PICTURE_WIDTH, THUMBNAIL_WIDTH, Origin

if TYPE_CHECKING:
    from tracker.clinic.clinic import Clinic


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file to send.

    Attributes
    ----------
    name : str
        Without the name of a person.
    media_type : str
    data : bytes
    """

    name: str
    media_type: str
    data: bytes


def suffix_of(report_format: Format) -> str:
    """Ending of the files of a format, such as ``"pdf"``: its name in our addresses."""
    return PurePath(report_format.file_name).suffix[1:]


def render_report(clinic: Clinic, view_id: str, suffix: str) -> ReportFile | None:
    """The report of a view in one format; None if there is no such format or nothing is measured yet.

    Raises
    ------
    RecordError
        The view is not in the record.
    """
    report_format = next((f for f in FORMATS if suffix_of(f) == suffix), None)
    view, report = clinic.view(view_id), clinic.report(view_id)
    if report_format is None or report is None:
        return None
    data = report_format.render(report, report_pictures(clinic, view, report))
    return ReportFile(report_format.file_name, report_format.media_type, data)


def report_pictures(clinic: Clinic, view: View, report: Report) -> Pictures:
    """What a report of a view shows: the first photo, the latest it rests on, thumbnails, and where numbers come from.

    Parameters
    ----------
    clinic : Clinic
    view : View
    report : Report

    Returns
    -------
    Pictures
    """
    photos = clinic.photos(view.id)
    reference = next((p for p in photos if p.is_reference), None)
    later = [p for p in photos if p.digest == report.shown]
    return Pictures(
        first=_picture(clinic, reference) if reference else None,
        latest=_picture(clinic, later[-1]) if later else None,
        region_outline=_outline(view, reference),
        thumbnails={p.digest: clinic.picture(p.id, width=THUMBNAIL_WIDTH) for p in photos},
        origins=_origins(clinic, reference, photos, report) if reference else {},
    )


def _origins(
    clinic: Clinic, reference: StoredPhoto, photos: Sequence[StoredPhoto], report: Report
) -> dict[str, Origin]:
    """Where the numbers of the primary metrics come from; one that cannot be drawn now is left out."""
    found = {}
    for line in report.leading:
        name, digest = line.metric.name, report.origin_of(line)
        later = next((p for p in photos if p.digest == digest and not p.is_reference), None)
        if later is None:
            continue
        with suppress(RecordError):
            first, latest = (
                Picture(clinic.overlay(p.id, name, width=ORIGIN_WIDTH), p.taken_on) for p in (reference, later)
            )
            found[name] = Origin(first, latest, clinic.overlay_legend(reference.id, name))
    return found


def _picture(clinic: Clinic, photo: StoredPhoto) -> Picture:
    return Picture(clinic.picture(photo.id, width=PICTURE_WIDTH, aligned=not photo.is_reference), photo.taken_on)


def _outline(view: View, reference: StoredPhoto | None) -> tuple[tuple[float, float], ...]:
    polygon = view.region.polygon if view.region else None
    if polygon is None or reference is None:
        return ()
    height, width = reference.shape
    return tuple((float(row) / height, float(column) / width) for row, column in polygon)
