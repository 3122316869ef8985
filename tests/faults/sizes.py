"""How many faults a series has: the numbers of a run for every change, times what a long run asks for."""

from __future__ import annotations

import os


def times(count: int) -> int:
    """A number of points; the environment variable ``TRACKER_FAULTS`` says how many times as many are wanted."""
    return round(count * float(os.environ.get("TRACKER_FAULTS", "1")))
