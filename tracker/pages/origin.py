"""Where a number comes from: two photos with what was counted in them, and what the colours and lines mean."""

from __future__ import annotations

from html import escape

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import StoredPhoto, View
from tracker.errors import RecordError
from tracker.measurement import Metric
from tracker.pages.frame import day_text, plain
from tracker.reports.overlays import Legend
from tracker.web.components import Picture, side_by_side, slider
from tracker.web.links import overlay_url


def show_origin(
    clinic: Clinic, view: View, metric: Metric, pair: tuple[StoredPhoto, StoredPhoto], shape: tuple[int, int]
) -> None:
    """Show where the numbers of a metric in two photos come from.

    Parameters
    ----------
    clinic : Clinic
    view : View
    metric : Metric
    pair : tuple of StoredPhoto
        The one before and the one after.
    shape : tuple of int
        Height and width of the reference photo, in pixels.
    """
    shown, legend = [], None
    for photo, when in zip(pair, ("Before", "After"), strict=True):
        day = day_text(photo.taken_on)
        try:
            with st.spinner("Drawing where the number comes from…"):
                legend = clinic.overlay_legend(photo.id, metric.name)
        except RecordError:
            st.caption(plain(f"The photo of {day} gives no {metric.title}."))
            continue
        alt = f"{when}: where {metric.title} of {view.title} comes from, {day}"
        shown.append(Picture(overlay_url(photo.id, metric.name), day, alt))
    if legend is None:
        return
    _pictures(shown, shape, f"{view.id}-{metric.name}")
    st.html(legend_html(legend))


def _pictures(shown: list[Picture], shape: tuple[int, int], key: str) -> None:
    title = "Where the number comes from"
    if len(shown) == 1:
        side_by_side(shown, shape=shape, title=title, key=f"origin-{key}")
        return
    over, beside = st.tabs(["Slider", "Side by side"])
    with over:
        slider(shown[0], shown[1], shape=shape, key=f"origin-over-{key}")
    with beside:
        side_by_side(shown, shape=shape, title=title, hint="Both move.", key=f"origin-{key}")


def legend_html(legend: Legend) -> str:
    """What colours and lines mean, as markup; every word is escaped."""
    parts = []
    if legend.colours:
        stops = ", ".join(f"rgb({r} {g} {b})" for r, g, b in legend.colours)
        bar = f"width:9rem;height:.7rem;border-radius:.35rem;background:linear-gradient(90deg, {stops})"
        parts += [f"<span>{escape(legend.low)}</span>", f'<span style="{bar}"></span>']
        parts.append(f"<span>{escape(legend.high)}</span>")
    for (r, g, b), words in legend.lines:
        line = f"width:1.4rem;height:.22rem;border-radius:.11rem;background:rgb({r} {g} {b});outline:1px solid #141c24"
        parts.append(f'<span style="{line};margin-left:.4rem"></span><span>{escape(words)}</span>')
    style = "display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .6rem;font-size:.875rem"
    return f'<div style="{style}">{"".join(parts)}</div>'
