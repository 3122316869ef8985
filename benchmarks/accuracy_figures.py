"""Charts of the findings on accuracy."""

from __future__ import annotations

from typing import Any

import altair as alt

from benchmarks.charts import HUES, INK, OURS, QUIET, RIVAL, data, identity, rows
from benchmarks.findings import Findings
from benchmarks.rivals import TITLES

_SHOWN = ("relief", "glcm", "luminance_band")
_LEVELS = {"5": "5 %", "15": "15 %", "30": "30 %", "all": "all levels", "shallow": "all, ≤ 2 mm"}
_CONTRASTS = {"delta_mi": "ΔMI, index", "delta_ei": "ΔEI′, index", "delta_a": "Δa*, CIELAB"}
_TONE = {"ita": "ITA, °", "lightness": "L*", "a_star": "a*", "b_star": "b*"}


def figures(findings: Findings) -> dict[str, Any]:
    """Charts by file stem."""
    return {
        "validation-geometry": _geometry(findings["geometry"]["points"]),
        "validation-relief": _relief(findings["relief"]["points"]),
        "validation-rivals": _rivals(findings["relief"]["plane"]),
        "validation-lamp": _lamp(findings["relief"]["light"]),
        "validation-contrasts": _found_and_true(findings["contrasts"]["points"], _CONTRASTS, "tone", "melanosomes"),
        "validation-cross-talk": _cross_talk(findings["contrasts"]["by_tone"]),
        "validation-tone": _found_and_true(findings["tones"]["points"], _TONE, "lamp", "lamp"),
    }


def _geometry(points: Findings) -> Any:
    """Claimed against real median error of each pair."""
    shown = [value for key in ("real", "claimed") for value in points[key]]
    low, high = 0.9 * min(shown), 1.1 * max(shown)
    axis = alt.Scale(type="log", domain=[low, high], nice=False)
    dots = (
        alt.Chart(data(rows(points)))
        .mark_circle(size=36, opacity=0.75)
        .encode(
            x=alt.X("real:Q", scale=axis, title="real median error, mm"),
            y=alt.Y("claimed:Q", scale=axis, title="claimed median error, mm"),
            color=alt.Color(
                "tissue:Q", scale=alt.Scale(range=["#b9d8f2", "#0b3c66"], domain=[0, 3]), title="tissue, mm RMS"
            ),
        )
    )
    return (identity(low, high, axis) + dots).properties(width=300, height=300)


def _relief(points: Findings) -> Any:
    """Found against true for each layout of dimples, ours beside two rivals, by pigment."""
    return alt.vconcat(*(_by_pigment(rows(points), name) for name in _SHOWN), spacing=16)


def _by_pigment(points: list[dict[str, Any]], name: str) -> Any:
    """One measure: a panel for each strength of pigment, all on one scale, a line for each layout."""
    records = [
        {
            "pigment": f"pigment mottling {round(100 * row['mottling'])} %",
            "layout": row["layout"],
            "truth": row["truth"],
            "found": row[name],
        }
        for row in points
    ]
    base = alt.Chart(data(records)).encode(
        x=alt.X("truth:Q", title="true relief shading, %"),
        y=alt.Y("found:Q", title=TITLES[name]),
        detail="layout:N",
        color=alt.value(OURS if name == "relief" else RIVAL),
    )
    layers = base.mark_line(strokeWidth=1, opacity=0.5) + base.mark_circle(size=22, opacity=0.8)
    order = [f"pigment mottling {level} %" for level in (5, 15, 30)]
    return layers.properties(width=190, height=140).facet(column=alt.Column("pigment:N", sort=order, title=None))


