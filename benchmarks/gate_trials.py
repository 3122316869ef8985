"""Pairs with one known mismatch: does the gate stop those that would have moved the number, and no others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import numpy as np

from benchmarks.estimates import MDC95_PER_SD, proportion
from benchmarks.judging import Anchored, anchor, judge
from benchmarks.rephotography import Scene
from tracker.measurement import Metric
from tracker.phantom import FIXED_RIG, PhantomPhoto, Shot, build_stage, drawn_shot, nominal_shot, photograph
from tracker.phantom.photograph import FIRST_DAY

MISMATCHES: Final[Mapping[str, tuple[float, ...]]] = {
    "none": (0.0, 1.0, 2.0),
    "lamp turned, °": (15.0, 30.0, 60.0, 120.0, 180.0),
    "lamp raised or lowered, °": (-20.0, -10.0, -5.0, 5.0, 10.0, 20.0),
    "more light from elsewhere": (0.1, 0.2, 0.4),
    "blur, times": (2.0, 4.0, 10.0),
    "distance, times": (0.7, 0.85, 1.2, 1.4),
    "exposure, stops": (-2.0, -1.0, 1.0, 2.0),
    "camera rolled, °": (5.0, 10.0, 20.0),
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GateTask:
    """All mismatches on one skin."""

    scene: Scene
    skin: int
    quick: bool


@dataclass(frozen=True, slots=True)
class GateTrial:
    """One pair and one metric.

    Attributes
    ----------
    stopped : bool
        Whether the program gives no change, for whatever reason.
    why : str
        Code of the refusal of the photo, ``"gate"`` for that of the metric, or empty.
    moved : float
        How far the number moved without the gate, in units of the MDC95 that the program states; NaN if unknown.
    """

    metric: str
    kind: str
    size: float
    stopped: bool
    why: str
    moved: float

    @property
    def harmful(self) -> bool:
        """Whether the mismatch would have been taken for a change."""
        return self.moved > 1.0


def try_gate(task: GateTask) -> list[GateTrial]:
    """Judge every mismatch on one skin; besides it, the second photo deviates as a fixed rig lets it."""
    plan = task.scene.plan(task.skin)
    stage = build_stage(plan, seed=1000 * task.scene.stream + 500 + task.skin, size=task.scene.size)
    state = task.scene.state(task.skin, 1.0)
    anchored = anchor(stage, nominal_shot(plan, task.scene.size), state, task.scene.metrics, session=0)
    if anchored is None:
        return []
    rng = np.random.default_rng([task.scene.stream, 77, task.skin])
    trials = []
    for number, (kind, size) in enumerate(_wanted(quick=task.quick)):
        shot = mismatched(drawn_shot(plan, task.scene.size, rng, rig=FIXED_RIG), kind, size)
        photo = photograph(
            stage, shot, state, first=anchored.photo.shot, taken_on=FIRST_DAY + timedelta(days=28), session=100 + number
        )
        failed, readings = judge(anchored, photo)
        for metric in anchored.metrics:
            if failed:
                trials.append(GateTrial(metric.name, kind, size, True, failed, _true_move(anchored, photo, metric)))
                continue
            reading = readings[metric.name]
            why = "gate" if reading.refused else ""
            trials.append(GateTrial(metric.name, kind, size, bool(why), why, abs(reading.change) / reading.claimed))
    return trials


def _true_move(anchored: Anchored, photo: PhantomPhoto, metric: Metric) -> float:
    """How far the lamp alone moves the true shading; a photo that could not be aligned shows nothing else."""
    if metric.name != "relief":
        return np.nan
    now, then = photo.truth.metrics["relief"], anchored.photo.truth.metrics["relief"]
    return float(abs(np.log(now / then)) / (MDC95_PER_SD * metric.session_sd))


def mismatched(shot: Shot, kind: str, size: float) -> Shot:
    """A shot with one thing wrong."""
    light, camera, sensor = shot.light, shot.camera, shot.sensor
    if kind == "lamp turned, °":
        return replace(shot, light=replace(light, azimuth=(light.azimuth + size) % 360.0))
    if kind == "lamp raised or lowered, °":
        return replace(shot, light=replace(light, slant=light.slant + size))
    if kind == "more light from elsewhere":
        return replace(shot, light=replace(light, ambient=light.ambient + size))
    if kind == "blur, times":
        return replace(shot, sensor=replace(sensor, blur_mm=sensor.blur_mm * size))
    if kind == "distance, times":
        return replace(shot, camera=replace(camera, scale=camera.scale * size))
    if kind == "exposure, stops":
        return replace(shot, sensor=replace(sensor, exposure_ev=sensor.exposure_ev + size))
    if kind == "camera rolled, °":
        return replace(shot, camera=replace(camera, roll=camera.roll + size))
    return shot


def _wanted(*, quick: bool) -> list[tuple[str, float]]:
    if quick:
        return [("none", 0.0), ("lamp turned, °", 180.0), ("blur, times", 10.0)]
    return [(kind, size) for kind, sizes in MISMATCHES.items() for size in sizes]


def gate_rows(trials: Sequence[GateTrial], name: str) -> list[Row]:
    """One row per mismatch: how often it was stopped, and how far it would have moved the number."""
    own = [t for t in trials if t.metric == name]
    rows = []
    for kind, size in dict.fromkeys((t.kind, t.size) for t in own):
        same = [t for t in own if (t.kind, t.size) == (kind, size)]
        moved = [t.moved for t in same if np.isfinite(t.moved)]
        rows.append(
            {
                "kind": kind,
                "size": size,
                "pairs": len(same),
                "stopped": sum(t.stopped for t in same),
                "why": sorted({t.why for t in same if t.why}),
                "moved": float(np.median(moved)) if moved else np.nan,
                "most_moved": max(moved, default=np.nan),
                "harmful": sum(t.harmful for t in same),
                "harmful_stopped": sum(t.harmful and t.stopped for t in same),
            }
        )
    return rows


def gate_summary(trials: Sequence[GateTrial], name: str) -> Row:
    """Shares that matter: harmful mismatches that were stopped, matched pairs that were stopped all the same."""
    own = [t for t in trials if t.metric == name]
    harmful = [t for t in own if t.harmful]
    passed = [t for t in own if not t.stopped]
    matched = [t for t in own if t.kind == "none"]
    return {
        "harmful_stopped": proportion(sum(t.stopped for t in harmful), len(harmful)),
        "harmful_among_passed": proportion(sum(t.harmful for t in passed), len(passed)),
        "matched_stopped": proportion(sum(t.stopped for t in matched), len(matched)),
        "harmless_stopped": proportion(sum(t.stopped for t in own if t.moved <= 1.0), sum(t.moved <= 1.0 for t in own)),
    }
