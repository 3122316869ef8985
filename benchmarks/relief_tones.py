"""Accuracy of relief and waviness by the tone of the skin: weak and strong pigment, with sheen and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from benchmarks.estimates import agreement
from benchmarks.findings import Findings
from benchmarks.rivals import luminance_band
from benchmarks.scenes import SIZE, calibrated, own_value, skin_of, thigh
from benchmarks.workers import spread
from tracker.errors import TrackerError
from tracker.phantom import State, build_stage, nominal_shot, photograph

TONES: Final = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
DEEPEST: Final = 5.0
DEPTHS: Final = (0.0, 1.0, 2.5, 5.0)
SKINS: Final = ((0.05, 0.03), (0.30, 0.03), (0.15, 0.0))
"""Mottling (standard deviation of ln melanin) and height of the specular lobe, as a share of white."""
LAYOUTS: Final = (120, 121)
WAVES: Final = (0.0, 0.4, 0.8, 1.2)
"""Standard deviation of the waves of 50 to 120 mm, mm."""
WAVED: Final = 3.0

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Depth sweep of each tone, and broad waves on a plane and on a thigh."""
    tones = TONES[1::4] if quick else TONES
    skins = SKINS[:1] if quick else SKINS
    layouts = LAYOUTS[:1] if quick else LAYOUTS
    tasks = [(tone, *skin, layout) for tone in tones for skin in skins for layout in layouts]
    rows = [row for part in spread(depths, tasks, workers=workers) for row in part]
    waves = [(tone, plane) for tone in tones[::2] for plane in (True, False)]
    waved = [row for part in spread(broad, waves, workers=workers) for row in part]
    by_tone: list[Row] = [{"tone": tone} | _row([row for row in rows if row["tone"] == tone]) for tone in tones]
    errors = [row["relief"].rmse for row in by_tone]
    return {
        "relief": agreement([row["relief"] for row in rows], [row["truth"] for row in rows]),
        "luminance_band": agreement([row["luminance_band"] for row in rows], [row["truth"] for row in rows]),
        "by_tone": by_tone,
        "worst_over_best": max(errors) / min(errors),
        "floor": {str(tone): _floor(rows, tone) for tone in tones},
        "waviness": {name: _waviness([row for row in waved if row["plane"] is plane])
                     for name, plane in (("plane", True), ("thigh", False))},
    }  # fmt: skip


def depths(task: tuple[float, float, float, int]) -> list[Row]:
    """One skin whose dimples become deeper."""
    tone, mottling, gloss, layout = task
    stage = build_stage(thigh(plane=True, melanin=tone, mottling=mottling, depth=DEEPEST), seed=layout, size=SIZE)
    shot = nominal_shot(stage.plan, SIZE)
    shot = replace(shot, light=replace(shot.light, gloss=gloss))
    rows: list[Row] = []
    for depth in DEPTHS:
        photo = photograph(stage, shot, State(dimples=depth / DEEPEST))
        image = calibrated(photo)
        skin = skin_of(image)
        rows.append({
            "tone": tone, "depth": depth, "truth": photo.truth.metrics["relief"],
            "relief": own_value(image, skin, "relief"), "luminance_band": luminance_band(image, skin),
        })  # fmt: skip
    return rows


def broad(task: tuple[float, bool]) -> list[Row]:
    """One skin with dimples of middling depth and broad waves of each height."""
    tone, plane = task
    rows: list[Row] = []
    for waves in WAVES:
        plan = thigh(plane=plane, melanin=tone, mottling=0.15, depth=WAVED)
        plan = replace(plan, relief=replace(plan.relief, waviness=waves))
        photo = photograph(build_stage(plan, seed=130, size=SIZE), nominal_shot(plan, SIZE))
        image = calibrated(photo)
        row: Row = {"tone": tone, "plane": plane, "truth": photo.truth.metrics["waviness"]}
        try:
            rows.append(row | {"found": own_value(image, skin_of(image), "waviness")})
        except TrackerError as error:
            rows.append(row | {"code": error.code})
    return rows


def _row(rows: Sequence[Row]) -> Row:
    truth = [row["truth"] for row in rows]
    return {name: agreement([row[name] for row in rows], truth) for name in ("relief", "luminance_band")}


def _floor(rows: Sequence[Row], tone: float) -> float:
    flat = [row["relief"] for row in rows if row["tone"] == tone and row["depth"] == 0.0]
    return float(sum(flat) / len(flat))


def _waviness(rows: Sequence[Row]) -> Row:
    measured = [row for row in rows if "found" in row]
    return {
        "photos": len(rows),
        "measured": len(measured),
        "value": agreement([row["found"] for row in measured], [row["truth"] for row in measured]),
    }
