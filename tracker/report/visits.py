"""A course told to the patient visit by visit, without numbers."""

from __future__ import annotations

from datetime import date

from tracker.report.findings import Report
from tracker.report.patient import patient_visit_sentence

FIRST_PHOTOS = "Your first photos: later visits are compared with these."
SOON_AFTER = "Taken in the days after an injection: these photos show what it does at once, and are not compared."


def told_visits(report: Report) -> tuple[tuple[date, str], ...]:
    """For each visit one sentence about what the report speaks of first, by day; empty before the first photos."""
    line = report.primary
    if line is None or line.baseline is None:
        return ()
    said = [(day, FIRST_PHOTOS) for day in line.baseline.days]
    said += [(change.taken_on, patient_visit_sentence(line, change)) for change in line.changes]
    said += [(change.taken_on, SOON_AFTER) for change in line.after_injection]
    return tuple(sorted(said))
