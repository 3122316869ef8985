"""Files to take away: a view's report in every format of `tracker.reports`, and the calibration card."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from tracker.calibration.batch import empty_table
from tracker.clinic import Clinic
from tracker.clinic.records import StoredPhoto, View
from tracker.errors import RecordError
from tracker.report import Report
from tracker.reports import FORMATS, Format, Picture, Pictures
from tracker.reports.card import PAPERS, render_card
from tracker.reports.pictures import ORIGIN_WIDTH, PICTURE_WIDTH, THUMBNAIL_WIDTH, Origin


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


def card_file(clinic: Clinic, file_name: str) -> ReportFile | None:
    """The calibration card of today, or the empty table for its measured colours; None for any other name.

    The table is that of the card which was printed last, on whatever day; without one, of a card of today.

    Parameters
    ----------
    clinic : Clinic
    file_name : str
        ``"a4.pdf"``, ``"letter.pdf"`` or ``"values.csv"``.
    """
    day = date.today()  # noqa: DTZ011  a day on paper is the day of the room it is printed in
    batch, name = day.isoformat(), PurePath(file_name)
    if file_name == "values.csv":
        batch = clinic.printed_card() or batch
        return ReportFile(f"card-{batch}.csv", "text/csv; charset=utf-8", empty_table(batch).encode())
    if name.suffix != ".pdf" or name.stem not in PAPERS:
        return None
    data = render_card(paper=name.stem, batch=batch, printed_on=day)
    with suppress(RecordError):  # a card in hand is worth more than a note about it
        clinic.note_printed_card(batch)
    return ReportFile(f"card-{batch}-{name.stem}.pdf", "application/pdf", data)


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
