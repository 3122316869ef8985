"""Injection points: placed on a session's photo, and shown where they lie on the skin at later sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.point_records import AMOUNT_ML, DEPTH_MM, CarriedPattern, InjectionPoint, Pattern
from tracker.clinic.records import StoredPhoto, View
from tracker.pages.carried import session_labels
from tracker.pages.choice import choose_view
from tracker.pages.frame import day_text, link, plain
from tracker.pages.notices import say
from tracker.pages.work import show_work
from tracker.web.components import Picture
from tracker.web.components.points import points_editor
from tracker.web.links import photo_url

STAY = "Points stay on the skin: at later sessions the alignment of the photos carries them."
_COPIED = "points-copied"


def page(clinic: Clinic) -> None:
    """Place the injection points of a session."""
    view = choose_view(clinic, "Injection points", key="points")
    if view is None:
        return
    show_work(clinic)
    photos = clinic.photos(view.id)
    if view.is_control:
        st.info("This is the untreated side: there is nothing to inject. Choose a treated view above.")
        return
    if not photos:
        st.info("Points are placed on a photo of the session, and there is none yet.")
        link("session", "Add a session", icon=":material/add_a_photo:", view=view.id)
        return
    patterns = clinic.points(view.id)
    photo = _choose_photo(view, photos, patterns)
    own = next((p for p in patterns if p.day == photo.taken_on and p.photo_id == photo.id), None)
    earlier = clinic.carried_points(photo.id, before=photo.taken_on)
    _place(clinic, view, photo, own, earlier)
    _elsewhere(earlier)


def _choose_photo(view: View, photos: Sequence[StoredPhoto], patterns: Sequence[Pattern]) -> StoredPhoto:
    """The latest photo at first, and of a day that has points the photo they lie on."""
    labels, known = session_labels(photos), {p.photo_id: len(p.points) for p in patterns}
    words = {p.id: labels[p.id] + (f" · {_counted(known[p.id])}" if p.id in known else "") for p in photos}
    latest = [p for p in photos if p.taken_on == photos[-1].taken_on]
    first = next((p for p in latest if p.id in known), latest[0])
    ids = list(words)
    chosen = st.selectbox("Photo", ids, ids.index(first.id), format_func=words.__getitem__, key=f"on-{view.id}")
    return next(p for p in photos if p.id == chosen)


def _place(
    clinic: Clinic, view: View, photo: StoredPhoto, own: Pattern | None, earlier: Sequence[CarriedPattern]
) -> None:
    last = next((p for p in reversed(earlier) if p.points), None)
    copied = st.session_state.get(_COPIED) == photo.id and last is not None
    start = _points(last) if copied and last else list(own.points) if own else []
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    st.caption(STAY)
    version = f"{photo.id}-{copied}-{hash(tuple(start))}"
    placed = points_editor(
        Picture(photo_url(photo.id), day_text(photo.taken_on), f"{view.title} on {day_text(photo.taken_on)}, to place"),
        [(point.row, point.column) for point in start],
        rings=[(p.point.row, p.point.column) for pattern in earlier for p in pattern.points if p.point],
        shape=photo.shape,
        version=version,
        key=f"points-{version}",  # what the browser placed before belongs to what it started from
    )
    with bar:
        depth, amount = _amounts(start, key=f"{photo.id}-{copied}")
        points = [
            InjectionPoint(row, column, depth, amount)
            if of < 0 or of >= len(start) or _is_same(start)
            else InjectionPoint(row, column, start[of].depth_mm, start[of].amount_ml)
            for row, column, of in placed
        ]
        changed = points != (list(own.points) if own else [])
        if st.button("Save points", type="primary", icon=":material/save:", disabled=not changed):
            _save(clinic, photo, points)
        if last and not own and not copied:
            words = f"Copy the pattern of {day_text(last.day)}"
            st.button(words, icon=":material/content_copy:", on_click=_copy, args=(photo.id,))
    if copied and last:
        _say_what_was_copied(last)


def _amounts(start: Sequence[InjectionPoint], *, key: str) -> tuple[float | None, float | None]:
    """Depth and amount: of all points where they have the same, else of new ones."""
    first = start[0] if start else InjectionPoint(0, 0)
    asked = (
        ("Depth, mm", first.depth_mm, DEPTH_MM, 0.5, "%.1f", "depth"),
        ("Amount per point, ml", first.amount_ml, AMOUNT_ML, 0.01, "%.3f", "amount"),
    )
    found = [
        st.number_input(
            label, *limits, value=value, step=step, format=shown, width=170, placeholder="–", key=f"{name}-{key}"
        )
        for label, value, limits, step, shown, name in asked
    ]
    return found[0], found[1]


def _is_same(points: Sequence[InjectionPoint]) -> bool:
    """Whether all points have one depth and one amount: what is typed then holds for all of them."""
    return len({(point.depth_mm, point.amount_ml) for point in points}) <= 1


def _save(clinic: Clinic, photo: StoredPhoto, points: list[InjectionPoint]) -> None:
    clinic.set_points(photo.id, points)
    st.session_state.pop(_COPIED, None)
    say(f"{_counted(len(points)).capitalize()} saved for {day_text(photo.taken_on)}.")
    st.rerun()


def _copy(photo_id: str) -> None:
    st.session_state[_COPIED] = photo_id


def _points(pattern: CarriedPattern) -> list[InjectionPoint]:
    """The points of a pattern that this photo shows, to a tenth of a pixel."""
    return [
        InjectionPoint(round(p.point.row, 1), round(p.point.column, 1), p.point.depth_mm, p.point.amount_ml)
        for p in pattern.points
        if p.point
    ]


def _say_what_was_copied(pattern: CarriedPattern) -> None:
    outside = sum(point.is_outside for point in pattern.points)
    left = f" {_counted(outside).capitalize()} of it lie outside this photo and are left out." if outside else ""
    st.info(f"This is the pattern of {day_text(pattern.day)}, not saved yet; adjust it and save it.{left}")


def _elsewhere(earlier: Sequence[CarriedPattern]) -> None:
    """What is shown as rings, how sure their places are, and what could not be shown."""
    for pattern in earlier:
        if pattern.reason:
            st.caption(plain(f"{day_text(pattern.day)}: {pattern.reason}"))
            continue
        outside = [str(point.number) for point in pattern.points if point.is_outside]
        said = f"{day_text(pattern.day)}: {_counted(len(pattern.points))}{_sure(pattern)}."
        said += f" Outside what both photos show: {', '.join(outside)}." if outside else ""
        st.caption(plain(said))


def _sure(pattern: CarriedPattern) -> str:
    """Within what 95 % of the places are claimed to be."""
    in_mm = [point.error_mm for point in pattern.points if point.error_mm is not None]
    in_px = [point.error_px for point in pattern.points if point.error_px is not None]
    if in_mm:
        return f", placed to within {2.45 * max(in_mm):.1f} mm"
    return f", placed to within {2.45 * max(in_px):.1f} pixels" if in_px else ""


def _counted(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


def points_of_day(patterns: Sequence[Pattern], day: date) -> int:
    """Number of points of a view on a day."""
    return sum(len(pattern.points) for pattern in patterns if pattern.day == day)
