"""Accuracy of relief: dimples of known depth under pigment of known strength, ours beside grey-level texture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.estimates import agreement
from benchmarks.findings import Findings
from benchmarks.rivals import RIVALS
from benchmarks.scenes import SIZE, calibrated, own_value, skin_of, thigh
from benchmarks.workers import spread
from tracker.phantom import Shot, Stage, State, build_stage, nominal_shot, photograph

TONE = 0.05
"""Melanosome fraction of intermediate skin, ITA about 32°; the factorial design varies it."""
DEEPEST = 7.0
SHALLOW = 2.0
DEPTHS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
MOTTLINGS = (0.05, 0.15, 0.30)
LAYOUTS = tuple(range(100, 108))
TANNED_AT = 3.0
TAN = 1.5
SLANTS = (30.0, 45.0, 60.0)
AMBIENTS = (0.0, 0.2, 0.4, 0.6, 0.8)
NOMINAL = (45.0, 0.28)
MEASURES = ("relief", *RIVALS)

Row = dict[str, float]
Lamp = tuple[float, float]


def run(*, quick: bool, workers: int) -> Findings:
    """Depth sweep on a plane and on a thigh, tanned skin, frontal light and the law of the lamp."""
    layouts, mottlings, depths = _extent(quick)
    stages = [(layout, mottling, depths, True) for layout in layouts for mottling in mottlings]
    rounded = (
        [] if quick else [(layout, mottling, depths[::2], False) for layout in layouts[:4] for mottling in mottlings]
    )
    lit = layouts[: 1 if quick else 3]
    swept = spread(sweep, [*stages, *rounded], workers=workers)
    rows = [row for part in swept[: len(stages)] for row in part]
    on_thigh = [row for part in swept[len(stages) :] for row in part]
    return {
        "plane": _summary(rows),
        "thigh": _summary(on_thigh),
        "tan": _tan(rows),
        "floor": _floor(rows),
        "light": _law(spread(lamps, [(layout, _lamps(quick)) for layout in lit], workers=workers), _lamps(quick)),
        "points": {
            key: [row[key] for row in _untanned(rows)] for key in ("layout", "mottling", "depth", "truth", *MEASURES)
        },
    }


def _extent(quick: bool) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    if quick:
        return LAYOUTS[:2], (0.05, 0.30), (0.0, 2.0, 4.0, 7.0)
    return LAYOUTS, MOTTLINGS, DEPTHS


def sweep(task: tuple[int, float, tuple[float, ...], bool]) -> list[Row]:
    """One layout of dimples and pigment, all depths; at one depth also tanned."""
    layout, mottling, depths, plane = task
    stage = build_stage(thigh(plane=plane, melanin=TONE, mottling=mottling, depth=DEEPEST), seed=layout, size=SIZE)
    tanned_at = min(depths, key=lambda depth: abs(depth - TANNED_AT)) if plane else None
    states = [(depth, State(dimples=depth / DEEPEST)) for depth in depths]
    if tanned_at is not None:
        states.append((tanned_at, State(dimples=tanned_at / DEEPEST, tan=TAN)))
    shot = nominal_shot(stage.plan, SIZE)
    known = {"layout": float(layout), "mottling": mottling}
    return [known | {"depth": depth, "tan": state.tan} | _measured(stage, shot, state) for depth, state in states]


def _measured(stage: Stage, shot: Shot, state: State) -> Row:
    photo = photograph(stage, shot, state)
    image = calibrated(photo)
    skin = skin_of(image)
    row = {name: rival(image, skin) for name, rival in RIVALS.items()}
    row["relief"] = own_value(image, skin, "relief")
    return row | {"truth": photo.truth.metrics["relief"], "sq": photo.truth.metrics["relief_sq_mm"]}


def lamps(task: tuple[int, list[Lamp]]) -> list[Row]:
    """One layout under lamps of every slant and every share of ambient light, with its dimples and without."""
    layout, grid = task
    plan = thigh(plane=True, melanin=TONE, mottling=MOTTLINGS[0], depth=DEEPEST)
    stage, nominal = build_stage(plan, seed=layout, size=SIZE), nominal_shot(plan, SIZE)
    rows = []
    for slant, ambient in grid:
        light = replace(nominal.light, slant=slant, ambient=ambient)
        for depth in (0.0, TANNED_AT):
            found = _measured(stage, replace(nominal, light=light), State(dimples=depth / DEEPEST))
            rows.append(found | {"layout": float(layout), "slant": slant, "ambient": ambient, "depth": depth})
    return rows


def _lamps(quick: bool) -> list[Lamp]:
    if quick:
        return [(0.0, NOMINAL[1]), NOMINAL, (60.0, NOMINAL[1])]
    slants = [(slant, NOMINAL[1]) for slant in (0.0, *SLANTS)]
    return slants + [(NOMINAL[0], ambient) for ambient in AMBIENTS]


def _untanned(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["tan"] == 1.0]


def _column(rows: Iterable[Row], key: str) -> NDArray[np.float64]:
    return np.array([row[key] for row in rows])


def _summary(rows: list[Row]) -> Findings:
    """Agreement of each measure with the truth, at each level of pigment and over all of them."""
    rows = _untanned(rows)
    if not rows:
        return {}
    levels = sorted({row["mottling"] for row in rows})
    groups = {f"{round(100 * level)}": [row for row in rows if row["mottling"] == level] for level in levels}
    groups |= {"all": rows, "shallow": [row for row in rows if row["depth"] <= SHALLOW]}
    return {name: {group: _agreement(found, name) for group, found in groups.items()} for name in MEASURES}


def _agreement(rows: list[Row], name: str) -> Findings:
    found, truth = _column(rows, name), _column(rows, "truth")
    line = agreement(found, truth)
    skins = [[row for row in rows if (row["layout"], row["mottling"]) == skin] for skin in _skins(rows)]
    within = [agreement(_column(skin, name), _column(skin, "truth")).r2 for skin in skins]
    ranks = [float(spearmanr(_column(skin, name), _column(skin, "depth")).statistic) for skin in skins]
    return {
        "slope": line.slope, "bias": line.bias, "r2": line.r2, "n": line.n, "rmse": line.rmse,
        "r2_height": agreement(found, _column(rows, "sq")).r2,
        "r2_within": float(np.mean(within)), "spearman_least": float(np.min(ranks)),
    }  # fmt: skip


def _skins(rows: list[Row]) -> list[tuple[float, float]]:
    return sorted({(row["layout"], row["mottling"]) for row in rows})


def _tan(rows: list[Row]) -> Findings:
    """Change of each measure, %, when the same relief is tanned: it should not move at all."""
    tanned = [row for row in rows if row["tan"] != 1.0]
    pale = {(row["layout"], row["mottling"], row["depth"]): row for row in _untanned(rows)}
    found: dict[str, Any] = {}
    for name in MEASURES:
        moved = [100 * (row[name] / pale[row["layout"], row["mottling"], row["depth"]][name] - 1) for row in tanned]
        found[name] = {"median": float(np.median(moved)), "largest": float(np.max(np.abs(moved)))}
    return found


def _floor(rows: list[Row]) -> Findings:
    """What is read off skin without dimples, by pigment; in units of the metric."""
    flat = [row for row in _untanned(rows) if row["depth"] == 0.0]
    levels = sorted({row["mottling"] for row in flat})
    found = {f"{round(100 * level)}": [row for row in flat if row["mottling"] == level] for level in levels}
    return {
        level: {
            "found": float(_column(group, "relief").mean()),
            "truth": float(_column(group, "truth").mean()),
            "luminance_band": float(_column(group, "luminance_band").mean()),
        }
        for level, group in found.items()
    }


def _law(parts: list[list[Row]], grid: list[Lamp]) -> list[Findings]:
    """Response to the dimples alone under each lamp, over that under the nominal one, beside (1 - a) tan(slant)."""
    rows = [row for part in parts for row in part]
    response = {lamp: _response(rows, lamp) for lamp in grid}
    reference = _response(rows, NOMINAL)
    law = (1 - NOMINAL[1]) * np.tan(np.radians(NOMINAL[0]))
    return [
        {
            "slant": slant, "ambient": ambient, "law": float((1 - ambient) * np.tan(np.radians(slant)) / law),
            "found": seen["found"] / reference["found"], "truth": seen["truth"] / reference["truth"],
            "value": seen["value"], "floor": seen["floor"],
        }
        for (slant, ambient), seen in response.items()
    ]  # fmt: skip


def _response(rows: list[Row], lamp: Lamp) -> Mapping[str, float]:
    lit = [row for row in rows if (row["slant"], row["ambient"]) == lamp]
    flat, dimpled = ([row for row in lit if (row["depth"] > 0) == deep] for deep in (False, True))
    squares = {
        key: float(np.mean(_column(dimpled, name) ** 2 - _column(flat, name) ** 2))
        for key, name in (("found", "relief"), ("truth", "truth"))
    }
    response = {key: float(np.sqrt(max(square, 0.0))) for key, square in squares.items()}
    return response | {
        "value": float(_column(dimpled, "relief").mean()), "floor": float(_column(flat, "relief").mean())
    }  # fmt: skip
