"""Skin that did not change: how far its numbers spread, and how often a change is claimed all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.estimates import (
    MDC95_PER_SD,
    interval_by_subject,
    intraclass_correlation,
    percent_decrease,
    percent_increase,
    proportion,
    within_subject_sd,
)
from benchmarks.judging import Reading
from benchmarks.rephotography import Course, Trial
from tracker.metrics import metric_named
from tracker.timeline import Verdict

REPLICATES = (1, 2, 3)

Row = dict[str, Any]


def spread_of(courses: Sequence[Course], name: str) -> Row:
    """Spread of one metric between sessions of unchanged skin, with one rig.

    The reference of a skin counts as one of its sessions. `s_w` and `mdc95` hold for the photos that the program
    lets through; the same with ``_ungated`` for all that it can align.
    """
    passed, aligned, bare = [], [], []
    for course in courses:
        readings = [t.readings[name] for t in _sessions(course) if t.readings]
        known = [r for r in readings if np.isfinite(r.change)]
        passed.append([0.0, *(r.change for r in known if not r.refused)])
        aligned.append([0.0, *(r.change for r in known)])
        bare.append([0.0, *(r.bare for r in readings if np.isfinite(r.bare))])
    trials = [t for course in courses for t in _sessions(course)]
    known = [r for r in _readings(trials, name) if np.isfinite(r.change)]
    told = [r for r in known if not r.refused]
    through, everything = within_subject_sd(passed), within_subject_sd(aligned)
    claimed = _median([r.claimed for r in told])
    row = {
        "skins": len(courses),
        "photos": len(trials),
        "aligned": len(_readings(trials, name)),
        "let_through": len(told),
        "s_w": through.sd,
        "s_w_interval": [through.low, through.high],
        "mdc95": stated(name, through.mdc95),
        "mdc95_interval": [stated(name, MDC95_PER_SD * bound) for bound in (through.low, through.high)],
        "mdc95_increase": stated(name, through.mdc95, increase=True),
        "s_w_ungated": everything.sd,
        "mdc95_ungated": stated(name, everything.mdc95),
        "claimed_mdc95": stated(name, claimed),
        "claimed_over_real": claimed / through.mdc95,
        "photo_uncertainty": _median([r.uncertainty for r in told]),
        "bias": float(np.mean([r.change for r in told])) if told else np.nan,
    }
    if any(len(values) > 1 for values in bare):
        without = within_subject_sd(bare)
        row |= {"s_w_without_chart": without.sd, "mdc95_without_chart": stated(name, without.mdc95)}
    return row


def alarms_of(courses: Sequence[Course], name: str) -> Row:
    """Changes that were claimed though there was none, with the gate and without; skins are clusters of pairs."""
    trials = [t for course in courses for t in _sessions(course)]
    readings = _readings(trials, name)
    told = [r for r in readings if not r.refused]
    by_skin = [[r for r in _readings(_sessions(course), name) if not r.refused] for course in courses]
    raw = [r for r in readings if r.raw_verdict]
    harmful = [abs(r.change) > r.claimed for r in raw]
    stops = [(h, bool(r.refused)) for h, r in zip(harmful, raw, strict=True)]
    alarmed = {
        t.skin for t in trials if t.readings and not t.readings[name].refused and _alarm(t.readings[name].verdict)
    }
    return {
        "alarms": proportion(sum(_alarm(r.verdict) for r in told), len(told)),
        "alarms_ungated": proportion(sum(_alarm(r.raw_verdict) for r in raw), len(raw)),
        "harmful_refused": proportion(sum(h and r for h, r in stops), sum(harmful)),
        "harmless_refused": proportion(sum(r and not h for h, r in stops), harmful.count(False)),
        "skins_with_alarm": [len(alarmed), len(courses)],
        "covered": proportion(*_covered(told)),
        "alarms_by_skin": interval_by_subject([_alarmed(own) for own in by_skin]),
        "covered_by_skin": interval_by_subject([_covered(own) for own in by_skin]),
    }


def averaged_of(courses: Sequence[Course], name: str) -> Row:
    """What it helps to average shots of one session: lamp and skin stay, camera and tissue do not."""
    shots = []
    for course in courses:
        replicates = [t for t in course.trials if t.kind == "replicate"]
        if replicates:
            together = [*_sessions(course)[:1], *replicates]
            shots.append([r.change for r in _readings(together, name) if not r.refused and np.isfinite(r.change)])
    passed = [
        [0.0, *(r.change for r in _readings(_sessions(c), name) if not r.refused and np.isfinite(r.change))]
        for c in courses
    ]
    shot, total = within_subject_sd(shots), within_subject_sd(passed)
    # By chance the part can exceed the whole: then the two are not told apart, and nothing is said of averages.
    rest = total.sd**2 - shot.sd**2
    resolved = bool(rest > 0)
    session = float(np.sqrt(rest)) if resolved else np.nan
    mdc = {str(n): stated(name, MDC95_PER_SD * np.sqrt(session**2 + shot.sd**2 / n)) for n in REPLICATES}
    return {
        "s_shot": shot.sd,
        "s_shot_freedom": shot.freedom,
        "s_w_freedom": total.freedom,
        "s_session": session,
        "resolved": resolved,
        "mdc95": mdc,
    }


def agreement_of(courses: Sequence[Course], name: str) -> Row:
    """Intraclass correlation of single values, and Bland–Altman's limits of agreement with the reference."""
    values, changes = [], []
    for course in courses:
        told = [r for r in _readings(_sessions(course), name) if not r.refused and np.isfinite(r.change)]
        changes += [r.change for r in told]
        values.append([told[0].first, *(r.first + r.change for r in told)] if told else [])
    bias = float(np.mean(changes)) if changes else np.nan
    reach = 1.96 * float(np.std(changes, ddof=1)) if len(changes) > 1 else np.nan
    return {
        "pairs": len(changes),
        "skins": sum(len(own) > 1 for own in values),
        "icc": intraclass_correlation(values),
        "bias": bias,
        "limits": [bias - reach, bias + reach],
    }


