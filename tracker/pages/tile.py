"""The tile of a dropped photo: what the gate says about it at once, and on which day it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tracker.clinic import Clinic, clock
from tracker.clinic.records import Tile, View
from tracker.pages.frame import day_text, plain
from tracker.pages.verdict import checks_list, status_badge

ANYWAY = "Store it all the same: it is kept and shown, but probably not compared"
TILES, JUDGED = "tiles", "tiles-judged"
LATER = "Not compared yet: the reference is being measured. The photo can be stored; it is compared then."
MOST_ADVICE = 2
"""What is to be done comes one step at a time; the rest is one tap away."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A tile on the page.

    Attributes
    ----------
    day : date or None
        The day the photo will be stored under, or None if it cannot be.
    slot : DeltaGenerator
        Where to say what is being done with it.
    """

    day: date | None
    slot: DeltaGenerator


def forget_tiles() -> None:
    """Forget what the gate said: no photo is dropped any more."""
    st.session_state[TILES] = {}
    st.session_state[JUDGED] = {}


def show_tile(clinic: Clinic, view: View, file: UploadedFile) -> Shown:
    """Show what the gate says about a photo: by itself at once, beside the reference as soon as that is known."""
    with st.container(border=True):
        head = st.container(horizontal=True, vertical_alignment="center")
        with head:
            st.text(file.name)
        with st.spinner("Looking at the photo…"):
            tile = _checked(clinic, view, file)
        final = _judged().get((view.id, file.file_id))
        with head:
            status_badge((final or tile).status, _words(tile, final))
        slot = st.empty()
        tile = final or tile
        if final is not None or tile.status != "ok":
            slot.text(tile.headline)
        for advice in tile.advice[:MOST_ADVICE]:
            st.markdown(plain(advice))
        if tile.checks:
            with st.expander(f"All {len(tile.checks)} checks", icon=":material/fact_check:"):
                checks_list(tile.checks)
        return Shown(_day(tile, file.file_id), slot)


def judge_tiles(clinic: Clinic, view: View, shown: Sequence[tuple[UploadedFile, Shown]]) -> None:
    """Compare the next photo with the reference, after everything is on the page and can be used."""
    for file, tile in shown:
        known = (view.id, file.file_id)
        if known in _judged():
            continue
        by_itself = _checked(clinic, view, file)
        with tile.slot, st.spinner("Comparing it with the reference…"):
            judged = clinic.judge_photo(view.id, file.getvalue(), file.name, by_itself)
        if judged is None:
            tile.slot.text(LATER)
            continue
        _judged()[known] = judged
        st.rerun()


def still_compared(view: View, files: Sequence[UploadedFile]) -> int:
    """How many photos are good so far and not compared with the reference yet."""
    known, judged = st.session_state.get(TILES, {}), _judged()
    keys = [(view.id, file.file_id) for file in files]
    return sum(key not in judged and key in known and known[key].status != "block" for key in keys)


def _words(tile: Tile, final: Tile | None) -> str | None:
    if tile.already_stored:
        return "Stored already"
    return "Good so far" if final is None and tile.status == "ok" else None


def _judged() -> dict[tuple[str, str], Tile]:
    judged: dict[tuple[str, str], Tile] = st.session_state.setdefault(JUDGED, {})
    return judged


def _day(tile: Tile, file_id: str) -> date | None:
    """The day of a photo, asked for where it is missing; None if the photo is not to be stored."""
    if tile.already_stored:
        return None
    if tile.taken_on is not None:
        st.caption(f"Taken on {day_text(tile.taken_on)}")
    if tile.status == "block" and not (tile.advice and st.checkbox(ANYWAY, key=f"anyway-{file_id}")):
        return None
    return tile.taken_on or st.date_input("Taken on", None, max_value=clock.today(), key=f"day-{file_id}", width=220)


def _checked(clinic: Clinic, view: View, file: UploadedFile) -> Tile:
    """What the gate says, asked once per upload: a rerun must not decode the photo again."""
    tiles: dict[tuple[str, str], Tile] = st.session_state.setdefault(TILES, {})
    known = (view.id, file.file_id)
    if known not in tiles:
        tiles[known] = clinic.check_photo(view.id, file.getvalue(), file.name)
    return tiles[known]
