"""`--for`: what is asked about, and so what is measured."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from tracker.measurement import Metric, Topic
from tracker.metrics import METRICS, metrics_about


def topics_asked(text: str, among: Sequence[Metric] = METRICS) -> tuple[Topic, ...]:
    """Topics of a list such as ``"cellulite,pigmentation"``.

    Raises
    ------
    ValueError
        One of them is not known, or nothing is measured about them; one sentence.

    Examples
    --------
    >>> [topic.name for topic in topics_asked("pigmentation, tone")]
    ['PIGMENT', 'TONE']
    """
    names = [name.strip().casefold() for name in text.split(",") if name.strip()]
    known = {str(topic): topic for topic in Topic}
    strange = [name for name in names if name not in known]
    if strange or not names:
        what = f'"{strange[0]}" is not a topic' if strange else "no topic is named"
        raise ValueError(f"{what}; choose among {', '.join(known)}")
    topics = tuple(known[name] for name in names)
    if not metrics_about(topics, among):
        raise ValueError(f"nothing is measured about {' or '.join(names)} yet; choose another topic")
    return topics


def asked_metrics(options: Namespace) -> tuple[Metric, ...]:
    """The metrics that the options ask for."""
    topics: tuple[Topic, ...] | None = options.topics
    return metrics_about() if topics is None else metrics_about(topics)
