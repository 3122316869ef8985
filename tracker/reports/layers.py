"""The layers of a timeline chart: the band, the sessions, what could not be compared, and the untreated side."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import Any

from tracker.measurement import Metric
from tracker.report import change_text, value_sentence
from tracker.reports.legend import ACCENT, BAND, BAND_EDGE, INK, MUTED, QUIET
from tracker.reports.typography import plain
from tracker.timeline import Z95, Change, MetricTimeline, SessionValue, Verdict

Spec = dict[str, Any]
Interval = tuple[float, float]

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


def detection_bands(line: MetricTimeline) -> tuple[tuple[date, float, float], ...]:
    """For each comparable session, the values between which a change from the baseline cannot be detected.

    For ratios the band is the baseline times exp(±m), so that its edges are the baseline changed by exactly MDC95
    in the direction of each change.
    """
    if line.baseline is None:
        return ()
    stated = [c for c in line.changes if c.low is not None and c.high is not None]
    bands = [(c.taken_on, *_band(line.metric, line.baseline.value, c)) for c in stated]
    # The band begins where the comparison begins.
    return ((line.baseline.taken_on, *bands[0][1:]), *bands) if bands else ()


def _band(metric: Metric, baseline: float, change: Change) -> Interval:
    assert change.low is not None
    assert change.high is not None
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


def band_layers(line: MetricTimeline, span: tuple[int, int]) -> list[Spec]:
    """What this set-up cannot detect, and the baseline; the span is that of the time axis."""
    bands = [{"taken_on": milliseconds(day), "low": low, "high": high} for day, low, high in detection_bands(line)]
    if bands:
        # To the edges of the picture: what cannot be detected does not end with the last session.
        bands = [{**bands[0], "taken_on": span[0]}, *bands, {**bands[-1], "taken_on": span[1]}]
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


def session_layers(line: MetricTimeline) -> list[Spec]:
    """The sessions with their intervals, and their single photos."""
    sessions = [_session(line, session) for session in line.sessions]
    replicates = [
        {"taken_on": milliseconds(session.taken_on), "value": measurement.value}
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


def incomparable_layers(line: MetricTimeline, height: int) -> list[Spec]:
    """Hollow marks at the lower edge: there was a session, and it has no value to compare."""
    marks = [
        {
            "taken_on": milliseconds(c.taken_on),
            "Date": c.taken_on.isoformat(),
            "Verdict": str(c.verdict),
            "Reason": plain(c.reason),
        }
        for c in line.changes
        if c.verdict is Verdict.NOT_COMPARABLE
    ]
    if not marks:
        return []
    layer = _layer("not comparable", marks, _HOLLOW)
    layer["encoding"]["y"] = {"value": height - 10}
    layer["encoding"]["tooltip"] = _tooltip("Date", "Verdict", "Reason")
    return [layer]


def control_layers(control: MetricTimeline | None) -> list[Spec]:
    """The untreated side, quiet and a little to the right, so that it never hides the treated one."""
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


def _session(line: MetricTimeline, session: SessionValue) -> Spec:
    change = next((c for c in line.changes if c.taken_on == session.taken_on), None)
    low, high = session_interval(line.metric, session)
    return {
        "taken_on": milliseconds(session.taken_on),
        "value": session.value,
        "low": low,
        "high": high,
        "judged": change is None or change.verdict is not Verdict.NOT_COMPARABLE,
        "Date": session.taken_on.isoformat(),
        "Value": value_sentence(session, line),
        "Change": change_text(change) if change else "",
        "Verdict": str(change.verdict) if change else "baseline",
    }


def _layer(name: str, values: list[Spec], mark: Spec, *, y: str | None = None, y2: str | None = None) -> Spec:
    encoding: Spec = {"x": {"field": "taken_on", "type": "temporal"}}
    if y is not None:
        encoding |= _y(y)
    if y2 is not None:
        encoding["y2"] = {"field": y2}
    return {
        "name": name,
        "data": {"values": [_drawable(value) for value in values]},
        "mark": mark,
        "encoding": encoding,
    }


def _drawable(value: Spec) -> Spec:
    """A point at infinity is left out by the chart, but JSON cannot even say it."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in value.items()}


def _y(field: str) -> Spec:
    return {"y": {"field": field, "type": "quantitative"}}


def _tooltip(*fields: str) -> list[Spec]:
    return [{"field": field, "type": "nominal"} for field in fields]


def milliseconds(day: date) -> int:
    """Milliseconds since 1970 of the day in UTC; a day is a day wherever the report is read."""
    return round(datetime.combine(day, time(), UTC).timestamp() * 1000)
