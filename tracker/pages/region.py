"""Region: where to measure, drawn once on the reference photo of a view and shown on every later one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import StoredPhoto, View
from tracker.pages.carried import show_carried
from tracker.pages.choice import choose_view
from tracker.pages.frame import day_text, link
from tracker.pages.notices import say
from tracker.pages.ruler import show_ruler
from tracker.pages.work import show_work
from tracker.region import Region, polygon_region
from tracker.web.components import Picture, region_editor
from tracker.web.links import photo_url

Corner = tuple[float, float]
AGAIN = "After saving, every photo of this view is measured again in the background."
SUGGESTED = "suggested_regions"


def page(clinic: Clinic) -> None:
    """Draw the region of a view."""
    view = choose_view(clinic, "Region", key="region")
    if view is None:
        return
    show_work(clinic)
    photos = clinic.photos(view.id)
    reference = next((p for p in photos if p.is_reference), None)
    if reference is None:
        st.info("The region is drawn on the first good photo of the view, and there is none yet.")
        link("session", "Add a session", icon=":material/add_a_photo:", view=view.id)
        return
    st.markdown(
        "Mark the skin to measure: click around it on the reference photo. "
        "For pigment and redness, mark the patch only; the skin around it is the comparison. "
        f"Measured now: {'the region that is marked' if view.region else 'the whole skin'}."
    )
    bar = st.container(horizontal=True, vertical_alignment="center")
    saved = _saved(view)
    corners = _drawn(clinic, view, reference, saved)
    with bar:
        save = st.button(
            "Save region", type="primary", icon=":material/save:", disabled=len(corners) < 3 or corners == saved
        )
        whole = st.button("Measure the whole skin", disabled=view.region is None)
        st.caption(AGAIN, width="content")
    if save:
        _set(clinic, view, polygon_region(np.asarray(corners, dtype=np.float64)))
    if whole:
        _set(clinic, view, None)
    show_ruler(clinic, view, reference)
    show_carried(clinic, view, photos, corners)


def _saved(view: View) -> list[Corner]:
    polygon = view.region.polygon if view.region else None
    return _corners(polygon)


def _corners(polygon: np.ndarray | None) -> list[Corner]:
    return [] if polygon is None else [(float(row), float(column)) for row, column in polygon.round(1)]


def _drawn(clinic: Clinic, view: View, reference: StoredPhoto, start: list[Corner]) -> list[Corner]:
    day = day_text(reference.taken_on)
    picture = Picture(photo_url(reference.id), f"Reference, {day}", f"Reference photo of {view.title}, {day}")
    return region_editor(
        picture,
        start,
        shape=reference.shape,
        version=f"{view.id} {start}",
        key=f"editor-{view.id}",
        suggestion=[] if start else _suggested(reference.id, clinic),
    )


def _suggested(photo_id: str, clinic: Clinic) -> list[Corner]:
    """The outline of the skin in a photo; looked for once in a sitting, and never kept for anybody else."""
    kept: dict[str, list[Corner]] = st.session_state.setdefault(SUGGESTED, {})
    if photo_id not in kept:
        with st.spinner("Looking for skin…"):
            kept[photo_id] = _corners(clinic.proposed_region(photo_id))
    return kept[photo_id]


def _set(clinic: Clinic, view: View, region: Region | None) -> None:
    clinic.set_region(view.id, region)
    say("The region is saved. Measuring starts again.")
    st.rerun()