def rows_of(courses: Sequence[Course], name: str) -> list[str]:
    """Every pair in a line: skin, kind, share left, change, stated MDC95, truth, and what became of it.

    Changes are in logarithms or units. The last word holds ``r`` for refused, ``a`` for told as a change and ``c`` for
    an interval that holds the truth.
    """
    lines = []
    for trial in (t for course in courses for t in course.trials):
        head = f"{trial.skin} {trial.kind} {trial.left:g}"
        if trial.failed:
            lines.append(f"{head} {trial.failed}")
            continue
        reading = trial.readings[name]
        marks = "r" * bool(reading.refused) + "a" * is_alarm(reading) + "c" * bool(reading.covered)
        lines.append(f"{head} {reading.change:.4g} {reading.claimed:.4g} {reading.truth:.4g} {marks or '-'}")
    return lines


def stated(name: str, step: float, *, increase: bool = False) -> float:
    """A step as the program states it: in per cent where changes are ratios."""
    if not metric_named(name).multiplicative:
        return float(step)
    return percent_increase(step) if increase else percent_decrease(step)


def _sessions(course: Course) -> list[Trial]:
    return [t for t in course.trials if t.kind == "session"]


def _readings(trials: Sequence[Trial], name: str) -> list[Reading]:
    return [t.readings[name] for t in trials if t.readings]


def is_alarm(reading: Reading) -> bool:
    """Whether a change is told."""
    return not reading.refused and _alarm(reading.verdict)


def _alarmed(told: Sequence[Reading]) -> tuple[int, int]:
    return sum(_alarm(r.verdict) for r in told), len(told)


def _covered(told: Sequence[Reading]) -> tuple[int, int]:
    judged = [r.covered for r in told if r.covered is not None]
    return sum(judged), len(judged)


def _alarm(verdict: str) -> bool:
    return bool(verdict) and Verdict(verdict).is_change


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else np.nan
