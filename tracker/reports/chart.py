"""One metric over its sessions as a Vega-Lite chart: the same for the screen, for print and for the app.

The band around the baseline is what this set-up cannot resolve. A point outside it is a measurable change, a point
inside it is not: the eye and the verdict use the same number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from tracker.measurement import Metric
from tracker.report import change_text, direction_sentence, metric_sentence, value_sentence
from tracker.reports.legend import ACCENT, BAND, BAND_EDGE, INK, MUTED, QUIET, legend_layers, legend_rows
from tracker.timeline import Z95, Change, MetricTimeline, SessionValue, Verdict

Spec = dict[str, Any]
Interval = tuple[float, float]

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
    rows = legend_rows(_legend(line, control), plot)
    layers = [
        *_band_layers(line),
        *_control_layers(control),
        *_session_layers(line),
        *_incomparable_layers(line, height),
        *legend_layers(rows, f"{line.metric.symbol} in {_unit_name(line.metric)}. {direction_sentence(line.metric)}"),
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": f"{line.metric.title} over {len(_days(line))} sessions. {metric_sentence(line)}",
        "width": plot,
        "height": height,
        "autosize": "none",
        "padding": {"left": _LEFT, "right": _RIGHT, "top": 26 + 17 * len(rows), "bottom": _BOTTOM},
        "background": "transparent",
        "layer": [_with_scales(layer, line, control) for layer in layers],
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


def detection_bands(line: MetricTimeline) -> tuple[tuple[date, float, float], ...]:
    """For each comparable session, the values between which a change from the baseline cannot be detected.

    For ratios the band is the baseline times exp(±m), so that its edges are the baseline changed by exactly MDC95
    in the direction of each change.
    """
    if line.baseline is None:
        return ()
    stated = [c for c in line.changes if c.low is not None and c.high is not None]
    bands = [(c.taken_on, *_band(line.metric, line.baseline.value, c)) for c in stated]
    # The band starts where the comparison starts.
    return ((line.baseline.taken_on, *bands[0][1:]), *bands) if bands else ()


def _band(metric: Metric, baseline: float, change: Change) -> Interval:
    assert change.low is not None and change.high is not None
    if metric.multiplicative:
        half = (math.log1p(change.high / 100) - math.log1p(change.low / 100)) / 2
        return baseline * math.exp(-half), baseline * math.exp(half)
    half = (change.high - change.low) / 2
    return baseline - half, baseline + half


def session_interval(metric: Metric, session: SessionValue) -> Interval:
    """The 95 % interval of a session's value; for ratios it is even in logarithms and never below zero."""
    if metric.multiplicative:
        factor = math.exp(Z95 * session.uncertainty / session.value)
        return session.value / factor, session.value * factor
    return session.value - Z95 * session.uncertainty, session.value + Z95 * session.uncertainty


def _band_layers(line: MetricTimeline) -> list[Spec]:
    bands = [{"taken_on": _ms(day), "low": low, "high": high} for day, low, high in detection_bands(line)]
    layers: list[Spec] = []
    if bands:
        layers.append(_layer("band", bands, {"type": "area", "color": BAND, "opacity": 1}, y="low", y2="high"))
        layers += [
            _layer(f"band {edge}", bands, {"type": "line", "color": BAND_EDGE, "strokeWidth": 0.75}, y=edge)
            for edge in ("low", "high")
        ]
    if line.baseline is not None:
        rule = {"type": "rule", "color": INK, "strokeDash": [2, 3], "strokeWidth": 1}
        layers.append(
            {
                "name": "baseline",
                "data": {"values": [{"value": line.baseline.value}]},
                "mark": rule,
                "encoding": _y("value"),
            }
        )
    return layers


def _session_layers(line: MetricTimeline) -> list[Spec]:
    sessions = [_session(line, session) for session in line.sessions]
    replicates = [
        {"taken_on": _ms(session.taken_on), "value": measurement.value}
        for session in line.sessions
        for measurement in session.measurements
        if len(session.measurements) > 1
    ]
    line_mark = {"type": "line", "color": ACCENT, "strokeWidth": 1.5, "opacity": 0.45}
    dot = {"type": "point", "size": 75, "filled": False, "opacity": 1, "stroke": ACCENT, "strokeWidth": 2}
    points = _layer("sessions", sessions, dot, y="value")
    points["encoding"]["fill"] = {"condition": {"test": "datum.judged", "value": ACCENT}, "value": "#ffffff"}
    points["encoding"]["tooltip"] = _tooltip("Date", "Value", "Change", "Verdict")
    return [
        _layer("course", sessions, line_mark, y="value"),
        _layer("intervals", sessions, {"type": "rule", "color": ACCENT, "strokeWidth": 1.5}, y="low", y2="high"),
        _layer("replicates", replicates, _REPLICATE, y="value"),
        points,
    ]


def _session(line: MetricTimeline, session: SessionValue) -> Spec:
    change = next((c for c in line.changes if c.taken_on == session.taken_on), None)
    low, high = session_interval(line.metric, session)
    return {
        "taken_on": _ms(session.taken_on),
        "value": session.value,
        "low": low,
        "high": high,
        "judged": change is None or change.verdict is not Verdict.NOT_COMPARABLE,
        "Date": session.taken_on.isoformat(),
        "Value": value_sentence(session, line),
        "Change": change_text(change) if change else "",
        "Verdict": str(change.verdict) if change else "baseline",
    }


