"""The first table of the validation page: every metric on one line, relief on two."""

from __future__ import annotations

from typing import Any

from benchmarks.anchors import ANCHORS
from benchmarks.estimates import percent_decrease, percent_increase
from benchmarks.findings import Findings
from benchmarks.markdown import NONE, number, table
from benchmarks.studied import APART, REPEATED, unchanged
from tracker.measurement import Metric
from tracker.phantom import RIGS

HALF = 0.5
"""Share of compared photos below which a smallest detectable change stands with its count."""
_NAMES = " · ".join(rig.name for rig in RIGS)


def summary(accuracy: Findings, repeatability: Findings) -> str:
    """The section with the table of all metrics."""
    rows = [row for metric in REPEATED for row in _rows(metric, accuracy, repeatability)]
    rows += [_row_apart(metric, accuracy) for metric in APART]
    header = [
        "metric", "unit", "slope", "bias", "R²", "RMS error", *(f"MDC95, {rig.name}" for rig in RIGS), "false alarms",
        "coverage", "published anchor",
    ]  # fmt: skip
    return f"""\
## Summary

Slope, bias, R² and RMS error are against the truth. MDC95 is the change between two single photos that unchanged skin
exceeds once in twenty, over photos taken anew that the program compares; for relief as a decrease / an increase, per
cent. Where it compares fewer than half of the photos, their count stands beside it: an MDC95 of the few that passed
is not what the set-up gives. False alarms are unchanged pairs that were called changed, coverage is the share of 95 %
intervals that hold the truth, both in this order: {_NAMES}.

{table(header, rows)}

The metrics after b* are studied in parts of their own, with fewer pairs; their sections say how, by tone and beside
rivals. A dash is a number that was not measured. Pairs of one skin share their reference photo, so they are not
independent, and the exact (Clopper–Pearson) intervals of these shares, in [Repeatability](#repeatability), are too
narrow."""


def _rows(metric: Metric, accuracy: Findings, repeatability: Findings) -> list[list[str]]:
    line = accuracy.get("metrics", {}).get(metric.name) or {}
    name = f"{metric.symbol} (`{metric.name}`)"
    repeated = [*(_mdc(metric, rig.name, repeatability) for rig in RIGS), *_shares(metric, repeatability)]
    row = [*_agreement(line), *repeated, ANCHORS.get(metric.name, NONE)]
    if metric.name != "relief":
        return [[name, metric.unit, *row]]
    designed = accuracy.get("factorial", {}).get("relief") or {}
    change, pairs = designed.get("change") or {}, designed.get("pairs")
    given = f" ({designed['measured']}/{pairs} pairs gave one)" if pairs else ""
    return [
        [f"{name}, value, clean sweep of depths", metric.unit, *row],
        [
            f"{metric.symbol}, change, whole pipeline{given}",
            "points",
            *_agreement(change),
            *[NONE] * len(repeated),
            NONE,
        ],
    ]


def _row_apart(metric: Metric, accuracy: Findings) -> list[str]:
    """A metric that is studied in a part of its own, with its own pairs of unchanged skin."""
    by_rig = unchanged(accuracy, metric.name)
    spreads = [_mdc_apart(metric, by_rig.get(rig.name) or {}) for rig in RIGS]
    shares = [_by_rig({rig: row[key] for rig, row in by_rig.items()}) for key in ("changed", "covered")]
    line = accuracy.get("metrics", {}).get(metric.name) or {}
    name = f"{metric.symbol} (`{metric.name}`)"
    return [name, metric.unit, *_agreement(line), *spreads, *shares, ANCHORS.get(metric.name, NONE)]


def _mdc_apart(metric: Metric, row: dict[str, Any]) -> str:
    step = row.get("mdc95")
    if step is None:
        return NONE
    value = number(step, 1)
    if metric.multiplicative:
        value = f"−{number(percent_decrease(step), 1)} / +{number(percent_increase(step), 1)}"
    few = row["n"] and row["compared"] < HALF * row["n"]
    return f"{value} ({row['compared']}/{row['n']} compared)" if few else value


def _agreement(line: Findings) -> list[str]:
    return [
        number(line.get("slope")), number(line.get("bias"), signed=True), number(line.get("r2"), 3),
        number(line.get("rmse")),
    ]  # fmt: skip


def _mdc(metric: Metric, rig: str, repeatability: Findings) -> str:
    row: dict[str, Any] = repeatability.get("spread", {}).get(metric.name, {}).get(rig) or {}
    decrease, increase = row.get("mdc95"), row.get("mdc95_increase")
    if decrease is None:
        return number(repeatability.get("metrics", {}).get(metric.name, {}).get("mdc95", {}).get(rig), 1)
    value = number(decrease, 1)
    if metric.multiplicative and increase is not None:
        value = f"−{number(decrease, 1)} / +{number(increase, 1)}"
    compared, photos = row.get("let_through"), row.get("photos")
    few = compared is not None and photos and compared < HALF * photos
    return f"{value} ({compared}/{photos} compared)" if few else value


def _shares(metric: Metric, repeatability: Findings) -> list[str]:
    found = repeatability.get("metrics", {}).get(metric.name, {})
    return [_by_rig(found.get(key)) for key in ("false_alarms", "coverage")]


def _by_rig(counted: dict[str, list[int]] | None) -> str:
    """A share in per cent for each set-up."""
    if not counted:
        return NONE
    pairs = [counted.get(rig.name) or [0, 0] for rig in RIGS]
    return " · ".join(f"{100 * count / of:.0f} % ({count}/{of})" if of else NONE for count, of in pairs)
