"""Photos of people who share a room: the same limb, tone, markers, chart and clutter, but each with own skin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment.pyramid import Pyramid, build_pyramid
from tracker.calibration import CalibratedImage, calibrate
from tracker.phantom import PhantomPhoto, Scenario, Shot, Stage, State, build_stage, nominal_shot, photograph
from tracker.phantom.clutter import Clutter
from tracker.phantom.pose import soft_tissue
from tracker.phantom.scenario import named
from tracker.photo import Photo, read_photo

Rgb = NDArray[np.uint8]

ROOMS: Final[tuple[tuple[str, float, tuple[str, ...], tuple[int, int]], ...]] = (
    ("thigh", 0.02, (), (750, 1000)),
    ("phone", 0.06, ("towel", "wall"), (600, 800)),
    ("dark-thigh", 0.30, ("paper",), (750, 1000)),
    ("buttock", 0.035, ("towel",), (600, 800)),
    ("tone", 0.075, ("towel", "wall"), (750, 1000)),
    ("pigment", 0.038, (), (750, 1000)),
    ("dark-patch", 0.16, (), (600, 800)),
    ("spots", 0.03, (), (750, 1000)),
    ("lines", 0.028, (), (600, 800)),
    ("control", 0.12, ("paper", "wall"), (750, 1000)),
)
"""Scenario, melanosome fraction, what lies about, and rows and columns of the photos."""

PEOPLE: Final = 4
LEVELS: Final = ("easy", "medium", "hard")


@dataclass(frozen=True, slots=True)
class Spread:
    """The most that a later photo deviates from the first one.

    Attributes
    ----------
    distance, shift, tissue, white_balance : float
        Relative; shift and tissue (root mean square, the largest is about 2.5 times that) of the width.
    roll, tilt, azimuth, slant : float
        Degrees.
    exposure_ev, ambient : float
    falloff : float
        Of the light over 200 mm.
    blur, noise : float
        Factors.
    jpeg_quality : int
    effect : float
        Share of the whole treatment that has happened.
    """

    distance: float
    shift: float
    tissue: float
    white_balance: float
    roll: float
    tilt: float
    azimuth: float
    slant: float
    exposure_ev: float
    ambient: float
    falloff: float
    blur: float
    noise: float
    jpeg_quality: int
    effect: float


SPREADS: Final = {
    "easy": Spread(0.08, 0.04, 0.003, 0.02, 5.0, 6.0, 5.0, 3.0, 0.3, 0.05, 0.05, 1.2, 1.5, 92, 0.3),
    "medium": Spread(0.15, 0.08, 0.007, 0.05, 10.0, 12.0, 15.0, 6.0, 0.6, 0.10, 0.10, 1.5, 2.0, 85, 0.6),
    "hard": Spread(0.25, 0.12, 0.012, 0.10, 15.0, 20.0, 30.0, 12.0, 1.0, 0.20, 0.20, 2.0, 3.0, 75, 1.0),
}
_NEARER = 0.92  # of the first photo over the planned distance: the canvas ends 1.24 nominal widths apart


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A photo ready to be aligned, and where its skin is, if that is known."""

    name: str
    pyramid: Pyramid
    photo: PhantomPhoto | None = None


def plan_of(number: int) -> Scenario:
    """The plan of a room and of everybody who is photographed in it."""
    name, melanin, things, _ = ROOMS[number]
    plan = named(name)
    clutter = Clutter(things=things, cover=plan.clutter.cover)
    return replace(plan, complexion=replace(plan.complexion, melanin=melanin), clutter=clutter)


def people(number: int, seed: int) -> list[Stage]:
    """Stages of one room: the skins differ, everything else is the same to the last thread of the towel."""
    plan, size = plan_of(number), ROOMS[number][3]
    stages = [build_stage(plan, seed=seed + 100 * number + person, size=size) for person in range(PEOPLE)]
    return [replace(stage, backdrop=stages[0].backdrop) for stage in stages]


def first_shot(plan: Scenario, size: tuple[int, int]) -> Shot:
    """The shot of the reference."""
    nominal = nominal_shot(plan, size)
    return replace(nominal, camera=replace(nominal.camera, scale=_NEARER))


