"""Charts of the findings on accuracy."""

from __future__ import annotations

from typing import Any

import altair as alt

from benchmarks import wrong_pairs_page
from benchmarks.charts import HUES, INK, OURS, QUIET, RIVAL, data, identity, rows
from benchmarks.findings import Findings
from benchmarks.rivals import TITLES

_PERCENT = ("relief", "luminance_band")
_SHOWN = ("relief", "glcm", "luminance_band")
_LEVELS = {"5": "5 %", "15": "15 %", "30": "30 %", "all": "all levels", "shallow": "all, ≤ 2 mm"}
_CONTRASTS = {"delta_mi": "ΔMI, index", "delta_ei": "ΔEI′, index", "delta_a": "Δa*, CIELAB"}
_TONE = {"ita": "ITA, °", "lightness": "L*", "a_star": "a*", "b_star": "b*"}


def figures(findings: Findings) -> dict[str, Any]:
    """Charts by file stem."""
    pairs = findings.get("wrong_pairs")
    return ({wrong_pairs_page.FIGURE: wrong_pairs_page.figure(pairs)} if pairs else {}) | {
        "validation-geometry": _geometry(findings["geometry"]["points"]),
        "validation-relief": _relief(findings["relief"]["points"]),
        "validation-rivals": _rivals(findings["relief"]["plane"]),
        "validation-lamp": _lamp(findings["relief"]["light"]),
        "validation-contrasts": _found_and_true(findings["contrasts"]["points"], _CONTRASTS, "tone", "melanosomes"),
        "validation-cross-talk": _cross_talk(findings["contrasts"]["by_tone"]),
        "validation-tone": _tone(findings["tones"]["points"]),
    }


def _geometry(points: Findings) -> Any:
    """Claimed against real median error of each pair."""
    shown = [value for key in ("real", "claimed") for value in points[key]]
    low, high = 0.9 * min(shown), 1.1 * max(shown)
    axis = alt.Scale(type="log", domain=[low, high], nice=False)
    ticks = alt.Axis(values=[at for at in (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0) if low <= at <= high])
    dots = (
        alt.Chart(data(rows(points)))
        .mark_circle(size=36, opacity=0.75)
        .encode(
            x=alt.X("real:Q", scale=axis, axis=ticks, title="real median error, mm"),
            y=alt.Y("claimed:Q", scale=axis, axis=ticks, title="claimed median error, mm"),
            color=alt.Color(
                "tissue:Q", scale=alt.Scale(range=["#b9d8f2", "#0b3c66"], domain=[0, 3]), title="tissue, mm RMS"
            ),
        )
    )
    return (dots + identity(low, high, axis)).properties(width=300, height=300)


def _relief(points: Findings) -> Any:
    """Found against true for each layout of dimples, ours beside two rivals, by pigment."""
    return alt.vconcat(*(_by_pigment(rows(points), name) for name in _SHOWN), spacing=16)


def _by_pigment(points: list[dict[str, Any]], name: str) -> Any:
    """One measure: a panel for each strength of pigment, all on one scale, a line for each layout.

    What is in per cent of shading stands beside the identity, on one scale for both axes.
    """
    in_percent = name in _PERCENT
    top = 1.05 * max(row[each] for row in points for each in ("truth", *_PERCENT))
    scale = alt.Scale(domain=[0.0, top], nice=False) if in_percent else alt.Scale()
    truth = alt.Scale(domain=[0.0, top], nice=False)
    panels = []
    for level in sorted({row["mottling"] for row in points}):
        records = [
            {"layout": row["layout"], "truth": row["truth"], "found": row[name]}
            for row in points
            if row["mottling"] == level
        ]
        base = alt.Chart(data(records)).encode(
            x=alt.X("truth:Q", scale=truth, title="true relief shading, %"),
            y=alt.Y("found:Q", scale=scale, title=TITLES[name] + (", %" if in_percent else "")),
            detail="layout:N",
            color=alt.value(OURS if name == "relief" else RIVAL),
        )
        layers = base.mark_line(strokeWidth=1, opacity=0.5) + base.mark_circle(size=22, opacity=0.8)
        side = 170
        panel = layers + identity(0.0, top, truth) if in_percent else layers
        panels.append(panel.properties(width=side, height=side, title=f"pigment mottling {round(100 * level)} %"))
    return alt.hconcat(*panels, spacing=14).resolve_scale(y="shared")


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


def _tone(points: Findings) -> Any:
    """Error of each measure of tone by skin and lamp, side by side so that no dot hides another."""
    records = rows(points)
    skins = _skins([record["true_ita"] for record in records])
    lamps = sorted({record["lamp"] for record in records})
    panels = []
    for name, label in _TONE.items():
        errors = [
            {"skin": skin, "lamp": record["lamp"], "error": record[name] - record[f"true_{name}"]}
            for skin, record in zip(skins, records, strict=True)
        ]
        dots = (
            alt.Chart(data(errors))
            .mark_circle(size=36, opacity=0.9)
            .encode(
                x=alt.X("skin:O", sort="descending", axis=alt.Axis(labelAngle=0), title="true ITA of the skin, °"),
                xOffset=alt.XOffset("lamp:N", scale=alt.Scale(domain=lamps)),
                y=alt.Y("error:Q", title=f"found − true, {label}"),
                color=alt.Color("lamp:N", scale=alt.Scale(domain=lamps, range=list(HUES[: len(lamps)])), title="lamp"),
            )
        )
        zero = alt.Chart(data([{"zero": 0.0}])).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(y="zero:Q")
        panels.append((zero + dots).properties(width=230, height=180))
    return alt.vconcat(alt.hconcat(*panels[:2], spacing=30), alt.hconcat(*panels[2:], spacing=30), spacing=20)


def _skins(angles: list[float]) -> list[int]:
    """The typology angle of the skin that each photo shows, rounded: photos less than 5° apart are of one skin."""
    ordered = sorted(angles)
    groups = [[ordered[0]]]
    for angle in ordered[1:]:
        if angle - groups[-1][-1] < 5.0:
            groups[-1].append(angle)
        else:
            groups.append([angle])
    known = {angle: round(sum(group) / len(group)) for group in groups for angle in group}
    return [known[angle] for angle in angles]


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
