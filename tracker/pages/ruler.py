"""A known distance on the reference photo: the scale of a view without printed markers."""

from __future__ import annotations

import streamlit as st

from tracker.calibration import KnownDistance
from tracker.clinic import Clinic
from tracker.clinic.records import StoredPhoto, View
from tracker.errors import TrackerError
from tracker.pages.frame import complain, day_text
from tracker.pages.notices import say
from tracker.web.components import Picture, region_editor
from tracker.web.links import photo_url


def show_ruler(clinic: Clinic, view: View, reference: StoredPhoto) -> None:
    """Let somebody mark a length that is known, such as ten centimetres of a ruler lying on the skin."""
    known = view.distance
    label = f"Known distance: {known.mm:g} mm" if known else "No card in the picture? Mark a known distance"
    with st.expander(label, icon=":material/straighten:"):
        st.markdown(
            "Markers in the picture give the scale by themselves, and more exactly. Without them, click both ends of a "
            "length you know, such as a ruler on the skin, and say how long it is. It holds for all photos of the view."
        )
        ends = _drawn(view, reference)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            mm = st.number_input(
                "Length in mm", 5.0, 2000.0, known.mm if known else 100.0, 1.0, key=f"mm-{view.id}", width=160
            )
            keep = st.button("Use this distance", icon=":material/check:", disabled=len(ends) != 2)
            drop = st.button("Remove", key=f"drop-distance-{view.id}", disabled=known is None)
        if keep:
            _set(clinic, view, ends, mm)
        if drop:
            clinic.set_distance(view.id, None)
            st.rerun()


def _drawn(view: View, reference: StoredPhoto) -> list[tuple[float, float]]:
    start = [view.distance.start, view.distance.end] if view.distance else []
    day = day_text(reference.taken_on)
    picture = Picture(photo_url(reference.id), f"Reference, {day}", f"Reference photo of {view.title}, {day}")
    return region_editor(
        picture, start, shape=reference.shape, version=f"{view.id} {start}", key=f"ruler-{view.id}", ruler=True
    )


def _set(clinic: Clinic, view: View, ends: list[tuple[float, float]], mm: float) -> None:
    try:
        clinic.set_distance(view.id, KnownDistance(ends[0], ends[1], mm))
    except TrackerError as error:
        complain(error)
        return
    say("The distance is kept. Measuring starts again.")
    st.rerun()
