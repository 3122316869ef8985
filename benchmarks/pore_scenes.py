"""Close-ups of pores: a marked region on skin of all tones without lines, in side light."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.line_scenes import REGION_MM, SIZE, marked_skin, plan_of
from tracker.phantom import Stage, build_stage
from tracker.phantom.pores import Pores

_AROUND_MM = 6.0


def pore_stage(tone: float, seed: int, per_cm2: float, *, micro: float | None = None) -> Stage:
    """Skin with so many pores in the marked region, and no follicle elsewhere: a follicle is a pore too."""
    plan = plan_of(tone, micro=micro)
    area = (REGION_MM[0] + _AROUND_MM, REGION_MM[1] + _AROUND_MM)
    plan = replace(
        plan,
        complexion=replace(plan.complexion, follicles=1e4),
        findings=replace(plan.findings, wrinkles=None, pores=Pores(per_cm2, area=area)),
    )
    stage = build_stage(plan, seed=seed, size=SIZE)
    return replace(stage, region=marked_skin(stage.skin.canvas))
