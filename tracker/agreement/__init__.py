"""Do two raters, two readings or two methods say the same: intraclass correlation, limits of agreement, κ, d′.

Plain numbers in, a value with its 95 % interval out. Nothing here knows of photos or metrics: the study of
repeatability takes it for re-posed photos, blinded rating for people.
"""

from __future__ import annotations

from tracker.agreement.estimate import Estimate
from tracker.agreement.forced_choice import (
    ForcedChoice,
    clopper_pearson,
    d_prime,
    fewest_correct,
    forced_choice,
)
from tracker.agreement.intraclass import Intraclass, intraclass
from tracker.agreement.kappa import Kappa, cross_table, weighted_kappa
from tracker.agreement.limits import Limits, bland_altman

__all__ = [
    "Estimate",
    "ForcedChoice",
    "Intraclass",
    "Kappa",
    "Limits",
    "bland_altman",
    "clopper_pearson",
    "cross_table",
    "d_prime",
    "fewest_correct",
    "forced_choice",
    "intraclass",
    "weighted_kappa",
]
