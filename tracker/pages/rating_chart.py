"""How often each rater chose the later photo, with its interval, beside what guessing gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tracker.agreement import ForcedChoice
from tracker.pages.chart import in_the_dark, on_screen
from tracker.reports.legend import ACCENT, INK, MUTED

_ROW_PX = 34
_TITLE = "Later photo chosen, % of pairs (95 % interval); the line is guessing"


def show_shares(found: Sequence[tuple[str, ForcedChoice]], *, key: str) -> None:
    """Show one row per sitting.

    Parameters
    ----------
    found : sequence of (str, ForcedChoice)
        What to call the sitting, each once, and what was found.
    key : str
    """
    spec = on_screen(shares_chart(found))
    if st.context.theme.type == "dark":
        spec = in_the_dark(spec)
    st.vega_lite_chart(spec, theme=None, width="stretch", key=key)


def shares_chart(found: Sequence[tuple[str, ForcedChoice]]) -> dict[str, Any]:
    """Vega-Lite specification of the shares, in per cent."""
    rows = [
        {"sitting": name, "share": 100 * f.share.value, "low": 100 * f.share.low, "high": 100 * f.share.high}
        for name, f in found
    ]
    across = {"type": "quantitative", "scale": {"domain": [0, 100]}, "title": _TITLE}
    down = {"field": "sitting", "type": "nominal", "title": None, "sort": None}
    mark = {"color": ACCENT}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": rows},
        "height": {"step": _ROW_PX},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2, **mark},
                "encoding": {"y": down, "x": {"field": "low", **across}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1, **mark},
                "encoding": {"y": down, "x": {"field": "share", **across}},
            },
            {
                "data": {"values": [{"half": 50}]},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": MUTED},
                "encoding": {"x": {"field": "half", **across}},
            },
        ],
        "config": {
            "view": {"stroke": None},
            "axis": {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 13, "titleFontSize": 13, "grid": False},
        },
    }
