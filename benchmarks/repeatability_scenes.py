"""What is photographed again and again: skins of all tones and depths, and patches beside a chart."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from benchmarks.rephotography import Scene
from tracker.phantom import Scenario
from tracker.phantom.chart import Chart
from tracker.phantom.scenario import named
from tracker.phantom.skin import Body

MELANINS: Final = (0.015, 0.035, 0.08, 0.15, 0.28)
MOTTLINGS: Final = (0.05, 0.15, 0.30)
DEPTHS: Final = (3.0, 4.5, 6.0)
EXCESSES: Final = (1.5, 1.9, 2.3)
"""Pigment or blood of the patch over that of its surroundings."""
PATCH_WIDTH: Final = 14.0
CHART_CENTRE: Final = (29.0, 0.0)
CHART_WIDTH: Final = 44.0
CONTRASTS: Final = ("delta_mi", "delta_ei", "delta_a")
TONE: Final = ("ita", "lightness", "a_star", "b_star")
ROUND: Final = Body.dome(170.0, 200.0)
FLAT: Final = Body(half_width=170.0, depth=60.0, exponent=2.0)
_PIGMENTED, _RED = ("delta_mi",), ("delta_ei", "delta_a")


def _thigh(melanin: float, mottling: float, depth: float, body: Body | None = None) -> Scenario:
    plan = named("thigh")
    relief = replace(plan.relief, depth=depth, mattress=plan.relief.mattress * depth / plan.relief.depth)
    return replace(
        plan,
        body=body or plan.body,
        complexion=replace(plan.complexion, melanin=melanin, mottling=mottling),
        relief=relief,
    )


def _patch(melanin: float, *, pigment: float = 1.0, blood: float = 1.0) -> Scenario:
    plan = named("pigment")
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=melanin),
        start=replace(plan.start, melanin=pigment, patch_blood=blood),
        patch_width=PATCH_WIDTH,
        chart=Chart(CHART_CENTRE, CHART_WIDTH),
    )


SCENES: Final = (
    Scene(
        name="thigh",
        stream=1,
        size=(480, 640),
        plans=tuple(_thigh(MELANINS[k % 5], MOTTLINGS[(k + k // 3) % 3], DEPTHS[k % 3]) for k in range(15)),
        metrics=("relief",),
        steps=(0.75, 0.5, 0.25),
    ),
    Scene(
        name="patch beside a chart",
        stream=2,
        size=(360, 480),
        plans=tuple(_patch(MELANINS[k % 5], **{"blood" if k % 2 else "pigment": EXCESSES[k % 3]}) for k in range(30)),
        metrics=(*CONTRASTS, *TONE),
        steps=(0.75, 0.5, 0.25),
    ),
)
GATE_SCENES: Final = (
    replace(
        SCENES[0],
        plans=(
            _thigh(MELANINS[0], 0.15, 4.5),
            _thigh(MELANINS[1], 0.15, 6.0, ROUND),
            _thigh(MELANINS[2], 0.15, 3.0, FLAT),
            _thigh(MELANINS[3], 0.15, 6.0),
            _thigh(MELANINS[4], 0.15, 4.5, ROUND),
        ),
    ),
    replace(
        SCENES[1],
        plans=tuple(
            _patch(MELANINS[k % 5], **{"blood" if k % 2 else "pigment": EXCESSES[(k + 1) % 3]}) for k in range(6)
        ),
    ),
)
"""Skins that mismatches are tried on."""


def is_moved(plan: Scenario, name: str) -> bool:
    """Whether the changes of a plan are of what the metric is for: a pigment patch says little of redness."""
    if name in _PIGMENTED:
        return plan.start.melanin != 1.0
    return name not in _RED or plan.start.patch_blood != 1.0


def skin_in_words(plan: Scenario) -> str:
    """What tells a skin that mismatches are tried on from the others."""
    if plan.patch_width:
        return f"{plan.complexion.melanin:g} with {'pigment' if is_moved(plan, 'delta_mi') else 'blood'}"
    body = {ROUND: "round", FLAT: "nearly flat"}.get(plan.body, "thigh")
    return f"{plan.complexion.melanin:g} {body}, {plan.relief.depth:g} mm"
