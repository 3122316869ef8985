"""The metrics, in the order in which they are shown. To add one: one file, one line here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tracker.measurement import Metric, Role, Topic
from tracker.measurement.typed import TYPED
from tracker.metrics.bruise import BRUISE_AREA, BRUISE_CONTRAST
from tracker.metrics.contour import SILHOUETTE_AREA, WIDTHS
from tracker.metrics.dimples import DIMPLE_AREA, DIMPLE_COUNT, DIMPLE_DEPTH
from tracker.metrics.dual_relief import DUAL_DEPTH, DUAL_RELIEF
from tracker.metrics.evenness import BLOOD_MOTTLING, MELANIN_MOTTLING
from tracker.metrics.fine_texture import FINE_ROUGHNESS
from tracker.metrics.hair import HAIR_COVERAGE, PART_WIDTH
from tracker.metrics.lines import LINE_CONTRAST, LINE_LENGTH
from tracker.metrics.pigment import PIGMENT_CONTRAST, melanin_index
from tracker.metrics.pores import PORES
from tracker.metrics.redness import A_STAR_CONTRAST, ERYTHEMA_CONTRAST, erythema_index
from tracker.metrics.relief import RELIEF
from tracker.metrics.spots import SPOT_AREA, SPOT_CONTRAST, SPOT_LOAD, SPOT_REDNESS
from tracker.metrics.tone import (
    A_STAR,
    B_STAR,
    LIGHTNESS,
    TYPOLOGY_ANGLE,
    individual_typology_angle,
    typology_class,
)
from tracker.metrics.waviness import WAVINESS

__all__ = [
    "METRICS",
    "USUAL_TOPICS",
    "erythema_index",
    "individual_typology_angle",
    "melanin_index",
    "metric_named",
    "metrics_about",
    "primary_among",
    "typology_class",
]

METRICS: tuple[Metric, ...] = (
    RELIEF,
    WAVINESS,
    DUAL_RELIEF,
    DUAL_DEPTH,
    DIMPLE_COUNT,
    DIMPLE_AREA,
    DIMPLE_DEPTH,
    PIGMENT_CONTRAST,
    SPOT_CONTRAST,
    SPOT_LOAD,
    SPOT_AREA,
    MELANIN_MOTTLING,
    ERYTHEMA_CONTRAST,
    A_STAR_CONTRAST,
    SPOT_REDNESS,
    BLOOD_MOTTLING,
    BRUISE_CONTRAST,
    BRUISE_AREA,
    TYPOLOGY_ANGLE,
    LIGHTNESS,
    A_STAR,
    B_STAR,
    LINE_CONTRAST,
    LINE_LENGTH,
    FINE_ROUGHNESS,
    PORES,
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


#: What is measured where nothing is asked for: hair and contour need photos of their own kind.
USUAL_TOPICS: tuple[Topic, ...] = tuple(topic for topic in Topic if topic not in (Topic.HAIR, Topic.CONTOUR))

#: Pigment and redness disturb each other, and a change of the one is judged only beside the other. Each pigment metric
#: has a witness among those of redness; those of redness have the primary ones of pigment.
_WITNESSES = {Topic.PIGMENT: (Topic.REDNESS, frozenset(Role)), Topic.REDNESS: (Topic.PIGMENT, {Role.PRIMARY})}


def metrics_about(topics: Iterable[Topic] = USUAL_TOPICS, among: Sequence[Metric] = METRICS) -> tuple[Metric, ...]:
    """The metrics about some topics, in the order in which the topics are given.

    Parameters
    ----------
    topics : iterable of Topic
    among : sequence of Metric
        In display order.

    Returns
    -------
    tuple of Metric
        Topic by topic. Who asks for pigment or for redness gets the witnesses of the other too, at the end and marked
        as such: without them a change cannot be told from one of the other, but nobody asked about them.

    Examples
    --------
    >>> [metric.name for metric in metrics_about([Topic.TONE])][:2]
    ['ita', 'lightness']
    >>> [metric.name for metric in metrics_about([Topic.REDNESS]) if metric.witness]
    ['delta_mi', 'spot_contrast']
    """
    asked = tuple(dict.fromkeys(topics))
    found = [metric for topic in asked for metric in among if metric.topic is topic]
    beside = [_WITNESSES[topic] for topic in asked if topic in _WITNESSES and _WITNESSES[topic][0] not in asked]
    found += [
        replace(m, witness=True) for topic, roles in beside for m in among if m.topic is topic and m.role in roles
    ]
    return tuple(found)


def primary_among(metrics: Iterable[Metric], *, marked: bool) -> tuple[Metric, ...]:
    """The one metric of each topic on which a verdict rests; it is known before anything is measured.

    Parameters
    ----------
    metrics : iterable of Metric
        What is measured, in the order of importance.
    marked : bool
        Whether a patch is marked on the reference photo; else the region is the whole skin.

    Returns
    -------
    tuple of Metric
        In the order of their topics; never a witness. Of two primary metrics of one topic it is the first, on the whole
        skin the first that does not compare a marked patch with the skin around it. That the one cannot be measured
        does not put the other into its place.

    Examples
    --------
    >>> [m.name for m in primary_among(metrics_about([Topic.PIGMENT, Topic.TONE]), marked=True)]
    ['delta_mi', 'ita']
    >>> [m.name for m in primary_among(metrics_about([Topic.PIGMENT, Topic.TONE]), marked=False)]
    ['spot_contrast', 'ita']
    """
    asked = [metric for metric in metrics if metric.role is Role.PRIMARY and not metric.witness]
    topics = dict.fromkeys(metric.topic for metric in asked)
    return tuple(
        min((m for m in asked if m.topic is topic), key=lambda m: m.is_contrast and not marked) for topic in topics
    )
