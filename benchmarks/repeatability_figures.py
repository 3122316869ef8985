"""Charts of the findings on repeatability."""

from __future__ import annotations

from typing import Any, Final

import altair as alt

from benchmarks.charts import HUES, MUTED, OURS, QUIET, RIVAL, data
from benchmarks.findings import Findings
from tracker.metrics import metric_named
from tracker.phantom import RIGS

_RIG_COLOURS: Final = {rig.name: hue for rig, hue in zip(RIGS, HUES, strict=False)}
_KINDS: Final = ["real", "stated by the program", "without the gate"]
_SHAPES: Final = ["circle", "diamond", "triangle-right"]
_KIND_COLOURS: Final = [OURS, RIVAL, QUIET]


_FEWEST_JOINED: Final = 8
"""Pairs of a group, below which groups are not joined by a line."""


def figures(findings: Findings) -> dict[str, alt.VConcatChart | alt.HConcatChart]:
    """Charts by file stem."""
    return {
        "validation-repeatability": _smallest_changes(findings),
        "validation-false-alarms": _false_alarms(findings),
        "validation-power": _power(findings),
    }


def _smallest_changes(findings: Findings) -> alt.VConcatChart:
    rows = [
        {"metric": _label(name), "rig": rig, "what": what, "mdc95": row[key], **_span(row, key)}
        for name, rigs in findings["spread"].items()
        for rig, row in rigs.items()
        for what, key in (
            ("real", "mdc95"),
            ("stated by the program", "claimed_mdc95"),
            ("without the gate", "mdc95_ungated"),
        )
        if row[key] is not None and not (key == "mdc95_ungated" and row[key] == row["mdc95"])
    ]
    rigs = list(dict.fromkeys(row["rig"] for row in rows))
    panels = []
    for metric in dict.fromkeys(row["metric"] for row in rows):
        own = alt.Chart(data([row for row in rows if row["metric"] == metric]))
        y = alt.Y("rig:N", title=None, sort=rigs)
        x = alt.X("mdc95:Q", title=None, scale=alt.Scale(domainMin=0, nice=True), axis=alt.Axis(tickCount=5))
        shape = alt.Shape("what:N", title=None, scale=alt.Scale(domain=_KINDS, range=_SHAPES))
        colour = alt.Color("what:N", title=None, scale=alt.Scale(domain=_KINDS, range=_KIND_COLOURS))
        offset = alt.YOffset("what:N", sort=_KINDS, scale=alt.Scale(domain=_KINDS))
        marks = own.mark_point(filled=True, size=90, opacity=1).encode(
            x=x, y=y, yOffset=offset, shape=shape, color=colour
        )  # fmt: skip
        spans = own.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q", y=y, yOffset=offset, color=colour)
        panels.append((spans + marks).properties(width=270, height=100, title=metric))
    return _grid(panels, "Smallest detectable change between two photos of unchanged skin (MDC95), with 95 % intervals")


def _false_alarms(findings: Findings) -> alt.VConcatChart:
    rows = [
        {
            "metric": metric_named(name).symbol,
            "rig": rig,
            "share": 100 * row["alarms"]["share"],
            "low": 100 * row["alarms"]["low"],
            "high": 100 * row["alarms"]["high"],
        }
        for name, rigs in findings["alarms"].items()
        for rig, row in rigs.items()
        if row["alarms"]["of"]
    ]
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    base = alt.Chart(data(rows))
    y = alt.Y("metric:N", sort=metrics, title=None)
    panels = []
    for rig in dict.fromkeys(row["rig"] for row in rows):
        own = base.transform_filter(alt.datum.rig == rig)
        colour = alt.value(_RIG_COLOURS[rig])
        bars = own.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title="% of pairs of unchanged skin", scale=alt.Scale(domain=[0, _top(rows)])),
            x2="high:Q", y=y, color=colour,
        )  # fmt: skip
        points = own.mark_point(filled=True, size=70, opacity=1).encode(x="share:Q", y=y, color=colour)
        limit = alt.Chart(data([{"x": 5}])).mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x="x:Q")
        panels.append((bars + points + limit).properties(width=170, height=170, title=rig))
    title = _title("False alarms, with 95 % intervals; the dashed line is the 5 % that is wanted")
    return alt.vconcat(alt.hconcat(*panels), title=title)


def _power(findings: Findings) -> alt.VConcatChart:
    panels = []
    for name in ("relief", "delta_mi", "delta_a", "ita"):
        rows = [
            {
                "rig": rig,
                "truth": part["true_change"],
                "pairs": str(part["seen"]["of"]),
                **{k: 100 * part["seen"][k] for k in ("share", "low", "high")},
            }
            for rig, row in findings["response"][name].items()
            for part in row["bins"]
        ]
        if not rows:
            continue
        base = alt.Chart(data(rows))
        unit = "%" if metric_named(name).multiplicative else metric_named(name).unit
        x = alt.X("truth:Q", title=f"true change, {unit}", scale=alt.Scale(domainMin=0))
        colour = alt.Color(
            "rig:N",
            title=None,
            scale=alt.Scale(domain=list(_RIG_COLOURS), range=list(_RIG_COLOURS.values())),
            legend=alt.Legend(symbolOpacity=1),
        )
        y = alt.Y("share:Q", title="told as a change, % of pairs", scale=alt.Scale(domain=[0, 100]))
        marks: alt.Chart | alt.LayerChart = base.mark_point(filled=True, size=60, opacity=1).encode(
            x=x, y=y, color=colour
        )  # fmt: skip
        marks += base.mark_text(dx=9, dy=-7, fontSize=10).encode(x=x, y=y, text="pairs:N", color=colour)
        if min(int(row["pairs"]) for row in rows) >= _FEWEST_JOINED:
            marks += base.mark_line().encode(x=x, y=y, color=colour)
        spans = base.mark_rule(opacity=0.35, strokeWidth=2).encode(x=x, y="low:Q", y2="high:Q", color=colour)
        wanted = alt.Chart(data([{"y": 80}])).mark_rule(color=MUTED, strokeDash=[4, 4]).encode(y="y:Q")
        panels.append((spans + marks + wanted).properties(width=260, height=170, title=_label(name)))
    return _grid(
        panels,
        "How often a true change is told, in the right direction, with 95 % intervals and counts; dashed: 80 %",
    )


def _span(row: dict[str, Any], key: str) -> dict[str, float | None]:
    """Ends of the interval of what was measured; nothing for what is stated, and where none is stored."""
    low, high = row.get("mdc95_interval", (None, None)) if key == "mdc95" else (None, None)
    return {} if low is None else {"low": low, "high": high}


def _grid(panels: list[alt.Chart | alt.LayerChart], title: str) -> alt.VConcatChart:
    rows = [alt.hconcat(*panels[k : k + 2]) for k in range(0, len(panels), 2)]
    return alt.vconcat(*rows, title=_title(title))


def _title(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, anchor="start", offset=10)


def _label(name: str) -> str:
    metric = metric_named(name)
    return f"{metric.title} {metric.symbol}, {'%' if metric.multiplicative else metric.unit}"


def _top(rows: list[dict[str, Any]]) -> float:
    return min(100.0, max(20.0, max(row["high"] for row in rows)))
