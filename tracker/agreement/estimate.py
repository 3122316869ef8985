"""A value with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the limits of its confidence interval.

    Attributes
    ----------
    value, low, high : float
        In one unit. The interval is a 95 % interval unless the function that gives it was asked for another.
    """

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the interval holds this value."""
        return self.low <= value <= self.high
