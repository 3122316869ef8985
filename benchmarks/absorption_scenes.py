"""Pairs of rendered photos of skin that changed by a known amount, and the maps between them.

Three changes that an alignment could hide by bending: a pigmented spot that shrinks towards its middle, dimples that
flatten, and a limb that gets slimmer while the skin that is still seen stays where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.absorption_peer import sift_and_flow
from benchmarks.scenes import calibrated, skin_of, thigh
from tracker.alignment import Alignment, align
from tracker.calibration import CalibratedImage
from tracker.errors import AlignmentFailed
from tracker.phantom import PhantomPhoto, Shot, Stage, State, build_stage, nominal_shot, photograph
from tracker.phantom.fields import Canvas
from tracker.phantom.lesions import Lesions
from tracker.phantom.pose import soft_tissue
from tracker.phantom.rig import Spread
from tracker.phantom.scenario import named

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

SEED: Final = 20270511
TONES: Final = (0.02, 0.045, 0.10, 0.20)
RADII_MM: Final = (3.0, 6.0, 11.0)
GAIN: Final = 2.2
EDGE: Final = 0.08
CLOSE: Final = (750, 1000)
BODY: Final = (600, 800)
SLIMMER_MM: Final = 5.0
FLATTER: Final = 0.30
SMALLER: Final = 0.20
_STEADY: Final = 0.3  # share of the jitter of the lamp that is left where shading itself is measured


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two photos and three maps between them.

    Attributes
    ----------
    before, after : PhantomPhoto
    reference, moving : CalibratedImage
        The same two, as the program reads them.
    skin : ndarray, shape (h, w), bool
        The skin of the reference on its analysis grid.
    maps : dict of str to Alignment
        ``true``, ``ours`` and ``peer``: the same uncertainties, other positions. Empty if the pair was refused.
    code : str
        Why it was refused.
    """

    before: PhantomPhoto
    after: PhantomPhoto
    reference: CalibratedImage
    moving: CalibratedImage
    skin: Mask
    maps: dict[str, Alignment]
    code: str = ""


def spotted(number: int, *, shrunk: float) -> tuple[Pair, Points]:
    """Three pigmented spots whose areas shrink by a share, and their centres in pixels of the first photo, (3, 2)."""
    rng = np.random.default_rng([SEED, 1, number])
    plan = named("pigment")
    melanin = TONES[number % len(TONES)]
    # Every other round of tones is smooth skin, whose texture holds a map less firmly; no mole helps, or hides an edge.
    hairs = 0.15 if number // len(TONES) % 2 else plan.complexion.hair_contrast
    complexion = replace(plan.complexion, melanin=melanin, freckles=8, moles=0, hair_contrast=hairs)
    plan = replace(plan, name="spot", patch_width=0.0, complexion=complexion, start=State())
    stage = build_stage(plan, seed=500 + number, size=CLOSE)
    centres = np.array([[0.0, -38.0], [0.0, -10.0], [0.0, 28.0]]) + rng.uniform(-5.0, 5.0, (3, 2))
    shapes = [Outline.drawn(rng, radius) for radius in RADII_MM]
    before, after = (
        replace(stage, skin=replace(stage.skin, spots=painted(stage.skin.canvas, centres, shapes, size)))
        for size in (1.0, float(np.sqrt(1.0 - shrunk)))
    )
    first = nominal_shot(plan, CLOSE)
    pair = _photographed(before, after, first, jittered(first, rng), State())
    return pair, first.camera.to_pixels(first.tissue.to_scene(centres))


def dimpled(number: int, *, flatter: float) -> Pair:
    """Dimples that lose a share of their depth; the lamp is steadier, because shading itself is measured."""
    stage = _limb(number, stream=2)
    first = nominal_shot(stage.plan, BODY)
    shot = jittered(first, np.random.default_rng([SEED, 2, number]), lamp=_STEADY)
    return _photographed(stage, stage, first, shot, State(dimples=1.0 - flatter))


def slimmed(number: int, *, by_mm: float) -> Pair:
    """A limb that loses width on both sides."""
    stage = _limb(number, stream=3)
    body = replace(stage.skin.body, half_width=stage.skin.body.half_width - by_mm / 2)
    after = replace(stage, skin=replace(stage.skin, body=body))
    first = nominal_shot(stage.plan, BODY)
    shot = jittered(first, np.random.default_rng([SEED, 3, number]))
    return _photographed(stage, after, first, shot, State())


def _limb(number: int, *, stream: int) -> Stage:
    plan = thigh(slant=50.0, melanin=TONES[number % len(TONES)])
    return build_stage(plan, seed=600 + 40 * stream + number, size=BODY)


