"""Findings on repeatability in words: values with their units, shares with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Any

from benchmarks.estimates import proportion
from benchmarks.markdown import NONE
from tracker.metrics import metric_named

Row = dict[str, Any]


def filled(text: str) -> str:
    """Text in lines of the page."""
    return fill(" ".join(text.split()), 120, break_on_hyphens=False)


def each(table: Row) -> Iterable[tuple[str, str, Row]]:
    """Every metric and rig of a part of the findings."""
    return ((name, rig, row) for name, rigs in table.items() for rig, row in rigs.items())


def symbol(name: str) -> str:
    """Of a metric."""
    return metric_named(name).symbol


def subject(name: str, rig: str) -> str:
    """Metric and rig."""
    return f"{symbol(name)}, {rig}"


def scaled(name: str, value: float | None) -> str:
    """A value, in per cent where changes are ratios."""
    if value is None:
        return NONE
    return plain(100 * value if metric_named(name).multiplicative else value)


def interval(name: str, low: float | None, high: float | None, between: str = "–") -> str:
    """Ends of an interval, scaled as `scaled` does."""
    return NONE if low is None else f"{scaled(name, low)}{between}{scaled(name, high)}"


def with_unit(name: str, value: float | None) -> str:
    """A value with its unit."""
    unit = "%" if metric_named(name).multiplicative else metric_named(name).unit
    gap = "" if unit == "°" else " "
    return NONE if value is None else f"{scaled(name, value)}{gap}{unit}"


def mdc(name: str, decrease: float | None, increase: float | None) -> str:
    """A smallest detectable change: for ratios, as a decrease and as an increase."""
    if decrease is None:
        return NONE
    return f"−{plain(decrease)} / +{plain(increase)} %" if metric_named(name).multiplicative else plain(decrease)


def plain(value: float | None) -> str:
    """Three digits that count, or two decimals."""
    if value is None:
        return NONE
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{value:.{digits}f}".replace("-", "−")


def proportion_of(row: Row) -> str:
    """A stored share with its exact interval."""
    return str(proportion(row["count"], row["of"]))


def listed(values: Sequence[float]) -> str:
    """Alternatives in words."""
    *first, last = [f"{value:g}" for value in values]
    return f"{', '.join(first)} or {last}" if first else last


def by_skin(bounds: Sequence[float | None] | None) -> str:
    """An interval of a share in per cent; a dash where it is not stored."""
    if not bounds or bounds[0] is None or bounds[1] is None:
        return NONE
    return f"{100 * bounds[0]:.1f}–{100 * bounds[1]:.1f}"


def span(bounds: Sequence[float | None] | None) -> str:
    """An interval in the unit of the column; a dash where it is not stored."""
    return f"{plain(bounds[0])}–{plain(bounds[1])}" if bounds and bounds[0] is not None else NONE
