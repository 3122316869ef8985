"""Accuracy through the whole pipeline: a second photo against its reference, over a balanced design of scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.design import Scene, levelled
from benchmarks.estimates import agreement
from benchmarks.findings import Findings
from benchmarks.rivals import RIVALS
from benchmarks.scenes import SIZE, calibrated, region_of, skin_of, thigh
from benchmarks.workers import spread
from tracker.errors import TrackerError
from tracker.metrics import metric_named
from tracker.phantom import MARKED_FLOOR, PhantomPhoto, Rig, Scenario, Shot, State, build_stage, drawn_shot, photograph
from tracker.phantom.scenario import named
from tracker.phantom.shot import nominal_shot
from tracker.pipeline import Result, establish, follow
from tracker.quality import Comparability, Status
from tracker.report import ReportedPhoto

SEED = 20260302
_BOTH = {
    "tone": (0.015, 0.04, 0.08, 0.15, 0.25, 0.35),
    "mottling": (0.05, 0.15, 0.30),
    "slant": (30.0, 45.0, 60.0),
    "azimuth": (0.0, 45.0, 90.0, 135.0, 180.0),
    "ambient": (0.1, 0.3, 0.5),
    "noise": (0.5, 2.0, 4.0),
    "blur": (1.0, 2.0, 4.0),
    "warp": (0.0, 1.0, 2.0),
    "exposure": (-0.5, 0.0, 0.5),
}
RELIEF = _BOTH | {"depth": (1.0, 2.5, 4.5, 7.0), "change": (1.0, 0.8, 0.6, 0.4)}
CONTRAST = _BOTH | {"first": (1.3, 1.6, 1.9), "gain": (1.0, 1.3, 1.6, 1.9)}
TITLES = {
    "tone": "melanosome fraction", "mottling": "pigment mottling, SD of ln", "slant": "slant of the lamp, °",
    "azimuth": "azimuth of the lamp, °", "ambient": "share of ambient light", "noise": "noise, of nominal",
    "blur": "blur, of the reference", "warp": "pose and tissue, of the marked floor", "exposure": "exposure, EV",
    "depth": "depth of the dimples, mm", "change": "depth left, share", "first": "melanin of the patch, first photo",
    "gain": "melanin of the patch, second photo",
}  # fmt: skip


def run(*, quick: bool, workers: int) -> Findings:
    """Relief and pigment contrast, each over its own design."""
    relief = levelled(RELIEF, 4 if quick else 128, seed=SEED)
    contrast = levelled(CONTRAST, 2 if quick else 32, seed=SEED + 1)
    reliefs = spread(relief_pair, enumerate(relief), workers=workers)
    contrasts = spread(contrast_pair, enumerate(contrast), workers=workers)
    return {"relief": _summary(reliefs, RELIEF, ratio=True), "contrast": _summary(contrasts, CONTRAST, ratio=False)}


def relief_pair(task: tuple[int, Scene]) -> dict[str, Any]:
    """Dimples that become shallower by a known share."""
    number, scene = task
    plan = _lit(thigh(depth=scene["depth"]), scene)
    states = State(), State(dimples=scene["change"])
    return _pair(plan, scene, states, number=number, name="relief")


def contrast_pair(task: tuple[int, Scene]) -> dict[str, Any]:
    """A dark patch that fades or darkens by a known factor on its melanin."""
    number, scene = task
    states = State(melanin=scene["first"]), State(melanin=scene["gain"])
    return _pair(_lit(named("pigment"), scene), scene, states, number=number, name="delta_mi")


def _lit(plan: Scenario, scene: Scene) -> Scenario:
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=scene["tone"], mottling=scene["mottling"]),
        light=replace(plan.light, slant=scene["slant"], azimuth=scene["azimuth"], ambient=scene["ambient"]),
    )


def _pair(plan: Scenario, scene: Scene, states: tuple[State, State], *, number: int, name: str) -> dict[str, Any]:
    stage = build_stage(plan, seed=300 + number, size=SIZE)
    nominal = nominal_shot(plan, SIZE)
    first = photograph(stage, nominal, states[0])
    second = photograph(stage, _moved(plan, scene, number), states[1], first=nominal, session=1)
    return {"scene": scene} | _rivals(second, name) | _outcome(first, second, name)


def _moved(plan: Scenario, scene: Scene, number: int) -> Shot:
    """The second photo: moved, noisier, more blurred and otherwise exposed, under the same lamp."""
    shot = drawn_shot(plan, SIZE, np.random.default_rng([SEED, number]), rig=_rig(scene["warp"]))
    blur = plan.blur_mm * scene["blur"]
    return replace(shot, sensor=replace(shot.sensor, noise=scene["noise"], blur_mm=blur, exposure_ev=scene["exposure"]))


def _rig(share: float) -> Rig:
    kept = {
        part: share * getattr(MARKED_FLOOR, part)
        for part in ("distance", "roll", "tilt", "shift", "tissue", "white_balance")
    }
    return replace(MARKED_FLOOR, slant=0.0, azimuth=0.0, ambient=0.0, **kept)


def _rivals(photo: PhantomPhoto, name: str) -> dict[str, Any]:
    """Grey texture of the second photo by itself, for scenes with relief."""
    if name != "relief":
        return {}
    image = calibrated(photo)
    try:
        skin = skin_of(image)
        return {"rivals": {rival: measured(image, skin) for rival, measured in RIVALS.items()}}
    except (TrackerError, ValueError, AssertionError):  # no skin or no markers: nothing to compare with
        return {}


def _outcome(first: PhantomPhoto, second: PhantomPhoto, name: str) -> dict[str, Any]:
    truths = [photo.truth.metrics[name] for photo in (first, second)]
    metrics = (metric_named(name),)
    try:
        reference, base = establish(calibrated(first), region_of(first), metrics)
    except TrackerError as error:
        return {"code": f"baseline: {_cause(error.code)}", "truth": truths}
    if base.refused:
        return {"code": f"baseline: {_blocking(base.photo, metrics[0].needs) or 'declined'}", "truth": truths}
    try:
        result = follow(reference, calibrated(second), metrics)
    except TrackerError as error:
        return {"code": _cause(error.code), "truth": truths}
    if result.refused:
        return {"code": _blocking(result.photo, metrics[0].needs) or "declined", "truth": truths}
    return {"code": "", "truth": truths, "found": [base.measurements[0].value, _value(result)]}


def _cause(code: str) -> str:
    return code.replace("_", " ")


def _blocking(photo: ReportedPhoto, needs: frozenset[Any]) -> str:
    """Names of the checks that blocked a metric with these needs."""
    blocking = [c.check for c in photo.checks if c.status is Status.BLOCK and Comparability((c,)).blocked(needs)]
    return " + ".join(blocking)


def _value(result: Result) -> float:
    return result.measurements[0].value


def _summary(pairs: list[dict[str, Any]], factors: Mapping[str, Any], *, ratio: bool) -> Findings:
    measured = [pair for pair in pairs if not pair["code"]]
    found, truth = (np.array([pair[key] for pair in measured]).reshape(-1, 2) for key in ("found", "truth"))
    change = _changes(found, ratio=ratio), _changes(truth, ratio=ratio)
    summary: Findings = {
        "pairs": len(pairs),
        "measured": len(measured),
        "refused": dict(sorted(Counter(pair["code"] for pair in pairs if pair["code"]).items())),
        "value": agreement(found[:, 1], truth[:, 1]),
        "change": agreement(*change),
        "by_factor": {name: _levels(name, levels, pairs, ratio=ratio) for name, levels in factors.items()},
    }
    if ratio:
        with_rivals = [pair for pair in measured if "rivals" in pair]
        true = [pair["truth"][1] for pair in with_rivals]
        ours = {"relief": [pair["found"][1] for pair in with_rivals]}
        theirs = {rival: [pair["rivals"][rival] for pair in with_rivals] for rival in RIVALS}
        summary["r2"] = {measure: agreement(values, true).r2 for measure, values in (ours | theirs).items()}
    return summary


def _changes(values: Any, *, ratio: bool) -> Any:
    """Second photo against the first: per cent for ratios, else a difference."""
    return 100 * (values[:, 1] / values[:, 0] - 1) if ratio else values[:, 1] - values[:, 0]


def _levels(name: str, levels: Iterable[float], pairs: list[dict[str, Any]], *, ratio: bool) -> list[Findings]:
    """Main effect of a factor: what is refused and how large the errors are at each of its levels."""
    rows = []
    for level in levels:
        there = [pair for pair in pairs if pair["scene"][name] == level]
        measured = [pair for pair in there if not pair["code"]]
        rows.append(
            {
                "level": level,
                "pairs": len(there),
                "refused": len(there) - len(measured),
                "codes": dict(sorted(Counter(p["code"] for p in there if p["code"]).items())),
                "value_error": _median(measured, _relative if ratio else _difference),
                "value_bias": _median(measured, _relative if ratio else _difference, signed=True),
                "change_error": _median(measured, _change_error(ratio)),
                "r2": agreement([p["found"][1] for p in measured], [p["truth"][1] for p in measured]).r2,
            }
        )
    return rows


def _relative(pair: dict[str, Any]) -> float:
    return float(100 * (pair["found"][1] / pair["truth"][1] - 1))


def _difference(pair: dict[str, Any]) -> float:
    return float(pair["found"][1] - pair["truth"][1])


def _change_error(ratio: bool) -> Callable[[dict[str, Any]], float]:
    def error(pair: dict[str, Any]) -> float:
        both = (np.array([pair[key]]) for key in ("found", "truth"))
        found, true = (_changes(values, ratio=ratio)[0] for values in both)
        return float(found - true)

    return error


def _median(pairs: list[dict[str, Any]], error: Callable[[dict[str, Any]], float], *, signed: bool = False) -> float:
    errors = np.array([error(pair) for pair in pairs])
    return float(np.median(errors if signed else np.abs(errors))) if len(errors) else float("nan")
