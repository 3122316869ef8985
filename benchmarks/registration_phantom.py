"""Pairs of rendered photos: bodies and skins of every kind, a real lamp that moves, exact truth."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from benchmarks.registration_pairs import (
    Level,
    Mask,
    Pair,
    Plane,
    Points,
    Rgb,
    developed,
    inside,
    lattice,
    looked_up,
    occluder,
    soft,
    within,
)
from tracker.phantom import Scenario, Shot, Stage, State, build_stage, nominal_shot
from tracker.phantom.clutter import COVERS, THINGS, Clutter
from tracker.phantom.pose import Camera, soft_tissue
from tracker.phantom.scenario import named
from tracker.phantom.scene import appearance, look
from tracker.phantom.stage import cards_of
from tracker.phantom.truth import carried

SIZE: Final = (750, 1000)
BASES: Final = ("thigh", "dark-thigh", "phone", "buttock", "pigment", "spots", "redness", "bruise", "lines")
"""Limbs, a buttock, a cheek-like face with spots, with redness and with lines, a patch of melasma."""
ZOOM: Final = 0.75
"""The pictures show this share of what the skin is grown for: room for shift and distance."""
_FINER = (1000, 1333)
_TRIES = 40
_ALONG = ("thigh", "dark-thigh", "phone", "bruise")  # limbs: the camera slips along them


def pair_of(base: str, level: Level, seed: int) -> Pair:
    """One pair; the same for the same arguments."""
    rng = np.random.default_rng([seed, BASES.index(base), round(1000 * level.distance)])
    stage = _stage(base, seed, rng, level)
    plan = stage.plan
    first = _zoomed(nominal_shot(plan, SIZE), plan)
    drawn, first, second = _drawn(stage, first, level, rng)
    gone = drawn["treated"]
    after = replace(
        plan.start, dimples=1 - gone, spots=1 - gone, redness=1 - gone, wrinkles=1 - 0.5 * gone,
        melanin=1 + (plan.start.melanin - 1) * (1 - gone),
    )  # fmt: skip
    photos, skins = [], []
    for shot, state, blobs in ((first, plan.start, 0), (second, after, level.occluders)):
        rgb, skin = _taken(stage, shot, state, blobs, rng)
        photos.append(rgb)
        skins.append(skin)
    points = lattice(SIZE)
    here = looked_up(skins[0], points) & _grown(stage, first, points)
    true = _carried(stage, first, second, points)
    visible = here & inside(np.nan_to_num(true, nan=-1e6), SIZE) & looked_up(skins[1], true)
    share = float(visible.sum() / here.sum())
    return Pair(base, level.name, photos[0], photos[1], points[visible], true[visible], share, drawn)


def _stage(base: str, seed: int, rng: np.random.Generator, level: Level) -> Stage:
    plan = named(base)
    # Cards lie beside limbs; in a narrow view they would hide most of the skin.
    plan = plan if base in _ALONG else replace(plan, card_edge=None)
    things = tuple(rng.permutation(THINGS)[: level.clutter].tolist())
    cover = str(rng.choice(COVERS)) if level.clutter > 1 and rng.random() < 0.5 else None
    return _grown_stage(replace(plan, clutter=Clutter(things, cover)), seed)


@lru_cache(maxsize=2)
def _grown_stage(plan: Scenario, seed: int) -> Stage:
    return build_stage(plan, seed=seed, size=_FINER)


def _zoomed(shot: Shot, plan: Scenario) -> Shot:
    camera = Camera(size=SIZE, field=ZOOM * plan.field, distance=3.0 * ZOOM * plan.field)
    return replace(shot, camera=camera, tissue=soft_tissue(np.random.default_rng(0), 0.0))


def _drawn(stage: Stage, first: Shot, level: Level, rng: np.random.Generator) -> tuple[dict[str, float], Shot, Shot]:
    """A second shot that shows as much of the first one's skin as the level wants, and both as framed for it."""
    low, high = level.overlap
    for _ in range(_TRIES):
        drawn, second = _moved(first, level, rng)
        if _overlap(stage, first, second) >= low:
            break
    heading = rng.uniform(-0.3, 0.3) + np.pi / 2 if stage.plan.name in _ALONG else rng.uniform(0, 2 * np.pi)
    way = np.array([np.sin(heading), np.cos(heading)]) * rng.choice([-1, 1])
    wanted, near, far = rng.uniform(low, high), 0.0, 0.45 * first.camera.field
    for _ in range(9):
        middle = (near + far) / 2
        enough = _overlap(stage, *_shifted(first, second, middle * way)) >= wanted
        near, far = (middle, far) if enough else (near, middle)
    return drawn, *_shifted(first, second, near * way)


