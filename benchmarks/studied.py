"""Which metrics are studied where: re-posed again and again with all others, or in a part of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.findings import Findings
from benchmarks.repeatability_scenes import SCENES
from tracker.measurement import Metric
from tracker.metrics import METRICS

_NAMES = {name for scene in SCENES for name in scene.metrics}

REPEATED: tuple[Metric, ...] = tuple(metric for metric in METRICS if metric.name in _NAMES)
"""Photographed again in the study of repeatability."""
APART: tuple[Metric, ...] = tuple(metric for metric in METRICS if metric.name not in _NAMES)
"""With scenes, truth and unchanged pairs of their own, in a part of the study of accuracy."""

NOT_SCORED = frozenset({"spot_redness"})
"""The witness of spots for blood, which has an oracle of its own and no part yet."""


def unchanged(accuracy: Findings, name: str) -> dict[str, dict[str, Any]]:
    """Unchanged skin photographed again for a metric of `APART`, by set-up.

    Returns
    -------
    dict
        Of each set-up: ``mdc95`` (in logarithms where changes are ratios), ``n`` pairs, ``compared`` of them, and
        ``changed`` and ``covered`` as counts out of those compared. Empty where no part has the metric.
    """
    for part in accuracy.values():
        table = part.get("null") if isinstance(part, Mapping) else None
        if not isinstance(table, Mapping):
            continue
        if name in table:
            return {rig: _row(row) for rig, row in table[name].items()}
        if any(isinstance(rows, Mapping) and name in rows for rows in table.values()):
            return {rig: _row(rows[name]) for rig, rows in table.items() if name in rows}
    return {}


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    counts = {key: _counted(found.get(key) or found.get(other)) for key, other in _COUNTS}
    return {
        "mdc95": found.get("mdc95"),
        "n": found.get("n", found.get("pairs")),
        "compared": found["compared"],
    } | counts


_COUNTS = (("changed", "alarms"), ("covered", "held"))


def _counted(share: Any) -> list[int]:
    """Count and total of a share, however it was stored."""
    if isinstance(share, Mapping):
        return [int(share["count"]), int(share["of"])]
    return [int(share[0]), int(share[1])] if share else [0, 0]