def jittered(first: Shot, rng: np.random.Generator, *, lamp: float = 1.0) -> Shot:
    """A shot posed anew: turned, tilted, nearer or farther, tissue shifted, otherwise lit and exposed."""
    within = Spread(rng)
    camera = replace(
        first.camera,
        scale=1.0 + within(0.05),
        roll=within(4.0),
        tilt=(within(4.0), within(4.0)),
        shift=(within(0.02) * first.camera.field, within(0.02) * first.camera.field),
    )
    light = replace(
        first.light,
        slant=first.light.slant + lamp * within(3.0),
        azimuth=(first.light.azimuth + lamp * within(5.0)) % 360.0,
    )
    red, green, blue = first.sensor.white_balance
    sensor = replace(
        first.sensor,
        exposure_ev=first.sensor.exposure_ev + within(0.15),
        white_balance=(red * (1.0 + within(0.015)), green, blue * (1.0 + within(0.015))),
    )
    tissue = soft_tissue(rng, 1.0 * first.camera.field / 300.0)
    return replace(first, camera=camera, light=light, sensor=sensor, tissue=tissue)


def _photographed(stage: Stage, later: Stage, first: Shot, shot: Shot, state: State) -> Pair:
    before = photograph(stage, first)
    after = photograph(later, shot, state, first=first, session=1)
    reference, moving = calibrated(before), calibrated(after)
    skin = skin_of(reference)
    try:
        ours = align(reference, moving, region=skin)
    except AlignmentFailed as error:
        return Pair(before, after, reference, moving, skin, {}, error.code)
    maps = {
        "true": replace(ours, moving=true_positions(ours, first, shot)),
        "ours": ours,
        "peer": replace(ours, moving=sift_and_flow(before.rgb, after.rgb, ours.rows, ours.cols)),
    }
    return Pair(before, after, reference, moving, skin, maps)


def true_positions(at: Alignment, first: Shot, shot: Shot) -> NDArray[np.float32]:
    """Where the skin of each node lies in the second photo, whether it is still there or not, shape (h, w, 2)."""
    nodes = np.stack(np.meshgrid(at.rows, at.cols, indexing="ij"), axis=-1)
    skin = first.tissue.to_skin(first.camera.to_scene(nodes))
    return shot.camera.to_pixels(shot.tissue.to_scene(skin)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A ragged outline around a centre.

    Attributes
    ----------
    radius : float
        Mean, mm.
    waves : ndarray, shape (n, 2)
        Relative amplitude and phase of n, n + 1 … waves around it, from two on.
    """

    radius: float
    waves: Points

    @classmethod
    def drawn(cls, rng: np.random.Generator, radius: float) -> Outline:
        """Draw one at random."""
        amplitude = rng.normal(0.0, 0.07, 5) / np.arange(1, 6)
        return cls(radius, np.column_stack([amplitude, rng.uniform(0.0, 2 * np.pi, 5)]))

    def at(self, angle: NDArray[np.floating]) -> NDArray[np.floating]:
        """Distance of the outline from its centre, mm."""
        waves = (a * np.cos((k + 2) * angle + phase) for k, (a, phase) in enumerate(self.waves))
        return np.asarray(self.radius * (1.0 + sum(waves)))

    @property
    def area(self) -> float:
        """Enclosed area, mm²."""
        return float(np.pi * self.radius**2 * (1.0 + 0.5 * (self.waves[:, 0] ** 2).sum()))


def painted(canvas: Canvas, centres: Points, shapes: list[Outline], size: float) -> Lesions:
    """Spots of these outlines, all `size` times as wide; the skin around and below them stays where it is.

    The soft edge is scaled as well, so that the outline at any level, seen through any tone curve, keeps its share of
    the area.
    """
    added = np.zeros(canvas.shape, np.float32)
    number = np.zeros(canvas.shape, np.int16)
    for at, ((y, x), shape) in enumerate(zip(centres, shapes, strict=True), start=1):
        dy, dx = canvas.y - np.float32(y), canvas.x - np.float32(x)
        share = np.hypot(dy, dx) / (size * shape.at(np.arctan2(dy, dx)))
        weight = 1.0 / (1.0 + np.exp(np.clip((share - 1.0) / EDGE, -30, 30)))
        added = np.maximum(added, np.float32(GAIN - 1.0) * weight.astype(np.float32))
        number[weight > 0.5] = at
    area = np.array([size**2 * shape.area for shape in shapes])
    return Lesions(centres, area, np.full(len(shapes), GAIN), number, added)
