"""What colours the skin: melanin, blood, blemishes and fine hairs."""

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.phantom.fields import Canvas, Field, random_field, scattered
from tracker.phantom.optics import SURFACE_REFLECTION


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
    surface: float = SURFACE_REFLECTION
    """Light that the surface returns without letting it in, as a share of white; 0.04 on dark skin."""
    scatter_mm: tuple[float, float, float] | None = None
    """How far red, green and blue light wanders inside the skin, mm; None for not at all."""


def mottled_melanin(rng: np.random.Generator, canvas: Canvas, complexion: Complexion) -> Field:
    """Return mottled melanin."""
    field = 0.72 * random_field(rng, canvas, 1.6, 16.0) + 0.69 * random_field(rng, canvas, 16.0, 90.0)
    return np.asarray(complexion.melanin * np.exp(complexion.mottling * field), np.float32)


def blotchy_blood(rng: np.random.Generator, canvas: Canvas, complexion: Complexion) -> Field:
    """Return blotchy blood."""
    field = 0.7 * random_field(rng, canvas, 1.5, 6.0) + 0.7 * random_field(rng, canvas, 6.0, 60.0)
    return np.asarray(complexion.blood * np.exp(complexion.flush * field), np.float32)


def pigment_patch(rng: np.random.Generator, canvas: Canvas, width: float) -> Field:
    """Return an irregular soft-edged patch at the centre, 0 to 1."""
    if not width:
        return np.zeros(canvas.shape, np.float32)
    ragged = 0.16 * random_field(rng, canvas, 10.0, 30.0) + 0.07 * random_field(rng, canvas, 2.5, 8.0)
    radius = np.hypot(canvas.y / 0.85, canvas.x / 1.15) / np.float32(width / 2)
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((radius - 1.0 + ragged) / 0.075, -30, 30))), np.float32)


class Blemishes:
    """Freckles, moles and follicles: factors on melanin and blood, and height in mm."""

    def __init__(self, rng: np.random.Generator, canvas: Canvas, complexion: Complexion, *, clear: float) -> None:
        self.melanin = np.ones(canvas.shape, np.float32)
        self.blood = np.ones(canvas.shape, np.float32)
        self.height = np.zeros(canvas.shape, np.float32)
        self._rng, self._canvas = rng, canvas
        self._y, self._x = canvas.y, canvas.x
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
        dy, dx = self._y[where[0]] - y, self._x[:, where[1]] - x
        along, aside = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        # A lobed outline: nothing on skin is an ellipse.
        bearing = np.arctan2(aside, along)
        lobes = 0.05 * np.cos(2 * bearing + 6 * angle) + 0.035 * np.cos(3 * bearing + 11 * angle)
        away = np.hypot(along * oval, aside / oval) - radius * (1.0 + lobes)
        return where, np.asarray(1.0 / (1.0 + np.exp(np.clip(away / (0.3 * edge), -30, 30))), np.float32)


def fine_hairs(rng: np.random.Generator, canvas: Canvas, per_cm2: float) -> Field:
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
