"""The key of a chart, in words and drawn in the chart itself: it wraps on a phone and survives printing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

INK, MUTED, QUIET = "#1d2733", "#5b6675", "#7d8794"
ACCENT = "#14639e"
BAND, BAND_EDGE = "#e8edf3", "#c2ccd8"

_ROW, _SYMBOL, _GAP = 17, 20, 16
_CHARACTER = 5.7  # mean advance of an 11 px letter

Entry = tuple[str, str]
Placed = tuple[float, Entry]


def legend_rows(entries: Sequence[Entry], width: float) -> list[list[Placed]]:
    """Entries of (symbol, words) flowed into rows of a width, each with its left edge.

    Examples
    --------
    >>> [len(row) for row in legend_rows([("band", "a" * 30), ("hollow", "b" * 30)], 300)]
    [1, 1]
    """
    rows: list[list[Placed]] = []
    left = width
    for entry in entries:
        needed = _SYMBOL + _CHARACTER * len(entry[1])
        if not rows or left + needed > width:
            rows.append([])
            left = 0.0
        rows[-1].append((left, entry))
        left += needed + _GAP
    return rows


def legend_layers(rows: Sequence[Sequence[Placed]], title: str, *, left: float) -> list[dict[str, Any]]:
    """Vega-Lite layers above the plotting area: the title line, then the rows of the key, from a left edge."""
    top = -(_ROW * len(rows) + 16)
    layers = [_text(left, top, title, color=INK, weight=600)]
    for k, row in enumerate(rows):
        y = top + _ROW * (k + 1)
        for offset, (symbol, words) in row:
            layers += [*_symbol(symbol, left + offset, y), _text(left + offset + _SYMBOL, y, words)]
    return layers


def _symbol(symbol: str, left: float, y: float) -> list[dict[str, Any]]:
    middle = left + 7
    if symbol == "band":
        return [_at({"type": "square", "size": 150, "color": BAND, "opacity": 1, "stroke": BAND_EDGE}, middle, y)]
    if symbol == "baseline":
        dash = {"type": "rule", "color": INK, "strokeDash": [2, 3], "strokeWidth": 1}
        return [_at(dash, left, y, x2=left + 14)]
    if symbol == "control":
        dash = {"type": "rule", "color": QUIET, "strokeDash": [5, 3], "strokeWidth": 1.25}
        square = {"type": "square", "size": 42, "color": QUIET, "opacity": 1}
        return [_at(dash, left, y, x2=left + 14), _at(square, middle, y)]
    if symbol == "session":
        rule = {"type": "rule", "color": ACCENT, "strokeWidth": 1.5}
        return [_at(rule, middle, y - 7, y2=y + 7), _at({**_DOT, "size": 55, "color": ACCENT}, middle, y)]
    if symbol == "replicate":
        return [_at({**_DOT, "size": 14, "color": ACCENT, "opacity": 0.55}, middle, y)]
    hollow = {"type": "point", "filled": False, "fill": "#ffffff", "size": 60, "stroke": MUTED, "strokeWidth": 1.5}
    return [_at({**hollow, "opacity": 1}, middle, y)]


_DOT = {"type": "point", "filled": True, "opacity": 1}


def _at(mark: dict[str, Any], x: float, y: float, **ends: float) -> dict[str, Any]:
    places = {"x": x, "y": y, **ends}
    encoding = {channel: {"value": round(value, 1)} for channel, value in places.items()}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}


def _text(x: float, y: float, words: str, *, color: str = MUTED, weight: int = 400) -> dict[str, Any]:
    mark = {
        "type": "text", "text": words, "align": "left", "baseline": "middle",
        "fontSize": 11, "fontWeight": weight, "color": color,
    }  # fmt: skip
    return _at(mark, x, y)
