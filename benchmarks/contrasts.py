"""Accuracy of the contrasts of a patch: pigment alone, blood alone, and how far one disturbs the index of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.estimates import agreement, within_subject_sd
from benchmarks.findings import Findings
from benchmarks.scenes import SIZE, calibrated, own_value, region_of
from benchmarks.workers import spread
from tracker.errors import TrackerError
from tracker.phantom import Scenario, Shot, State, build_stage, photograph
from tracker.phantom.optics import Response
from tracker.phantom.scenario import named
from tracker.phantom.shot import nominal_shot
from tracker.phantom.spectra import CAMERAS, ILLUMINANTS
from tracker.region import region_mask

SEED = 20260303
TONES = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
MELANIN = (1.0, 1.3, 1.6, 1.9, 2.2)
BLOOD = (1.3, 1.7, 2.3, 3.0)
SKINS = 2
EXPOSURE_EV = 0.5
WHITE_BALANCE = 0.03
SET_UP_TONES = (0.02, 0.08)
PATCH = State(melanin=1.6, patch_blood=1.5)
"""Darker and redder than its surroundings, and the same in every set-up."""
CONTRASTS = ("delta_mi", "delta_ei", "delta_a")

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Every tone with pigment of rising strength, then with blood of rising strength."""
    tones = TONES[1:2] if quick else TONES
    states = [State(melanin=gain) for gain in (MELANIN[::2] if quick else MELANIN)]
    states += [State(patch_blood=gain) for gain in (BLOOD[1::2] if quick else BLOOD)]
    tasks = [(tone, skin, states) for tone in tones for skin in range(1 if quick else SKINS)]
    rows = [row for part in spread(patches, tasks, workers=workers) for row in part]
    measured = [row for row in rows if not row["code"]]
    return {
        "photos": len(rows),
        "refused": [row["code"] for row in rows if row["code"]],
        "metrics": {name: agreement(_column(measured, name), _column(measured, f"true_{name}")) for name in CONTRASTS},
        "set_ups": _set_ups(spread(set_up, _set_up_tasks(quick=quick), workers=workers)),
        "by_tone": [_by_tone(tone, [row for row in measured if row["tone"] == tone]) for tone in tones],
        "points": {
            key: [row[key] for row in measured]
            for key in ("tone", "blood", *CONTRASTS, *(f"true_{name}" for name in CONTRASTS))
        },
    }


def patches(task: tuple[float, int, Sequence[State]]) -> list[Row]:
    """One skin with its patch in each state; every photo has its own error of exposure and white balance."""
    tone, skin, states = task
    plan = named("pigment")
    plan = replace(plan, complexion=replace(plan.complexion, melanin=tone))
    stage = build_stage(plan, seed=400 + skin, size=SIZE)
    rng = np.random.default_rng([SEED, round(1000 * tone), skin])
    rows = []
    for number, state in enumerate(states):
        photo = photograph(stage, _shot(plan, rng), state, session=number)
        known = {f"true_{name}": photo.truth.metrics[name] for name in CONTRASTS}
        row: Row = {"tone": tone, "skin": skin, "melanin": state.melanin, "blood": state.patch_blood} | known
        try:
            image = calibrated(photo)
            mask = region_mask(region_of(photo), image)
            rows.append(row | {"code": ""} | {name: own_value(image, mask, name, marked=True) for name in CONTRASTS})
        except TrackerError as error:
            rows.append(row | {"code": error.code})
    return rows


def _set_up_tasks(*, quick: bool) -> list[tuple[float, Response]]:
    responses = [Response(lamp, camera) for lamp in ILLUMINANTS for camera in CAMERAS]
    return [
        (tone, response)
        for tone in SET_UP_TONES[: 1 if quick else None]
        for response in responses[:: 9 if quick else 1]
    ]


def set_up(task: tuple[float, Response]) -> Row:
    """One unchanged patch under one lamp, as one camera sees it, with errors of exposure and white balance."""
    tone, response = task
    plan = named("pigment")
    plan = replace(plan, complexion=replace(plan.complexion, melanin=tone))
    stage = build_stage(plan, seed=450, size=SIZE)
    seed = [SEED, round(1000 * tone), ILLUMINANTS.index(response.illuminant), CAMERAS.index(str(response.camera))]
    shot = replace(_shot(plan, np.random.default_rng(seed)), response=response)
    photo = photograph(stage, shot, PATCH)
    row: Row = {"tone": tone, "lamp": response.illuminant, "camera": str(response.camera)}
    try:
        image = calibrated(photo)
        mask = region_mask(region_of(photo), image)
        return row | {"code": ""} | {name: own_value(image, mask, name, marked=True) for name in CONTRASTS}
    except TrackerError as error:
        return row | {"code": error.code}


def _set_ups(rows: list[Row]) -> Findings:
    """Spread of what should be one number; s_w is between set-ups within a tone."""
    measured = [row for row in rows if not row["code"]]
    by_tone = [[row for row in measured if row["tone"] == tone] for tone in SET_UP_TONES]
    kept = [group for group in by_tone if len(group) > 1]
    found: Findings = {"photos": len(rows), "refused": len(rows) - len(measured)}
    for name in CONTRASTS:
        values = [_column(group, name) for group in kept]
        found[name] = {
            "s_w": within_subject_sd(values).sd,
            "range": max((max(each) - min(each) for each in values), default=float("nan")),
            "daylight": _same_lamp(kept, name),
        }
    return found


def _same_lamp(groups: list[list[Row]], name: str) -> float:
    """The same spread between photos in daylight only (D50 and D65, both cameras)."""
    return within_subject_sd([[row[name] for row in group if row["lamp"] in ("D50", "D65")] for group in groups]).sd


def _shot(plan: Scenario, rng: np.random.Generator) -> Shot:
    shot = nominal_shot(plan, SIZE)
    exposure = rng.uniform(-EXPOSURE_EV, EXPOSURE_EV)
    red, blue = rng.normal(1.0, WHITE_BALANCE, 2)
    return replace(shot, sensor=replace(shot.sensor, exposure_ev=exposure, white_balance=(red, 1.0, blue)))


def _column(rows: list[Row], name: str) -> list[float]:
    return [row[name] for row in rows]


def _by_tone(tone: float, rows: list[Row]) -> Findings:
    """Errors at one tone, and what one index moves per unit of the other."""
    pigment = [row for row in rows if row["blood"] == 1.0]
    blood = [row for row in rows if row["melanin"] == 1.0]
    return {
        "tone": tone,
        "photos": len(rows),
        "bias": {name: agreement(_column(rows, name), _column(rows, f"true_{name}")).bias for name in CONTRASTS},
        "rmse": {name: agreement(_column(rows, name), _column(rows, f"true_{name}")).rmse for name in CONTRASTS},
        "ei_per_mi": _moved(pigment, "delta_ei", "delta_mi"),
        "true_ei_per_mi": _moved(pigment, "true_delta_ei", "true_delta_mi"),
        "mi_per_ei": _moved(blood, "delta_mi", "delta_ei"),
        "true_mi_per_ei": _moved(blood, "true_delta_mi", "true_delta_ei"),
    }


def _moved(rows: list[Row], disturbed: str, caused: str) -> float:
    """Movement of one index per unit of the other where only one of the two pigments changed."""
    return agreement(_column(rows, disturbed), _column(rows, caused)).slope
