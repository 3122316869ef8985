"""Skin that did change, by a known amount: does the program see it, in the right direction and within its interval?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from benchmarks.estimates import agreement, interval_by_subject, proportion
from benchmarks.judging import Reading
from benchmarks.null_pairs import stated
from benchmarks.rephotography import Course
from tracker.timeline import Verdict

POWER = 0.8
BINS = 3
FEWEST = 8
"""Pairs that a curve is fitted to."""

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
    trials = [t for course in courses for t in course.trials if t.kind == "changed"]
    readings = [t.readings[name] for t in trials if t.readings]
    told = [r for r in readings if not r.refused]
    claimed = [r for r in told if Verdict(r.verdict).is_change]
    covered = [bool(r.covered) for r in told if r.covered is not None]
    reached = _reached(told)
    truths = [r.truth for r in told]
    return {
        "photos": len(trials),
        "told": len(told),
        "line": agreement([r.change for r in told], truths),
        "covered": proportion(sum(covered), len(covered)),
        "covered_by_skin": interval_by_subject([_covered(course, name) for course in courses]),
        "wrong_direction": [sum(r.change * r.truth < 0 for r in claimed), len(claimed)],
        "seen_in_80_percent": None if reached is None else stated(name, reached),
        "largest_true_change": stated(name, max(map(abs, truths), default=np.nan)),
        "typical_true_over_mdc95": float(np.median(np.abs(truths))) / mdc95 if truths else np.nan,
        "bins": _binned(told, name),
    }


def _covered(course: Course, name: str) -> tuple[int, int]:
    held = [t.readings[name].covered for t in course.trials if t.kind == "changed" and t.readings]
    judged = [bool(covered) for covered in held if covered is not None]
    return sum(judged), len(judged)


def _binned(told: Sequence[Reading], name: str) -> list[Row]:
    """Pairs in groups of like true change: how many of them were told as a change in the right direction."""
    ordered = sorted(told, key=lambda r: abs(r.truth))
    parts = [ordered[k * len(ordered) // BINS : (k + 1) * len(ordered) // BINS] for k in range(BINS)]
    return [
        {
            "true_change": stated(name, float(np.mean([abs(r.truth) for r in part]))),
            "seen": proportion(sum(_seen(r) for r in part), len(part)),
        }
        for part in parts
        if part
    ]


def _seen(reading: Reading) -> bool:
    return Verdict(reading.verdict).is_change and reading.change * reading.truth > 0


def _reached(readings: Sequence[Reading]) -> float | None:
    """The true change at which `POWER` of the pairs are told as a change in the right direction; None if never.

    From a normal curve over the size of the true change, fitted by maximum likelihood.
    """
    sizes = np.array([abs(r.truth) for r in readings])
    seen = np.array([_seen(r) for r in readings])
    if len(sizes) < FEWEST or not seen.any():
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
