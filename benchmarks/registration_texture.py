"""Pairs made of one picture of skin: laid on a curved surface, deformed, photographed again, relit; exact truth.

The pictures lie beside the project and are not part of it. Where they are missing, there are no such pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.registration_pairs import (
    Level,
    Pair,
    Plane,
    Points,
    developed,
    inside,
    lattice,
    looked_up,
    occluder,
    soft,
    within,
)
from tracker.calibration import linear_from_srgb
from tracker.phantom.pose import Deformation, to_full
from tracker.phantom.sensor import Sensor

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "skin_rendered_cc0"
SIZE: Final = (600, 800)
_GRAIN = 1.2  # the pictures are rendered by Monte Carlo: their grain is no skin, and is smoothed away, px
_BEYOND = 420  # mirrored around the picture, px
_COARSE = 8
_FINE_RELIEF = (1.5, 6.0)
_SPOT = 25.0
_DISTANCE = 3.0  # of the camera, in widths of the picture
_SENSOR = Sensor(blur_mm=0.5)
_TRIES = 40


def bases() -> tuple[str, ...]:
    """Names of the pictures that lie beside the project, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.jpg")))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How the second photo sees the skin; the first one sees the picture itself.

    Attributes
    ----------
    tissue : Deformation
        From the skin to the deformed skin, px from the middle of the picture.
    axis : ndarray, shape (2,)
        Across the crest of the surface.
    rise : float
        Of the crest over the edge, px.
    camera : ndarray, shape (3, 4)
        From the surface (row, column, towards the camera, 1) to the homogeneous picture.
    """

    tissue: Deformation
    axis: Points
    rise: float
    camera: Points

    def at(self, skin: Points) -> Points:
        """Pixel of points of the skin, both (..., 2)."""
        return self.of_scene(self.tissue.to_skin(skin))

    def of_scene(self, scene: Points) -> Points:
        """Pixel of points of the surface, whatever lies there, both (..., 2)."""
        height = self.rise * (1 - (2 * (scene @ self.axis) / SIZE[1]) ** 2)
        homogeneous = np.concatenate([scene, height[..., None], np.ones_like(height)[..., None]], axis=-1)
        seen = homogeneous @ self.camera.T
        return np.asarray(seen[..., :2] / seen[..., 2:] + (np.array(SIZE) - 1) / 2)


def pair_of(base: str, level: Level, seed: int) -> Pair:
    """One pair; the same for the same arguments."""
    rng = np.random.default_rng([seed, bases().index(base), round(1000 * level.distance)])
    skin = _skin(base)
    drawn, view, framing = _drawn(level, rng)
    silhouette = _silhouette(rng, level)
    room = _room(rng, skin.shape)
    first = _pixels() + framing
    second = _inverse(view)
    state = _treated(skin, drawn["treated"]) * _relit(skin, drawn["relit"], rng)[..., None]
    # The room neither deforms nor stays where it is behind the skin.
    behind = view.tissue.to_skin(second) + rng.uniform(-0.03, 0.03, 2) * SIZE[1]

    photos, masks, draw = [], [], within(rng)
    plain = replace(_SENSOR, jpeg_quality=90)
    changed = replace(
        _SENSOR, exposure_ev=drawn["exposure"], blur_mm=_SENSOR.blur_mm * drawn["blur"], noise=drawn["noise"],
        white_balance=(1 + draw(level.balance), 1.0, 1 + draw(level.balance)), jpeg_quality=level.jpeg,
    )  # fmt: skip
    for colours, place, ground, sensor, blobs in (
        (skin, first, first, plain, 0),
        (state, second, behind, changed, level.occluders),
    ):
        bare = silhouette(place)
        cover = np.clip(bare + 0.5, 0, 1).astype(np.float32)[..., None]
        radiance = cover * _looked_at(colours, place) + (1 - cover) * _looked_at(room, ground)
        if sensor is changed:
            radiance *= _gradient(rng, drawn["gradient"])[..., None]
        in_front = [occluder(rng, SIZE) for _ in range(blobs)]
        seen = bare > 2.0
        for covered, _ in in_front:
            seen &= ~covered
        photos.append(developed(radiance, sensor, in_front, rng))
        masks.append(np.asarray(seen))
    points = lattice(SIZE)
    here = looked_up(masks[0], points)
    true = view.at(points - (np.array(SIZE) - 1) / 2 + framing)
    visible = here & inside(true, SIZE) & looked_up(masks[1], true)
    share = float(visible.sum() / here.sum())
    return Pair(base, level.name, photos[0], photos[1], points[visible], true[visible], share, drawn)


def _skin(base: str) -> Plane:
    """Linear light of the picture without its grain, mirrored around, shape (h, w, 3)."""
    picture = np.asarray(cv2.imread(str(FOLDER / f"{base}.jpg"), cv2.IMREAD_COLOR))
    light = linear_from_srgb(picture[..., ::-1] / 255.0).astype(np.float32)
    smooth = cv2.GaussianBlur(light, (0, 0), _GRAIN)
    return np.asarray(
        cv2.copyMakeBorder(smooth, _BEYOND, _BEYOND, _BEYOND, _BEYOND, cv2.BORDER_REFLECT_101), np.float32
    )


def _drawn(level: Level, rng: np.random.Generator) -> tuple[dict[str, float], View, Points]:
    """What differs, the second view, and where the first one is framed, px from the middle."""
    low, high = level.overlap
    for _ in range(_TRIES):
        drawn, view = _moved(level, rng)
        if _overlap(view, np.zeros(2)) >= low:
            break
    heading, wanted = rng.uniform(0, 2 * np.pi), rng.uniform(low, high)
    way, near, far = np.array([np.sin(heading), np.cos(heading)]), 0.0, 0.45 * SIZE[1]
    for _ in range(9):
        middle = (near + far) / 2
        near, far = (middle, far) if _overlap(view, middle * way) >= wanted else (near, middle)
    return drawn, view, near * way


def _moved(level: Level, rng: np.random.Generator) -> tuple[dict[str, float], View]:
    draw = within(rng)
    drawn = {name: draw(getattr(level, name)) for name in ("distance", "roll", "tilt", "exposure", "gradient")}
    drawn |= {"turn": draw(level.tilt), "curved": abs(draw(level.curved))}
    drawn |= {"relit": level.relit, "treated": level.treated}
    drawn |= {name: float(rng.uniform(1.0, getattr(level, name))) for name in ("blur", "noise")}
    angle, width = rng.uniform(0, np.pi), float(SIZE[1])
    return drawn, View(
        tissue=soft(rng, width, level.tissue * rng.uniform(0.5, 1.0)),
        axis=np.array([np.sin(angle), np.cos(angle)]),
        rise=drawn["curved"] * width,
        camera=_camera(drawn),
    )


def _camera(drawn: dict[str, float]) -> Points:
    pitch, yaw, roll = np.deg2rad([drawn["tilt"], drawn["turn"], drawn["roll"]])
    about_x = np.array([[np.cos(pitch), 0, -np.sin(pitch)], [0, 1, 0], [np.sin(pitch), 0, np.cos(pitch)]])
    about_y = np.array([[1, 0, 0], [0, np.cos(yaw), -np.sin(yaw)], [0, np.sin(yaw), np.cos(yaw)]])
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    away = _DISTANCE * SIZE[1]
    # What rises towards the camera is nearer: its depth counts against the distance.
    axes = turn @ about_y @ about_x @ np.diag([1.0, 1.0, -1.0])
    return np.diag([away, away, 1.0]) @ np.column_stack([axes, [0, 0, away * (1 + drawn["distance"])]])


def _overlap(view: View, framing: Points) -> float:
    points = lattice(SIZE)[::7] - (np.array(SIZE) - 1) / 2 + framing
    return float(inside(view.at(points), SIZE).mean())


def _pixels() -> Points:
    rows, cols = (np.arange(side) - (side - 1) / 2 for side in SIZE)
    return np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)


def _inverse(view: View) -> Points:
    """Skin behind every pixel of the second photo, px from the middle, shape (H, W, 2)."""
    rows, cols = ((np.arange(-(-side // _COARSE) + 4) - 2) * _COARSE + (_COARSE - 1) / 2 for side in SIZE)
    pixel = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    skin = pixel - (np.array(SIZE) - 1) / 2
    for _ in range(25):
        down, across = ((view.at(skin + step) - view.at(skin - step)) / 2 for step in np.eye(2))
        jacobian = np.stack([down, across], axis=-1)
        skin = skin + np.linalg.solve(jacobian, (pixel - view.at(skin))[..., None])[..., 0]
    return np.stack([to_full(skin[..., axis], SIZE) for axis in (0, 1)], axis=-1).astype(np.float64)


def _looked_at(colours: Plane, place: Points) -> Plane:
    row, col = ((place[..., axis] + (colours.shape[axis] - 1) / 2).astype(np.float32) for axis in (0, 1))
    return np.asarray(np.maximum(cv2.remap(colours, col, row, cv2.INTER_LANCZOS4), 0), np.float32)


def _treated(skin: Plane, gone: float) -> Plane:
    """The skin whose dark spots have lost this share of their contrast, in logarithms."""
    log = np.log(skin + 0.01)
    lacking = np.minimum(log - cv2.GaussianBlur(log, (0, 0), _SPOT), 0)
    return np.asarray(np.maximum(np.exp(log - gone * lacking) - 0.01, 0), np.float32)


def _relit(skin: Plane, amount: float, rng: np.random.Generator) -> Plane:
    """Change of the shading of fine relief, where dark is deep, of a standard deviation `amount`."""
    luma = np.log(skin.mean(axis=2) + 0.02)
    height = cv2.GaussianBlur(luma, (0, 0), _FINE_RELIEF[0]) - cv2.GaussianBlur(luma, (0, 0), _FINE_RELIEF[1])
    angle = rng.uniform(0, 2 * np.pi)
    down, across = np.gradient(np.clip(height, -0.25, 0.25))
    slope = down * np.sin(angle) + across * np.cos(angle)
    return np.asarray(np.clip(1 + amount * slope / slope.std(), 0.6, 1.4), np.float32)


def _gradient(rng: np.random.Generator, most: float) -> Plane:
    angle = rng.uniform(0, 2 * np.pi)
    along = _pixels() @ np.array([np.sin(angle), np.cos(angle)]) / SIZE[1]
    return np.asarray(1 + most * along, np.float32)


def _silhouette(rng: np.random.Generator, level: Level) -> Callable[[Points], Points]:
    """Distance inside the body of places on the skin, px; the whole picture is skin where nothing lies about."""
    angle, off = rng.uniform(0, 2 * np.pi), rng.uniform(0.22, 0.36) * SIZE[1]
    normal = np.array([np.sin(angle), np.cos(angle)])
    if not level.clutter:
        return lambda place: np.full(place.shape[:-1], np.inf)
    return lambda place: off - place @ normal


def _room(rng: np.random.Generator, shape: tuple[int, ...]) -> Plane:
    """What is behind the skin: a floor with some pattern."""
    layers = [
        cv2.GaussianBlur(rng.standard_normal(shape[:2], dtype=np.float32), (0, 0), sigma) * sigma
        for sigma in (1.5, 5.0, 15.0)
    ]
    grain = np.sum(layers, axis=0)
    tint = rng.uniform(0.1, 0.5, 3).astype(np.float32)
    return np.asarray(tint * np.exp(0.25 * grain / grain.std())[..., None], np.float32)
