"""Compare: two sessions of one view, as pictures and in verdicts."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.choice import choose_view
from tracker.pages.frame import day_text, link, plain
from tracker.pages.verdict import checks_table, verdict_card
from tracker.pages.work import show_work
from tracker.report import PROVISIONAL_NOTE, Report, headline, photo_standing
from tracker.web.components import Picture, side_by_side, slider
from tracker.web.links import difference_url, photo_url

MEASURED_PIXELS = "Pictures are aligned, not beautified. Verdicts come from the original files in linear light."
DIFFERENCE_HINT = "What differs from the reference after alignment."


def page(clinic: Clinic) -> None:
    """Compare two sessions."""
    view = choose_view(clinic, "Compare", key="compare")
    if view is None:
        return
    show_work(clinic)
    photos = [p for p in clinic.photos(view.id) if p.state is PhotoState.MEASURED]
    report = clinic.report(view.id)
    reference = next((p for p in photos if p.is_reference), None)
    if report is None or reference is None or len(photos) < 2:
        _not_yet(view, photos)
        return
    st.markdown(f"#### {plain(headline(report))}")
    before, after = _choose(view, photos, report)
    _pictures(view, reference, before, after)
    st.caption(MEASURED_PIXELS)
    _verdicts(report, after)
    _checks(report, after)


def _not_yet(view: View, photos: list[StoredPhoto]) -> None:
    if photos:
        st.info("There is a baseline. A comparison needs a second session that can be compared with it.")
    else:
        st.info("There is nothing to compare yet: no photo of this view has been measured.")
    with st.container(horizontal=True):
        link("session", "Add a session", icon=":material/add_a_photo:", view=view.id)
        link("progress", "See all photos", icon=":material/timeline:", view=view.id)


def _choose(view: View, photos: list[StoredPhoto], report: Report) -> tuple[StoredPhoto, StoredPhoto]:
    standing = {p.digest: photo_standing(p) for p in report.photos}
    words = {p.id: f"{day_text(p.taken_on)} · {standing.get(p.digest, 'measured')}" for p in photos}
    known = {p.id: p for p in photos}
    comparable = [p for p in photos if p.status != "block"] or photos
    ids, left, right = list(known), *st.columns(2)
    first = ids.index(next(p.id for p in photos if p.is_reference))
    before = left.selectbox("Before", ids, first, format_func=words.__getitem__, key=f"before-{view.id}")
    after = right.selectbox(
        "After", ids, ids.index(comparable[-1].id), format_func=words.__getitem__, key=f"after-{view.id}"
    )
    return known[before], known[after]


def _pictures(view: View, reference: StoredPhoto, before: StoredPhoto, after: StoredPhoto) -> None:
    pair = [_picture(view, before, "Before"), _picture(view, after, "After")]
    over, beside, difference = st.tabs(["Slider", "Side by side", "Difference"])
    with over:
        slider(*pair, shape=reference.shape, key=f"slider-{view.id}")
    with beside:
        hint = "Zoom and pan move both."
        side_by_side(pair, shape=reference.shape, title="Before and after", hint=hint, key=f"beside-{view.id}")
    with difference:
        day = day_text(after.taken_on)
        drawn = Picture(difference_url(after.id), day, f"Difference map of {view.title}, {day}")
        side_by_side([drawn], shape=reference.shape, title="Difference", hint=DIFFERENCE_HINT, key=f"map-{view.id}")


def _picture(view: View, photo: StoredPhoto, when: str) -> Picture:
    day = day_text(photo.taken_on)
    address = photo_url(photo.id, aligned=not photo.is_reference)
    return Picture(address, day, f"{when}: {view.title}, {day}")


def _verdicts(report: Report, after: StoredPhoto) -> None:
    st.subheader(f"Verdicts for {day_text(after.taken_on)}", anchor=False)
    st.caption(f"Against the first session, {day_text(report.reference.taken_on)}.")
    found = [(line, c) for line in report.timeline.metrics for c in line.changes if c.taken_on == after.taken_on]
    if not found:
        st.text("This is the first session: there is nothing before it to compare with.")
    left, right = st.columns(2)
    for k, (line, change) in enumerate(found):
        with right if k % 2 else left:
            verdict_card(line, change)
    if any(change.mdc_source == "provisional" for _, change in found):
        st.caption(PROVISIONAL_NOTE)


def _checks(report: Report, after: StoredPhoto) -> None:
    reported = next((p for p in report.photos if p.digest == after.digest), None)
    if reported is None or not reported.checks:
        return
    with st.expander(f"Quality of the photo of {day_text(after.taken_on)}", icon=":material/fact_check:"):
        checks_table(reported.checks)
