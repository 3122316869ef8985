"""The metrics, in the order in which they are shown. To add one: one file, one line here."""

from __future__ import annotations

from tracker.measurement import Metric
from tracker.measurement.typed import TYPED
from tracker.metrics.contour import SILHOUETTE_AREA, WIDTHS
from tracker.metrics.hair import HAIR_COVERAGE, PART_WIDTH
from tracker.metrics.pigment import PIGMENT_CONTRAST, melanin_index
from tracker.metrics.redness import A_STAR_CONTRAST, ERYTHEMA_CONTRAST, erythema_index
from tracker.metrics.relief import RELIEF
from tracker.metrics.tone import (
    A_STAR,
    B_STAR,
    LIGHTNESS,
    TYPOLOGY_ANGLE,
    individual_typology_angle,
    typology_class,
)

__all__ = [
    "METRICS",
    "erythema_index",
    "individual_typology_angle",
    "melanin_index",
    "metric_named",
    "typology_class",
]

METRICS: tuple[Metric, ...] = (
    RELIEF,
    PIGMENT_CONTRAST,
    ERYTHEMA_CONTRAST,
    A_STAR_CONTRAST,
    TYPOLOGY_ANGLE,
    LIGHTNESS,
    A_STAR,
    B_STAR,
    HAIR_COVERAGE,
    PART_WIDTH,
    *WIDTHS,
    SILHOUETTE_AREA,
)


def metric_named(name: str) -> Metric:
    """The metric with this name, measured or typed; a ``KeyError`` lists what there is."""
    for metric in (*METRICS, *TYPED):
        if metric.name == name:
            return metric
    raise KeyError(f"{name}; there are {', '.join(m.name for m in (*METRICS, *TYPED))}")
