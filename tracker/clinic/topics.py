"""What is measured in a view: the metrics that what it is treated for asks about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from tracker.clinic import schema
from tracker.clinic.measuring import methods
from tracker.measurement import Metric, Topic
from tracker.metrics import METRICS, USUAL_TOPICS, metrics_about

#: By what a view is treated for, the topics that are measured, the leading one first. Redness follows what may hurt.
TOPICS_OF: dict[str, tuple[Topic, ...]] = {
    "cellulite": (Topic.RELIEF, Topic.REDNESS),
    "pigmentation": (Topic.PIGMENT, Topic.TONE, Topic.REDNESS),
    "redness": (Topic.REDNESS,),
    "bruising": (Topic.REDNESS,),
    "lines": (Topic.LINES,),
    "wrinkles": (Topic.LINES,),
    "texture": (Topic.LINES, Topic.PIGMENT),
    "scarring": (Topic.LINES, Topic.PIGMENT),
    "hair loss": (Topic.HAIR,),
    "contour": (Topic.CONTOUR,),
    "fat": (Topic.CONTOUR,),
}


def topics_of(indication: str) -> tuple[Topic, ...]:
    """The topics that are measured in a view treated for something; what is not known gets the usual ones.

    Examples
    --------
    >>> [str(topic) for topic in topics_of("Cellulite")]
    ['cellulite', 'redness']
    """
    return TOPICS_OF.get(indication.strip().casefold(), USUAL_TOPICS)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which metrics are measured in which view.

    Attributes
    ----------
    fixed : tuple of Metric or None
        The same in every view; None: those that what it is treated for asks about.
    """

    fixed: tuple[Metric, ...] | None = None

    @classmethod
    def of(cls, metrics: Sequence[Metric] | None) -> Chosen:
        """The choice of whoever opens the record."""
        return cls(None if metrics is None else tuple(metrics))

    def metrics(self, indication: str) -> tuple[Metric, ...]:
        """What is measured in a view treated for something."""
        if self.fixed is not None:
            return self.fixed
        return metrics_about(topics_of(indication)) or metrics_about()

    @property
    def signature(self) -> str:
        """Everything whose change makes any stored result outdated."""
        if self.fixed is not None:
            return methods(self.fixed)
        chosen = ";".join(f"{name}:{','.join(m.name for m in self.metrics(name))}" for name in (*TOPICS_OF, ""))
        return f"{methods(METRICS)} topics:{hashlib.sha256(chosen.encode()).hexdigest()[:12]}"

    def by_view(self, connection: Connection) -> list[tuple[tuple[Metric, ...], ColumnElement[bool]]]:
        """The choices that occur in the record, each with the photos it holds for."""
        found: dict[tuple[Metric, ...], list[str]] = {}
        for name in connection.execute(select(schema.view.c.indication).distinct()).scalars():
            found.setdefault(self.metrics(name), []).append(name)
        views = select(schema.view.c.id)
        return [
            (metrics, schema.photo.c.view_id.in_(views.where(schema.view.c.indication.in_(names))))
            for metrics, names in found.items()
        ]
