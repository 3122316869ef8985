"""The timeline chart on the screen: the specification of the report, made fit for a browser and its colours."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from tracker.pages.frame import on_phone
from tracker.reports.chart import timeline_chart
from tracker.reports.legend import ACCENT, BAND, BAND_EDGE, INK, MUTED, QUIET
from tracker.timeline import MetricTimeline

PADDING = {"left": 2, "right": 6, "top": 4, "bottom": 4}
HEIGHT, WIDE, SMALL = 280, 900, 330

_IN_THE_DARK = {
    INK: "#e6ecf2",
    MUTED: "#a9b6c2",
    QUIET: "#8d9aa7",
    ACCENT: "#6bb3e6",
    BAND: "#22303c",
    BAND_EDGE: "#40505f",
    '"white"': '"#11181f"',
    "#ffffff": "#11181f",
}


def show_chart(line: MetricTimeline, control: MetricTimeline | None, *, key: str) -> None:
    """Show one metric over its sessions, as wide as the page."""
    width = SMALL if on_phone() else WIDE
    spec = on_screen(timeline_chart(line, control=control, width=width, height=HEIGHT))
    if st.context.theme.type == "dark":
        spec = in_the_dark(spec)
    st.vega_lite_chart(spec, theme=None, width="stretch", key=key)


def on_screen(spec: dict[str, Any]) -> dict[str, Any]:
    """The chart as wide as its place, and without temporal scales.

    The page forbids ``eval``, so the browser interprets Vega's expressions, and in that mode a fixed time domain
    comes out as zero. The days are milliseconds already: a linear scale draws the same picture.
    """
    linear = json.loads(json.dumps(spec), object_hook=_linear)
    return {**linear, "autosize": {"type": "fit-x", "contains": "padding"}, "padding": PADDING}


def in_the_dark(spec: dict[str, Any]) -> dict[str, Any]:
    """The chart in colours that can be read on a dark page."""
    text = json.dumps(spec)
    for light, dark in _IN_THE_DARK.items():
        text = text.replace(light, dark)
    dark = json.loads(text)
    axis = {**dark["config"].get("axis", {}), "gridColor": "#2b3945", "domainColor": "#5b6b79", "tickColor": "#5b6b79"}
    return {**dark, "config": {**dark["config"], "axis": axis}}


def _linear(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") != "temporal":
        return part
    return {**part, "type": "quantitative", "scale": {**part.get("scale", {}), "type": "linear", "zero": False}}
