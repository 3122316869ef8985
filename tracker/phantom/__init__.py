"""Synthetic skin of known truth, for tests, benchmarks and the demonstration."""

from tracker.phantom.demonstration import write_demonstration
from tracker.phantom.files import write_series
from tracker.phantom.photograph import PhantomPhoto, photograph
from tracker.phantom.plan import Scenario
from tracker.phantom.rig import CLINIC, FIXED_RIG, FREE_HAND, MARKED_FLOOR, RIGS, Rig
from tracker.phantom.scenario import SCENARIOS
from tracker.phantom.session import series
from tracker.phantom.shot import Shot, drawn_shot, nominal_shot
from tracker.phantom.stage import Stage, build_stage
from tracker.phantom.state import State
from tracker.phantom.truth import Truth

__all__ = [
    "CLINIC",
    "FIXED_RIG",
    "FREE_HAND",
    "MARKED_FLOOR",
    "RIGS",
    "SCENARIOS",
    "PhantomPhoto",
    "Rig",
    "Scenario",
    "Shot",
    "Stage",
    "State",
    "Truth",
    "build_stage",
    "drawn_shot",
    "nominal_shot",
    "photograph",
    "series",
    "write_demonstration",
    "write_series",
]
