"""Stored photos as a list: thumbnail, date, state and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto
from tracker.pages.frame import day_text, plain
from tracker.pages.verdict import checks_list, status_badge, worst_check
from tracker.quality import Check
from tracker.web.links import PREVIEW_WIDTH, photo_url

REFERENCE_GOES = (
    "It is the reference: every photo of this view is measured again, against the next good one. Until then no result "
    "is shown."
)


def photo_rows(
    photos: Iterable[StoredPhoto],
    clinic: Clinic | None = None,
    checks: Mapping[str, tuple[Check, ...]] = MappingProxyType({}),
) -> None:
    """Show each photo with what became of it; with the clinic, each can be removed from it.

    Parameters
    ----------
    photos : iterable of StoredPhoto
    clinic : Clinic, optional
    checks : mapping of str to tuple of Check
        By digest: the worst is told, the others are one tap away.
    """
    columns: list[DeltaGenerator] = []
    for photo in photos:
        # Two in a row, row by row: on a phone the columns of a row follow each other.
        columns = columns or list(st.columns(2))
        with columns.pop(0).container(border=True):
            picture, words = st.columns([1, 3], vertical_alignment="center")
            with picture:
                thumbnail(photo)
            with words:
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.markdown(f"**{day_text(photo.taken_on)}**", width="content")
                    photo_badge(photo)
                st.caption(plain(photo.name))
                if photo.reason:
                    st.markdown(plain(photo.reason))
                if clinic is not None:
                    _removal(clinic, photo)
            _checks(checks.get(photo.digest, ()))


def _checks(checks: tuple[Check, ...]) -> None:
    worst = worst_check(checks)
    if worst is not None:
        st.caption(plain(worst.advice))
    if checks:
        with st.expander(f"All {len(checks)} checks", icon=":material/fact_check:"):
            checks_list(checks)


def _removal(clinic: Clinic, photo: StoredPhoto) -> None:
    with st.popover("Remove", type="tertiary"):
        st.text("The photo and all that was measured in it are removed for good.")
        if photo.is_reference:
            st.text(REFERENCE_GOES)
        if st.button("Remove this photo", key=f"remove-{photo.id}"):
            clinic.remove_photo(photo.id)
            st.rerun()


def photo_badge(photo: StoredPhoto) -> None:
    """Show the state of a stored photo in two words."""
    if photo.state is PhotoState.WAITING:
        st.badge("Waiting to be measured", icon=":material/hourglass_empty:", color="gray")
    elif photo.state is PhotoState.REJECTED:
        status_badge("block", "Not comparable")
    elif photo.is_reference:
        st.badge("Reference", icon=":material/flag:", color="blue")
    elif photo.lent_to:
        status_badge("ok", "Used for dual light")
    else:
        status_badge(photo.status or "ok", None if photo.status == "warn" else "Measured")


def thumbnail(photo: StoredPhoto) -> None:
    """Show a small picture; the address holds an id only, so nothing of the user's reaches the markup."""
    source = photo_url(photo.id, width=PREVIEW_WIDTH)
    style = "width:100%;max-height:7rem;object-fit:cover;border-radius:.5rem;display:block"
    st.html(f'<img src="{source}" alt="Photo of {day_text(photo.taken_on)}" loading="lazy" style="{style}">')
