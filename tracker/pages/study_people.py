"""The people of a study: who lacks what, and the photos of each posing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState
from tracker.clinic.study_records import POSINGS, Study, Subject, Tone
from tracker.errors import TrackerError
from tracker.pages.choice import patient_label
from tracker.pages.frame import complain, day_text, plain
from tracker.pages.photos import photo_rows
from tracker.pages.tile import forget_tiles, judge_tiles, show_tile, still_compared
from tracker.photo import PHOTO_SUFFIXES
from tracker.region import polygon_region
from tracker.web.components import Picture, region_editor
from tracker.web.links import photo_url

PERSON, GENERATION = "study-person", "study-uploader"
_VOLUNTEER = "A volunteer"
_TONES = ("", *Tone)


def show_people(clinic: Clinic, study: Study, subjects: Sequence[Subject]) -> None:
    """Show who lacks what, and take the photos of one person."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.subheader("People", anchor=False, width="content")
        with st.popover("New person", icon=":material/person_add:"):
            _new_person(clinic, study, subjects)
    if not subjects:
        st.info("Nobody takes part yet. Add the first person, then drop their photos posing by posing.")
        return
    left = [subject for subject in subjects if subject.lacks]
    if left:
        rows = [{"Person": plain(s.code), "Left to do": plain("; ".join(s.lacks))} for s in left]
        with st.expander(f"Left to do ({len(left)} of {len(subjects)} people)", icon=":material/pending_actions:"):
            st.table(rows, border="horizontal")
    else:
        st.caption("Everybody has all posings.")
    _photos(clinic, _choose(study, subjects))


def _choose(study: Study, subjects: Sequence[Subject]) -> Subject:
    """One person: who was chosen last, else the first with something left to do."""
    box, known = f"{PERSON}-{study.id}", {subject.view_id: subject for subject in subjects}
    first = next((subject for subject in subjects if subject.lacks), subjects[0])
    if st.session_state.get(box) not in known:
        st.session_state[box] = first.view_id
    # A choice is known by its words: these must not change while photos are measured.
    chosen = st.selectbox(
        "Person", list(known), format_func=lambda view_id: known[view_id].code, key=box, on_change=forget_tiles
    )
    return known[chosen]


def _new_person(clinic: Clinic, study: Study, subjects: Sequence[Subject]) -> None:
    patients = {"": _VOLUNTEER, **{p.id: patient_label(p) for p in clinic.patients() if not p.is_demonstration}}
    with st.form(f"new-person-{study.id}-{len(subjects)}", border=False):
        who = st.selectbox("Who", list(patients), format_func=patients.__getitem__)
        code = st.text_input(
            "Code", f"V{len(subjects) + 1:02}", max_chars=40, help="A code, never a name. A patient keeps their own."
        )
        tone = _ask_tone(f"new-{study.id}-{len(subjects)}", None)
        other = st.checkbox("Somebody else sets one posing up")
        if not st.form_submit_button("Add person", type="primary"):
            return
    try:
        if who:
            code = clinic.patient(who).code
        new = clinic.add_subject(study.id, code=code, tone=tone, has_other_operator=other, patient_id=who or None)
    except TrackerError as error:
        complain(error)
        return
    st.session_state[f"{PERSON}-{study.id}"] = new.view_id
    st.rerun()


def _ask_tone(key: str, now: Tone | None) -> Tone | None:
    chosen = st.segmented_control(
        "Skin tone", list(Tone), default=now, format_func=lambda tone: str(tone).capitalize(), key=f"tone-{key}"
    )
    return None if chosen is None else Tone(chosen)


def _photos(clinic: Clinic, subject: Subject) -> None:
    generation = st.session_state.setdefault(GENERATION, 0)
    numbers = list(range(1, max(POSINGS, *subject.posings, 1) + 1))
    box = f"posing-{subject.view_id}-{generation}"
    st.session_state.setdefault(box, min(subject.next_posing, numbers[-1]))
    posing = st.segmented_control(
        "Posing",
        numbers,
        key=box,
        help="Between two posings the person steps away, and lamp and camera are moved and set again.",
    )
    st.caption("  ·  ".join(_standing(subject, number) for number in numbers))
    if posing is None:
        st.caption("Choose the posing whose photos you want to add or see.")
        return
    _drop(clinic, subject, posing)
    stored = subject.photos_of(posing)
    if stored:
        st.caption(f"Stored of posing {posing} of {plain(subject.code)}")
        report = clinic.report(subject.view_id)
        photo_rows(stored, clinic, {p.digest: p.checks for p in report.photos} if report is not None else {})
    _notes(clinic, subject)
    _region(clinic, subject)


