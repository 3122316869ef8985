"""What was typed beside the photos, in the report that they gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracker.measurement.typed import TYPED, TypedQuantity, typed_measurements
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.report import Report
from tracker.timeline import Timeline, timeline


def with_typed(
    report: Report,
    readings: Sequence[TypedQuantity],
    unused: Sequence[str] = (),
    repeatability: Repeatability = PROVISIONAL,
) -> Report:
    """A report with tape and weight after what the photos gave.

    Parameters
    ----------
    report : Report
    readings : sequence of TypedQuantity
    unused : sequence of str
        What is wrong with the other lines; both as `tracker.measurement.typed.read_typed` gives them.
    repeatability : Repeatability

    Returns
    -------
    Report
        A change is judged as for any metric, against the first day that was typed. Nothing that was typed changes what
        the photos gave, and a line that cannot be used is no photo that was left out.
    """
    typed = {reading.quantity for reading in readings}
    metrics = [metric for metric in TYPED if metric.name in typed]
    lines = timeline(typed_measurements(readings), (), metrics, repeatability).metrics
    return replace(
        report,
        timeline=Timeline((*report.timeline.metrics, *lines)),
        unused_lines=(*report.unused_lines, *unused),
    )
