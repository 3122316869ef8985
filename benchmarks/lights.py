"""The light as the program reads it: azimuth of one photo, turn between two, frontal and opposite light, gauge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from benchmarks import lamps
from benchmarks.estimates import proportion
from benchmarks.findings import Findings
from benchmarks.scenes import calibrated, skin_of, thigh
from benchmarks.workers import spread
from tracker.alignment import Alignment, in_own_frame, resample
from tracker.errors import TrackerError
from tracker.phantom import PhantomPhoto, Scenario, Shot, Stage, State, build_stage, nominal_shot, photograph
from tracker.phantom.light import Light
from tracker.phantom.scenario import named
from tracker.phantom.skin import Body
from tracker.quality.light import compared_light
from tracker.shading import light_direction, light_turn

SEED: Final = 20270308
SIZE: Final = (600, 800)
OBLIQUE: Final = (30.0, 60.0)
BODIES: Final = {
    "plane": Body.plane(),
    "cylinder": Body.cylinder(90.0),
    "limb": named("thigh").body,
    "dome": Body.dome(170.0, 200.0),
}
LEVELS: Final[dict[str, tuple[Any, ...]]] = {
    "tone": (0.015, 0.04, 0.08, 0.15, 0.25, 0.35),
    "mottling": (0.05, 0.15, 0.30),
    "slant": (0.0, 5.0, 10.0, 15.0, 30.0, 30.0, 37.0, 45.0, 45.0, 52.0, 60.0, 60.0),
    "ambient": (0.1, 0.3, 0.5),
    "depth": (0.0, 1.0, 2.5, 4.5, 7.0),
    "body": tuple(BODIES),
    "gloss": (0.0, 0.03, 0.06),
    "falloff": (0.0, 0.14),
    "shadows": (False, True),
    "noise": (0.5, 2.0, 4.0),
    "jpeg": (92, 80, 60),
    "blur": (1.0, 2.0),
}
SECOND: Final[dict[str, Callable[[Light], Light]]] = {
    "same": lambda light: light,
    "treated": lambda light: light,
    "turned 20": lambda light: replace(light, azimuth=(light.azimuth + 20.0) % 360.0),
    "turned 60": lambda light: replace(light, azimuth=(light.azimuth + 60.0) % 360.0),
    "opposite": lambda light: replace(light, azimuth=(light.azimuth + 180.0) % 360.0),
    "frontal": lambda light: replace(light, slant=5.0),
}
"""What the second photo of a pair is lit by; nothing else moves, but in "treated" the dimples are 0.5 as deep."""
CHECKS: Final = ("light direction", "light obliqueness", "light evenness", "body shading")

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Single photos and pairs; `quick` takes a few."""
    single = [row for row in spread(one_photo, range(6 if quick else 180), workers=workers) if row]
    pairs = [row for rows in spread(pairs_of_one_skin, range(2 if quick else 36), workers=workers) for row in rows]
    own = {"azimuth": _azimuth(single), "frontal": _frontal(single), "pairs": _pairs(pairs)}
    return own | lamps.run(quick=quick, workers=workers)


def scene(number: int, *, stream: int = 0) -> Row:
    """Levels drawn at random, an azimuth anywhere."""
    rng = np.random.default_rng([SEED, stream, number])
    drawn: Row = {name: levels[int(rng.integers(len(levels)))] for name, levels in LEVELS.items()}
    return drawn | {"azimuth": float(rng.uniform(0.0, 360.0)), "number": number}


def plan_of(drawn: Row) -> Scenario:
    """The scene as the phantom takes it."""
    plan = thigh(depth=drawn["depth"], melanin=drawn["tone"], mottling=drawn["mottling"])
    lamp = {name: drawn[name] for name in ("slant", "azimuth", "ambient", "gloss", "falloff", "shadows")}
    return replace(plan, body=BODIES[drawn["body"]], light=replace(plan.light, **lamp))


def _shot(plan: Scenario, drawn: Row) -> Shot:
    shot = nominal_shot(plan, SIZE)
    blur = plan.blur_mm * drawn["blur"]
    return replace(shot, sensor=replace(shot.sensor, noise=drawn["noise"], jpeg_quality=drawn["jpeg"], blur_mm=blur))


def one_photo(number: int) -> Row | None:
    """Direction of the light in one photo; None if the program finds no skin in it."""
    drawn = scene(number)
    plan = plan_of(drawn)
    stage = build_stage(plan, seed=21000 + number, size=SIZE)
    image = calibrated(photograph(stage, _shot(plan, drawn)))
    try:
        skin = skin_of(image) & in_own_frame(image).valid
    except TrackerError:
        return None
    assert image.grid.mm_per_cell is not None
    light = light_direction(image.linear, skin, mm_per_cell=image.grid.mm_per_cell)
    error = (light.azimuth - drawn["azimuth"] + 180) % 360 - 180
    return drawn | {
        "told": light.told, "error": abs(error), "axis": abs((error + 90) % 180 - 90),
        "uncertainty": light.uncertainty, "coherence": light.coherence,
    }  # fmt: skip


