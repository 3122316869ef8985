"""What a clinician judged and what was typed of the body: kept beside the photos, apart from what is measured."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.body_measures import BodyMeasure
from tracker.clinic.grading_scales import SCALES, scale
from tracker.clinic.records import Patient, View
from tracker.errors import TrackerError
from tracker.pages.choice import view_label
from tracker.pages.frame import complain, day_text, plain
from tracker.pages.notices import say

BESIDE = (
    "A grade is what somebody judged by eye and by hand. It is never computed from a photo, and no verdict rests on it."
)
UNITS = {"weight": ("kg", "lb"), "tape": ("cm", "in")}
GENERATION = "grades"


def grades_section(clinic: Clinic, patient: Patient) -> None:
    """Show grades and measures, and let them be added."""
    views = clinic.views(patient.id)
    st.caption(BESIDE)
    if views:
        with st.expander("Add a grade", icon=":material/add:"):
            _grade_form(clinic, views)
    _grades(clinic, patient, views)
    st.subheader("Weight and tape", anchor=False)
    with st.expander("Add a measure", icon=":material/add:"):
        _measure_form(clinic, patient, views)
    _measures(clinic, views, clinic.body_measures(patient.id))


def _grade_form(clinic: Clinic, views: Sequence[View]) -> None:
    titles = {view.id: view_label(view) for view in views}
    names = {each.name: each.title for each in SCALES}
    left, right = st.columns(2)
    view_id = left.selectbox("View", list(titles), format_func=titles.__getitem__, key="grade-view")
    name = right.selectbox("Scale", list(names), format_func=names.__getitem__, key="grade-scale")
    chosen = scale(name)
    st.caption(plain(f"{chosen.about}. Range {chosen.range_text}. {chosen.source}."))
    key = f"grade-{name}-{st.session_state.setdefault(GENERATION, 0)}"
    with st.form(key, border=False):
        score_field, day_field, grader_field = st.columns([2, 2, 4])
        score = score_field.number_input(
            "Score", float(chosen.least), float(chosen.most), None, float(chosen.step), format="%g", key=f"{key}-score"
        )
        day = day_field.date_input("Day", clock.today(), max_value=clock.today(), key=f"{key}-day")
        grader = grader_field.text_input("Graded by", max_chars=120, key=f"{key}-by")
        note = st.text_input("Note", max_chars=500, key=f"{key}-note")
        if not st.form_submit_button("Keep the grade", type="primary"):
            return
    if score is None:
        st.error("The score is missing; please fill it in.", icon=":material/error:")
        return
    try:
        clinic.add_grade(view_id, scale=name, score=score, day=day, grader=grader, note=note)
    except TrackerError as error:
        complain(error)
        return
    st.session_state[GENERATION] += 1
    say("The grade is kept.")
    st.rerun()


def _grades(clinic: Clinic, patient: Patient, views: Sequence[View]) -> None:
    titles = {view.id: view_label(view) for view in views}
    for grade in clinic.grades_of_patient(patient.id):
        with st.container(border=True, key=f"grade-{grade.id}", horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.markdown(plain(f"{grade.scale.title}: {grade.score:g}") + f"  (range {grade.scale.range_text})")
                said = (day_text(grade.day), titles.get(grade.view_id, "a view of a study"), f"by {grade.grader}")
                st.caption(plain("  ·  ".join((*said, grade.note) if grade.note else said)))
            if st.button("Remove", key=f"remove-{grade.id}", type="tertiary", icon=":material/close:"):
                clinic.remove_grade(grade.id)
                st.rerun()


def _measure_form(clinic: Clinic, patient: Patient, views: Sequence[View]) -> None:
    quantity = st.segmented_control(
        "What", list(UNITS), default="weight", required=True, format_func=str.capitalize, key="measure-what"
    )
    titles = {view.id: view_label(view) for view in views}
    key = f"measure-{quantity}-{st.session_state.setdefault(GENERATION, 0)}"
    with st.form(key, border=False):
        value_field, unit_field, day_field = st.columns(3)
        value = value_field.number_input("Value", 0.0, 3000.0, None, 0.1, format="%g", key=f"{key}-value")
        unit = unit_field.selectbox("Unit", UNITS[quantity], key=f"{key}-unit")
        day = day_field.date_input("Day", clock.today(), max_value=clock.today(), key=f"{key}-day")
        view_id, level = None, ""
        if quantity == "tape":
            left, right = st.columns(2)
            view_id = left.selectbox("Around", list(titles), format_func=titles.__getitem__, key=f"{key}-view")
            level = right.text_input("Exactly where", placeholder="10 cm above the knee", key=f"{key}-level")
        if not st.form_submit_button("Keep the measure", type="primary"):
            return
    if value is None:
        st.error("The value is missing; please fill it in.", icon=":material/error:")
        return
    try:
        clinic.add_body_measure(
            patient.id, quantity=quantity, value=value, unit=unit, day=day, view_id=view_id, level=level
        )
    except TrackerError as error:
        complain(error)
        return
    st.session_state[GENERATION] += 1
    say("The measure is kept.")
    st.rerun()


def _measures(clinic: Clinic, views: Sequence[View], measures: Sequence[BodyMeasure]) -> None:
    titles = {view.id: view_label(view) for view in views}
    for measure in reversed(measures):
        with st.container(
            key=f"measure-{measure.id}",
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
        ):
            where = [titles[measure.view_id]] if measure.view_id in titles else []
            said = [day_text(measure.day), f"{measure.quantity}: {measure.value:g} {measure.unit}", *where]
            said += [measure.level] if measure.level else []
            said += ["typed by the patient"] if measure.by_patient else []
            st.markdown(plain("  ·  ".join(said)))
            if st.button("Remove", key=f"remove-{measure.id}", type="tertiary", icon=":material/close:"):
                clinic.remove_body_measure(measure.id)
                st.rerun()
