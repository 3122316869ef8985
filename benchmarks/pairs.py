"""A later photo against its reference, judged as a report judges it, and what many such pairs come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.estimates import MDC95_PER_SD, agreement, proportion, within_subject_sd
from benchmarks.findings import Findings
from tracker.measurement import Measurement
from tracker.metrics import metric_named
from tracker.repeatability import PROVISIONAL
from tracker.timeline import compare_sessions, session_value

Row = dict[str, Any]


def judged(before: Measurement, after: Measurement, true_change: float) -> Row:
    """Both values, whether a change is stated, and whether the 95 % interval holds the true one (in its unit)."""
    metric = metric_named(before.metric)
    first, later = (session_value(metric, (value,), PROVISIONAL) for value in (before, after))
    change = compare_sessions(metric, first, later)
    assert change.low is not None
    assert change.high is not None
    return {
        "before": before.value,
        "after": after.value,
        "changed": change.verdict.is_change,
        "holds": bool(change.low <= true_change <= change.high),
    }


def unchanged(rows: Sequence[Row], name: str) -> Findings:
    """Spread, false alarms and coverage of pairs in which nothing changed."""
    found = [row[name] for row in rows if name in row]
    scaled = np.log if metric_named(name).multiplicative else float
    spread = within_subject_sd([[float(scaled(row["before"])), float(scaled(row["after"]))] for row in found])
    return {
        "n": len(rows),
        "compared": len(found),
        "s_w": spread.sd,
        "mdc95": MDC95_PER_SD * spread.sd,
        "changed": proportion(sum(row["changed"] for row in found), len(found)),
        "covered": proportion(sum(row["holds"] for row in found), len(found)),
    }


def by_tone(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """Error against the truth of each tone; rows have a `tone`, the values and those called true_…"""
    tones = sorted({row["tone"] for row in rows})
    return [
        {"tone": tone, "photos": len(mine := [row for row in rows if row["tone"] == tone])}
        | {name: error_of(mine, name) for name in names}
        for tone in tones
    ]


def error_of(rows: Sequence[Row], name: str, truth: str | None = None) -> float:
    """Root mean square error against the truth."""
    return agreement_of(rows, name, truth).rmse


def agreement_of(rows: Sequence[Row], name: str, truth: str | None = None) -> Any:
    """Agreement of the values of some photos with the truth."""
    known = [row for row in rows if name in row]
    return agreement([row[name] for row in known], [row[truth or f"true_{name}"] for row in known])


def worst_over_best(tones: Sequence[Row], name: str) -> float:
    """How many times worse the worst tone is than the best."""
    errors = [row[name] for row in tones]
    return max(errors) / min(errors) if errors and min(errors) > 0 else float("nan")