def pairs_of_one_skin(number: int) -> list[Row]:
    """A side-lit photo against the same skin in other light."""
    drawn = scene(number, stream=1)
    drawn["slant"], drawn["depth"] = max(drawn["slant"], OBLIQUE[0]), max(drawn["depth"], 1.0)
    plan = plan_of(drawn)
    stage = build_stage(plan, seed=23000 + number, size=SIZE)
    first = photograph(stage, _shot(plan, drawn))
    try:
        reference = calibrated(first)
        skin = skin_of(reference) & in_own_frame(reference).valid
    except TrackerError:
        return []
    rows = []
    for session, (kind, lit) in enumerate(SECOND.items(), start=1):
        second = _second(stage, _shot(plan, drawn), lit, session, treated=kind == "treated")
        image = calibrated(second)
        aligned = resample(image, unmoved(reference.photo.shape), reference)
        mask = skin & aligned.valid
        assert reference.grid.mm_per_cell is not None
        turn = light_turn(reference.linear, aligned.linear, mask, mm_per_cell=reference.grid.mm_per_cell)
        checks = {check.check: check for check in compared_light(reference, aligned, mask)}
        truth = abs((second.shot.light.azimuth - drawn["azimuth"] + 180) % 360 - 180)
        rows.append(
            drawn | {"kind": kind, "truth": truth, "turn": turn.degrees if turn else np.nan,
            "left": turn.left if turn else np.nan,
            "told": not checks["light direction"].advice.startswith("The direction of the light cannot"),
            **{name: str(check.status) for name, check in checks.items()}}
        )  # fmt: skip
    return rows


def unmoved(shape: tuple[int, int]) -> Alignment:
    """The map between two photos that were taken from one place: this is about light only."""
    rows, cols = (np.linspace(0, side - 1, 121) for side in shape)
    nodes = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).astype(np.float32)
    sd = np.full(nodes.shape[:2], 0.1, np.float32)
    return Alignment(rows, cols, nodes, sd, sd > 0, 1.0, 0.1, 1.0, 1.0, 0.0)


def _second(stage: Stage, shot: Shot, lit: Callable[[Light], Light], session: int, *, treated: bool) -> PhantomPhoto:
    state = State(dimples=0.5) if treated else State()
    return photograph(stage, replace(shot, light=lit(shot.light)), state, first=shot, session=session)


def _azimuth(rows: list[Row]) -> Findings:
    oblique = [row for row in rows if OBLIQUE[0] <= row["slant"] <= OBLIQUE[1]]
    summary = {"all": _errors(oblique)}
    for name in ("tone", "body", "depth", "ambient", "slant", "falloff", "gloss"):
        found = sorted({row[name] for row in oblique}, key=str)
        summary[name] = {str(level): _errors([row for row in oblique if row[name] == level]) for level in found}
    quarter = {
        side: [row for row in oblique if round(row["azimuth"] / 90) % 4 == k]
        for k, side in enumerate(("right", "top", "left", "bottom"))
    }
    return summary | {"azimuth": {side: _errors(rows) for side, rows in quarter.items()}}


def _errors(rows: list[Row]) -> Findings:
    told = [row for row in rows if row["told"]]
    summary: Findings = {"told": proportion(len(told), len(rows))}
    if not told:
        return summary
    error, axis = (np.array([row[name] for row in told]) for name in ("error", "axis"))
    covered = axis <= 1.96 * np.array([row["uncertainty"] for row in told])
    return summary | {
        "median": float(np.median(error)), "p90": float(np.percentile(error, 90)), "covered": float(covered.mean()),
        "axis_median": float(np.median(axis)), "axis_p90": float(np.percentile(axis, 90)),
        "wrong_end": proportion(int((error > 90).sum()), len(error)),
    }  # fmt: skip


def _frontal(rows: list[Row]) -> Findings:
    """How often a direction is told, over slant."""
    slants = sorted({row["slant"] for row in rows})
    groups = {slant: [row["told"] for row in rows if row["slant"] == slant] for slant in slants}
    return {str(slant): proportion(sum(told), len(told)) for slant, told in groups.items()}


def _pairs(rows: list[Row]) -> Findings:
    summary: Findings = {}
    for kind in SECOND:
        same = [row for row in rows if row["kind"] == kind]
        told = [row for row in same if row["told"]]
        error = [abs(row["turn"] - row["truth"]) for row in told] or [np.nan]
        summary[kind] = {
            "told": proportion(len(told), len(same)),
            "median": float(np.median(error)), "p90": float(np.percentile(error, 90)),
            "blocked": {
                name: proportion(sum(row.get(name) == "block" for row in same), len(same))
                for name in CHECKS
            },
            "stopped": proportion(sum(any(row.get(name) == "block" for name in CHECKS) for row in same), len(same)),
        }  # fmt: skip
    return summary


if __name__ == "__main__":
    import json

    print(json.dumps(run(quick=False, workers=2), indent=1))
