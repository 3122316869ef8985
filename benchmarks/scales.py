"""How well millimetres per pixel are known: loose markers, our card and a single marker under tilt, and a limb.

python -m benchmarks.scales [--quick]

Three kinds of scene. *Rendered* photos of a thigh, as `benchmarks.geometry` takes them. *Boards*: pictures of nothing
but what is printed, from a pinhole camera of any usual focal length. *Limbs*: markers on a cylinder, where no plane is
right; their corners are projected, with the error that refined corners have in the pictures.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.design import continuous
from benchmarks.findings import Findings, plain
from benchmarks.printed import printed_batch, printed_card
from benchmarks.scenes import calibrated, thigh
from benchmarks.workers import spread
from tracker.calibration import calibrate
from tracker.calibration.linear import srgb_from_linear
from tracker.calibration.markers import MARKER_DICTIONARY, MARKER_SIDE_MM, Marker
from tracker.calibration.scale import Scale, scale_from_markers
from tracker.phantom import build_stage, nominal_shot, photograph
from tracker.phantom.card import PAPER, PrintedCard, Tile
from tracker.phantom.pose import Camera
from tracker.photo import Photo

SEED: Final = 20261123
TILT: Final = 20.0
"""Degrees, the most: its direction is any."""
FOCAL: Final = (0.75, 1.0, 1.4, 2.1, 3.0)
"""Focal lengths over the width of the picture: a phone's main lens to a portrait lens."""
SIZE: Final = (900, 1200)
FIELD: Final = 300.0
RENDERED: Final = (600, 800)
OFF_MM: Final = 3.0
"""Standard deviation of the depth of the skin against the paper, for the scenes in which it is not nought."""
CORNER_PX: Final = 0.06
SKIN: Final = (0.42, 0.24, 0.17)
"""Linear sRGB of what lies under a board."""
RADII: Final = (45.0, 90.0, 150.0)
INTERVAL: Final = 1.96

Array = NDArray[np.float64]


def run(*, quick: bool, workers: int) -> Findings:
    """Errors of scale over all kinds of scene."""
    few = 8 if quick else None
    rendered = spread(_rendered, [(n, few or 32) for n in range(1 if quick else 4)], workers=workers)
    boards = spread(_boards, [(n, few or 25) for n in range(1 if quick else 4)], workers=workers)
    limbs = _limbs(few or 60)
    return {
        "rendered": _by_name([row for part in rendered for row in part]),
        "boards": _by_name([row for part in boards for row in part]),
        "limbs": _by_name(limbs),
    }


@dataclass(frozen=True, slots=True)
class _Row:
    """What one scale is off by: relative, its claim, and the same with skin off the paper."""

    name: str
    error: float
    claimed: float
    error_off: float


def _row(name: str, scale: Scale | None, truth: float, off: float) -> list[_Row]:
    if scale is None:
        return []
    error = float(np.log(scale.mm_per_px / truth))
    return [_Row(name, error, scale.relative_uncertainty, error - off)]


def _camera(rng: np.random.Generator, size: tuple[int, int], field: float, distance: float) -> Camera:
    tilt, towards = TILT * np.sqrt(rng.uniform()), rng.uniform(0.0, 2 * np.pi)
    return Camera(
        size, field, distance=distance, scale=rng.uniform(0.85, 1.2), roll=rng.uniform(-15.0, 15.0),
        tilt=(float(tilt * np.cos(towards)), float(tilt * np.sin(towards))),
    )  # fmt: skip


def _off(rng: np.random.Generator, camera: Camera) -> float:
    """How much nearer or farther the skin is than the paper, relative to the distance."""
    return float(rng.normal(0.0, OFF_MM) / (camera.distance * camera.scale))


def _rendered(task: tuple[int, int]) -> list[_Row]:
    """A thigh with four markers at the corners of the picture."""
    skin, count = task
    rng = np.random.default_rng([SEED, 1, skin])
    plan = thigh(slant=50.0)
    stage, nominal = build_stage(plan, seed=500 + skin, size=RENDERED), nominal_shot(plan, RENDERED)
    rows: list[_Row] = []
    for number, scene in enumerate(continuous({"blur": (0.1, 0.6), "noise": (0.5, 4.0), "jpeg": (40.0, 98.0)}, count,
                                              seed=SEED + skin)):  # fmt: skip
        camera = _camera(rng, RENDERED, plan.field, nominal.camera.distance)
        sensor = replace(
            nominal.sensor, blur_mm=scene["blur"], noise=scene["noise"], jpeg_quality=round(scene["jpeg"]),
            exposure_ev=float(rng.uniform(-0.7, 0.7)),
        )  # fmt: skip
        photo = photograph(stage, replace(nominal, camera=camera, sensor=sensor), first=nominal, session=number)
        image, truth, off = calibrated(photo), photo.truth.mm_per_px, _off(rng, camera)
        name = "four markers" if len(image.markers) == 4 else "two or three markers"
        if len(image.markers) > 1:
            rows += _row(name, image.scale, truth, off)
        rows += _row("one marker", scale_from_markers(image.markers[:1], image.photo.shape), truth, off)
    return rows


