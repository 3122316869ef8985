"""One metric over its sessions as a Vega-Lite chart: the same for the screen, for print and for the app.

The band around the baseline is what this set-up cannot resolve. A point outside it is a measurable change, a point
inside it is not: the eye and the verdict use the same number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from tracker.measurement import Metric
from tracker.report import direction_sentence, metric_sentence
from tracker.reports.layers import (
    Spec,
    band_layers,
    control_layers,
    detection_bands,
    incomparable_layers,
    milliseconds,
    session_interval,
    session_layers,
)
from tracker.reports.legend import MUTED, legend_layers, legend_rows
from tracker.reports.typography import plain
from tracker.timeline import MetricTimeline, Verdict

FONT = "Inter, system-ui, sans-serif"
_LEFT, _RIGHT, _BOTTOM = 46, 10, 26
_DAY_MS = 86_400_000


def timeline_chart(
    line: MetricTimeline, *, control: MetricTimeline | None = None, width: int = 640, height: int = 220
) -> Spec:
    """Chart of one metric over its sessions.

    Parameters
    ----------
    line : MetricTimeline
    control : MetricTimeline, optional
        The same metric on the untreated side.
    width, height : int
        Of the whole chart and of its plotting area, in pixels. The legend wraps to the width and adds to the height.

    Returns
    -------
    dict
        A Vega-Lite specification. It holds its data and needs no network.
    """
    plot = width - _LEFT - _RIGHT
    rows = legend_rows(_legend(line, control), width)
    layers = [
        *band_layers(line, _time_domain(_days(line))),
        *control_layers(control),
        *session_layers(line),
        *incomparable_layers(line, height),
        *legend_layers(
            rows, f"{line.metric.symbol} in {_unit_name(line.metric)}. {direction_sentence(line.metric)}", left=-_LEFT
        ),
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": plain(f"{line.metric.title} over {len(_days(line))} sessions. {metric_sentence(line)}"),
        "width": plot,
        "height": height,
        "autosize": "none",
        "padding": {"left": _LEFT, "right": _RIGHT, "top": 30 + 17 * len(rows), "bottom": _BOTTOM},
        "background": "transparent",
        "layer": [_with_scales(layer, line, control, height) for layer in layers],
        "config": _CONFIG,
    }


def chart_svg(spec: Spec) -> str:
    """A chart as SVG text without any reference to the outside.

    Parameters
    ----------
    spec : dict
        As made by `timeline_chart`.
    """
    import vl_convert

    _register_fonts()
    return str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4", allowed_base_urls=[]))


def _legend(line: MetricTimeline, control: MetricTimeline | None) -> list[tuple[str, str]]:
    entries = [("session", "session, with 95 % interval")] if line.sessions else []
    if any(len(session.measurements) > 1 for session in line.sessions):
        entries.append(("replicate", "single photo"))
    if line.baseline is not None:
        entries.append(("baseline", "baseline"))
    if detection_bands(line):
        entries.append(("band", "smaller than this set-up can detect"))
    if any(c.verdict is Verdict.NOT_COMPARABLE for c in line.changes):
        entries.append(("hollow", "not comparable"))
    if control is not None and control.sessions:
        entries.append(("control", "untreated side"))
    return entries


def _with_scales(layer: Spec, line: MetricTimeline, control: MetricTimeline | None, height: int) -> Spec:
    """Every layer states the common domains, so that none of them depends on which layers there are."""
    encoding = layer["encoding"]
    if "field" in encoding.get("x", {}):
        days = _days(line)
        encoding["x"] |= {
            "scale": {"type": "utc", "domain": list(_time_domain(days)), "nice": False},
            "axis": _time_axis(days),
        }
    if "field" in encoding.get("y", {}):
        domain = _value_domain(line, control)
        encoding["y"] |= {
            "scale": {"domain": domain, "nice": False, "zero": False},
            "axis": {**_VALUE_AXIS, "tickCount": height // 45},
        }
    return layer


def _value_domain(line: MetricTimeline, control: MetricTimeline | None) -> list[float]:
    """All that is drawn, with some air; zero only if it is near. Room below for the not comparable sessions."""
    values = [value for _, *band in detection_bands(line) for value in band]
    for part in (line, control):
        for session in part.sessions if part else ():
            values += [*session_interval(line.metric, session), *(m.value for m in session.measurements)]
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return [0.0, 1.0]
    span = (max(values) - min(values)) or abs(values[0]) or 1.0
    room = 0.14 if any(c.verdict is Verdict.NOT_COMPARABLE for c in line.changes) else 0.06
    low = min(values) - room * span
    return [max(low, 0.0) if min(values) >= 0 and room < 0.1 else low, max(values) + 0.06 * span]


def _time_domain(days: Sequence[date]) -> tuple[int, int]:
    pad = max(4 * _DAY_MS, round(0.04 * (milliseconds(days[-1]) - milliseconds(days[0])))) if days else 0
    return (milliseconds(days[0]) - pad, milliseconds(days[-1]) + pad) if days else (0, _DAY_MS)


def _time_axis(days: Sequence[date]) -> Spec:
    pattern = "%-d %b" if days and days[0].year == days[-1].year else "%-d %b %Y"
    return {
        "values": [milliseconds(day) for day in days],
        "labelExpr": f"utcFormat(datum.value, '{pattern}')",
        "labelOverlap": "greedy",
        "labelSeparation": 6,
        "labelFlush": False,
        "grid": False,
        "title": None,
        "tickSize": 5,
    }


def _days(line: MetricTimeline) -> list[date]:
    return sorted({s.taken_on for s in line.sessions} | {c.taken_on for c in line.changes})


def _unit_name(metric: Metric) -> str:
    return {"index": "index units", "CIELAB": "CIELAB units", "°": "degrees"}.get(metric.unit, metric.unit)


@cache
def _register_fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(Path(__file__).parent / "fonts"))


_VALUE_AXIS: Spec = {"title": None, "domain": False, "ticks": False, "labelPadding": 8}
_CONFIG: Spec = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "labelFontSize": 11, "gridColor": "#e7eaee", "gridWidth": 0.75,
        "domainColor": "#98a2b3", "tickColor": "#98a2b3",
    },
}  # fmt: skip
