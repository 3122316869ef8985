"""How well a number repeats: re-posed photos of unchanged skin → s_w, MDC95; provisional values until then."""

from __future__ import annotations

from tracker.repeatability.adoption import LEAST_TO_ADOPT, MetricStudy, Usable, study_metrics
from tracker.repeatability.components import Components, Spread, pooled, spread_of
from tracker.repeatability.document import read_study, study_document
from tracker.repeatability.progress import LEAST_SUBJECTS, WANTED_SUBJECTS, Progress, progress
from tracker.repeatability.readings import Reading
from tracker.repeatability.study import DetectableChange, Growth, Study, detectable, studied, study
from tracker.repeatability.values import PROVISIONAL, Repeatability

__all__ = [
    "LEAST_SUBJECTS",
    "LEAST_TO_ADOPT",
    "PROVISIONAL",
    "WANTED_SUBJECTS",
    "Components",
    "DetectableChange",
    "Growth",
    "MetricStudy",
    "Progress",
    "Reading",
    "Repeatability",
    "Spread",
    "Study",
    "Usable",
    "detectable",
    "pooled",
    "progress",
    "read_study",
    "spread_of",
    "studied",
    "study",
    "study_document",
    "study_metrics",
]
