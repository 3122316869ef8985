"""Accuracy of relief from pairs with dual light: strength, depth, dimples and unchanged skin, by the whole program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.dual_scenes import MEASURED, NAMES, RIVAL, SINGLE, Session, Task, sessions_of
from benchmarks.estimates import MDC95_PER_SD, agreement, proportion, within_subject_sd
from benchmarks.findings import Findings
from benchmarks.workers import spread
from tracker.metrics import metric_named
from tracker.phantom import MARKED_FLOOR, RIGS
from tracker.timeline import Verdict, timeline

TONES: Final = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
MOTTLINGS: Final = (0.05, 0.15, 0.30)
DEPTHS: Final = (2.0, 4.0, 6.0)
LEFT: Final = (0.6, 0.3)
DIMPLES: Final = ((0, 1.0), (8, 0.8), (12, 1.5), (20, 2.0), (26, 3.0), (16, 4.0))
"""Number on the skin around the picture, and depth of the deepest, of the skins whose dimples are looked for."""
DEEP: Final = 1.0
"""Dimples from this depth on count as ones to be found, mm."""
NULL_SKINS, NULL_SESSIONS = 3, 3
TRUE: Final = ("dual_relief", "dual_depth")

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Treated skins of all tones, skins whose dimples are counted, and skins that do not change."""
    tasks = {"course": _courses(quick), "dimples": _dimpled(quick), "null": _null(quick)}
    flat = [task for group in tasks.values() for task in group]
    done = iter(spread(sessions_of, flat, workers=workers))
    found = {name: [next(done) for _ in group] for name, group in tasks.items()}
    courses = [session for course in found["course"] for session in course]
    rows = [session for session in courses if not session.failed]
    counted = [course[0] for course in found["dimples"] if course and not course[0].failed]
    return {
        "pairs": sum(len(course) for group in found.values() for course in group),
        "refused": Counter(s.failed for group in found.values() for course in group for s in course if s.failed),
        "metrics": _metrics(rows, counted),
        "changes": _changes(found["course"]),
        "by_tone": [
            _by_tone(tone, [s for s in rows if s.task.tone == tone]) for tone in (TONES[1:2] if quick else TONES)
        ],
        "dimples": _dimples(counted),
        "null": _nulls(found["null"]),
        "rival": _rivals(rows),
        "declined": Counter(f"{name}: {why}" for s in rows for name, why in s.refused.items() if name in NAMES),
        "points": _points(rows),
    }


def _courses(quick: bool) -> list[Task]:
    """Two skins of each tone, with pigment and dimples of every strength."""
    if quick:
        return [Task(1, MARKED_FLOOR, TONES[1], MOTTLINGS[1], DEPTHS[1], LEFT[:1])]
    return [
        Task(2 * t + k, MARKED_FLOOR, tone, MOTTLINGS[(t + k) % 3], DEPTHS[(t + 2 * k) % 3], LEFT)
        for t, tone in enumerate(TONES)
        for k in range(2)
    ]


def _dimpled(quick: bool) -> list[Task]:
    chosen = DIMPLES[3:4] if quick else DIMPLES
    return [
        Task(40 + k, MARKED_FLOOR, TONES[k % len(TONES)], MOTTLINGS[k % 3], depth, (), dimples=number, soft=False)
        for k, (number, depth) in enumerate(chosen)
    ]


def _null(quick: bool) -> list[Task]:
    if quick:
        return [Task(60, RIGS[0], TONES[1], MOTTLINGS[0], DEPTHS[1], (1.0,))]
    return [
        Task(60 + k, rig, TONES[2 * k], MOTTLINGS[k % 3], DEPTHS[k % 3], (1.0,) * NULL_SESSIONS)
        for rig in RIGS
        for k in range(NULL_SKINS)
    ]


def _of(rows: Iterable[Session], name: str) -> NDArray[np.float64]:
    return np.array([row.values.get(name, np.nan) for row in rows])


def _true(rows: Iterable[Session], name: str) -> NDArray[np.float64]:
    return np.array([row.truth.get(name, np.nan) for row in rows])


def _metrics(rows: Sequence[Session], counted: Sequence[Session]) -> Findings:
    """Agreement of each metric with its truth; of dimples, over those that are there."""
    found: Findings = {name: asdict(agreement(_of(rows, name), _true(rows, name))) for name in TRUE}
    pairs = [pair for row in counted for pair in row.found]
    depth = np.array(pairs).reshape(-1, 2)
    found["dimple_depth"] = asdict(agreement(depth[:, 1], depth[:, 0]))
    found["dimple_area"] = asdict(agreement(_of(counted, "dimple_area"), _true(counted, "dimple_area")))
    number = [(len(row.found), sum(np.isfinite(m) for _, m in row.found) + row.extra) for row in counted]
    counts = np.array(number, np.float64).reshape(-1, 2)
    found["dimple_count"] = asdict(agreement(counts[:, 1], counts[:, 0]))
    return found


