"""Accuracy of skin tone in whole photos: a chart lies on the skin, under several lamps, and the program finds it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.estimates import agreement
from benchmarks.findings import Findings
from benchmarks.scenes import calibrated, own_value, skin_of, thigh
from benchmarks.workers import spread
from tracker.errors import TrackerError
from tracker.phantom import MARKED_FLOOR, Scenario, build_stage, drawn_shot, photograph
from tracker.phantom.chart import Chart
from tracker.phantom.optics import Response
from tracker.phantom.spectra import CAMERAS

SIZE = (600, 800)
SEED = 20260305
TONES = (0.015, 0.03, 0.06, 0.12, 0.22)
LAMPS = ("D65", "D50", "LED-B3", "LED-B5", "A")
CHART = (0.0, -92.0)
EDITION = "2014"
SLANT = 45.0
"""The geometry of contact meters, 45° to 0°: the sheen of the skin goes elsewhere."""
GLOSSY = 20.0
"""A lamp beside the camera, as a ring light is: part of the sheen comes back."""
METRICS = ("ita", "lightness", "a_star", "b_star")

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Every tone under every lamp, the cameras taking turns, one photo each."""
    tones, lamps = (TONES[::3], LAMPS[:1]) if quick else (TONES, LAMPS)
    tasks = [
        (tone, lamp, (t + k) % len(CAMERAS), SLANT) for t, tone in enumerate(tones) for k, lamp in enumerate(lamps)
    ]
    rows = spread(tone_photo, tasks, workers=workers)
    glossy = [
        row for row in spread(tone_photo, [(t, "D65", 0, GLOSSY) for t in tones], workers=workers) if not row["code"]
    ]
    measured = [row for row in rows if not row["code"]]
    return {
        "photos": len(rows),
        "refused": dict(sorted(Counter(row["code"] for row in rows if row["code"]).items())),
        "metrics": {
            name: agreement([row[name] for row in measured], [row[f"true_{name}"] for row in measured])
            for name in METRICS
        },
        "sheen": {name: _bias(glossy, name) for name in METRICS},
        "by_lamp": [_by_lamp(lamp, [row for row in measured if row["lamp"] == lamp]) for lamp in lamps],
        "points": {
            key: [row[key] for row in measured] for key in ("lamp", *METRICS, *(f"true_{name}" for name in METRICS))
        },
    }


def tone_photo(task: tuple[float, str, int, float]) -> Row:
    """One photo with a chart on the skin, framed and exposed as on a marked floor."""
    tone, lamp, camera, slant = task
    plan = _plan(tone, slant, Response(lamp, CAMERAS[camera]))
    seed = [SEED, round(1000 * tone), LAMPS.index(lamp)]
    stage = build_stage(plan, seed=int(np.random.default_rng(seed).integers(1 << 30)), size=SIZE)
    photo = photograph(stage, drawn_shot(plan, SIZE, np.random.default_rng([*seed, 1]), rig=MARKED_FLOOR))
    row: Row = {"lamp": lamp} | {f"true_{name}": photo.truth.metrics[name] for name in METRICS}
    try:
        image = calibrated(photo)
        skin = skin_of(image)
        row |= {name: own_value(image, skin, name) for name in METRICS}
    except TrackerError as error:
        return row | {"code": error.code}
    return row | {"code": ""}


def _plan(tone: float, slant: float, response: Response) -> Scenario:
    """Flat skin without dimples in the even light that colour asks for."""
    plan = thigh(plane=True, depth=0.0)
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=tone),
        light=replace(plan.light, slant=slant, azimuth=90.0, ambient=0.6, falloff=0.04),
        response=response,
        chart=Chart(CHART, edition=EDITION),
    )


def _by_lamp(lamp: str, rows: list[Row]) -> Findings:
    return {"lamp": lamp, "photos": len(rows)} | {name: _bias(rows, name) for name in METRICS}


def _bias(rows: list[Row], name: str) -> float:
    return agreement([row[name] for row in rows], [row[f"true_{name}"] for row in rows]).bias
