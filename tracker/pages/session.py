"""Add a session: drop photos, see at once what each is good for, store them, and read the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tracker.clinic import Clinic
from tracker.clinic.records import Tile, View
from tracker.errors import TrackerError
from tracker.pages.choice import choose_patient, choose_view_of
from tracker.pages.frame import complain, day_text, plain
from tracker.pages.new_view import new_view_form
from tracker.pages.outcome import remember_stored, show_outcome
from tracker.pages.verdict import status_badge
from tracker.pages.work import show_work
from tracker.photo import PHOTO_SUFFIXES

BEFORE_TREATMENT = "Take the photos before that day's treatment, with lamp and feet on their marks."
GENERATION, TILES = "uploader", "tiles"


def page(clinic: Clinic) -> None:
    """Add photos to a view."""
    patient = choose_patient(clinic, "Add a session", key="session")
    if patient is None:
        return
    show_work(clinic)
    views = clinic.views(patient.id)
    if not views:
        st.info("First say what is photographed. A view is a body site, photographed the same way each time.")
        new_view_form(clinic, patient, views)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choose_view_of(clinic, views, key="session")
        with st.popover("New view", icon=":material/add:"):
            new_view_form(clinic, patient, views)
    st.caption(BEFORE_TREATMENT)
    _drop(clinic, view)
    show_outcome(clinic, view)


def _drop(clinic: Clinic, view: View) -> None:
    generation = st.session_state.setdefault(GENERATION, 0)
    files = st.file_uploader(
        "Photos of this view",
        type=sorted(suffix[1:] for suffix in PHOTO_SUFFIXES),
        accept_multiple_files=True,
        key=f"drop-{view.id}-{generation}",
    )
    if not files:
        st.session_state[TILES] = {}
        return
    ready = [(file, day) for file in files for day in [_tile(clinic, view, file)] if day is not None]
    words = "Store 1 photo" if len(ready) == 1 else f"Store {len(ready)} photos"
    if st.button(words, type="primary", icon=":material/save:", disabled=not ready):
        _store(clinic, view, ready)


def _tile(clinic: Clinic, view: View, file: UploadedFile) -> date | None:
    """Show what the gate says about a photo; the day it will be stored under, or None if it cannot be."""
    with st.container(border=True):
        head = st.container(horizontal=True, vertical_alignment="center")
        with head:
            st.text(file.name)
        with st.spinner("Looking at the photo…"):
            tile = _checked(clinic, view, file)
        with head:
            status_badge(tile.status, "Stored already" if tile.already_stored else None)
        st.markdown(plain(tile.headline))
        for advice in tile.advice:
            st.caption(plain(advice))
        if tile.already_stored:
            return None
        if tile.taken_on is not None:
            st.caption(f"Taken on {day_text(tile.taken_on)}")
            return None if tile.status == "block" else tile.taken_on
        if tile.status == "block":
            return None
        return st.date_input("Taken on", value=None, max_value="today", key=f"day-{file.file_id}", width=220)


def _checked(clinic: Clinic, view: View, file: UploadedFile) -> Tile:
    """What the gate says, asked once per upload: a rerun must not decode the photo again."""
    tiles: dict[tuple[str, str], Tile] = st.session_state.setdefault(TILES, {})
    known = (view.id, file.file_id)
    if known not in tiles:
        tiles[known] = clinic.check_photo(view.id, file.getvalue(), file.name)
    return tiles[known]


def _store(clinic: Clinic, view: View, ready: Sequence[tuple[UploadedFile, date]]) -> None:
    """Store the photos; the same photo twice is stored once. Then a new key empties the uploader's memory."""
    stored: list[str] = []
    for file, day in ready:
        try:
            stored.append(clinic.add_photo(view.id, file.getvalue(), file.name, taken_on=day).id)
        except TrackerError as error:
            complain(error)
    if stored:
        remember_stored(view, stored)
        st.session_state[GENERATION] += 1
        st.rerun()
