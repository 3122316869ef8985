"""The region as the alignment carries it to every later photo: does it lie on the same skin?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.errors import RecordError
from tracker.pages.frame import day_text
from tracker.web.components import Outlined, Picture, carried_strip
from tracker.web.links import photo_url


def show_carried(
    clinic: Clinic, view: View, photos: Sequence[StoredPhoto], corners: Sequence[tuple[float, float]]
) -> None:
    """Show later photos with the region over them.

    Parameters
    ----------
    clinic : Clinic
    view : View
    photos : sequence of StoredPhoto
        All of the view.
    corners : sequence of (row, column)
        In pixels of the reference photo, saved or just drawn.
    """
    later = [photo for photo in photos if not photo.is_reference]
    if not later or len(corners) < 3:
        return
    st.subheader("On the later photos", anchor=False)
    polygon = np.asarray(corners, dtype=np.float64)
    labels = session_labels(photos)
    shown = {
        photo.id: found
        for photo in later
        if (found := _outlined(clinic, view, photo, polygon, labels[photo.id])) is not None
    }
    if shown:
        st.caption("The same region, carried by the alignment. It should lie on the same skin in every photo.")
        carried_strip(list(shown.values()), key=f"carried-{view.id}")
    missing = [photo for photo in later if photo.id not in shown]
    waiting = sum(photo.state is PhotoState.WAITING for photo in missing)
    if waiting:
        st.caption(f"{_counted(waiting)} being measured; the region follows.")
    if len(missing) > waiting:
        st.caption(f"{_counted(len(missing) - waiting)} left out: nothing is measured there.")


def _counted(count: int) -> str:
    return "1 photo is" if count == 1 else f"{count} photos are"


def session_labels(photos: Sequence[StoredPhoto]) -> dict[str, str]:
    """Session and day of each photo of a view by its id; photos of one day are numbered."""
    labels = {}
    days = sorted({photo.taken_on for photo in photos})
    for photo in photos:
        same_day = [p.id for p in photos if p.taken_on == photo.taken_on]
        number = f", photo {same_day.index(photo.id) + 1}" if len(same_day) > 1 else ""
        session = days.index(photo.taken_on) + 1
        labels[photo.id] = f"Session {session}, {day_text(photo.taken_on)}{number}"
    return labels


def _outlined(clinic: Clinic, view: View, photo: StoredPhoto, polygon: np.ndarray, label: str) -> Outlined | None:
    if photo.state is not PhotoState.MEASURED:
        return None
    try:
        lines = clinic.outline(photo.id, polygon)
    except RecordError:  # its map was lost, and it waits to be measured once more
        return None
    alt = f"{view.title}, {label}, with the region over it"
    return Outlined(Picture(photo_url(photo.id), label, alt), photo.shape, lines)
