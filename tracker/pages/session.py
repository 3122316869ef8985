"""Add a session: drop photos, see at once what each is good for, store them, and read the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.records import View
from tracker.errors import TrackerError
from tracker.pages.access import may
from tracker.pages.choice import choose_patient, choose_view_of
from tracker.pages.frame import NARROW, complain, plain
from tracker.pages.injections import injected_today
from tracker.pages.new_view import new_view_form
from tracker.pages.outcome import remember_stored, show_outcome, stored_number
from tracker.pages.tile import forget_tiles, judge_tiles, show_tile, still_compared
from tracker.pages.work import show_work
from tracker.photo import PHOTO_SUFFIXES
from tracker.quality import SkinState

BEFORE_TREATMENT = "Take the photos before that day's treatment, with lamp and feet on their marks."
GENERATION = "uploader"


def page(clinic: Clinic) -> None:
    """Add photos to a view."""
    patient = choose_patient(clinic, "Add a session", key="session")
    if patient is None:
        return
    show_work(clinic)
    views = clinic.views(patient.id)
    if not views and not may(clinic, Verb.REGISTER):
        st.info("Nothing is photographed of this patient yet. Please ask who treats them to add the first view.")
        return
    if not views:
        st.info("First say what is photographed. A view is a body site, photographed the same way each time.")
        with st.container(width=NARROW):
            new_view_form(clinic, patient, views)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choose_view_of(clinic, views, key="session")
        if may(clinic, Verb.REGISTER):
            with st.popover("New view", icon=":material/add:"):
                new_view_form(clinic, patient, views)
    st.caption(BEFORE_TREATMENT)
    _drop(clinic, view)
    if may(clinic, Verb.MEASURED):
        show_outcome(clinic, view)
    else:
        _say_stored(view)


def _drop(clinic: Clinic, view: View) -> None:
    generation = st.session_state.setdefault(GENERATION, 0)
    files = st.file_uploader(
        "Photos of this view",
        type=sorted(suffix[1:] for suffix in PHOTO_SUFFIXES),
        accept_multiple_files=True,
        key=f"drop-{view.id}-{generation}",
    )
    if not files:
        forget_tiles()
        return
    shown = [(file, show_tile(clinic, view, file)) for file in files]
    ready = [(file, tile.day) for file, tile in shown if tile.day is not None]
    state = _state_of_skin(view)
    injected = may(clinic, Verb.CHANGE) and injected_today(view, generation)
    words = {0: "Store photos", 1: "Store 1 photo"}.get(len(ready), f"Store {len(ready)} photos")
    waiting = still_compared(view, files)
    if waiting and ready:
        words += f" ({waiting} still being compared)"
    if st.button(words, type="primary", icon=":material/save:", disabled=not ready):
        _store(clinic, view, ready, state, injected=injected)
    left = [file.name for file, tile in shown if tile.day is None]
    if ready and left:
        st.caption(plain(f"Will not be stored: {', '.join(left)}. The tiles above say why."))
    judge_tiles(clinic, view, shown)


def _say_stored(view: View) -> None:
    """To who sees nothing that was measured, that the photos are there."""
    number = stored_number(view)
    if number:
        words = "1 photo is stored." if number == 1 else f"{number} photos are stored."
        st.success(f"{words} Who treats this patient sees what they show.", icon=":material/check:")


def _state_of_skin(view: View) -> list[SkinState]:
    """What is other than usual with the skin on the day of these photos."""
    chosen = st.pills(
        "Is the skin other than usual?",
        list(SkinState),
        selection_mode="multi",
        format_func=lambda state: str(state).capitalize(),
        key=f"skin-{view.id}-{st.session_state[GENERATION]}",
        help="It is compared with what was noted for the first session, and said beside the result.",
    )
    return list(chosen)


def _store(
    clinic: Clinic,
    view: View,
    ready: Sequence[tuple[UploadedFile, date]],
    state: Sequence[SkinState],
    *,
    injected: bool,
) -> None:
    """Store the photos; the same photo twice is stored once. Then a new key empties the uploader's memory."""
    stored: list[str] = []
    for file, day in ready:
        try:
            stored.append(clinic.add_photo(view.id, file.getvalue(), file.name, taken_on=day).id)
        except TrackerError as error:
            complain(error)
    for day in {day for _, day in ready} if stored else ():
        if state:
            clinic.note_skin(view.id, day, state)
        if injected:
            clinic.note_injection(view.id, day)
    if stored:
        remember_stored(view, stored)
        st.session_state[GENERATION] += 1
        st.rerun()
