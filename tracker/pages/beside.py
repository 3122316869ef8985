"""What was judged and typed of a view, beside its photos: records of people, never mixed with measured values."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import View
from tracker.pages.frame import day_text, link, plain


def show_beside(clinic: Clinic, view: View) -> None:
    """Show the grades of a view by day; nothing where there are none."""
    grades = clinic.grades(view.id)
    if not grades:
        return
    st.subheader("Graded by a clinician", anchor=False)
    st.caption("What somebody judged by eye and by hand. It is not measured in the photos, and no verdict rests on it.")
    for grade in grades:
        with st.container(gap=None):
            score = f"{grade.scale.title}: {grade.score:g} (range {grade.scale.range_text})"
            st.markdown(f"**{day_text(grade.day)}**  ·  {plain(score)}  ·  {plain(f'by {grade.grader}')}")
            if grade.note:
                st.caption(plain(grade.note))
    link("record", "Grades and measures", icon=":material/clinical_notes:", patient=view.patient_id)
