"""Synthetic skin of known truth, for tests, benchmarks and the demonstration."""

from tracker.phantom.demonstration import write_demonstration
from tracker.phantom.files import write_series
from tracker.phantom.scenario import SCENARIOS
from tracker.phantom.session import PhantomPhoto, series
from tracker.phantom.truth import Truth

__all__ = ["SCENARIOS", "PhantomPhoto", "Truth", "series", "write_demonstration", "write_series"]
