"""A course told to the patient: visit by visit, without numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from tracker.pages.frame import day_text, plain


def show_visits(told: Sequence[tuple[date, str]]) -> None:
    """Show for each visit its sentence, as `tracker.report.told_visits` gives it."""
    if not told:
        return
    st.subheader("Visit by visit", anchor=False)
    for day, sentence in told:
        with st.container(gap=None):
            st.markdown(f"**{day_text(day)}**")
            st.markdown(plain(sentence))
