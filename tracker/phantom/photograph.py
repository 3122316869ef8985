"""One rendered photo with its truth."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field
from tracker.phantom.inventory import inventory, located
from tracker.phantom.light import Light, shading
from tracker.phantom.line_truth import line_metrics
from tracker.phantom.optics import STANDARD
from tracker.phantom.scene import Appearance, Maps, appearance, look, maps
from tracker.phantom.sensor import decoded, expose, jpeg
from tracker.phantom.shot import Shot
from tracker.phantom.stage import Stage, cards_of
from tracker.phantom.state import AS_GROWN, State
from tracker.phantom.truth import (
    Mask,
    Truth,
    carried,
    contrast_metrics,
    node_grid,
    relief_metrics,
    tone_metrics,
)

FIRST_DAY = date(2026, 3, 2)


@dataclass(frozen=True, slots=True, eq=False)
class PhantomPhoto:
    """One rendered photo with its truth."""

    rgb: NDArray[np.uint8]
    """Pixels as decoded from `jpeg`, sRGB, shape (H, W, 3), read-only."""
    jpeg: bytes
    name: str
    """File name, such as ``2026-03-02_thigh_1.jpg``."""
    taken_on: date
    session: int
    """From 0."""
    replicate: int
    """From 1."""
    region: NDArray[np.float64] | None
    """Polygon of the pigment patch, (row, column) in the *first* photo of the series, shape (n, 2)."""
    truth: Truth
    stage: Stage
    state: State
    shot: Shot
    first: Shot
    """The shot in whose pixels `region` and the truth's nodes are given."""

    def maps(self) -> Maps:
        """Return height, melanin, blood and place on the skin of every pixel, computed when asked for."""
        return maps(self.stage.skin, self.state, camera=self.shot.camera, tissue=self.shot.tissue)


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """The skin in one session, its true tone and findings; shared by the photos of the session."""

    seen: Appearance
    tone: dict[str, float]
    findings: dict[str, object]


def day_of(stage: Stage, state: State, shot: Shot) -> Day:
    """Return what the skin of a stage has become, as a camera with this response sees it."""
    seen = appearance(stage.skin, state, shot.response)
    # The truth is what the standard observer sees in daylight, whatever the lamp and the camera.
    colour = seen.colour if shot.response == STANDARD else stage.skin.colour(state)
    return Day(seen, _tone(stage, colour), inventory(stage.skin, state, _seen(stage)))


def _seen(stage: Stage) -> tuple[float, float]:
    """Return height and width of the nominal picture, mm."""
    return stage.size[0] * stage.plan.field / stage.size[1], stage.plan.field


def photograph(
    stage: Stage,
    shot: Shot,
    state: State = AS_GROWN,
    *,
    first: Shot | None = None,
    day: Day | None = None,
    taken_on: date = FIRST_DAY,
    session: int = 0,
    replicate: int = 1,
    spoil: str | None = None,
) -> PhantomPhoto:
    """Return one photo and everything that is true about it.

    Parameters
    ----------
    stage : Stage
        The skin and its surroundings, see `build_stage`.
    shot : Shot
        How the photo is taken, see `nominal_shot` and `drawn_shot`.
    state : State
        What the course has made of the skin.
    first : Shot, optional
        The shot in whose pixels the truth is given; by default this one.
    day : Day, optional
        The same skin and state as computed for another photo with the same response, to save time.
    taken_on : date
    session, replicate : int
        From 0 and from 1; they name the file and seed the noise.
    spoil : str, optional
        What went wrong, to be told in the truth.
    """
    first = first or shot
    day = day or day_of(stage, state, shot)
    plan = stage.plan
    view = look(
        day.seen,
        stage.backdrop(shot.response),
        light=shot.light,
        camera=shot.camera,
        tissue=shot.tissue,
    )
    noise = np.random.default_rng([stage.seed, plan.stream, 1 + session, replicate, 1])
    rgb = expose(view.radiance, shot.sensor, mm_per_px=shot.camera.mm_per_px, rng=noise)
    taken_at = datetime.combine(taken_on, time(10, 2 * replicate % 60))
    sensor = shot.sensor
    content = jpeg(rgb, quality=sensor.jpeg_quality, taken_at=taken_at, profile=sensor.profile, label=sensor.label)
    metrics = day.tone | _relief(stage, day.seen, view.shading)
    metrics |= _lines(stage, state, shot.light, shot.camera.roll, view.shading) | _pores(stage, state)
    return PhantomPhoto(
        rgb=decoded(content),
        jpeg=content,
        name=f"{taken_on.isoformat()}_{plan.name}_{replicate}.jpg",
        taken_on=taken_on,
        session=session,
        replicate=replicate,
        region=None if stage.outline is None else first.camera.to_pixels(first.tissue.to_scene(stage.outline)),
        truth=_truth(
            stage,
            state,
            view.skin,
            first=first,
            shot=shot,
            spoil=spoil,
            metrics=metrics,
            findings=located(day.findings, shot.camera, shot.tissue, view.skin),
        ),
        stage=stage,
        state=state,
        shot=shot,
        first=first,
    )


