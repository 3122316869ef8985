"""The course of a patient: its plan, how far it has come, and the next appointment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.course_plans import Phase, SourcedNote, planned_sessions
from tracker.clinic.courses import Course
from tracker.clinic.records import Patient
from tracker.errors import TrackerError
from tracker.pages.due import due_words
from tracker.pages.frame import NARROW, complain, day_text, link, plain
from tracker.pages.new_view import INDICATIONS

CHECKPOINTS = (3, 5, 6, 7, 10)
"""After these sessions one looks back: what was spent, and what has changed measurably (PRODUCT §3)."""
EDITABLE = "These intervals are a place to begin, not facts: sources contradict each other. Change them as you see fit."


def course_section(clinic: Clinic, patient: Patient) -> None:
    """Show the course that runs, or let one begin; then those that have ended."""
    courses = clinic.courses(patient.id)
    with st.container(width=NARROW + 180):
        running = next((course for course in courses if course.ended_on is None), None)
        if running is None:
            _start(clinic, patient)
        else:
            _running(clinic, patient, running)
        for course in courses:
            if course.ended_on is not None:
                st.caption(
                    plain(
                        f"{course.name}: {course.done} sessions, {day_text(course.started_on)} to "
                        f"{day_text(course.ended_on)}"
                    )
                )


def phases_table(phases: Sequence[Phase], *, done: int | None = None) -> None:
    """Show a plan phase by phase, each with where its numbers come from."""
    passed = 0
    for phase in phases:
        sessions = f"{phase.sessions} sessions" if phase.sessions else "no end"
        days = (
            f"{phase.least_days}" if phase.least_days == phase.most_days else f"{phase.least_days} to {phase.most_days}"
        )
        is_now = done is not None and (not phase.sessions or passed <= done < passed + phase.sessions)
        mark = ":material/arrow_right: " if is_now else ""
        if done is not None and is_now:
            done = None
        with st.container(gap=None):
            st.markdown(
                f"{mark}**{plain(phase.title)}**: {sessions}, every {days} days"
                f"{plain(f', {phase.condition}') if phase.condition else ''}"
            )
            if phase.source:
                st.caption(plain(phase.source))
        passed += phase.sessions


def notes_list(notes: Sequence[SourcedNote]) -> None:
    """Show what else sources say, and which."""
    for note in notes:
        st.caption(plain(f"{note.text} ({note.source})"))


def _start(clinic: Clinic, patient: Patient) -> None:
    templates = {template.name: template for template in clinic.course_templates()}
    name = st.selectbox("Plan", list(templates), key=f"plan-{patient.id}")
    with st.container(border=True):
        phases_table(templates[name].phases)
        notes_list(templates[name].notes)
        st.caption(EDITABLE)
        link("practice", "Change the plans", icon=":material/edit:")
    with st.form(f"start-course-{patient.id}", border=False):
        left, right = st.columns(2)
        known = [view.indication for view in clinic.views(patient.id) if view.indication in INDICATIONS]
        index = INDICATIONS.index(known[0]) if known else None
        indication = left.selectbox("Treated for", INDICATIONS, index=index, placeholder="Choose")
        first = right.date_input("First session", clock.today())
        if not st.form_submit_button("Begin the course", type="primary"):
            return
    try:
        clinic.start_course(patient.id, template=name, indication=indication or "", started_on=first)
    except TrackerError as error:
        complain(error)
    else:
        st.rerun()


def _running(clinic: Clinic, patient: Patient, course: Course) -> None:
    today, due = clock.today(), course.due
    title = f"{course.name}{f', {course.indication}' if course.indication else ''}"
    st.markdown(f"#### {plain(title)}")
    planned = planned_sessions(course.phases)
    st.caption(f"Since {day_text(course.started_on)}  ·  {course.done} of {planned} planned sessions done")
    if course.done in CHECKPOINTS:
        st.info(
            f"{course.done} sessions are done: time to look back together. The spending so far is above; what has "
            "changed measurably is under Progress.",
            icon=":material/flag:",
        )
        link("progress", "Progress", icon=":material/timeline:", patient=patient.id)
    if due is not None:
        st.markdown(plain(due_words(due, today)))
        _appointment(clinic, course, default=max(due.day, today))
    with st.expander("The plan", icon=":material/event_repeat:"):
        phases_table(course.phases, done=course.done)
        st.caption(EDITABLE)
        if st.toggle("Change the plan of this course", key=f"changes-{course.id}"):
            _change(clinic, course)
    with st.popover("End the course", type="tertiary"):
        st.text("The course ends today. Everything that was written down stays.")
        if st.button("End it", key=f"end-{course.id}"):
            clinic.end_course(course.id)
            st.rerun()


def _appointment(clinic: Clinic, course: Course, *, default: date) -> None:
    with st.form(f"appointment-{course.id}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        day = st.date_input("Next appointment", default, min_value=clock.today(), width=200)
        keep = st.form_submit_button("Agree on this day", icon=":material/event_available:")
        drop = course.next_on is not None and st.form_submit_button("No appointment")
    if keep or drop:
        try:
            clinic.agree_next(course.id, None if drop else day)
        except TrackerError as error:
            complain(error)
        else:
            st.rerun()


def _change(clinic: Clinic, course: Course) -> None:
    with st.form(f"change-course-{course.id}", border=False):
        phases = phase_inputs(course.phases, key=f"course-{course.id}")
        if not st.form_submit_button("Plan it like this", type="primary"):
            return
    try:
        clinic.change_course(course.id, phases)
    except TrackerError as error:
        complain(error)
    else:
        st.rerun()


def phase_inputs(phases: Sequence[Phase], *, key: str) -> tuple[Phase, ...]:
    """Ask for the numbers of each phase; one that is taken off is left out. To be called within a form."""
    asked = []
    for number, phase in enumerate(phases):
        at = f"{key}-{number}"
        with st.container(border=True, key=at):
            title = st.text_input("Phase", phase.title, max_chars=60, key=f"{at}-title")
            sessions, least, most = st.columns(3)
            new = Phase(
                title,
                int(sessions.number_input("Sessions (0: no end)", 0, 60, phase.sessions, key=f"{at}-sessions")),
                int(least.number_input("Days, at least", 1, 730, phase.least_days, key=f"{at}-least")),
                int(most.number_input("Days, at most", 1, 730, phase.most_days, key=f"{at}-most")),
                st.text_input("Condition", phase.condition, max_chars=120, key=f"{at}-condition"),
                st.text_input("Source", phase.source, max_chars=300, key=f"{at}-source"),
            )
            if not st.checkbox("Leave this phase out", key=f"{at}-out"):
                asked.append(new)
    return tuple(asked)
