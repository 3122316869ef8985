"""A patch of skin: its relief, melanin and blood, and what they become in one session."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas, Field, cells, random_field, scattered
from tracker.phantom.optics import skin_colour


@dataclass(frozen=True, slots=True)
class Body:
    """The broad shape of the part of the body, which does not change in a course.

    Its cross-section is a superellipse that tapers downwards: the silhouette
    of a thigh. With `half_width` far outside the picture it is a gentle curve.
    """

    half_width: float
    """Half the width at the centre row, mm."""
    depth: float
    """How far the crest rises above the silhouette, mm."""
    exponent: float = 2.4
    """2 is an ellipse; more is flatter in front."""
    taper: float = 0.0
    """Loss of half-width per millimetre downwards."""
    sway: float = 0.0
    """Sideways bow of the axis, mm."""

    def across(self, y: NDArray[np.floating], x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the position across the body: 0 on its axis, -1 and 1 on its silhouette."""
        axis = self.sway * np.cos(y / 70.0)
        return np.asarray((x - axis) / (self.half_width - self.taper * y))

    def slope_across(self, y: Field, x: Field) -> Field:
        """Return dz/dx of the broad shape, finite at the silhouette, shape (H, W)."""
        across = self.across(y, x)
        u = np.minimum(np.abs(across), 0.99)
        steep = u ** (self.exponent - 1) * (1 - u**self.exponent) ** (1 / self.exponent - 1)
        return np.asarray(-np.sign(across) * (self.depth / self.half_width) * steep, np.float32)


@dataclass(frozen=True, slots=True)
class Complexion:
    """What colours the skin."""

    melanin: float = 0.020
    """Median volume fraction of melanosomes."""
    blood: float = 0.0115
    """Median volume fraction of blood."""
    mottling: float = 0.10
    """Standard deviation of ln(melanin) over the skin."""
    flush: float = 0.12
    """Standard deviation of ln(blood) over the skin."""
    freckles: int = 60
    moles: int = 10
    follicles: float = 4.5
    """Mean distance of two hair follicles, mm."""
    hairs: float = 3.0
    """Fine hairs per square centimetre."""
    hair_contrast: float = 0.5
    """Added share of melanin under a hair that fills a pixel."""


