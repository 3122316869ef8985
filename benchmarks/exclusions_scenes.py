"""Skin with what should be left out of it: hair, shine, cloth and blur of known place, rendered or painted on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, in_own_frame
from tracker.calibration import CLIPPED_SHARE, CalibratedImage, linear_from_srgb, srgb_from_linear
from tracker.calibration.linear import clipped_on_grid, linear_on_grid
from tracker.measurement import with_exclusions
from tracker.phantom import PhantomPhoto, Scenario, build_stage, nominal_shot, photograph
from tracker.phantom.hair import Hair
from tracker.phantom.scenario import named
from tracker.phantom.sensor import jpeg
from tracker.photo import read_photo

THIGH_SIZE, PATCH_SIZE = (960, 1280), (750, 1000)
THIGH_FIELD = 220.0
TONES = (0.015, 0.04, 0.10, 0.28)
"""Melanosome fractions from very light to dark skin."""
GAUZE, DENIM, BLACK = (0.72, 0.72, 0.71), (0.045, 0.075, 0.13), (0.014, 0.014, 0.016)

_NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)

Mask = NDArray[np.bool_]
Rgb = NDArray[np.uint8]


def thigh(melanin: float, *, gloss: float = 0.0, hair: float = 0.0, cover: str | None = None) -> Scenario:
    """A thigh of some tone with sheen, hairs per square centimetre, and cloth."""
    return _with(replace(named("thigh"), field=THIGH_FIELD), melanin, gloss, hair, cover)


def patch(melanin: float, *, gloss: float = 0.0, hair: float = 0.0) -> Scenario:
    """A pigment patch likewise."""
    return _with(named("pigment"), melanin, gloss, hair, None)


def _with(plan: Scenario, melanin: float, gloss: float, hair: float, cover: str | None) -> Scenario:
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=melanin, hairs=0.0),
        light=replace(plan.light, gloss=gloss),
        findings=replace(plan.findings, hair=Hair(per_cm2=hair) if hair else None),
        clutter=replace(plan.clutter, cover=cover),
    )


def taken(plan: Scenario, *, seed: int) -> PhantomPhoto:
    """One photo of a plan, with nothing moved: the same seed is the same skin with the same noise."""
    size = PATCH_SIZE if plan.patch_width else THIGH_SIZE
    return photograph(build_stage(plan, seed=seed, size=size), nominal_shot(plan, size), plan.start)


def seen(rgb: Rgb, like: CalibratedImage) -> CalibratedImage:
    """A painted picture as the program reads it from a file, on the grid of the picture before."""
    photo = read_photo(jpeg(rgb, quality=92, taken_at=_NOON), name="painted.jpg")
    linear = linear_on_grid(photo.rgb, like.grid.shape)
    clipped = clipped_on_grid(photo.rgb, like.grid.shape) > CLIPPED_SHARE
    return replace(like, photo=photo, linear=linear, clipped=clipped)


def true_hair(photo: PhantomPhoto) -> NDArray[np.float32]:
    """Cover by hair of every pixel of a photo, in [0, 1]."""
    skin, place = photo.stage.skin, photo.maps()
    assert skin.coat is not None
    cover, canvas = skin.coat.cover(photo.state.hair), skin.canvas
    lines = (
        np.nan_to_num(where / canvas.pitch + (size - 1) / 2, nan=-99).astype(np.float32)
        for where, size in zip((place.y, place.x), canvas.shape, strict=True)
    )
    row, column = lines
    return np.asarray(cv2.remap(cover, column, row, cv2.INTER_LINEAR), np.float32)


def with_highlights(rgb: Rgb, *, mm_per_px: float, strength: float, seed: int) -> tuple[Rgb, NDArray[np.float32]]:
    """A picture with drops of mirrored light, 1.5 to 5 mm wide, and the light they add, as a share of white."""
    rng = np.random.default_rng(seed)
    added = np.zeros(rgb.shape[:2], np.float32)
    for row, column in rng.uniform(0.08, 0.92, (60, 2)) * rgb.shape[:2]:
        radius = rng.uniform(0.75, 2.5) / mm_per_px
        axes = (max(1, round(radius)), max(1, round(radius * rng.uniform(0.5, 1.0))))
        spot = np.zeros_like(added)
        cv2.ellipse(spot, (round(column), round(row)), axes, rng.uniform(0, 180), 0, 360, rng.uniform(0.7, 1.3), -1)
        added = np.maximum(added, spot)
    added = np.asarray(cv2.GaussianBlur(added, (0, 0), 0.3 / mm_per_px), np.float32) * np.float32(strength)
    return _encoded(linear_from_srgb(rgb / 255.0) + added[..., None]), added


def with_strip(rgb: Rgb, centre: tuple[float, float], size: tuple[float, float], tint: tuple[float, ...]) -> Rgb:
    """A picture with a strip of cloth at (row, column) of height and width in pixels; it has weave, and light."""
    rng = np.random.default_rng(3)
    (row, column), (height, width) = centre, size
    where = (
        slice(max(0, round(row - height / 2)), round(row + height / 2)),
        slice(max(0, round(column - width / 2)), round(column + width / 2)),
    )
    linear = linear_from_srgb(rgb / 255.0)
    covered = linear[where].shape[:2]
    linear[where] = np.array(tint) * (0.85 + 0.06 * rng.standard_normal((*covered, 1)))
    return _encoded(linear)


def with_blurred_half(rgb: Rgb, *, mm_per_px: float, sigma_mm: float) -> tuple[Rgb, Mask]:
    """A picture whose right half is out of focus, with the noise that the sensor adds after the lens; and where."""
    rng = np.random.default_rng(4)
    soft = cv2.GaussianBlur(linear_from_srgb(rgb / 255.0), (0, 0), sigma_mm / mm_per_px)
    noisy = srgb_from_linear(soft) * 255 + rng.normal(0, 1.2, rgb.shape)
    half = np.zeros(rgb.shape[:2], np.bool_)
    half[:, rgb.shape[1] // 2 :] = True
    return np.where(half[..., None], np.clip(noisy, 0, 255).round().astype(np.uint8), rgb), half


def on_grid(values: NDArray[np.generic], image: CalibratedImage) -> NDArray[np.float32]:
    """A quantity per pixel as its mean in each cell of the analysis grid."""
    size = image.grid.shape[::-1]
    return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)


def as_measured(image: CalibratedImage, region: Mask) -> AlignedImage:
    """A photo in its own frame with what is left out of a region; nothing is moved, so nothing is aligned."""
    return with_exclusions(in_own_frame(image), image, region)


def found_against(found: Mask, true: Mask, within: Mask, *, rim: int) -> tuple[float, float]:
    """Precision and recall of a mask; what lies within `rim` cells of the truth is not wrong."""
    size = 2 * rim + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    near = cv2.dilate(true.astype(np.uint8), disc) > 0
    found, true = found & within, true & within
    return float((found & near).sum() / max(1, found.sum())), float((found & true).sum() / max(1, true.sum()))


def _encoded(linear: NDArray[np.float64]) -> Rgb:
    return (srgb_from_linear(linear) * 255).round().astype(np.uint8)