def true_metrics(stage: Stage, state: State, light: Light) -> dict[str, float]:
    """Return the true value of every metric that means something in a scene, under any lamp.

    Parameters
    ----------
    stage : Stage
    state : State
        What the course has made of the skin.
    light : Light
        Relief is shading, so its truth depends on the lamp: a change is true under one and the same.
    """
    seen = appearance(stage.skin, state)
    truth = _tone(stage, seen.colour)
    shaded = shading(seen.normals, light, 0.0)
    return truth | _relief(stage, seen, shaded) | _lines(stage, state, light, 0.0, shaded) | _pores(stage, state)


def _tone(stage: Stage, colour: Field) -> dict[str, float]:
    tone = tone_metrics(colour, stage.skin.canvas, stage.region)
    return tone if stage.outline is None else tone | contrast_metrics(colour, stage.skin.canvas, stage.region)


def _relief(stage: Stage, seen: Appearance, shaded: Field) -> dict[str, float]:
    if stage.outline is not None:
        return {}
    return relief_metrics(shaded, seen.height, stage.skin.canvas, stage.region)


def _lines(stage: Stage, state: State, light: Light, roll: float, shaded: Field) -> dict[str, float]:
    if stage.skin.lines is None:
        return {}
    bare = shading(stage.skin.normals(replace(state, wrinkles=0.0)), light, roll)
    return line_metrics(shaded, bare, stage.skin.lines, stage.skin.canvas, stage.region, state.wrinkles)


def _pores(stage: Stage, state: State) -> dict[str, float]:
    pits = stage.skin.pits
    return {} if pits is None else {"pores": pits.per_cm2(state.pores, stage.skin.canvas, stage.region)}


def _truth(
    stage: Stage,
    state: State,
    skin: Mask,
    *,
    first: Shot,
    shot: Shot,
    spoil: str | None,
    metrics: dict[str, float],
    findings: dict[str, object],
) -> Truth:
    rows, cols = node_grid(stage.size)
    nodes = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    moved = carried(
        nodes,
        body=stage.skin.body,
        cards=cards_of(stage.plan, stage.size),
        first=(first.camera, first.tissue),
        this=(shot.camera, shot.tissue),
        cloth=stage.backdrop(shot.response).over,
    )
    return Truth(
        rows=rows.astype(np.float32),
        cols=cols.astype(np.float32),
        moving_row=moved[..., 0].astype(np.float32),
        moving_col=moved[..., 1].astype(np.float32),
        skin=skin,
        light=shot.light,
        mm_per_px=shot.camera.mm_per_px,
        blur_sigma_mm=shot.sensor.blur_mm,
        exposure_ev=shot.sensor.exposure_ev,
        wb_gains=shot.sensor.white_balance,
        jpeg_quality=shot.sensor.jpeg_quality,
        spoiled=spoil,
        dimple_depth_scale=state.dimples,
        melanin_gain=state.melanin,
        metrics=metrics,
        findings=findings,
        colour_level="C0" if stage.plan.chart is None else stage.plan.chart.level,
    )
