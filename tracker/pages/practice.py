"""Courses and lots: the clinic's plans, the words of its consents, and who was given which lot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.consent_texts import MOST_LETTERS, Purpose
from tracker.clinic.course_plans import CourseTemplate, Phase
from tracker.clinic.treatment_records import Lot
from tracker.errors import TrackerError
from tracker.pages.access import may
from tracker.pages.frame import NARROW, complain, day_text, link, plain
from tracker.pages.notices import say
from tracker.pages.record_course import EDITABLE, notes_list, phase_inputs, phases_table

_NEW_PHASE = Phase("Next phase", 4, 14, 21)
_GENERATION = "templates"
MOST_LOTS = 100


def page(clinic: Clinic) -> None:
    """Show plans, lots and wordings."""
    st.title("Courses and lots", anchor=False)
    sections: dict[str, Callable[[Clinic], None]] = {"Lots": _lots, "Plans of courses": _templates}
    if may(clinic, Verb.ADMINISTER):
        sections["Words of consents"] = _texts
        if any(patient.is_demonstration for patient in clinic.patients()):
            sections["Demonstration"] = _demonstration
    chosen = st.segmented_control("Show", list(sections), default="Lots", required=True, label_visibility="collapsed")
    with st.container(width=NARROW + 180):
        sections[chosen](clinic)


def _lots(clinic: Clinic) -> None:
    st.markdown("A maker calls a lot back: who was given it?")
    wanted = st.text_input("Lot", placeholder="as on the label", max_chars=60, key="lot")
    if wanted.strip():
        _recall(clinic, wanted)
        return
    lots = clinic.lots()
    if not lots:
        st.info("No lot has been written down yet. Lots are part of a treatment's record.")
    for number, lot in enumerate(lots[:MOST_LOTS]):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap=None):
                _lot(lot)
            st.button("Who was given it?", key=f"lot-{number}", on_click=_look_for, args=(lot.lot,), type="tertiary")
    if len(lots) > MOST_LOTS:
        st.caption(f"The latest {MOST_LOTS} of {len(lots)} lots are shown; type one to find it.")


def _look_for(lot: str) -> None:
    st.session_state["lot"] = lot


def _lot(lot: Lot) -> None:
    st.markdown(plain(f"{lot.lot}: {lot.ingredient}"))
    until = f"use by {day_text(lot.expires_on)}" if lot.expires_on else ""
    people = "1 patient" if lot.patients == 1 else f"{lot.patients} patients"
    said = (people, f"last given {day_text(lot.last_on)}", until, lot.supplier)
    st.caption(plain("  ·  ".join(part for part in said if part)))


def _recall(clinic: Clinic, lot: str) -> None:
    uses = clinic.patients_of_lot(lot)
    if not uses:
        st.info(plain(f"Nobody whom you may see was given lot {lot.strip()}."))
        return
    people = len({use.patient_id for use in uses})
    st.markdown(f"**{'1 patient' if people == 1 else f'{people} patients'}**")
    for number, use in enumerate(uses):
        with st.container(border=True, key=f"use-{number}", horizontal=True, vertical_alignment="center"):
            amount = f"{use.line.amount_ml:g} ml" if use.line.amount_ml else ""
            said = (use.patient_code, day_text(use.day), use.line.ingredient, amount, use.line.supplier)
            st.markdown(plain("  ·  ".join(part for part in said if part)))
            link("record", "Record", icon=":material/clinical_notes:", patient=use.patient_id)


def _templates(clinic: Clinic) -> None:
    st.caption(EDITABLE)
    templates = clinic.course_templates()
    for template in templates:
        with st.container(border=True, key=f"template-{template.name}"):
            st.markdown(f"#### {plain(template.name)}")
            phases_table(template.phases)
            notes_list(template.notes)
            with st.expander("Change it", icon=":material/edit:"):
                _edit(clinic, template)
    with st.expander("Another plan", icon=":material/add:"):
        _edit(clinic, CourseTemplate("", "", (_NEW_PHASE,)))


def _edit(clinic: Clinic, template: CourseTemplate) -> None:
    """Ask for a plan: its phases, one more of them, and whether the offered one is to come back."""
    key = f"template-{template.name or 'new'}-{st.session_state.setdefault(_GENERATION, 0)}"
    more = st.session_state.get(f"{key}-more", 0)
    with st.form(key, border=False):
        name = st.text_input("Name", template.name, max_chars=60, key=f"{key}-name", disabled=bool(template.name))
        phases = phase_inputs((*template.phases, *(_NEW_PHASE,) * more), key=key)
        with st.container(horizontal=True):
            save = st.form_submit_button("Save the plan", type="primary")
            add = st.form_submit_button("Another phase", icon=":material/add:")
            remove = bool(template.id) and st.form_submit_button("Remove this plan, or take the offered one again")
    if add:
        st.session_state[f"{key}-more"] = more + 1
        st.rerun()
    try:
        if save:
            clinic.save_course_template(replace(template, name=template.name or name, phases=phases))
        elif remove:
            clinic.remove_course_template(template.name)
    except TrackerError as error:
        complain(error)
        return
    if save or remove:
        st.session_state[_GENERATION] += 1
        st.rerun()


def _texts(clinic: Clinic) -> None:
    st.markdown(
        "These wordings are offered to begin with and were not written by a lawyer: have them checked under your law. "
        "A change holds for consents from now on; those given before keep the words they were given to."
    )
    for purpose in Purpose:
        text = clinic.consent_text(purpose)
        with st.expander(purpose.said), st.form(f"text-{purpose}", border=False):
            new = st.text_area("Words", text.text, height=220, max_chars=MOST_LETTERS, key=f"words-{text.hash}")
            st.caption(plain(f"Wording: {text.version}"))
            if st.form_submit_button("Ask with these words from now on"):
                _set_text(clinic, purpose, new)


def _set_text(clinic: Clinic, purpose: Purpose, text: str) -> None:
    try:
        clinic.set_consent_text(purpose, text)
    except TrackerError as error:
        complain(error)
        return
    st.rerun()


def _demonstration(clinic: Clinic) -> None:
    shown = [patient.code for patient in clinic.patients() if patient.is_demonstration]
    number = "1 demonstration patient is" if len(shown) == 1 else f"{len(shown)} demonstration patients are"
    st.markdown(f"{number} in this record: {plain(', '.join(shown))}. Their skin is rendered; nobody was photographed.")
    st.caption("They stand apart from your own patients, and can go once nobody needs them to try things out.")
    with st.popover("Remove the demonstration…", icon=":material/delete:"):
        st.markdown("The demonstration patients go, with their photos and reports. Your own patients stay as they are.")
        if st.button("Remove the demonstration", type="primary", key="remove-demonstration"):
            _remove_demonstration(clinic)


def _remove_demonstration(clinic: Clinic) -> None:
    try:
        clinic.remove_demonstration()
    except TrackerError as error:
        complain(error)
        return
    say("The demonstration is gone.")
    st.rerun()
