"""Pairs with one known mismatch: does the gate stop those that would have moved the number, and no others?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import numpy as np

from benchmarks.estimates import MDC95_PER_SD, proportion
from benchmarks.judging import Anchored, anchor, judge
from benchmarks.rephotography import Scene
from tracker.measurement import Metric
from tracker.phantom import MARKED_FLOOR, PhantomPhoto, Shot, Stage, build_stage, drawn_shot, nominal_shot, photograph
from tracker.phantom.photograph import FIRST_DAY

MATCHED: Final = "matched"
"""Reference and photo each taken anew by a careful clinic, `MARKED_FLOOR`."""
MISMATCHES: Final[Mapping[str, Mapping[str, tuple[float | str, ...]]]] = {
    "thigh": {
        "none": (0.0,),
        "lamp turned, °": (30.0, 60.0, 180.0),
        "lamp raised or lowered, °": (-20.0, -10.0, 10.0, 20.0),
        "more light from elsewhere": (0.1, 0.2, 0.4),
        "blur, times": (4.0, 10.0),
        "distance, times": (0.7, 1.4),
        "exposure, stops": (-2.0, 1.0),
        "camera rolled, °": (20.0,),
        "tone curve of the phone": (0.5,),
        "local tone of the phone": (0.6,),
    },
    "patch beside a chart": {
        "none": (0.0,),
        "lamp turned, °": (60.0, 180.0),
        "lamp raised or lowered, °": (-20.0, 20.0),
        "more light from elsewhere": (0.4,),
        "blur, times": (4.0, 10.0),
        "distance, times": (0.7,),
        "exposure, stops": (-2.0, 1.0),
        "spectrum of the lamp": ("A", "FL2", "FL11", "LED-B3"),
        "another camera": ("Nikon 5100 (NPL)", "Sigma SDMerill (NPL)"),
        "tone curve of the phone": (0.1, 0.25, 0.5),
        "local tone of the phone": (0.3, 0.6),
        "light on the chart, times": (0.8, 0.9, 1.15),
    },
}
"""By scene, and by what is wrong; the rest of the photo is as planned."""
MATCHED_PAIRS: Final = 8
"""Of each skin."""
ON_THE_CHART: Final = "light on the chart, times"

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
    why : tuple of str
        The checks that stopped it, or the code of the refusal of the photo; empty if nothing did.
    change, claimed : float
        How far the number moved without the gate, and the MDC95 that the program states; NaN if unknown.
    """

    metric: str
    kind: str
    size: float | str
    stopped: bool
    why: tuple[str, ...]
    change: float
    claimed: float

    @property
    def moved(self) -> float:
        """The move in units of the stated MDC95: above 1 the mismatch would have been taken for a change."""
        return abs(self.change) / self.claimed


def try_gate(task: GateTask) -> list[GateTrial]:
    """Judge matched pairs of one skin, and every mismatch: there all else in the second photo is as in the first."""
    plan, size = task.scene.plan(task.skin), task.scene.size
    stage = build_stage(plan, seed=1000 * task.scene.stream + 500 + task.skin, size=size)
    state = task.scene.state(task.skin, 1.0)
    nominal = nominal_shot(plan, size)
    trials = []
    anchored = anchor(stage, nominal, state, task.scene.metrics, session=0)
    if anchored is not None:
        for number, (kind, amount) in enumerate(_wanted(task)):
            there = _shaded(stage, float(amount)) if kind == ON_THE_CHART else stage
            photo = _later(there, mismatched(nominal, kind, amount), anchored, session=100 + number)
            trials += _trials(anchored, photo, kind, amount)
    if task.quick:
        return trials
    rng = np.random.default_rng([task.scene.stream, 7, task.skin])
    careful = anchor(stage, drawn_shot(plan, size, rng, rig=MARKED_FLOOR), state, task.scene.metrics, session=1)
    if careful is not None:
        for number in range(MATCHED_PAIRS):
            shot = drawn_shot(plan, size, rng, rig=MARKED_FLOOR)
            trials += _trials(careful, _later(stage, shot, careful, session=200 + number), MATCHED, 0.0)
    return trials


def _later(stage: Stage, shot: Shot, anchored: Anchored, *, session: int) -> PhantomPhoto:
    state, first = anchored.photo.state, anchored.photo.shot
    return photograph(stage, shot, state, first=first, taken_on=FIRST_DAY + timedelta(days=28), session=session)


def _trials(anchored: Anchored, photo: PhantomPhoto, kind: str, size: float | str) -> list[GateTrial]:
    failed, readings = judge(anchored, photo)
    trials = []
    for metric in anchored.metrics:
        if failed:
            claimed, change = MDC95_PER_SD * metric.session_sd, _true_move(anchored, photo, metric)
            trials.append(GateTrial(metric.name, kind, size, True, (failed,), change, claimed))
            continue
        reading = readings[metric.name]
        why = reading.stopped_by or (("measurement",) if reading.refused else ())
        trials.append(GateTrial(metric.name, kind, size, bool(why), why, reading.change, reading.claimed))
    return trials


