"""Two photos of a view: chosen, and looked at as they are, as their difference, or with where a number comes from."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import StoredPhoto, View
from tracker.pages.frame import day_text
from tracker.pages.origin import show_origin
from tracker.report import Report, photo_standing
from tracker.web.components import Picture, side_by_side, slider
from tracker.web.links import difference_url, photo_url

LOOKING_ONLY = "Pictures are aligned, not beautified. What is measured comes from the original files."
PHOTOS, DIFFERENCE = " photos", " difference"  # no metric begins with a space
DIFFERENCE_HINT = "Blue: darker than the reference. Orange: brighter."


def choose_pair(photos: Sequence[StoredPhoto], report: Report) -> tuple[StoredPhoto, StoredPhoto]:
    """The two photos to show: at first the reference and the latest one that the result rests on."""
    known, words = {p.id: p for p in photos}, _words(photos, report)
    comparable = [p for p in photos if p.digest == report.shown] or [p for p in photos if p.status != "block"] or photos
    ids, left, right = list(known), *st.columns(2)
    first = ids.index(next(p.id for p in photos if p.is_reference))
    last = ids.index(comparable[-1].id)
    # Keyed by what is proposed: when a later photo has been measured, it is proposed in its turn.
    before = left.selectbox("Before", ids, first, format_func=words.__getitem__, key=f"before-{ids[first]}")
    after = right.selectbox("After", ids, last, format_func=words.__getitem__, key=f"after-{ids[last]}")
    return known[before], known[after]


def _words(photos: Sequence[StoredPhoto], report: Report) -> dict[str, str]:
    """Day of each photo and what it is good for; photos of one day are numbered."""
    standing = {p.digest: photo_standing(p, gives=report.gives(p)) for p in report.photos}
    words = {}
    for photo in photos:
        same_day = [p.id for p in photos if p.taken_on == photo.taken_on]
        number = f", photo {same_day.index(photo.id) + 1}" if len(same_day) > 1 else ""
        words[photo.id] = f"{day_text(photo.taken_on)}{number} · {standing.get(photo.digest, 'measured')}"
    return words


def show_pictures(
    clinic: Clinic, view: View, report: Report, reference: StoredPhoto, before: StoredPhoto, after: StoredPhoto
) -> None:
    """Show two measured photos of a view in the frame of its reference."""
    shape = reference.shape
    lines = (*report.leading, *(line for line in report.measured if line not in report.leading))
    metrics = {line.metric.name: line.metric for line in lines}
    words = {PHOTOS: "Photos", DIFFERENCE: "Difference from the reference"}
    words |= {name: f"{metric.title}: where the number comes from" for name, metric in metrics.items()}
    chosen = st.selectbox("Show", list(words), format_func=words.__getitem__, key=f"show-{view.id}")
    if chosen == DIFFERENCE:
        _difference(view, after, shape)
    elif chosen == PHOTOS:
        _photos(view, before, after, shape)
    else:
        show_origin(clinic, view, metrics[chosen], (before, after), shape)
    st.caption(LOOKING_ONLY)


def _photos(view: View, before: StoredPhoto, after: StoredPhoto, shape: tuple[int, int]) -> None:
    pair = [framed(view, before, "Before"), framed(view, after, "After")]
    over, beside = st.tabs(["Slider", "Side by side"])
    with over:
        slider(*pair, shape=shape, key=f"slider-{view.id}")
    with beside:
        side_by_side(pair, shape=shape, title="Before and after", hint="Both move.", key=f"beside-{view.id}")


def _difference(view: View, after: StoredPhoto, shape: tuple[int, int]) -> None:
    if after.is_reference:
        st.text("The reference does not differ from itself.")
        return
    day = day_text(after.taken_on)
    shown = Picture(difference_url(after.id), day, f"Difference of {view.title}, {day}, from the reference")
    side_by_side([shown], shape=shape, title="Difference", hint=DIFFERENCE_HINT, key=f"map-{view.id}")


def framed(view: View, photo: StoredPhoto, when: str) -> Picture:
    """A photo in the frame of the reference of its view."""
    day = day_text(photo.taken_on)
    return Picture(photo_url(photo.id, aligned=not photo.is_reference), day, f"{when}: {view.title}, {day}")