def later_shot(plan: Scenario, size: tuple[int, int], rng: np.random.Generator, within: Spread) -> Shot:
    """A shot in which everything deviates at once, each thing by anything up to its most."""

    def about(most: float) -> float:
        return float(rng.uniform(-most, most))

    first = first_shot(plan, size)
    seen = np.array(size) * plan.field / size[1]
    camera = replace(
        first.camera,
        scale=_NEARER * (1.0 + about(within.distance)),
        roll=about(within.roll),
        tilt=(about(within.tilt), about(within.tilt)),
        shift=(float(seen[1]) * about(within.shift), float(seen[1]) * about(within.shift)),
    )
    light = replace(
        plan.light,
        slant=float(np.clip(plan.light.slant + about(within.slant), 0.0, 75.0)),
        azimuth=(plan.light.azimuth + about(within.azimuth)) % 360.0,
        ambient=float(np.clip(plan.light.ambient + about(within.ambient), 0.05, 0.9)),
        falloff=max(0.0, plan.light.falloff + about(within.falloff)),
    )
    red, _, blue = plan.sensor.white_balance
    sensor = replace(
        first.sensor,
        exposure_ev=plan.sensor.exposure_ev + about(within.exposure_ev) - 0.2,
        white_balance=(
            red * (1 + about(within.white_balance)),
            1.0,
            blue * (1 + about(within.white_balance)),
        ),
        blur_mm=plan.blur_mm * float(rng.uniform(1.0, within.blur)),
        noise=float(rng.uniform(1.0, within.noise)),
        jpeg_quality=int(rng.integers(within.jpeg_quality, 96)),
    )
    tissue = soft_tissue(rng, float(rng.uniform(0.0, within.tissue)) * plan.field)
    return Shot(camera, tissue, light, sensor, plan.response)


def reference_of(stage: Stage) -> Picture:
    """The first photo of a person."""
    return _picture(photograph(stage, first_shot(stage.plan, stage.size)))


def later_of(stage: Stage, level: str, seed: int) -> Picture:
    """A later photo of a person, as hard as the level says."""
    within = SPREADS[level]
    rng = np.random.default_rng([stage.seed, stage.plan.stream, LEVELS.index(level), seed])
    shot = later_shot(stage.plan, stage.size, rng, within)
    state: State = stage.plan.at(round(100 * float(rng.uniform(0.0, within.effect))), 101)
    first = first_shot(stage.plan, stage.size)
    return _picture(photograph(stage, shot, state, first=first, session=1 + LEVELS.index(level)))


def _picture(photo: PhantomPhoto) -> Picture:
    image = calibrate(read_photo(photo.jpeg, name=photo.name))
    return Picture(photo.name, build_pyramid(image), photo)


def mirrored(picture: Picture) -> Picture:
    """The photo as a selfie camera would have stored it."""
    return Picture(picture.name, picture.pyramid.mirrored())


def read(path: Path) -> Picture:
    """A stored photo."""
    return of_image(calibrate(read_photo(path)))


def of_image(image: CalibratedImage) -> Picture:
    """An image in memory."""
    return Picture(image.photo.name, build_pyramid(image))


def rephotographed(path: Path, rng: np.random.Generator) -> Picture:
    """A rendered skin photographed again: turned, tilted, nearer, bent, otherwise lit, noisier."""
    rgb = read_photo(path).rgb
    height, width = rgb.shape[:2]
    turn, scale = np.deg2rad(rng.uniform(-15, 15)), rng.uniform(0.85, 1.2)
    row, col = np.meshgrid(*(np.arange(n) - n / 2 for n in (height, width)), indexing="ij")
    depth = 1 + (row * rng.uniform(-1, 1) + col * rng.uniform(-1, 1)) * 1.5e-4
    down = (np.cos(turn) * row - np.sin(turn) * col) / depth / scale + height / 2
    across = (np.sin(turn) * row + np.cos(turn) * col) / depth / scale + width / 2
    wave = 0.006 * width
    down, across = down + wave * np.sin(across / 110 + 1.3), across + wave * np.sin(down / 140 + 0.4)
    moved = cv2.remap(
        rgb, across.astype(np.float32), down.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT
    )
    slope = 1 + rng.uniform(-0.15, 0.15) * row[..., None] / height + rng.uniform(-0.15, 0.15) * col[..., None] / width
    lit = 255 * (moved / 255.0) ** rng.uniform(0.9, 1.1) * slope * rng.uniform(0.75, 1.1)
    lit += rng.normal(0, 1.5, lit.shape)
    again = np.ascontiguousarray(np.rint(np.clip(lit, 0, 255)), dtype=np.uint8)
    return of_image(calibrate(Photo(again, digest=path.stem, name=f"{path.stem} again", taken_on=None)))


def room(number: int, seed: int) -> Iterator[tuple[Picture, list[Picture]]]:
    """Each person of a room: the first photo and the later ones, by level."""
    for stage in people(number, seed):
        yield reference_of(stage), [later_of(stage, level, seed) for level in LEVELS]