def _changes(courses: Sequence[Sequence[Session]]) -> Findings:
    """Changes since the first session beside the true ones: of the strength in %, of the depth in mm."""
    found: Findings = {}
    for name in TRUE:
        ratio = metric_named(name).multiplicative
        told, true = [], []
        for course in courses:
            for row in course[1:]:
                if name in row.values and course[0].values.get(name):
                    then, now = ((each.values[name], each.truth[name]) for each in (course[0], row))
                    told.append(100 * (now[0] / then[0] - 1) if ratio else now[0] - then[0])
                    true.append(100 * (now[1] / then[1] - 1) if ratio else now[1] - then[1])
        found[name] = asdict(agreement(told, true))
    return found


def _by_tone(tone: float, rows: Sequence[Session]) -> Findings:
    """Relative error of each value, %: its mean and root mean square."""
    found: Findings = {"tone": tone, "sessions": len(rows)}
    for name in TRUE:
        error = 100 * (_of(rows, name) / _true(rows, name) - 1)
        error = error[np.isfinite(error)]
        found[name] = {
            "n": len(error), "bias": float(error.mean()) if len(error) else None,
            "rms": float(np.sqrt(np.square(error).mean())) if len(error) else None,
        }  # fmt: skip
    return found


def _dimples(counted: Sequence[Session]) -> Findings:
    deep = [np.isfinite(measured) for row in counted for true, measured in row.found if true >= DEEP]
    shallow = [np.isfinite(measured) for row in counted for true, measured in row.found if true < DEEP]
    extra = sum(row.extra for row in counted)
    there, hits = len(deep) + len(shallow), sum(deep) + sum(shallow)
    return {
        "skins": len(counted), "there": there, "deep": len(deep), "found_deep": int(sum(deep)), "extra": extra,
        "f1_deep": 2 * sum(deep) / max(2 * sum(deep) + extra + (len(deep) - sum(deep)), 1),
        "count_bias": 100 * ((hits + extra) / there - 1) if there else None,
    }  # fmt: skip


def _nulls(courses: Sequence[Sequence[Session]]) -> Findings:
    """Spread, alarms and coverage on unchanged skin, by rig and metric."""
    rigs = list(dict.fromkeys(course[0].task.rig.name for course in courses if course))
    return {
        rig: {m.name: _null_of(m.name, [c for c in courses if c[0].task.rig.name == rig]) for m in MEASURED}
        for rig in rigs
    }


def _null_of(name: str, courses: Sequence[Sequence[Session]]) -> Findings:
    metric = metric_named(name)
    values, alarms, covered, told, pairs = [], 0, 0, 0, 0
    for course in courses:
        kept = [row.values[name] for row in course if name in row.values]
        values.append([float(np.log(max(v, 1e-9))) if metric.multiplicative else v for v in kept])
        results = [row.result for row in course if row.result is not None]
        measured = [m for result in results for m in result.measurements]
        refused = [r for result in results for r in result.refused]
        pairs += len(course) - 1
        for change in timeline(measured, refused, (metric,)).metrics[0].changes:
            if change.low is not None and change.high is not None:
                told += 1
                alarms += change.verdict not in (Verdict.NO_MEASURABLE_CHANGE, Verdict.NOT_COMPARABLE)
                covered += change.low <= 0.0 <= change.high
    sd = within_subject_sd(values).sd
    return {
        "s_w": sd, "mdc95": MDC95_PER_SD * sd, "n": pairs, "compared": told,
        "changed": proportion(alarms, told), "covered": proportion(covered, told),
    }  # fmt: skip


def _rivals(rows: Sequence[Session]) -> Findings:
    """R² with the true strength, and with the true height, of what one photo gives on the same images."""
    return {
        name: {
            "r2": agreement(_of(rows, name), _true(rows, "dual_relief")).r2,
            "r2_height": agreement(_of(rows, name), _true(rows, "sq")).r2,
        }
        for name in ("dual_relief", "dual_depth", SINGLE, RIVAL)
    }


def _points(rows: Sequence[Session]) -> Findings:
    kept = ("dual_relief", "dual_depth", SINGLE, RIVAL)
    return {
        "tone": [row.task.tone for row in rows], "mottling": [row.task.mottling for row in rows],
        "left": [row.left for row in rows],
        **{name: _of(rows, name).tolist() for name in kept},
        **{f"true_{name}": _true(rows, name).tolist() for name in (*TRUE, "sq")},
    }  # fmt: skip


if __name__ == "__main__":
    import json
    import sys

    from benchmarks.findings import plain

    print(json.dumps(plain(run(quick="--quick" in sys.argv, workers=2)), indent=1))