def _standing(subject: Subject, number: int) -> str:
    photos = subject.photos_of(number)
    if not photos:
        return f"{number}: no photo"
    if number in subject.measured:
        return f"{number}: done"
    waiting = any(photo.state is PhotoState.WAITING for photo in photos)
    return f"{number}: {'being measured' if waiting else 'to be taken again'}"


def _drop(clinic: Clinic, subject: Subject, posing: int) -> None:
    files = st.file_uploader(
        f"Photos of posing {posing}",
        type=sorted(suffix[1:] for suffix in PHOTO_SUFFIXES),
        accept_multiple_files=True,
        key=f"study-drop-{subject.view_id}-{posing}-{st.session_state[GENERATION]}",
    )
    if not files:
        forget_tiles()
        return
    view = clinic.view(subject.view_id)
    shown = [(file, show_tile(clinic, view, file)) for file in files]
    ready = [(file, tile.day) for file, tile in shown if tile.day is not None]
    words = {0: "Store photos", 1: "Store 1 photo"}.get(len(ready), f"Store {len(ready)} photos")
    waiting = still_compared(view, files)
    if waiting and ready:
        words += f" ({waiting} still being compared)"
    if st.button(words, type="primary", icon=":material/save:", disabled=not ready):
        _store(clinic, subject, posing, ready)
    judge_tiles(clinic, view, shown)


def _store(clinic: Clinic, subject: Subject, posing: int, ready: Sequence[tuple[UploadedFile, date]]) -> None:
    """Store the photos; then a new key empties the uploader's memory and proposes the next posing."""
    stored = 0
    for file, day in ready:
        try:
            clinic.add_study_photo(subject.view_id, file.getvalue(), file.name, posing=posing, taken_on=day)
            stored += 1
        except TrackerError as error:
            complain(error)
    if stored == len(ready):
        st.session_state[GENERATION] += 1
        st.rerun()


def _notes(clinic: Clinic, subject: Subject) -> None:
    with st.expander(f"About {plain(subject.code)}", icon=":material/badge:"):
        tone = _ask_tone(subject.view_id, subject.tone)
        other = st.checkbox(
            "Somebody else set one posing up", subject.has_other_operator, key=f"other-{subject.view_id}"
        )
        if (tone, other) != (subject.tone, subject.has_other_operator):
            clinic.note_subject(subject.view_id, tone=tone, has_other_operator=other)
            st.rerun()
        with st.popover("Remove this person", type="tertiary"):
            st.text("All photos of this person in the study, and what was measured in them, are removed for good.")
            if st.button("Remove person and photos", key=f"remove-person-{subject.view_id}"):
                clinic.remove_subject(subject.view_id)
                st.rerun()


def _region(clinic: Clinic, subject: Subject) -> None:
    """Mark a patch on the first photo: pigment and redness are measured in a patch against the skin around it."""
    view = clinic.view(subject.view_id)
    reference = next((each.photo for each in subject.photos if each.photo.is_reference), None)
    if reference is None:
        return
    known = view.region.polygon if view.region else None
    saved = [] if known is None else [(float(row), float(column)) for row, column in known.round(1)]
    what = "the marked patch" if saved else "the whole skin"
    with st.expander(f"Where it is measured: {what}", icon=":material/polyline:"):
        st.caption(
            "For pigment and redness mark a patch: click around it. The photos of this person are then measured again."
        )
        corners = region_editor(
            Picture(photo_url(reference.id), f"First photo, {day_text(reference.taken_on)}", "The first photo"),
            saved,
            shape=reference.shape,
            version=f"{view.id} {saved}",
            key=f"study-editor-{view.id}",
            suggestion=[],
        )
        with st.container(horizontal=True):
            save = st.button("Save region", key=f"region-{view.id}", disabled=len(corners) < 3 or corners == saved)
            whole = st.button("Measure the whole skin", key=f"whole-{view.id}", disabled=not saved)
    if save or whole:
        polygon = np.asarray(corners, dtype=np.float64)
        clinic.set_region(view.id, polygon_region(polygon) if save else None)
        st.rerun()
