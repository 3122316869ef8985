"""`Report` → bytes: one format per file. To add one: one file, one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.report import Report
from tracker.reports.document import render_document, report_document
from tracker.reports.html import render_html
from tracker.reports.pdf import render_pdf
from tracker.reports.pictures import NO_PICTURES, Picture, Pictures, encode_picture
from tracker.reports.table import render_table

__all__ = [
    "FORMATS",
    "NO_PICTURES",
    "Format",
    "Picture",
    "Pictures",
    "encode_picture",
    "report_document",
]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a report down.

    Attributes
    ----------
    name : str
        For people.
    file_name : str
        Of the file it becomes, such as ``"report.html"``.
    media_type : str
    render : callable
        ``(Report, Pictures) -> bytes``: pure, and the same for the same report.
    """

    name: str
    file_name: str
    media_type: str
    render: Callable[[Report, Pictures], bytes]


FORMATS: tuple[Format, ...] = (
    Format("Web page", "report.html", "text/html; charset=utf-8", render_html),
    Format("Document", "report.pdf", "application/pdf", render_pdf),
    Format("Table", "timeline.csv", "text/csv; charset=utf-8", render_table),
    Format("Data", "report.json", "application/json", render_document),
)
