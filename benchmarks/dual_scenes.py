"""Pairs with dual light of rendered skin beside a card with a relief gauge, and what is true about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.lamps import gain
from benchmarks.printed import printed_batch, printed_card
from benchmarks.rivals import RIVALS, counted
from benchmarks.scenes import calibrated, skin_of, thigh
from tracker.calibration import CalibratedImage, layout
from tracker.errors import AlignmentFailed, TrackerError
from tracker.measurement import Place, place_of
from tracker.metrics import metric_named
from tracker.metrics.dimples import dimples_of
from tracker.metrics.dual_relief import depth_index
from tracker.phantom import PhantomPhoto, Rig, Scenario, Shot, Stage, State, build_stage, drawn_shot, photograph
from tracker.phantom.gauge import Gauge
from tracker.phantom.photograph import FIRST_DAY
from tracker.phantom.scene import maps
from tracker.pipeline import Reference, Result, establish
from tracker.pipeline.ahead import follow_pair
from tracker.pipeline.pairs import found_pair
from tracker.shading import DIMPLE_BAND_MM, band_pass
from tracker.shading.height import HEIGHT_BAND_MM

SIZE: Final = (750, 1000)
FIELD: Final = 440.0
CARD_AT: Final = (0.0, -130.0)
BETWEEN: Final = (1.0, 2.0)
"""How much the second lamp of a pair differs from the opposite of the first: slant and azimuth, degrees (sd)."""
MEAN_SQUEEZE: Final = 0.8
"""Of the short axis of a dimple over the long one, whose width the truth tells."""
NAMES: Final = ("dual_relief", "dual_depth", "dimple_count", "dimple_area", "dimple_depth")
SINGLE: Final = "relief"
RIVAL: Final = "luminance_band"
MEASURED: Final = tuple(metric_named(name) for name in (SINGLE, *NAMES))


@dataclass(frozen=True, slots=True)
class Task:
    """One skin with its sessions: what one process does at a time."""

    skin: int
    rig: Rig
    tone: float
    mottling: float
    depth: float
    """Of the deepest dimple, mm."""
    left: tuple[float, ...]
    """Of the dimples in each session after the first."""
    dimples: int = 26
    soft: bool = True
    """Whether there is undulation between the dimples: its hollows are dimples to the program, and not to the truth."""


@dataclass(frozen=True, slots=True)
class Session:
    """What one session gave: values, their truth, and what was said of the change; NaN where nothing."""

    task: Task
    number: int
    left: float
    failed: str
    values: Mapping[str, float]
    truth: Mapping[str, float]
    refused: Mapping[str, str]
    found: tuple[tuple[float, float], ...] = ()
    """Depth and measured depth of each true dimple; NaN if it was not found."""
    extra: int = 0
    """Dimples that were found where there is none."""
    result: Result | None = None


def plan_of(task: Task) -> Scenario:
    """A thigh with a card beside it, on which the gauge is stuck."""
    plan = thigh(depth=task.depth, melanin=task.tone, mottling=task.mottling)
    card = printed_card(CARD_AT, printed_batch())
    middle = np.array(card.centre) - np.array(card.sheet) / 2 + np.array(layout.GAUGE_AT) + layout.GAUGE_SIDE_MM / 2
    relief = replace(plan.relief, dimples=task.dimples)
    return replace(
        plan,
        card_edge=None,
        field=FIELD,
        chart=replace(card, gauge=Gauge((float(middle[0]), float(middle[1])))),
        relief=relief if task.soft else replace(relief, mattress=0.0, waviness=0.0),
    )


def sessions_of(task: Task) -> list[Session]:
    """All sessions of a task through the whole program: each a pair from a tripod, which is set up anew each time."""
    plan = plan_of(task)
    stage = build_stage(plan, seed=63000 + task.skin, size=SIZE)
    rng = np.random.default_rng([20270822, task.skin, round(1000 * task.tone)])
    first, reference, kappa, sessions = None, None, 0.0, []
    for number, left in enumerate((1.0, *task.left)):
        shot = drawn_shot(plan, SIZE, rng, rig=task.rig)
        first = first or shot
        photos = _pair(stage, shot, first, State(dimples=left), number, rng)
        kappa = kappa or float(np.mean([gain(photo.shot.light) for photo in photos]))
        try:
            image, other = (calibrated(photo) for photo in photos)
            opposite = found_pair(image, other)
            if opposite is None:
                raise AlignmentFailed("No pair was found.", code="no_pair")
            if reference is None:
                reference, result = establish(image, metrics=MEASURED, opposite=opposite)
            else:
                image, opposite, result = follow_pair(reference, image, opposite, MEASURED, between=())
        except TrackerError as error:
            sessions.append(Session(task, number, left, error.code, {}, {}, {}))
            if reference is None:
                return sessions
            continue
        sessions.append(_session(task, number, left, image, reference, result, stage, first, kappa))
        if number == 0:
            found, extra, area = _dimples(reference, photos[0])
            truth = {**sessions[-1].truth, "dimple_area": area}
            sessions[-1] = replace(sessions[-1], found=found, extra=extra, truth=truth)
    return sessions


def _pair(
    stage: Stage, shot: Shot, first: Shot, state: State, number: int, rng: np.random.Generator
) -> tuple[PhantomPhoto, PhantomPhoto]:
    slant, azimuth = (float(np.clip(rng.normal(0.0, sd), -2 * sd, 2 * sd)) for sd in BETWEEN)
    light = replace(shot.light, slant=shot.light.slant + slant, azimuth=(shot.light.azimuth + 180.0 + azimuth) % 360.0)
    day = FIRST_DAY + timedelta(days=28 * number)
    taken = [
        photograph(stage, each, state, first=first, taken_on=day, session=number, replicate=replicate)
        for replicate, each in enumerate((shot, replace(shot, light=light)), start=1)
    ]
    return taken[0], taken[1]


def _session(
    task: Task, number: int, left: float, image: CalibratedImage, reference: Reference, result: Result,
    stage: Stage, first: Shot, kappa: float,
) -> Session:  # fmt: skip
    values = {measured.metric: measured.value for measured in result.measurements}
    refused = {each.metric: each.reason for each in result.refused}
    own = skin_of(image)
    values[RIVAL] = RIVALS[RIVAL](image, own) if counted(image, own).any() else np.nan
    return Session(task, number, left, "", values, _truth(reference, stage, State(dimples=left), first, kappa), refused,
                   result=replace(result, alignment=None))  # fmt: skip


def _place(reference: Reference, name: str) -> Place:
    return place_of(reference.aligned, reference.mask, metric_named(name), marked=False)


def _truth(reference: Reference, stage: Stage, state: State, first: Shot, kappa: float) -> dict[str, float]:
    """On the cells of the reference, under its own two lamps: slope shading in %, depth index in mm."""
    place, grid = _place(reference, "dual_relief"), reference.image.grid
    assert grid.mm_per_cell is not None
    height = _height(reference, stage, state, first)
    azimuth = np.radians(first.light.azimuth - first.camera.roll)
    down, across = np.gradient(height, grid.mm_per_cell)
    slope = np.asarray(down * np.sin(azimuth) - across * np.cos(azimuth), np.float32)
    shading = band_pass(slope, place.skin, band_mm=DIMPLE_BAND_MM, mm_per_cell=grid.mm_per_cell)[place.counted]
    band = band_pass(height, place.skin, band_mm=HEIGHT_BAND_MM, mm_per_cell=grid.mm_per_cell)[place.counted]
    heights = band.astype(np.float64)[:, None]
    return {
        "dual_relief": 100 * kappa * float(shading.std()),
        "dual_depth": depth_index(heights, np.ones(len(heights))),
        "sq": float(band.std()),
    }


def _height(reference: Reference, stage: Stage, state: State, first: Shot) -> NDArray[np.float32]:
    """True height on the grid of the reference, mm; 0 beside the skin."""
    height = maps(stage.skin, state, camera=first.camera, tissue=first.tissue).height
    size = reference.image.grid.shape[::-1]
    return np.asarray(cv2.resize(np.nan_to_num(height), size, interpolation=cv2.INTER_AREA), np.float32)


def _dimples(reference: Reference, photo: PhantomPhoto) -> tuple[tuple[tuple[float, float], ...], int, float]:
    """True dimples with what was measured of each, the number of those that are not there, and their true area, %."""
    if reference.aligned.opposite is None or reference.aligned.opposite.kappa is None:
        return (), 0, np.nan
    place = _place(reference, "dimple_count")
    found = dimples_of(reference.aligned, place)
    hits: dict[int, float] = {}
    rows, area = [], 0.0
    assert reference.image.grid.mm_per_cell is not None
    for each in photo.truth.findings.get("dimples", ()):  # type: ignore[attr-defined]
        row, column = reference.image.grid.from_photo(np.array([each["row"], each["column"]], np.float64)).round()
        inside = 0 <= row < place.counted.shape[0] and 0 <= column < place.counted.shape[1]
        if not inside or not place.counted[int(row), int(column)]:
            continue
        label = int(found.labels[int(row), int(column)])
        fresh = label > 0 and label not in hits
        if fresh:
            hits[label] = float(found.depth[label - 1])
        rows.append((float(each["depth_mm"]), hits[label] if fresh else np.nan))
        area += np.pi * 2 * np.log(2) * MEAN_SQUEEZE * float(each["width_mm"]) ** 2  # of a Gaussian at half its depth
    share = 100 * area / (float(place.counted.sum()) * reference.image.grid.mm_per_cell**2)
    return tuple(rows), len(found.depth) - len(hits), share
