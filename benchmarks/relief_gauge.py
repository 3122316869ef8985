"""Relief through the whole pipeline under lamps put back with some error, with the relief gauge and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import agreement, proportion
from benchmarks.findings import Findings
from benchmarks.printed import printed_batch, printed_card
from benchmarks.scenes import calibrated, thigh
from benchmarks.workers import spread
from tracker.alignment import AlignedImage
from tracker.calibration import layout
from tracker.errors import TrackerError
from tracker.measurement import Metric, Place
from tracker.metrics import metric_named
from tracker.phantom import RIGS, Rig, Scenario, State, build_stage, drawn_shot, nominal_shot, photograph
from tracker.phantom.gauge import Gauge
from tracker.phantom.photograph import true_metrics
from tracker.pipeline import establish, follow
from tracker.quality import Need
from tracker.repeatability import PROVISIONAL
from tracker.timeline import compare_sessions, session_value

SEED: Final = 20270401
SIZE: Final = (750, 1000)
FIELD: Final = 420.0
TONES: Final = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
SKIN: Final = 1
LEFT: Final = (1.0, 0.6)
"""Depth of the dimples over that of the reference."""
STATED: Final = metric_named("relief")
# The whitelist asks for a light that is compared; that of close-ups is, and blocks nothing here.
UNGATED: Final = replace(STATED, name="ungated", needs=STATED.needs - {Need.OBLIQUE_LIGHT} | {Need.SAME_SHADING})
"""Measured whatever the gate says of the lamp: how well the gauge makes up for it."""
Row = dict[str, Any]


def _without_gauge(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    return STATED.prepare(replace(image, light_gain=None), place)


BARE: Final = replace(UNGATED, name="bare", prepare=_without_gauge)
METRICS: Final = (STATED, UNGATED, BARE)


def run(*, quick: bool, workers: int) -> Findings:
    """Unchanged and treated skin of each tone, a session for each set-up."""
    rigs = RIGS[1:2] if quick else RIGS
    tasks = [(tone, SKIN, rigs) for tone in (TONES[1:2] if quick else TONES)]
    rows = [row for part in spread(sessions, tasks, workers=workers) for row in part]
    return {rig.name: _summary([row for row in rows if row["rig"] == rig.name]) for rig in rigs}


def scenario(tone: float) -> Scenario:
    """Dimpled skin on a plane beside our card with its gauge."""
    card = printed_card((0.0, -90.0), printed_batch())
    middle = np.array(card.centre) - np.array(card.sheet) / 2 + np.array(layout.GAUGE_AT) + layout.GAUGE_SIDE_MM / 2
    card = replace(card, gauge=Gauge((float(middle[0]), float(middle[1]))))
    plan = thigh(plane=True, melanin=tone, mottling=0.15, depth=4.0)
    light = replace(plan.light, azimuth=35.0, ambient=0.2)
    return replace(plan, card_edge=None, field=FIELD, chart=card, light=light)


def sessions(task: tuple[float, int, Sequence[Rig]]) -> list[Row]:
    """One skin: a reference under the nominal lamp, then each set-up with unchanged and with treated skin."""
    tone, skin, rigs = task
    plan = scenario(tone)
    stage = build_stage(plan, seed=32000 + skin + round(10000 * tone), size=SIZE)
    first = photograph(stage, nominal_shot(plan, SIZE))
    reference, base = establish(calibrated(first), metrics=METRICS)
    before = {value.metric: value for value in base.measurements}
    rows: list[Row] = []
    for rig in rigs:
        for left in LEFT:
            rng = np.random.default_rng([SEED, round(1000 * tone), skin, RIGS.index(rig), round(10 * left)])
            shot = drawn_shot(plan, SIZE, rng, rig=rig)
            photo = photograph(stage, shot, State(dimples=left), first=nominal_shot(plan, SIZE), session=len(rows) + 1)
            truth = np.log(
                true_metrics(stage, State(dimples=left), plan.light)["relief"] / first.truth.metrics["relief"]
            )
            row: Row = {"rig": rig.name, "tone": tone, "left": left, "truth": float(truth), "gain": _gain(shot, plan)}
            try:
                found = follow(reference, calibrated(photo), METRICS)
            except TrackerError as error:
                rows.append(row | {"code": error.code})
                continue
            now = {value.metric: value for value in found.measurements}
            row |= {name: float(np.log(now[name].value / before[name].value)) for name in now if name in before}
            if STATED.name in row:
                row |= _judged(STATED, before[STATED.name], now[STATED.name], row["truth"])
            rows.append(row)
    return rows


def _gain(shot: Any, plan: Scenario) -> float:
    now, then = ((1 - light.ambient) * np.tan(np.radians(light.slant)) for light in (shot.light, plan.light))
    return float(now / then)


def _judged(metric: Metric, before: Any, now: Any, truth: float) -> Row:
    """What the program would state of the change, and whether its interval holds the true one."""
    then, later = (session_value(metric, (value,), PROVISIONAL) for value in (before, now))
    change = compare_sessions(metric, then, later)
    assert change.low is not None
    assert change.high is not None
    holds = change.low <= 100 * np.expm1(truth) <= change.high
    return {"changed": str(change.verdict) != "no measurable change", "covered": bool(holds)}


def _summary(rows: Sequence[Row]) -> Findings:
    stated = [row for row in rows if STATED.name in row]
    null = [row for row in stated if row["left"] == 1.0]
    found: Findings = {
        "photos": len(rows),
        "compared": len(stated),
        "called_changed": proportion(sum(row["changed"] for row in null), len(null)),
        "covered": proportion(sum(row["covered"] for row in stated), len(stated)),
        "lamp": float(np.std([np.log(row["gain"]) for row in rows])),
    }
    for metric in METRICS:
        measured = [row for row in rows if metric.name in row]
        errors = [row[metric.name] - row["truth"] for row in measured]
        found[metric.name] = {
            "s_w": float(np.std(errors)) if errors else float("nan"),
            "slope": agreement(*([100 * np.expm1(row[key]) for row in measured] for key in (metric.name, "truth"))),
            "ratio": float(np.median(np.exp(errors))) if errors else float("nan"),
        }
    return found
