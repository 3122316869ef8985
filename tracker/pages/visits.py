"""A course told to the patient: visit by visit, without numbers."""

from __future__ import annotations

import streamlit as st

from tracker.pages.frame import day_text, plain
from tracker.report import Report, patient_sentence


def show_visits(report: Report) -> None:
    """Show for each visit one sentence about what the report speaks of first."""
    line = report.primary
    if line is None or line.baseline is None:
        return
    st.subheader("Visit by visit", anchor=False)
    said = [(line.baseline.taken_on, "Your first photos: later visits are compared with these.")]
    said += [(change.taken_on, patient_sentence(change, line.metric)) for change in line.changes]
    for day, sentence in said:
        with st.container(gap=None):
            st.markdown(f"**{day_text(day)}**")
            st.markdown(plain(sentence))
