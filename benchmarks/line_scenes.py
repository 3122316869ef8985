"""Close-ups of lines: crow's feet in a marked region, on skin of all tones, in cross light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracker.phantom import PhantomPhoto, Scenario, Stage, build_stage
from tracker.phantom.fields import Canvas
from tracker.phantom.scenario import named

SIZE = (825, 1100)
"""Ten pixels per millimetre: a picture of 110 mm."""
TONES = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
REGION_MM = (60.0, 36.0)
"""Height and width of what is marked, between the cards."""
_DARK, _DARK_SURFACE = 0.2, 0.04


def plan_of(
    tone: float,
    *,
    lines: int | None = None,
    depth: tuple[float, float] | None = None,
    micro: float | None = None,
) -> Scenario:
    """The scenario ``lines`` on skin of a tone, by default with its own lines."""
    plan = named("lines")
    wrinkles = plan.findings.wrinkles
    assert wrinkles is not None
    if lines is not None:
        wrinkles = replace(wrinkles, count=lines)
    if depth is not None:
        wrinkles = replace(wrinkles, depth=depth)
    relief = plan.relief if micro is None else replace(plan.relief, micro=micro, peel=0.6 * micro)
    surface = _DARK_SURFACE if tone > _DARK else plan.complexion.surface
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=tone, surface=surface),
        relief=relief,
        findings=replace(plan.findings, wrinkles=wrinkles),
    )


def stage_of(
    tone: float,
    seed: int,
    *,
    lines: int | None = None,
    depth: tuple[float, float] | None = None,
    micro: float | None = None,
) -> Stage:
    """Skin whose truth is about the marked region."""
    stage = build_stage(plan_of(tone, lines=lines, depth=depth, micro=micro), seed=seed, size=SIZE)
    return replace(stage, region=marked_skin(stage.skin.canvas))


def marked_skin(canvas: Canvas) -> NDArray[np.bool_]:
    """The marked region on the skin, shape of the canvas."""
    height, width = REGION_MM
    return np.asarray((np.abs(canvas.y) < height / 2) & (np.abs(canvas.x) < width / 2))


def region_polygon(photo: PhantomPhoto) -> NDArray[np.float64]:
    """What is marked in the first photo, (row, column), shape (n, 2): the sides bend with the tissue."""
    height, width = REGION_MM
    run = np.linspace(-0.5, 0.5, 7)[:-1]
    half = np.full_like(run, 0.5)
    sides = [(-half, run), (run, half), (half, -run), (-run, -half)]
    outline = np.concatenate([np.stack([y * height, x * width], axis=1) for y, x in sides])
    return np.asarray(photo.first.camera.to_pixels(photo.first.tissue.to_scene(outline)))
