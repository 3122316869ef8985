"""What a change is judged by: test–retest standard deviations per metric, measured or provisional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot, sqrt
from types import MappingProxyType

from tracker.measurement import Metric


@dataclass(frozen=True, slots=True)
class Repeatability:
    """Standard deviation between repeated sessions of unchanged skin, per metric.

    Attributes
    ----------
    session_sd : mapping of str to float
        By name of the metric; in its unit, or as a logarithm if it is multiplicative. What is missing is taken
        from the provisional value of the metric.
    source : str
        ``"study"`` if measured in this clinic's set-up, else ``"provisional"``.
    set_up : str
        The set-up the values hold for, in words.
    shot_sd : mapping of str to float
        The same between re-framed photos of one session, where a study told the two apart; `session_sd` is then without
        it. Only this part becomes smaller with the number of photos.
    side_correlation : mapping of str to float
        Correlation of `session_sd` between two sides of a body that are photographed in the same sessions.
    """

    session_sd: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    source: str = "provisional"
    set_up: str = "lamp and feet on marks on the floor"
    shot_sd: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    side_correlation: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, metric: Metric, shots: int = 1) -> float:
        """Standard deviation between sessions for this metric, of each of which so many photos are averaged."""
        session = self.session_sd.get(metric.name, metric.session_sd)
        shot = self.shot_sd.get(metric.name, 0.0) if metric.name in self.session_sd else 0.0
        return hypot(session, shot / sqrt(shots))

    def source_of(self, metric: Metric) -> str:
        """``"study"`` or ``"provisional"``, for this metric."""
        return self.source if metric.name in self.session_sd else "provisional"


PROVISIONAL = Repeatability()