def _shaded(stage: Stage, gain: float) -> Stage:
    """The same skin beside a chart that gets less light than it."""
    chart = stage.plan.chart
    assert chart is not None
    return build_stage(replace(stage.plan, chart=replace(chart, gain=gain)), seed=stage.seed, size=stage.size)


def _true_move(anchored: Anchored, photo: PhantomPhoto, metric: Metric) -> float:
    """How far the lamp alone moves the true shading; a photo that could not be aligned shows nothing else."""
    if metric.name != "relief":
        return np.nan
    return float(np.log(photo.truth.metrics["relief"] / anchored.photo.truth.metrics["relief"]))


def mismatched(shot: Shot, kind: str, amount: float | str) -> Shot:
    """A shot with one thing wrong; what is wrong with the chart is not in the shot."""
    if isinstance(amount, str):
        part = "camera" if kind == "another camera" else "illuminant"
        return replace(shot, response=replace(shot.response, **{part: amount}))
    size = amount
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
    if kind == "tone curve of the phone":
        return replace(shot, sensor=replace(sensor, contrast=size))
    if kind == "local tone of the phone":
        return replace(shot, sensor=replace(sensor, local_tone=size))
    if kind == "camera rolled, °":
        return replace(shot, camera=replace(camera, roll=camera.roll + size))
    return shot


def _wanted(task: GateTask) -> list[tuple[str, float | str]]:
    if task.quick:
        return [("none", 0.0), ("lamp turned, °", 180.0), ("blur, times", 10.0)]
    return [(kind, size) for kind, sizes in MISMATCHES[task.scene.name].items() for size in sizes]


def gate_rows(trials: Sequence[GateTrial], name: str, *, mdc95: float) -> list[Row]:
    """One row per mismatch: how often it was stopped, and how far it would have moved the number.

    Parameters
    ----------
    trials : sequence of GateTrial
    name : str
    mdc95 : float
        Measured with the fixed rig, in logarithms or units.
    """
    own = [t for t in trials if t.metric == name]
    rows = []
    for kind, size in dict.fromkeys((t.kind, t.size) for t in own):
        same = [t for t in own if (t.kind, t.size) == (kind, size)]
        known = [t for t in same if np.isfinite(t.moved)]
        rows.append(
            {
                "kind": kind,
                "size": size,
                "pairs": len(same),
                "stopped": sum(t.stopped for t in same),
                "why": sorted({why for t in same for why in t.why}),
                "moved": float(np.median([t.moved for t in known])) if known else np.nan,
                "most_moved": max((t.moved for t in known), default=np.nan),
                "moved_measured": float(np.median([abs(t.change) for t in known])) / mdc95 if known else np.nan,
                **_harm(same, mdc95),
            }
        )
    return rows


def _harm(trials: Sequence[GateTrial], mdc95: float) -> Row:
    """How many are harmful, and how many of these are stopped, by the stated MDC95 and by the measured one."""
    stated = [t for t in trials if t.moved > 1.0]
    measured = [t for t in trials if abs(t.change) > mdc95]
    return {
        "harmful": len(stated),
        "harmful_stopped": sum(t.stopped for t in stated),
        "harmful_measured": len(measured),
        "harmful_measured_stopped": sum(t.stopped for t in measured),
    }


def gate_summary(trials: Sequence[GateTrial], name: str, *, mdc95: float) -> Row:
    """Shares that matter: harmful mismatches that were stopped, matched pairs that were stopped all the same."""
    own = [t for t in trials if t.metric == name]
    wrong = [t for t in own if t.kind not in ("none", MATCHED)]
    matched = [t for t in own if t.kind in ("none", MATCHED)]
    passed = [t for t in own if not t.stopped]
    harm = _harm(wrong, mdc95)
    harmless = [t for t in wrong if abs(t.change) <= min(mdc95, t.claimed)]
    return {
        "harmful_stopped": proportion(harm["harmful_stopped"], harm["harmful"]),
        "harmful_measured_stopped": proportion(harm["harmful_measured_stopped"], harm["harmful_measured"]),
        "harmful_among_passed": proportion(sum(t.moved > 1.0 for t in passed), len(passed)),
        "harmful_measured_among_passed": proportion(sum(abs(t.change) > mdc95 for t in passed), len(passed)),
        "matched_stopped": proportion(sum(t.stopped for t in matched), len(matched)),
        "matched_harmful": proportion(sum(t.moved > 1.0 for t in matched), len(matched)),
        "matched_stopped_by": dict(Counter(why for t in matched for why in t.why)),
        "harmless_stopped": proportion(sum(t.stopped for t in harmless), len(harmless)),
    }
