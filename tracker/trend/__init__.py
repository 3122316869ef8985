"""What a row of sessions tells: slope with known spread, rank trend, changes ruled out, many metrics at once.

Plain numbers in, with logarithms already taken where ratios are judged. Only small functions of scipy that are loaded
anyway, so that a report does not wait for a statistics library.
"""

from __future__ import annotations

from tracker.trend.equivalence import Equivalence, equivalence, ruled_out_beyond
from tracker.trend.multiplicity import holm
from tracker.trend.rank import LEAST_SESSIONS, MannKendall, TheilSen, mann_kendall, theil_sen
from tracker.trend.slope import Slope, known_sd_slope

__all__ = [
    "LEAST_SESSIONS",
    "Equivalence",
    "MannKendall",
    "Slope",
    "TheilSen",
    "equivalence",
    "holm",
    "known_sd_slope",
    "mann_kendall",
    "ruled_out_beyond",
    "theil_sen",
]