def _rivals(plane: Findings) -> Any:
    """Share of the measure's variance that relief does not explain."""
    records = [
        {"measure": TITLES[name], "pigment": _LEVELS[level], "unexplained": 100 * (1 - found["r2"])}
        for name, levels in plane.items()
        for level, found in levels.items()
    ]
    low = 0.8 * min(record["unexplained"] for record in records)
    present = [title for title in _LEVELS.values() if any(record["pigment"] == title for record in records)]
    return (
        alt.Chart(data(records))
        .mark_point(filled=True, size=90)
        .encode(
            y=alt.Y("measure:N", sort=list(TITLES.values()), title=None),
            x=alt.X(
                "unexplained:Q",
                scale=alt.Scale(type="log", domain=[low, 100], nice=False),
                axis=alt.Axis(values=[at for at in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if at >= low]),
                title="variance that relief does not explain, 100 (1 − R²) %, logarithmic",
            ),
            color=alt.Color(
                "pigment:N", sort=present, scale=alt.Scale(domain=present, range=list(HUES)), title="pigment mottling"
            ),
            shape=alt.Shape("pigment:N", sort=present, scale=alt.Scale(domain=present), title="pigment mottling"),
        )
        .properties(width=430, height=170)
    )


def _lamp(light: list[Findings]) -> Any:
    """Response to the same dimples under other lamps, beside the law."""
    records = [
        {
            "law": lamp["law"],
            "response": lamp[key],
            "what": what,
            "lamp": f"{lamp['slant']:.0f}°, {lamp['ambient']:.0%}",
        }
        for lamp in light
        for key, what in (("found", "found"), ("truth", "true shading"))
    ]
    dots = (
        alt.Chart(data(records))
        .mark_point(filled=True, size=60, opacity=0.85)
        .encode(
            x=alt.X("law:Q", title="(1 − ambient) tan(slant), over that at 45° and 28 %"),
            y=alt.Y("response:Q", title="response, over that at 45° and 28 %"),
            color=alt.Color("what:N", scale=alt.Scale(domain=["found", "true shading"], range=[OURS, INK]), title=None),
            shape=alt.Shape("what:N", scale=alt.Scale(domain=["found", "true shading"]), title=None),
        )
    )
    return (identity(0.0, 1.8) + dots).properties(width=320, height=260)


def _found_and_true(points: Findings, names: dict[str, str], group: str, title: str) -> Any:
    """Found against true, one panel per metric."""
    records = [{key: str(value) if key == group else value for key, value in row.items()} for row in rows(points)]
    present = sorted({record[group] for record in records})
    panels = [_panel(records, name, label, (group, present, title)) for name, label in names.items()]
    return alt.hconcat(*panels, spacing=24)


def _panel(records: list[dict[str, Any]], name: str, label: str, grouping: tuple[str, list[str], str]) -> Any:
    group, present, title = grouping
    values = [record[key] for record in records for key in (name, f"true_{name}")]
    low, high = min(values), max(values)
    room = 0.05 * (high - low)
    domain = alt.Scale(domain=[low - room, high + room], nice=False)
    dots = (
        alt.Chart(data(records))
        .mark_circle(size=32, opacity=0.8)
        .encode(
            x=alt.X(f"true_{name}:Q", scale=domain, title=f"true {label}"),
            y=alt.Y(f"{name}:Q", scale=domain, title=f"found {label}"),
            color=alt.Color(
                f"{group}:N", scale=alt.Scale(domain=present, range=list(HUES[: len(present)])), title=title
            ),
        )
    )
    return (identity(low - room, high + room, domain) + dots).properties(width=200, height=200)


def _cross_talk(by_tone: list[Findings]) -> Any:
    """What the redness index moves per unit of the pigment index where only melanin changed."""
    records = [
        {"tone": row["tone"], "moved": row[key], "what": what}
        for row in by_tone
        for key, what in (("ei_per_mi", "found"), ("true_ei_per_mi", "of the index itself, true colours"))
    ]
    domain = ["found", "of the index itself, true colours"]
    base = alt.Chart(data(records)).encode(
        x=alt.X(
            "tone:Q",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(values=[row["tone"] for row in by_tone], format="~g"),
            title="melanosome fraction, logarithmic",
        ),
        y=alt.Y("moved:Q", title="ΔEI′ moved per ΔMI, melanin alone"),
        color=alt.Color("what:N", scale=alt.Scale(domain=domain, range=[OURS, INK]), title=None),
    )
    band = (
        alt.Chart(data([{"low": -0.2, "high": 0.2}]))
        .mark_rect(color=QUIET, opacity=0.2)
        .encode(y=alt.Y("low:Q"), y2="high:Q")
    )
    lines = base.mark_line(strokeWidth=1.5) + base.mark_point(filled=True, size=50)
    return (band + lines).properties(width=360, height=220)