def _incomparable_layers(line: MetricTimeline, height: int) -> list[Spec]:
    marks = [
        {"taken_on": _ms(c.taken_on), "Date": c.taken_on.isoformat(), "Verdict": str(c.verdict), "Reason": c.reason}
        for c in line.changes
        if c.verdict is Verdict.NOT_COMPARABLE
    ]
    if not marks:
        return []
    layer = _layer("not comparable", marks, _HOLLOW)
    layer["encoding"]["y"] = {"value": height - 10}
    layer["encoding"]["tooltip"] = _tooltip("Date", "Verdict", "Reason")
    return [layer]


def _control_layers(control: MetricTimeline | None) -> list[Spec]:
    if control is None or not control.sessions:
        return []
    sessions = [_session(control, session) for session in control.sessions]
    offset = {"xOffset": 5}
    square = {"type": "point", "shape": "square", "size": 42, "filled": True, "color": QUIET, "opacity": 1}
    points = _layer("untreated side", sessions, {**square, **offset}, y="value")
    points["encoding"]["tooltip"] = _tooltip("Date", "Value", "Change", "Verdict")
    course = {"type": "line", "color": QUIET, "strokeWidth": 1.25, "strokeDash": [5, 3], **offset}
    interval = {"type": "rule", "color": QUIET, "strokeWidth": 1, **offset}
    return [
        _layer("untreated course", sessions, course, y="value"),
        _layer("untreated intervals", sessions, interval, y="low", y2="high"),
        points,
    ]


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


def _with_scales(layer: Spec, line: MetricTimeline, control: MetricTimeline | None) -> Spec:
    """Every layer states the common domains, so that none of them depends on which layers there are."""
    encoding = layer["encoding"]
    if "field" in encoding.get("x", {}):
        days = _days(line)
        encoding["x"] |= {
            "scale": {"type": "utc", "domain": _time_domain(days), "nice": False},
            "axis": _time_axis(days),
        }
    if "field" in encoding.get("y", {}):
        domain = _value_domain(line, control)
        encoding["y"] |= {"scale": {"domain": domain, "nice": False, "zero": False}, "axis": _VALUE_AXIS}
    return layer


def _value_domain(line: MetricTimeline, control: MetricTimeline | None) -> list[float]:
    """All that is drawn, with some air; zero only if it is near. Room below for the not comparable sessions."""
    values = [value for _, *band in detection_bands(line) for value in band]
    for part in (line, control):
        for session in part.sessions if part else ():
            values += [*session_interval(line.metric, session), *(m.value for m in session.measurements)]
    if not values:
        return [0.0, 1.0]
    span = (max(values) - min(values)) or abs(values[0]) or 1.0
    room = 0.14 if any(c.verdict is Verdict.NOT_COMPARABLE for c in line.changes) else 0.06
    low = min(values) - room * span
    return [max(low, 0.0) if min(values) >= 0 and room < 0.1 else low, max(values) + 0.06 * span]


def _time_domain(days: Sequence[date]) -> list[int]:
    pad = max(4 * _DAY_MS, round(0.04 * (_ms(days[-1]) - _ms(days[0])))) if days else 0
    return [_ms(days[0]) - pad, _ms(days[-1]) + pad] if days else [0, _DAY_MS]


def _time_axis(days: Sequence[date]) -> Spec:
    pattern = "%-d %b" if days and days[0].year == days[-1].year else "%-d %b %Y"
    return {
        "values": [_ms(day) for day in days],
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


def _ms(day: date) -> int:
    """Milliseconds since 1970 of the day in UTC; a day is a day wherever the report is read."""
    return round(datetime.combine(day, time(), UTC).timestamp() * 1000)


def _layer(name: str, values: list[Spec], mark: Spec, *, y: str | None = None, y2: str | None = None) -> Spec:
    encoding: Spec = {"x": {"field": "taken_on", "type": "temporal"}}
    if y is not None:
        encoding |= _y(y)
    if y2 is not None:
        encoding["y2"] = {"field": y2}
    return {"name": name, "data": {"values": values}, "mark": mark, "encoding": encoding}


def _y(field: str) -> Spec:
    return {"y": {"field": field, "type": "quantitative"}}


def _tooltip(*fields: str) -> list[Spec]:
    return [{"field": field, "type": "nominal"} for field in fields]


def _unit_name(metric: Metric) -> str:
    return {"index": "index units", "CIELAB": "CIELAB units", "°": "degrees"}.get(metric.unit, metric.unit)


@cache
def _register_fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(Path(__file__).parent / "fonts"))


_REPLICATE = {"type": "point", "filled": True, "size": 14, "color": ACCENT, "opacity": 0.55, "xOffset": -6}
_HOLLOW = {
    "type": "point",
    "filled": False,
    "fill": "#ffffff",
    "size": 60,
    "stroke": MUTED,
    "strokeWidth": 1.5,
    "opacity": 1,
}
_VALUE_AXIS: Spec = {"tickCount": 4, "title": None, "domain": False, "ticks": False, "labelPadding": 8}
_CONFIG: Spec = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "labelFontSize": 11, "gridColor": "#e7eaee", "gridWidth": 0.75,
        "domainColor": "#98a2b3", "tickColor": "#98a2b3",
    },
}  # fmt: skip