def _boards(task: tuple[int, int]) -> list[_Row]:
    """Our card beside the middle of the picture, and four loose markers around it."""
    part, count = task
    rng = np.random.default_rng([SEED, 2, part])
    rows: list[_Row] = []
    for _ in range(count):
        camera = _camera(rng, SIZE, FIELD, float(rng.choice(FOCAL)) * FIELD)
        off = _off(rng, camera)
        for name, board, shift in (
            ("card", printed_card((0.0, 0.0), printed_batch()), (0.0, 55.0)),
            ("four markers", _loose(rng), (0.0, 0.0)),
        ):
            # The camera looks at a point beside the board: the scale is wanted there.
            beside = replace(camera, shift=shift)
            rgb = _photo(board, beside, rng)
            image = calibrate(Photo(rgb, "0" * 64, f"{name}.png", None))
            rows += _row(name, image.scale, beside.mm_per_px, off)
    return rows


def _loose(rng: np.random.Generator) -> PrintedCard:
    """A sheet of which only four markers are seen, each turned by a multiple of a right angle and off its place."""
    middle = np.array([110.0, 150.0])
    tiles = [Tile((110.0, 150.0), (220.0, 300.0), SKIN)]
    for number, (y, x) in enumerate(((-80, -110), (-80, 110), (80, 110), (80, -110))):
        place = middle + np.array([y, x]) + rng.uniform(-12.0, 12.0, 2)
        tiles += _marker_tiles(number, place, int(rng.integers(4)))
    return PrintedCard((0.0, 0.0), (220.0, 300.0), tuple(tiles))


