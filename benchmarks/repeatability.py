"""Repeatability: re-posed, re-lit photos of one skin; false alarms, coverage, power and the gate.

    python benchmarks/repeatability.py [--quick] [--write]

Every number comes from the program itself, from the bytes of a file to the verdict. Skins, shots and noise are
drawn from seeds written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

from benchmarks.changed_pairs import response_of
from benchmarks.estimates import MDC95_PER_SD
from benchmarks.findings import Findings, plain
from benchmarks.gate_trials import GateTask, GateTrial, gate_rows, gate_summary, try_gate
from benchmarks.null_pairs import agreement_of, alarms_of, averaged_of, is_alarm, rows_of, spread_of
from benchmarks.repeatability_figures import figures
from benchmarks.repeatability_page import sections
from benchmarks.repeatability_scenes import (
    DEPTHS,
    EXCESSES,
    GATE_SCENES,
    MELANINS,
    MOTTLINGS,
    SCENES,
    is_moved,
    skin_in_words,
)
from benchmarks.rephotography import MOST_RETAKES, Course, Scene, Task, rephotograph
from benchmarks.workers import spread
from tracker.metrics import metric_named
from tracker.phantom import FIXED_RIG, FREE_HAND, MARKED_FLOOR, RIGS, Rig

__all__ = ["SCENES", "figures", "run", "sections"]

FINER_SIZE: Final = (750, 1000)
YARDSTICK: Final = FIXED_RIG
"""Mismatches are held against what this rig can detect."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is photographed."""

    rigs: tuple[tuple[Rig, ...], ...]
    """By scene."""
    skins: int
    sessions: int
    replicated: int
    replicates: int
    changed: tuple[int, ...]
    """Skins that are photographed changed, by scene."""
    mismatched: tuple[int, ...]
    """Skins on which every mismatch is tried, by scene."""
    finer: int
    """Skins whose patches are photographed in finer pixels, too."""


FULL: Final = Extent(
    (RIGS, RIGS), skins=15, sessions=4, replicated=5, replicates=2, changed=(6, 10), mismatched=(5, 6), finer=3
)
QUICK: Final = Extent(
    ((FIXED_RIG, FREE_HAND), (FIXED_RIG,)),
    skins=2,
    sessions=2,
    replicated=0,
    replicates=0,
    changed=(1, 1),
    mismatched=(1, 0),
    finer=0,
)


def run(*, quick: bool, workers: int) -> Findings:
    """Photograph, judge and sum up."""
    began = perf_counter()
    extent = QUICK if quick else FULL
    courses = spread(rephotograph, _tasks(extent, quick=quick), workers=workers)
    trials = spread(try_gate, _gate_tasks(extent, quick=quick), workers=workers)
    finer = spread(rephotograph, _finer_tasks(extent), workers=workers)
    return summed_up(courses, trials, finer, quick=quick, seconds=perf_counter() - began)


def summed_up(
    courses: Sequence[Course],
    trials: Sequence[list[GateTrial]],
    finer: Sequence[Course],
    *,
    quick: bool,
    seconds: float,
) -> Findings:
    """Findings of what was photographed."""
    extent = QUICK if quick else FULL
    rigs = dict(zip((scene.name for scene in SCENES), extent.rigs, strict=True))
    parts = ("spread", "alarms", "response", "averaged", "agreement", "gate", "pairs")
    tables: dict[str, dict[str, Any]] = {part: {} for part in parts}
    for scene, stopped in zip(SCENES, _by_scene(trials, extent), strict=True):
        for name in scene.metrics:
            by_rig = {rig.name: _of(courses, scene, rig) for rig in rigs[scene.name]}
            spreads = {rig: spread_of(own, name) for rig, own in by_rig.items()}
            mdc95 = {rig: MDC95_PER_SD * row["s_w"] for rig, row in spreads.items()}
            tables["spread"][name] = spreads
            tables["alarms"][name] = {rig: alarms_of(own, name) for rig, own in by_rig.items()}
            tables["response"][name] = {
                rig: response_of(
                    [c for c in own if is_moved(scene.plan(c.task.skin), name)], name, mdc95=mdc95[rig]
                )
                for rig, own in by_rig.items()
            }  # fmt: skip
            tables["averaged"][name] = {rig: averaged_of(own, name) for rig, own in by_rig.items()}
            tables["agreement"][name] = {rig: agreement_of(own, name) for rig, own in by_rig.items()}
            tables["pairs"][name] = {rig: rows_of(own, name) for rig, own in by_rig.items()}
            yardstick = mdc95[YARDSTICK.name]
            tables["gate"][name] = {
                "rows": gate_rows(stopped, name, mdc95=yardstick),
                "summary": gate_summary(stopped, name, mdc95=yardstick),
            }
    findings = {
        "quick": quick,
        "methods": [metric_named(name).method for name in tables["spread"]],
        "design": _design(extent),
        "seconds": seconds,
        "references": {s.name: {r.name: _references(_of(courses, s, r)) for r in rigs[s.name]} for s in SCENES},
        "tones": _tones(courses),
        "finer": _finer(courses, finer),
        "metrics": {name: _summary(tables, name) for name in tables["spread"]},
    }
    return dict(plain(findings | tables))


