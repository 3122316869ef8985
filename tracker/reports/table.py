"""timeline.csv: tidy, one row per measurement, refused ones too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

from tracker.measurement import Measurement
from tracker.report import Rejection, Report
from tracker.reports.pictures import Pictures
from tracker.timeline import Change, MetricTimeline, Refused, Verdict

COLUMNS = (
    "taken_on", "digest", "view", "metric", "method", "unit", "value", "uncertainty",
    "change", "change_low", "change_high", "mdc95", "verdict", "reason",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Row = tuple[str | float | None, ...]


def render_table(report: Report, pictures: Pictures) -> bytes:
    """The report as a table.

    Parameters
    ----------
    report : Report
    pictures : Pictures
        Not shown in a table.

    Returns
    -------
    bytes
        UTF-8 CSV (RFC 4180) with the header `COLUMNS`. The untreated side follows under its own title.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for part in (report, report.control):
        if part is not None:
            writer.writerows([_cell(value) for value in row] for row in _rows(part))
    return buffer.getvalue().encode("utf-8", "replace")


def _cell(value: str | float | None) -> str:
    """A number stays a number; a text that a spreadsheet would calculate is marked as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return f"{value:.9g}"


def _rows(report: Report) -> Iterator[Row]:
    for line in report.timeline.metrics:
        changes = {change.taken_on: change for change in line.changes}
        rows = [
            _measured(report.title, measurement, changes.get(session.taken_on))
            for session in line.sessions
            for measurement in session.measurements
        ]
        rows += [
            _refused(report.title, line, refused) for refused in report.refused if refused.metric == line.metric.name
        ]
        yield from sorted(rows, key=lambda row: (str(row[0]), str(row[1])))
    listed = {(refused.digest, refused.reason) for refused in report.refused}
    for rejection in report.rejections:
        if (rejection.digest, rejection.reason) not in listed:
            yield _rejected(report.title, rejection)


def _measured(view: str, measurement: Measurement, change: Change | None) -> Row:
    start = (_iso(measurement.taken_on), measurement.digest, view, measurement.metric, measurement.method)
    value = (measurement.unit, measurement.value, measurement.uncertainty)
    if change is None:
        return (*start, *value, None, None, None, None, "", "")
    return (
        *start, *value, change.change, change.low, change.high, change.mdc95, str(change.verdict), change.reason,
    )  # fmt: skip


def _refused(view: str, line: MetricTimeline, refused: Refused) -> Row:
    metric = line.metric
    start = (_iso(refused.taken_on), refused.digest, view, metric.name, metric.method, metric.unit)
    return (*start, None, None, None, None, None, None, str(Verdict.NOT_COMPARABLE), refused.reason)


def _rejected(view: str, rejection: Rejection) -> Row:
    """A photo that no metric speaks of, such as one without a date; it is listed once."""
    start = (_iso(rejection.taken_on), rejection.digest, view, "", "", "")
    return (*start, None, None, None, None, None, None, str(Verdict.NOT_COMPARABLE), rejection.reason)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
