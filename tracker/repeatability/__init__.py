"""How well a number repeats: re-posed photos of unchanged skin → s_w, MDC95; provisional values until then."""

from __future__ import annotations

from tracker.repeatability.components import Components, Spread, pooled, spread_of
from tracker.repeatability.progress import Progress, progress
from tracker.repeatability.readings import Reading
from tracker.repeatability.study import DetectableChange, Growth, Study, detectable, studied, study
from tracker.repeatability.values import PROVISIONAL, Repeatability

__all__ = [
    "PROVISIONAL",
    "Components",
    "DetectableChange",
    "Growth",
    "Progress",
    "Reading",
    "Repeatability",
    "Spread",
    "Study",
    "detectable",
    "pooled",
    "progress",
    "spread_of",
    "studied",
    "study",
]