def _tasks(extent: Extent, *, quick: bool) -> list[Task]:
    return [
        Task(
            replace(scene, steps=scene.steps[-1:]) if quick else scene,
            rig,
            skin,
            sessions=extent.sessions,
            replicates=extent.replicates if skin < extent.replicated else 0,
            changed=skin < changed,
        )
        for scene, rigs, changed in zip(SCENES, extent.rigs, extent.changed, strict=True)
        for rig in rigs
        for skin in range(extent.skins)
    ]


def _gate_tasks(extent: Extent, *, quick: bool) -> list[GateTask]:
    return [
        GateTask(scene, skin, quick)
        for scene, skins in zip(GATE_SCENES, extent.mismatched, strict=True)
        for skin in range(skins)
    ]


def _finer_tasks(extent: Extent) -> list[Task]:
    scene = replace(SCENES[1], size=FINER_SIZE)
    return [
        Task(scene, MARKED_FLOOR, skin, sessions=extent.sessions, replicates=0, changed=False)
        for skin in range(extent.finer)
    ]


def _finer(courses: Sequence[Course], finer: Sequence[Course]) -> dict[str, list[float]]:
    """Spread of the same skins in the usual pixels and in finer ones."""
    if not finer:
        return {}
    skins = {course.task.skin for course in finer}
    usual = [c for c in _of(courses, SCENES[1], MARKED_FLOOR) if c.task.skin in skins]
    return {name: [spread_of(own, name)["s_w"] for own in (usual, finer)] for name in SCENES[1].metrics}


def _by_scene(trials: Sequence[list[GateTrial]], extent: Extent) -> list[list[GateTrial]]:
    first = extent.mismatched[0]
    return [[t for part in parts for t in part] for parts in (trials[:first], trials[first:])]


def _of(courses: Sequence[Course], scene: Scene, rig: Rig) -> list[Course]:
    return [c for c in courses if c.task.scene.name == scene.name and c.task.rig == rig]


def _references(courses: Sequence[Course]) -> dict[str, Any]:
    failed = Counter(t.failed for c in courses for t in c.trials if t.failed)
    return {
        "skins": len(courses),
        "retaken": sum(c.retakes for c in courses),
        "without": sum(not c.trials for c in courses),
        "photos": sum(len(c.trials) for c in courses),
        "refused": dict(sorted(failed.items())),
    }


def _tones(courses: Sequence[Course]) -> list[dict[str, Any]]:
    """What is refused, and what is told wrongly, of skin of every tone: all rigs together."""
    rows = []
    for scene in SCENES:
        for melanin in MELANINS:
            own = [
                c
                for c in courses
                if c.task.scene.name == scene.name and scene.plan(c.task.skin).complexion.melanin == melanin
            ]
            trials = [t for c in own for t in c.trials if t.kind == "session"]
            read = [t for t in trials if t.readings]
            rows.append({
                "scene": scene.name, "melanin": melanin, "courses": len(own),
                "without": sum(not c.trials for c in own), "retaken": sum(c.retakes for c in own),
                "photos": len(trials), "not_aligned": len(trials) - len(read),
                "refused": {name: sum(bool(t.readings[name].refused) for t in read) for name in scene.metrics},
                "alarms": {name: sum(is_alarm(t.readings[name]) for t in read) for name in scene.metrics},
            })  # fmt: skip
    return rows


def _design(extent: Extent) -> dict[str, Any]:
    return {
        "rigs": [rig.name for rig in extent.rigs[0]],
        "skins": extent.skins,
        "sessions": extent.sessions,
        "replicated": extent.replicated,
        "replicates": extent.replicates,
        "changed": list(extent.changed),
        "mismatched": list(extent.mismatched),
        "size": {scene.name: list(scene.size) for scene in SCENES},
        "melanin": list(MELANINS),
        "mottling": list(MOTTLINGS),
        "depth": list(DEPTHS),
        "excess": list(EXCESSES),
        "retakes": MOST_RETAKES,
        "mismatched_skins": {
            scene.name: [skin_in_words(scene.plan(k)) for k in range(skins)]
            for scene, skins in zip(GATE_SCENES, extent.mismatched, strict=True)
        },
        "finer": [extent.finer, *FINER_SIZE],
    }


def _summary(tables: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """What the page's first table shows of a metric."""
    spreads, alarms, responses = (tables[part][name] for part in ("spread", "alarms", "response"))
    return {
        "mdc95": {rig: row["mdc95"] for rig, row in spreads.items()},
        "claimed_mdc95": {rig: row["claimed_mdc95"] for rig, row in spreads.items()},
        "s_w": {rig: row["s_w"] for rig, row in spreads.items()},
        "false_alarms": {rig: [row["alarms"].count, row["alarms"].of] for rig, row in alarms.items()},
        "coverage": {
            rig: [
                alarms[rig]["covered"].count + responses[rig]["covered"].count,
                alarms[rig]["covered"].of + responses[rig]["covered"].of,
            ]
            for rig in alarms
        },
        "responsiveness": {
            rig: {
                "slope": row["line"].slope,
                "typical_true_over_mdc95": row["typical_true_over_mdc95"],
                "seen_in_80_percent": row["seen_in_80_percent"],
                "wrong_direction": row["wrong_direction"],
            }
            for rig, row in responses.items()
        },
    }


if __name__ == "__main__":
    from benchmarks.report import main

    main("repeatability", __doc__ or "")
