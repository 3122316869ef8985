"""What a change is judged by: test–retest standard deviations per metric, measured or provisional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """

    session_sd: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    source: str = "provisional"
    set_up: str = "lamp and feet on marks on the floor"

    def of(self, metric: Metric) -> float:
        """Standard deviation between sessions for this metric."""
        return self.session_sd.get(metric.name, metric.session_sd)

    def source_of(self, metric: Metric) -> str:
        """``"study"`` or ``"provisional"``, for this metric."""
        return self.source if metric.name in self.session_sd else "provisional"


PROVISIONAL = Repeatability()
