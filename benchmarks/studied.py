"""Which metrics are studied where: re-posed again and again with all others, or in a part of their own."""

from __future__ import annotations

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


def unchanged(accuracy: Findings, name: str) -> dict[str, Any]:
    """Unchanged skin photographed again, by set-up, for a metric of `APART`; empty if there is none."""
    for part in accuracy.values():
        if isinstance(part, dict) and name in (part.get("null") or {}):
            found: dict[str, Any] = part["null"][name]
            return found
    return {}
