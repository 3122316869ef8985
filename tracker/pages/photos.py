"""Stored photos as a list: thumbnail, date, state and reason."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from tracker.clinic.records import PhotoState, StoredPhoto
from tracker.pages.frame import day_text, plain
from tracker.pages.verdict import status_badge
from tracker.web.links import PREVIEW_WIDTH, photo_url


def photo_rows(photos: Iterable[StoredPhoto]) -> None:
    """Show each photo with what became of it."""
    columns = st.columns(2)
    for k, photo in enumerate(photos):
        with columns[k % 2].container(border=True):
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


def photo_badge(photo: StoredPhoto) -> None:
    """Show the state of a stored photo in two words."""
    if photo.state is PhotoState.WAITING:
        st.badge("Waiting to be measured", icon=":material/hourglass_empty:", color="gray")
    elif photo.state is PhotoState.REJECTED:
        status_badge("block", "Not comparable")
    elif photo.is_reference:
        st.badge("Reference", icon=":material/flag:", color="blue")
    else:
        status_badge(photo.status or "ok", None if photo.status == "warn" else "Measured")


def thumbnail(photo: StoredPhoto) -> None:
    """Show a small picture; the address holds an id only, so nothing of the user's reaches the markup."""
    source = photo_url(photo.id, width=PREVIEW_WIDTH)
    style = "width:100%;max-height:7rem;object-fit:cover;border-radius:.5rem;display:block"
    st.html(f'<img src="{source}" alt="Photo of {day_text(photo.taken_on)}" loading="lazy" style="{style}">')