@dataclass(frozen=True, slots=True)
class Relief:
    """What shapes the skin."""

    dimples: int = 0
    depth: float = 0.0
    """Depth of the deepest dimple, mm."""
    mattress: float = 0.0
    """Standard deviation of the soft undulation between dimples, 24-60 mm wavelength, mm."""
    waviness: float = 0.3
    """Standard deviation of the 50-120 mm undulation, mm; does not change."""
    peel: float = 0.012
    """Standard deviation of the orange-peel relief, 3-9 mm, mm; does not change."""
    micro: float = 0.012
    """Standard deviation of the fine relief, mm; does not change."""
    cell: float = 1.1
    """Size of the polygons of the fine relief, mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """Skin laid flat on its canvas, before any session.

    All arrays have the shape of the canvas, float32. Melanin and blood are
    volume fractions, heights and slopes are in mm and mm/mm.
    """

    canvas: Canvas
    body: Body
    melanin: Field
    blood: Field
    patch: Field
    """How much of the pigment patch lies here, 0 to 1."""
    still: Field
    """Height that stays through the course."""
    dimples: Field
    """Height that a session scales: dimples and the undulation between them, 0 or negative and positive."""

    def relief(self, dimple_depth_scale: float) -> Field:
        """Return the height without the broad shape of the body, mm, shape (H, W)."""
        return np.asarray(self.still + np.float32(dimple_depth_scale) * self.dimples, np.float32)

    def normals(self, dimple_depth_scale: float) -> tuple[Field, Field, Field]:
        """Return the unit surface normal (x right, y down, z to the viewer), three arrays of shape (H, W)."""
        dz_dy, dz_dx = np.gradient(self.relief(dimple_depth_scale), np.float32(self.canvas.pitch))
        dz_dx += self.body.slope_across(self.canvas.y, self.canvas.x)
        nz = 1.0 / np.sqrt(np.float32(1.0) + dz_dx**2 + dz_dy**2)
        return np.asarray(-dz_dx * nz), np.asarray(-dz_dy * nz), np.asarray(nz)

    def colour(self, melanin_gain: float) -> Field:
        """Return the linear sRGB colour of the skin in even light, shape (H, W, 3)."""
        return skin_colour(self.melanin * (1.0 + np.float32(melanin_gain - 1.0) * self.patch), self.blood)


def grow_skin(
    rng: np.random.Generator,
    canvas: Canvas,
    *,
    body: Body,
    complexion: Complexion,
    relief: Relief,
    patch_width: float = 0.0,
) -> Skin:
    """Return random skin of the given make.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    canvas : Canvas
        How much skin, and how finely.
    body, complexion, relief : Body, Complexion, Relief
        What it is made of.
    patch_width : float
        Mean width of a pigment patch at the centre, mm; 0 for none.
    """
    placing, shaping, colouring, fine = rng.spawn(4)
    blemishes = _Blemishes(placing, canvas, complexion, clear=0.9 * patch_width)
    hairs = 1.0 + complexion.hair_contrast * _hairs(fine, canvas, complexion.hairs)
    still = _still_relief(shaping, fine, canvas, relief) + blemishes.height
    return Skin(
        canvas=canvas,
        body=body,
        melanin=_melanin(colouring, canvas, complexion) * blemishes.melanin * hairs,
        blood=_blood(colouring, canvas, complexion) * blemishes.blood,
        patch=_patch(colouring, canvas, patch_width),
        still=still,
        dimples=_dimples(shaping, canvas, body, relief),
    )


_FINE_BLUR: Final = 0.12
"""Standard deviation of the softening of the fine relief, mm: skin has no knife edges."""


def _still_relief(shaping: np.random.Generator, fine: np.random.Generator, canvas: Canvas, relief: Relief) -> Field:
    """Return waviness, orange peel and fine relief, mm."""
    height = relief.waviness * random_field(shaping, canvas, 50.0, 120.0)
    height += relief.peel * random_field(shaping, canvas, 3.0, 9.0)
    # Cells of two sizes, the larger ones weighted unevenly, so that no lattice shows.
    mesh = -cells(fine, canvas, relief.cell) - 0.8 * cells(fine, canvas, 2.1 * relief.cell)
    mesh *= 1.0 + 0.3 * np.clip(random_field(fine, canvas, 5.0, 30.0), -2.0, 2.0)
    mesh = cv2.GaussianBlur(mesh, (0, 0), max(_FINE_BLUR / canvas.pitch, 0.3))
    return np.asarray(height + (mesh - mesh.mean()) * np.float32(relief.micro / mesh.std()), np.float32)


def _dimples(rng: np.random.Generator, canvas: Canvas, body: Body, relief: Relief) -> Field:
    """Return the relief that treatment changes, mm."""
    height = relief.mattress * random_field(rng, canvas, 24.0, 60.0)
    for y, x in scattered(rng, canvas, count=relief.dimples, apart=15.0):
        width = rng.uniform(4.5, 9.0)
        # Narrow dimples are shallower: tethered fat, not bullet holes.
        depth = relief.depth * rng.uniform(0.5, 1.0) * np.sqrt(width / 9.0)
        squeeze, angle = rng.uniform(0.6, 1.0), rng.uniform(0.0, np.pi)
        where = canvas.window(y, x, 4.5 * width)
        dy, dx = canvas.y[where[0]] - y, canvas.x[:, where[1]] - x
        along, aside = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        height[where] -= depth * np.exp(-0.5 * ((along / width) ** 2 + (aside / (squeeze * width)) ** 2))
    return np.asarray(height, np.float32)


def _melanin(rng: np.random.Generator, canvas: Canvas, complexion: Complexion) -> Field:
    """Return mottled melanin."""
    field = 0.72 * random_field(rng, canvas, 1.6, 16.0) + 0.69 * random_field(rng, canvas, 16.0, 90.0)
    return np.asarray(complexion.melanin * np.exp(complexion.mottling * field), np.float32)


def _blood(rng: np.random.Generator, canvas: Canvas, complexion: Complexion) -> Field:
    """Return blotchy blood."""
    field = 0.7 * random_field(rng, canvas, 1.5, 6.0) + 0.7 * random_field(rng, canvas, 6.0, 60.0)
    return np.asarray(complexion.blood * np.exp(complexion.flush * field), np.float32)


def _patch(rng: np.random.Generator, canvas: Canvas, width: float) -> Field:
    """Return an irregular soft-edged patch at the centre, 0 to 1."""
    if not width:
        return np.zeros(canvas.shape, np.float32)
    ragged = 0.16 * random_field(rng, canvas, 10.0, 30.0) + 0.07 * random_field(rng, canvas, 2.5, 8.0)
    radius = np.hypot(canvas.y / 0.85, canvas.x / 1.15) / np.float32(width / 2)
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((radius - 1.0 + ragged) / 0.075, -30, 30))), np.float32)


class _Blemishes:
    """Freckles, moles and follicles: factors on melanin and blood, and height in mm."""

    def __init__(self, rng: np.random.Generator, canvas: Canvas, complexion: Complexion, *, clear: float) -> None:
        self.melanin = np.ones(canvas.shape, np.float32)
        self.blood = np.ones(canvas.shape, np.float32)
        self.height = np.zeros(canvas.shape, np.float32)
        self._rng, self._canvas = rng, canvas
        self._freckles(complexion.freckles)
        self._moles(complexion.moles, clear)
        self._follicles(complexion.follicles)

    def _freckles(self, count: int) -> None:
        for y, x in scattered(self._rng, self._canvas, count=count, apart=3.0):
            radius, gain = self._rng.uniform(0.4, 1.1), self._rng.uniform(0.2, 0.8)
            where, disc = self._disc(y, x, radius, edge=0.6)
            self.melanin[where] *= 1.0 + gain * disc

    def _moles(self, count: int, clear: float) -> None:
        for y, x in scattered(self._rng, self._canvas, count=count, apart=28.0):
            radius, gain = self._rng.uniform(0.8, 1.9), self._rng.uniform(5.0, 12.0)
            if np.hypot(y, x) < clear:
                continue
            where, disc = self._disc(y, x, radius, edge=0.45 * radius)
            core = self._disc(y + 0.2 * radius, x, 0.55 * radius, edge=0.5 * radius, where=where)[1]
            self.melanin[where] *= 1.0 + gain * (0.7 * disc + 0.3 * core)
            self.blood[where] *= 1.0 + 0.5 * disc
            self.height[where] += 0.15 * disc

    def _follicles(self, apart: float) -> None:
        canvas = self._canvas
        count = round(canvas.height * canvas.width / apart**2)
        for y, x in self._rng.uniform(-0.5, 0.5, (count, 2)) * [canvas.height, canvas.width]:
            where, disc = self._disc(y, x, self._rng.uniform(0.12, 0.3), edge=0.4)
            strength = self._rng.uniform(0.0, 1.0) ** 2
            self.melanin[where] *= 1.0 + 0.6 * strength * disc
            self.blood[where] *= 1.0 + 0.9 * strength * disc
            self.height[where] += self._rng.uniform(-0.03, 0.015) * disc

    def _disc(
        self, y: float, x: float, radius: float, *, edge: float, where: tuple[slice, slice] | None = None
    ) -> tuple[tuple[slice, slice], Field]:
        """Return where a soft, slightly oval disc lies and its weight there, 0 to 1."""
        where = where or self._canvas.window(y, x, 1.6 * radius + 3.0 * edge)
        oval, angle = self._rng.uniform(0.85, 1.0), self._rng.uniform(0.0, np.pi)
        dy, dx = self._canvas.y[where[0]] - y, self._canvas.x[:, where[1]] - x
        along, aside = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        # A lobed outline: nothing on skin is an ellipse.
        bearing = np.arctan2(aside, along)
        lobes = 0.05 * np.cos(2 * bearing + 6 * angle) + 0.035 * np.cos(3 * bearing + 11 * angle)
        away = np.hypot(along * oval, aside / oval) - radius * (1.0 + lobes)
        return where, np.asarray(1.0 / (1.0 + np.exp(np.clip(away / (0.3 * edge), -30, 30))), np.float32)


def _hairs(rng: np.random.Generator, canvas: Canvas, per_cm2: float) -> Field:
    """Return the cover of fine short hairs, 0 to 1, all lying roughly one way."""
    cover = np.zeros(canvas.shape, np.uint8)
    count = round(per_cm2 * canvas.height * canvas.width / 100.0)
    roots = rng.uniform(-0.5, 0.5, (count, 2)) * [canvas.height, canvas.width]
    run = np.linspace(0.0, 1.0, 7)[:, None]
    for root in roots:
        length, heading, bend = rng.uniform(2.0, 6.0), rng.normal(1.2, 0.45), rng.normal(0.0, 0.5)
        turn = heading + bend * run
        path = root + length * run * np.hstack([np.sin(turn), np.cos(turn)])
        pixels = path / canvas.pitch + (np.array(canvas.shape) - 1) / 2
        points = np.rint(pixels[:, ::-1] * 16).astype(np.int32)
        strength = int(rng.uniform(40, 200))
        cv2.polylines(cover, [points.reshape(-1, 1, 2)], False, strength, 1, cv2.LINE_AA, 4)
    return np.asarray(cover / np.float32(255.0), np.float32)
