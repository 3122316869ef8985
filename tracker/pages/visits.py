"""A course told to the patient: visit by visit, without numbers."""

from __future__ import annotations

import streamlit as st

from tracker.pages.frame import day_text, plain
from tracker.report import Report, patient_visit_sentence

_SOON_AFTER = "Taken in the days after an injection: these photos show what it does at once, and are not compared."


def show_visits(report: Report) -> None:
    """Show for each visit one sentence about what the report speaks of first."""
    line = report.primary
    if line is None or line.baseline is None:
        return
    st.subheader("Visit by visit", anchor=False)
    said = [(day, "Your first photos: later visits are compared with these.") for day in line.baseline.days]
    said += [(change.taken_on, patient_visit_sentence(line, change)) for change in line.changes]
    said += [(change.taken_on, _SOON_AFTER) for change in line.after_injection]
    for day, sentence in sorted(said):
        with st.container(gap=None):
            st.markdown(f"**{day_text(day)}**")
            st.markdown(plain(sentence))
