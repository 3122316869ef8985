"""What was typed beside the photos, in the report that they gave."""

from __future__ import annotations

from dataclasses import replace

from tracker.measurement.typed import FILE_NAME, TYPED, read_typed, typed_measurements
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.report import Rejection, Report
from tracker.timeline import Timeline, timeline


def with_typed(report: Report, data: bytes, repeatability: Repeatability = PROVISIONAL) -> Report:
    """A report with tape and weight after what the photos gave.

    Parameters
    ----------
    report : Report
    data : bytes
        The table, as `tracker.measurement.typed.read_typed` reads it.
    repeatability : Repeatability

    Returns
    -------
    Report
        A change is judged as for any metric, against the first day that was typed; a line that cannot be used is
        among what was left out, with one sentence. Nothing that was typed changes what the photos gave.
    """
    readings, faults = read_typed(data)
    typed = {reading.quantity for reading in readings}
    metrics = [metric for metric in TYPED if metric.name in typed]
    lines = timeline(typed_measurements(readings), (), metrics, repeatability).metrics
    left_out = tuple(Rejection("", FILE_NAME, None, fault, "typed_line") for fault in faults)
    return replace(
        report,
        timeline=Timeline((*report.timeline.metrics, *lines)),
        rejections=(*report.rejections, *left_out),
    )
