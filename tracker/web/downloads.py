"""Files to take away: a view's report, and the calibration card."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePath

from tracker.calibration.batch import empty_table
from tracker.clinic import Clinic, clock
from tracker.clinic.report_files import ReportFile, render_report, report_pictures, suffix_of
from tracker.errors import RecordError
from tracker.reports.card import PAPERS, render_card

__all__ = ("ReportFile", "card_file", "render_report", "report_pictures", "suffix_of")


def card_file(clinic: Clinic, file_name: str) -> ReportFile | None:
    """The calibration card of today, or the empty table for its measured colours; None for any other name.

    The table is that of the card which was printed last, on whatever day; without one, of a card of today.

    Parameters
    ----------
    clinic : Clinic
    file_name : str
        ``"a4.pdf"``, ``"letter.pdf"`` or ``"values.csv"``.
    """
    day = clock.today()
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
