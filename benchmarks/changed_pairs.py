"""Skin that did change, by a known amount: does the program see it, in the right direction and within its interval?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from benchmarks.estimates import agreement, proportion
from benchmarks.null_pairs import stated
from benchmarks.rephotography import Course, Reading, Trial
from tracker.timeline import Verdict

POWER = 0.8

Row = dict[str, Any]


def response_of(courses: Sequence[Course], name: str, *, mdc95: float) -> Row:
    """How one metric answers to true changes with one rig.

    Parameters
    ----------
    courses : sequence of Course
        Of one scene and rig.
    name : str
    mdc95 : float
        Real smallest detectable change with this rig, in logarithms or units.
    """
    steps = sorted({t.left for t in _changed(courses)}, reverse=True)
    rows = [_step(courses, name, left, mdc95=mdc95) for left in steps]
    told = [r for r in _readings(_changed(courses), name) if not r.refused]
    claimed = [r for r in told if Verdict(r.verdict).is_change]
    covered = [r.covered for r in told if r.covered is not None]
    reached = _reached(told)
    return {
        "steps": rows,
        "covered": proportion(sum(covered), len(covered)),
        "wrong_direction": [sum(r.change * r.truth < 0 for r in claimed), len(claimed)],
        "line": agreement([r.change for r in told], [r.truth for r in told]),
        "seen_in_80_percent": None if reached is None else stated(name, reached),
        "largest_true_change": stated(name, max((abs(r.truth) for r in told), default=np.nan)),
    }


def _step(courses: Sequence[Course], name: str, left: float, *, mdc95: float) -> Row:
    trials = [t for t in _changed(courses) if t.left == left]
    readings = _readings(trials, name)
    told = [r for r in readings if not r.refused]
    truth = float(np.mean([r.truth for r in readings])) if readings else np.nan
    found = float(np.mean([r.change for r in told])) if told else np.nan
    seen = sum(Verdict(r.verdict).is_change and r.change * r.truth > 0 for r in told)
    return {
        "left": left,
        "photos": len(trials),
        "true_change": _signed(name, truth),
        "found_change": _signed(name, found),
        "true_over_mdc95": abs(truth) / mdc95,
        "seen": proportion(seen, len(told)),
    }


def _signed(name: str, change: float) -> float:
    return -stated(name, -change) if change < 0 else stated(name, change, increase=True)


def _reached(readings: Sequence[Reading]) -> float | None:
    """The true change at which `POWER` of the pairs are told as a change in the right direction; None if never.

    From a normal curve over the size of the true change, fitted by maximum likelihood.
    """
    sizes = np.array([abs(r.truth) for r in readings])
    seen = np.array([Verdict(r.verdict).is_change and r.change * r.truth > 0 for r in readings])
    if not len(sizes) or not seen.any() or sizes.max() == 0:
        return None
    largest = float(sizes.max())

    def unlikely(curve: NDArray[np.float64]) -> float:
        share = np.clip(norm.cdf((sizes - curve[0]) / np.exp(curve[1])), 1e-6, 1 - 1e-6)
        return -float(np.log(np.where(seen, share, 1 - share)).sum())

    bounds = [(0.0, 3 * largest), (np.log(largest / 50), np.log(3 * largest))]
    fits = [minimize(unlikely, [start * largest, np.log(largest / 5)], bounds=bounds) for start in (0.25, 0.5, 1.0)]
    middle, width = min(fits, key=lambda fit: float(fit.fun)).x
    reached = float(middle + norm.ppf(POWER) * np.exp(width))
    return reached if reached <= largest else None


def _changed(courses: Sequence[Course]) -> list[Trial]:
    return [t for course in courses for t in course.trials if t.kind == "changed"]


def _readings(trials: Sequence[Trial], name: str) -> list[Reading]:
    return [t.readings[name] for t in trials if t.readings]
