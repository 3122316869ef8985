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
from benchmarks.findings import Findings, plain
from benchmarks.gate_trials import GateTask, GateTrial, gate_rows, gate_summary, try_gate
from benchmarks.null_pairs import alarms_of, averaged_of, spread_of
from benchmarks.repeatability_figures import figures
from benchmarks.repeatability_page import sections
from benchmarks.rephotography import MOST_RETAKES, Course, Scene, Task, rephotograph
from benchmarks.workers import spread
from tracker.phantom import FIXED_RIG, FREE_HAND, MARKED_FLOOR, RIGS, Rig, Scenario
from tracker.phantom.chart import Chart
from tracker.phantom.scenario import named

__all__ = ["SCENES", "figures", "run", "sections"]

MELANINS: Final = (0.015, 0.03, 0.07, 0.15)
MOTTLINGS: Final = (0.05, 0.15, 0.30)
DEPTHS: Final = (3.0, 4.5, 6.0)
EXCESSES: Final = (1.5, 1.9, 2.3)
"""Pigment or blood of the patch over that of its surroundings."""
PATCH_WIDTH: Final = 14.0
CHART_CENTRE: Final = (29.0, 0.0)
CHART_WIDTH: Final = 44.0
FINER_SIZE: Final = (750, 1000)
CONTRASTS: Final = ("delta_mi", "delta_ei", "delta_a")
TONE: Final = ("ita", "lightness", "a_star", "b_star")


def _thigh(melanin: float, mottling: float, depth: float) -> Scenario:
    plan = named("thigh")
    relief = replace(plan.relief, depth=depth, mattress=plan.relief.mattress * depth / plan.relief.depth)
    return replace(plan, complexion=replace(plan.complexion, melanin=melanin, mottling=mottling), relief=relief)


def _patch(melanin: float, *, pigment: float = 1.0, blood: float = 1.0) -> Scenario:
    plan = named("pigment")
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=melanin),
        start=replace(plan.start, melanin=pigment, patch_blood=blood),
        patch_width=PATCH_WIDTH,
        chart=Chart(CHART_CENTRE, CHART_WIDTH),
    )


SCENES: Final = (
    Scene(
        name="thigh",
        stream=1,
        size=(480, 640),
        plans=tuple(_thigh(MELANINS[k % 4], MOTTLINGS[k % 3], DEPTHS[k // 4]) for k in range(12)),
        metrics=("relief",),
        steps=(0.75, 0.5, 0.25),
    ),
    Scene(
        name="patch beside a chart",
        stream=2,
        size=(360, 480),
        plans=tuple(
            _patch(MELANINS[k % 4], **{"blood" if k // 4 % 2 else "pigment": EXCESSES[k % 3]}) for k in range(24)
        ),
        metrics=(*CONTRASTS, *TONE),
        steps=(0.75, 0.5, 0.25),
    ),
)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is photographed."""

    rigs: tuple[tuple[Rig, ...], ...]
    """By scene."""
    skins: int
    sessions: int
    replicated: int
    replicates: int
    changed: int
    mismatched: tuple[int, ...]
    """Skins on which every mismatch is tried, by scene."""
    finer: int
    """Skins whose patches are photographed in finer pixels, too."""


FULL: Final = Extent(
    (RIGS, RIGS), skins=20, sessions=5, replicated=5, replicates=2, changed=8, mismatched=(3, 2), finer=4
)
QUICK: Final = Extent(
    ((FIXED_RIG, FREE_HAND), (FIXED_RIG,)),
    skins=2,
    sessions=2,
    replicated=0,
    replicates=0,
    changed=1,
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
    tables: dict[str, dict[str, Any]] = {"spread": {}, "alarms": {}, "response": {}, "averaged": {}, "gate": {}}
    for scene, stopped in zip(SCENES, _by_scene(trials, extent), strict=True):
        for name in scene.metrics:
            by_rig = {rig.name: _of(courses, scene, rig) for rig in rigs[scene.name]}
            tables["spread"][name] = {rig: spread_of(own, name) for rig, own in by_rig.items()}
            tables["alarms"][name] = {rig: alarms_of(own, name) for rig, own in by_rig.items()}
            tables["response"][name] = {
                rig: response_of(own, name, mdc95=2.77 * tables["spread"][name][rig]["s_w"])
                for rig, own in by_rig.items()
            }
            tables["averaged"][name] = {rig: averaged_of(own, name) for rig, own in by_rig.items()}
            tables["gate"][name] = {"rows": gate_rows(stopped, name), "summary": gate_summary(stopped, name)}
    findings = {
        "quick": quick,
        "design": _design(extent),
        "seconds": seconds,
        "references": {s.name: {r.name: _references(_of(courses, s, r)) for r in rigs[s.name]} for s in SCENES},
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
            changed=skin < extent.changed,
        )
        for scene, rigs in zip(SCENES, extent.rigs, strict=True)
        for rig in rigs
        for skin in range(extent.skins)
    ]


def _gate_tasks(extent: Extent, *, quick: bool) -> list[GateTask]:
    # Contrasts only: what stops them stops tone, too.
    scenes = (SCENES[0], replace(SCENES[1], metrics=CONTRASTS))
    return [
        GateTask(scene, skin, quick)
        for scene, skins in zip(scenes, extent.mismatched, strict=True)
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


def _design(extent: Extent) -> dict[str, Any]:
    return {
        "rigs": [rig.name for rig in extent.rigs[0]],
        "skins": extent.skins,
        "sessions": extent.sessions,
        "replicated": extent.replicated,
        "replicates": extent.replicates,
        "changed": extent.changed,
        "mismatched": list(extent.mismatched),
        "size": {scene.name: list(scene.size) for scene in SCENES},
        "melanin": list(MELANINS),
        "mottling": list(MOTTLINGS),
        "depth": list(DEPTHS),
        "excess": list(EXCESSES),
        "retakes": MOST_RETAKES,
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
