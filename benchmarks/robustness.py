"""Robustness: one thing at a time is different in the photo of an unchanged skin; how far does each number move?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmarks.estimates import MDC95_PER_SD
from benchmarks.findings import Findings
from benchmarks.scenes import SIZE, calibrated, own_value, region_of, skin_of, thigh
from benchmarks.workers import spread
from tracker.errors import TrackerError
from tracker.metrics import metric_named
from tracker.phantom import Scenario, State, build_stage, nominal_shot, photograph
from tracker.phantom.clutter import Clutter
from tracker.phantom.scenario import named
from tracker.region import region_mask
from tracker.repeatability import PROVISIONAL

Change = Callable[[Scenario], Scenario]
TONES = (0.02, 0.05, 0.10)
"""Melanosome fraction of each skin."""
PATCH = State(melanin=1.6, patch_blood=1.5)
METRICS = MappingProxyType({"thigh": ("relief",), "pigment": ("delta_mi", "delta_ei", "delta_a")})
PLAIN = "none"


def _light(**values: Any) -> Change:
    return lambda plan: replace(plan, light=replace(plan.light, **values))


def _sensor(**values: Any) -> Change:
    return lambda plan: replace(plan, sensor=replace(plan.sensor, **values))


DISTURBANCES: MappingProxyType[str, Change] = MappingProxyType(
    {
        "cast shadows": _light(shadows=True),
        "ambient light tinted, 0.85 : 0.97 : 1.15": _light(tint=(0.85, 0.97, 1.15)),
        "lamp at 600 mm": _light(distance=600.0),
        "rough skin (Oren–Nayar, 0.2 rad)": _light(roughness=0.2),
        "no gloss": _light(gloss=0.0),
        "gloss 0.06": _light(gloss=0.06),
        "tone curve of a phone, 0.25": _sensor(contrast=0.25),
        "sharpening 0.6": _sensor(sharpening=0.6),
        "local tone 0.3": _sensor(local_tone=0.3),
        "JPEG quality 60": _sensor(jpeg_quality=60),
        "light wanders in the skin, 1.0 : 0.5 : 0.3 mm": lambda plan: replace(
            plan, complexion=replace(plan.complexion, scatter_mm=(1.0, 0.5, 0.3))
        ),
        "towel, wall and a hem on the skin": lambda plan: replace(
            plan, clutter=Clutter(things=("towel", "wall"), cover="hem")
        ),
    }
)


def run(*, quick: bool, workers: int) -> Findings:
    """Every disturbance on every skin of both scenes."""
    skins = TONES[: 1 if quick else None]
    names = (PLAIN, *(list(DISTURBANCES)[::6] if quick else DISTURBANCES))
    tasks = [(scene, skin, name) for scene in METRICS for skin in range(len(skins)) for name in names]
    rows = spread(disturbed, tasks, workers=workers)
    return {"skins": len(skins), "rows": [_row(name, rows) for name in names[1:]]}


def disturbed(task: tuple[str, int, str]) -> dict[str, Any]:
    """The numbers of one photo in its own frame."""
    scene, skin, name = task
    plan = thigh() if scene == "thigh" else named("pigment")
    plan = replace(plan, complexion=replace(plan.complexion, melanin=TONES[skin]))
    plan = plan if name == PLAIN else DISTURBANCES[name](plan)
    stage = build_stage(plan, seed=500 + skin, size=SIZE)
    photo = photograph(stage, nominal_shot(plan, SIZE), State() if scene == "thigh" else PATCH)
    row: dict[str, Any] = {"scene": scene, "skin": skin, "name": name}
    try:
        image = calibrated(photo)
        mask = skin_of(image) if photo.region is None else region_mask(region_of(photo), image)
        values = {metric: own_value(image, mask, metric, marked=photo.region is not None) for metric in METRICS[scene]}
    except TrackerError as error:
        return row | {"code": error.code, "values": {}}
    return row | {"code": "", "values": values}


def _row(name: str, rows: list[dict[str, Any]]) -> Findings:
    """How far each metric moves from the plain photo of the same skin; the mean and the farthest."""
    found: Findings = {"name": name, "refused": [row["code"] for row in rows if row["name"] == name and row["code"]]}
    for scene, metrics in METRICS.items():
        plain, other = (
            {row["skin"]: row["values"] for row in rows if (row["scene"], row["name"]) == (scene, which)}
            for which in (PLAIN, name)
        )
        both = [skin for skin in plain if plain[skin] and other[skin]]
        for metric in metrics:
            moves = [_moved(metric, plain[skin][metric], other[skin][metric]) for skin in both]
            found[metric] = _summary(moves) if moves else {}
    return found


def _moved(name: str, plain: float, other: float) -> tuple[float, float]:
    """The change in per cent or units, and in units of the stated MDC95."""
    metric = metric_named(name)
    mdc95 = float(MDC95_PER_SD * PROVISIONAL.of(metric))
    if metric.multiplicative:
        return 100 * (other / plain - 1), float(np.log(other / plain)) / mdc95
    return other - plain, (other - plain) / mdc95


def _summary(moves: list[tuple[float, float]]) -> Findings:
    change, in_mdc95 = zip(*moves, strict=True)
    return {
        "mean": float(np.mean(change)),
        "farthest": float(max(change, key=abs)),
        "in_mdc95": float(max(in_mdc95, key=abs)),
    }
