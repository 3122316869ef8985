"""Two photos of one session, the lamp left and then right: the half difference of their log light is relief alone."""

from __future__ import annotations

from tracker.dual.opposite import with_opposite
from tracker.dual.pair import LightPair, left_first, pair_lights, pair_taken_at_once

__all__ = ["LightPair", "left_first", "pair_lights", "pair_taken_at_once", "with_opposite"]