def _shifted(first: Shot, second: Shot, by: Points) -> tuple[Shot, Shot]:
    """Both shots framed off the middle, in opposite directions."""
    down, right = (float(value) / 2 for value in by)
    return (
        replace(first, camera=replace(first.camera, shift=(-down, -right))),
        replace(second, camera=replace(second.camera, shift=(down, right))),
    )


def _moved(first: Shot, level: Level, rng: np.random.Generator) -> tuple[dict[str, float], Shot]:
    draw = within(rng)
    names = ("distance", "roll", "tilt", "exposure", "azimuth", "slant", "gradient")
    drawn = {name: draw(getattr(level, name)) for name in names}
    drawn |= {"turn": draw(level.tilt), "treated": level.treated}
    drawn |= {name: float(rng.uniform(1.0, getattr(level, name))) for name in ("blur", "noise")}
    camera = replace(first.camera, scale=1 + drawn["distance"], roll=drawn["roll"], tilt=(drawn["tilt"], drawn["turn"]))
    light = replace(
        first.light,
        slant=float(np.clip(first.light.slant + drawn["slant"], 0.0, 75.0)),
        # The lamp keeps its place over the skin when the camera rolls, and turns by what was drawn.
        azimuth=(first.light.azimuth + drawn["roll"] + drawn["azimuth"]) % 360.0,
        falloff=first.light.falloff + abs(drawn["gradient"]),
    )
    red, green, blue = first.sensor.white_balance
    sensor = replace(
        first.sensor,
        exposure_ev=first.sensor.exposure_ev + drawn["exposure"],
        white_balance=(red * (1 + draw(level.balance)), green, blue * (1 + draw(level.balance))),
        blur_mm=first.sensor.blur_mm * drawn["blur"],
        noise=drawn["noise"],
        jpeg_quality=level.jpeg,
    )
    tissue = soft(rng, first.camera.field, level.tissue * rng.uniform(0.5, 1.0))
    return drawn, replace(first, camera=camera, light=light, sensor=sensor, tissue=tissue)


def _overlap(stage: Stage, first: Shot, second: Shot) -> float:
    points = lattice(SIZE)[::7]
    skin = _grown(stage, first, points)
    seen = np.isfinite(_carried(stage, first, second, points)).all(axis=1)
    return float((seen & skin).sum() / max(1, skin.sum()))


def _grown(stage: Stage, shot: Shot, points: Points) -> Mask:
    """Whether pixels show skin that was grown, and not a reflection of it beyond the edge of its canvas."""
    place = shot.tissue.to_skin(shot.camera.to_scene(points))
    body, canvas = stage.skin.body, stage.skin.canvas
    within_canvas = np.all(np.abs(place) < np.array([canvas.height, canvas.width]) / 2 - 2 * canvas.pitch, axis=-1)
    return np.asarray(within_canvas & (np.abs(body.across(place[..., 0], place[..., 1])) < 1.0))


def _carried(stage: Stage, first: Shot, second: Shot, points: Points) -> Points:
    return carried(
        points,
        body=stage.skin.body,
        cards=cards_of(stage.plan, stage.size),
        first=(first.camera, first.tissue),
        this=(second.camera, second.tissue),
        cloth=stage.backdrop(first.response).over,
    )


def _taken(stage: Stage, shot: Shot, state: State, blobs: int, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    view = look(
        appearance(stage.skin, state, shot.response),
        stage.backdrop(shot.response),
        light=shot.light,
        camera=shot.camera,
        tissue=shot.tissue,
    )
    in_front = [occluder(rng, SIZE) for _ in range(blobs)]
    skin = view.skin.copy()
    for covered, _ in in_front:
        skin &= ~covered
    pixels = replace(shot.sensor, blur_mm=shot.sensor.blur_mm / shot.camera.mm_per_px)
    radiance: Plane = np.asarray(view.radiance, np.float32)
    return developed(radiance, pixels, in_front, rng), skin
