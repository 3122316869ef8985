"""Two photos of a view, looked at in three ways: over each other, beside each other, and as their difference."""

from __future__ import annotations

import streamlit as st

from tracker.clinic.records import StoredPhoto, View
from tracker.pages.frame import day_text
from tracker.web.components import Picture, side_by_side, slider
from tracker.web.links import difference_url, photo_url

LOOKING_ONLY = "Pictures are aligned, not beautified. What is measured comes from the original files."
DIFFERENCE_HINT = "Blue: darker than the reference. Orange: brighter."


def show_pictures(view: View, reference: StoredPhoto, before: StoredPhoto, after: StoredPhoto) -> None:
    """Show two measured photos of a view in the frame of its reference."""
    shape = reference.shape
    pair = [framed(view, before, "Before"), framed(view, after, "After")]
    over, beside, difference = st.tabs(["Slider", "Side by side", "Difference"])
    with over:
        slider(*pair, shape=shape, key=f"slider-{view.id}")
    with beside:
        side_by_side(pair, shape=shape, title="Before and after", hint="Both move.", key=f"beside-{view.id}")
    with difference:
        if after.is_reference:
            st.text("The reference does not differ from itself.")
        else:
            day = day_text(after.taken_on)
            drawn = Picture(difference_url(after.id), day, f"Difference of {view.title}, {day}, from the reference")
            side_by_side([drawn], shape=shape, title="Difference", hint=DIFFERENCE_HINT, key=f"map-{view.id}")
    st.caption(LOOKING_ONLY)


def framed(view: View, photo: StoredPhoto, when: str) -> Picture:
    """A photo in the frame of the reference of its view."""
    day = day_text(photo.taken_on)
    return Picture(photo_url(photo.id, aligned=not photo.is_reference), day, f"{when}: {view.title}, {day}")