def _photo(board: PrintedCard, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A board on skin-coloured ground, evenly lit, blurred and with noise, from a JPEG."""
    fine = 3
    pitch = camera.mm_per_px / fine
    rows, cols = (round((side + 10.0) / pitch) for side in board.size)
    y, x = ((np.arange(n, dtype=np.float32) - (n - 1) / 2) * np.float32(pitch) for n in (rows, cols))
    colour, on_it = board.draw(y[:, None], x[None, :], pitch)
    flat = np.array(SKIN, np.float32) + on_it[..., None] * (colour - np.array(SKIN, np.float32))
    to_scene = np.array([[pitch, 0, -(rows - 1) / 2 * pitch], [0, pitch, -(cols - 1) / 2 * pitch], [0, 0, 1]])
    zoom = np.array([[fine, 0, (fine - 1) / 2], [0, fine, (fine - 1) / 2], [0, 0, 1]])
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    large = cv2.warpPerspective(
        flat, swap @ zoom @ camera.homography @ to_scene @ swap, (camera.size[1] * fine, camera.size[0] * fine),
        borderMode=cv2.BORDER_CONSTANT, borderValue=SKIN,
    )  # fmt: skip
    light = cv2.resize(large, (camera.size[1], camera.size[0]), interpolation=cv2.INTER_AREA)
    light = cv2.GaussianBlur(np.asarray(light), (0, 0), rng.uniform(0.4, 1.5)) * rng.uniform(0.6, 1.3)
    seen = 255 * srgb_from_linear(light + rng.normal(0.0, rng.uniform(0.002, 0.015), light.shape))
    _, content = cv2.imencode(
        ".jpg", np.rint(seen).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 98))]
    )
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)


def _marker_tiles(number: int, place: Array, turns: int) -> list[Tile]:
    pattern = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY), number, 6) > 0
    white, step = np.rot90(pattern, turns), MARKER_SIDE_MM / 6
    where = (float(place[0]), float(place[1]))
    tiles = [Tile(where, (1.5 * MARKER_SIDE_MM,) * 2, PAPER), Tile(where, (MARKER_SIDE_MM,) * 2, (0.035,) * 3)]
    for row, column in np.argwhere(white):
        y, x = place + (np.array([row, column]) - 2.5) * step
        tiles.append(Tile((float(y), float(x)), (step, step), PAPER))
    return tiles


def _limbs(count: int) -> list[_Row]:
    """Four markers on a cylinder, tangent to it, 15° to 40° to either side of its crest; the crest is the truth."""
    rng = np.random.default_rng([SEED, 3])
    rows: list[_Row] = []
    for radius in RADII:
        for _ in range(count):
            markers, truth = limb_markers(rng, radius, float(rng.uniform(15.0, 40.0)))
            rows += _row(f"four markers, radius {radius:.0f} mm", scale_from_markers(markers, SIZE), truth, 0.0)
            few = markers[: int(rng.integers(2, 4))]
            rows += _row("two or three markers", scale_from_markers(few, SIZE), truth, 0.0)
            rows += _row("one marker", scale_from_markers(markers[:1], SIZE), truth, 0.0)
    return rows


def limb_markers(rng: np.random.Generator, radius: float, turned: float) -> tuple[tuple[Marker, ...], float]:
    """Corners of four markers on a limb as a camera sees them, and mm per pixel at its crest."""
    focal = float(rng.choice(FOCAL)) * SIZE[1]
    distance = focal / SIZE[1] * FIELD * rng.uniform(0.85, 1.2)
    axes = _turn(*rng.uniform(-10.0, 10.0, 3))

    def seen(y: Array, angle: Array) -> Array:
        """Pixels of points on the cylinder, whose crest passes through the optical axis."""
        place = np.stack([y, radius * np.sin(angle), radius * (1 - np.cos(angle))], axis=-1) @ axes.T
        return np.asarray(place[..., :2] / (place[..., 2:] + distance) * focal + (np.array(SIZE) - 1) / 2)

    found = []
    half = MARKER_SIDE_MM / 2 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    for number in rng.permutation(4):
        side, y = (-1, 1)[number % 2], (-75.0, 75.0)[number // 2] + rng.uniform(-10.0, 10.0)
        angle, spin = side * np.deg2rad(turned) * rng.uniform(0.8, 1.1), rng.uniform(0.0, 2 * np.pi)
        square = half @ np.array([[np.cos(spin), -np.sin(spin)], [np.sin(spin), np.cos(spin)]]).T
        along = np.array([0.0, np.cos(angle), np.sin(angle)])
        centre = np.array([y, radius * np.sin(angle), radius * (1 - np.cos(angle))])
        flat = (centre + square[:, :1] * np.array([1.0, 0.0, 0.0]) + square[:, 1:] * along) @ axes.T
        corners = flat[:, :2] / (flat[:, 2:] + distance) * focal + (np.array(SIZE) - 1) / 2
        found.append(Marker(int(number), corners + rng.normal(0.0, CORNER_PX, (4, 2)), CORNER_PX))
    step = 0.5
    down = seen(np.array([-step, step]), np.zeros(2))
    aside = seen(np.zeros(2), np.array([-step, step]) / radius)
    (a, b), (c, d) = down[1] - down[0], aside[1] - aside[0]
    return tuple(found), float(2 * step / np.sqrt(abs(a * d - b * c)))


def _turn(about_horizontal: float, about_vertical: float, roll: float) -> Array:
    vector = np.deg2rad(np.array([about_vertical, about_horizontal, roll]))
    return np.asarray(cv2.Rodrigues(vector)[0], dtype=np.float64)


def _by_name(rows: list[_Row]) -> Findings:
    return {name: _summary([row for row in rows if row.name == name]) for name in sorted({row.name for row in rows})}


def _summary(rows: list[_Row]) -> dict[str, Any]:
    error, claimed, off = (np.array([getattr(row, key) for row in rows]) for key in ("error", "claimed", "error_off"))
    size = 100 * np.abs(error)
    return {
        "n": len(rows),
        "bias": 100 * float(error.mean()),
        "median": float(np.median(size)),
        "p95": float(np.percentile(size, 95)),
        "claimed": 100 * float(np.median(claimed)),
        "covered": float(np.mean(np.abs(error) <= INTERVAL * claimed)),
        "covered_off": float(np.mean(np.abs(off) <= INTERVAL * claimed)),
    }


if __name__ == "__main__":
    print(json.dumps(plain(run(quick="--quick" in sys.argv, workers=2)), indent=1))
