"""The skin around a marked region: treated by nobody, it shows what light and camera did between two photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, in_own_frame
from tracker.calibration import CalibratedImage, lab_from_linear
from tracker.quality.check import Check, graded, judged, metrics_with
from tracker.quality.need import Need
from tracker.region import Reason, looks_like_skin, skin_mask
from tracker.shading import mean_light

RING_MM: Final = (1.0, 3.0)
"""Around the region: what contrasts are taken against."""
APART_MM: Final = 4.0
"""From the region: skin that is taken for untreated."""
LEAST_CM2: Final = 10.0
_UNSCALED: Final = (0.05, 0.15, 0.2)  # the same three, as shares of the diameter of the region
_LEAST_CELLS = 64
_LEAST_RING = 0.5

#: Smallest detectable changes, 1.96 √2 times the provisional spread between sessions (MEASUREMENT.md §9).
MDC95_INDEX: Final = 1.66
MDC95_TONE: Final = {"L*": 2.0, "a*": 1.16, "b*": 1.77, "ITA": 3.6}
INDEX_PER_LOG: Final = 100 / np.log(10)
"""Units of the melanin index per unit of ln(light)."""
MELANIN_IN_ERYTHEMA: Final = 0.56
_WARN, _BLOCK = 0.65, 0.8  # of the smallest detectable change: the region may have moved a little more
_PLACEBO_RADIUS = 8  # cells that the region is worked out with
_LEAST_PLACES = 12
_FITTED_CELLS = 6000


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A region and the skin around it, where both photos show it.

    Attributes
    ----------
    region, ring, apart : ndarray, shape (h, w), bool
        The region; the ring that contrasts are taken against; untreated skin away from it.
    band : ndarray, shape (h, w), bool
        The ring as the reference shows it; empty where that shows too little of it.
    then, now : ndarray, shape (h, w, 3), float32
        Averaged camera light of both photos.
    reference, photo : AlignedImage
    has_ring, has_skin : bool
        Whether there is enough of the ring, and of the untreated skin.
    """

    region: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    apart: NDArray[np.bool_]
    band: NDArray[np.bool_]
    then: NDArray[np.float32]
    now: NDArray[np.float32]
    reference: AlignedImage
    photo: AlignedImage
    has_ring: bool
    has_skin: bool

    def light(self, where: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Median camera light then and now, each of shape (3,)."""
        then, now = (np.median(light[where], axis=0).astype(np.float64) for light in (self.then, self.now))
        return np.maximum(then, 1e-4), np.maximum(now, 1e-4)


def surroundings(reference: CalibratedImage, aligned: AlignedImage, region: NDArray[np.bool_]) -> Surroundings:
    """Region, ring and untreated skin of a pair of photos.

    Parameters
    ----------
    reference : CalibratedImage
    aligned : AlignedImage
        The other photo in its frame.
    region : ndarray, shape (h, w), bool
    """
    own, mm = in_own_frame(reference), reference.grid.mm_per_cell
    both = own.valid & aligned.without(Reason.CLOTH)
    skin = skin_mask(reference)
    diameter = 2 * np.sqrt(region.sum() / np.pi)
    near, far, apart = (d / mm for d in (*RING_MM, APART_MM)) if mm else (s * diameter for s in _UNSCALED)
    away = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = np.asarray((away > near) & (away <= far))
    band = ring & own.valid & looks_like_skin(reference.linear)
    if band.sum() < max(_LEAST_CELLS, _LEAST_RING * ring.sum()):
        band = np.zeros_like(band)
    seen = band & aligned.valid
    around = np.asarray((away > apart) & skin & both)
    area = around.sum() * mm**2 / 100 if mm else LEAST_CM2 * around.sum() / max(1, region.sum())
    return Surroundings(
        region & both,
        seen,
        around,
        band,
        mean_light(own.linear, own.valid, mm_per_cell=mm),
        mean_light(aligned.linear, aligned.valid, mm_per_cell=mm),
        own,
        aligned,
        bool(seen.sum() >= max(_LEAST_CELLS, _LEAST_RING * ring.sum()) and (region & both).any()),
        bool(area >= LEAST_CM2 and around.sum() >= _LEAST_CELLS and (region & both).any()),
    )


def tone_around(around: Surroundings) -> tuple[Check, ...]:
    """Whether the skin around kept its absolute tone: if not, the tone of the region says nothing about the region.

    A chart in another light than the skin changes both alike, and so does a tan.
    """
    if not around.has_skin or not (around.reference.colour.level.absolute and around.photo.colour.level.absolute):
        return ()
    region = around.reference.colour.apply(around.light(around.region)[0].astype(np.float32))
    gain = _gain_at_the_region(around)
    before, after = _tone(region), _tone(region * gain)
    moved = {name: after[name] - before[name] for name in MDC95_TONE}
    share = max(abs(moved[name]) / limit for name, limit in MDC95_TONE.items())
    what = ", ".join(f"{name} {moved[name]:+.1f}" for name in ("L*", "a*", "b*")).replace("-", "−")
    return (
        judged(
            "tone around",
            share,
            "at most 0.65 of the smallest detectable change",
            graded(share, (0, _WARN), (0, _BLOCK)),
            f"The untreated skin around changed as well ({what}): other light on the chart than on the skin, or a "
            "general change of tone. Lay the chart flat beside the skin, in the same light.",
            blocks=metrics_with(Need.COLOUR_REFERENCE),
        ),
    )


def _gain_at_the_region(around: Surroundings) -> NDArray[np.float64]:
    """Calibrated light now over then, per channel, where the region is: a plane of the logarithms through the skin.

    Light falls off over the picture, and a lamp that moved tilts that; a mean over all skin would miss it.
    """
    rows, cols = np.nonzero(around.apart)
    step = max(1, len(rows) // _FITTED_CELLS)
    rows, cols = rows[::step], cols[::step]
    then, now = (
        photo.colour.apply(light[rows, cols]).astype(np.float64)
        for photo, light in ((around.reference, around.then), (around.photo, around.now))
    )
    centre = np.argwhere(around.region).mean(axis=0)
    plane = np.stack([np.ones(len(rows)), rows - centre[0], cols - centre[1]], axis=1)
    moved = np.log(np.maximum(now, 1e-4) / np.maximum(then, 1e-4))
    fit, *_ = np.linalg.lstsq(plane, moved, rcond=None)
    # Hairs and gloss that moved are no light: a second fit leaves them out.
    left = np.abs(moved - plane @ fit).max(axis=1)
    kept = left <= 3 * np.median(left)
    fit, *_ = np.linalg.lstsq(plane[kept], moved[kept], rcond=None)
    return np.asarray(np.exp(fit[0]))


def _tone(linear: NDArray[np.floating]) -> dict[str, float]:
    lightness, red, yellow = lab_from_linear(linear)
    angle = float(np.degrees(np.arctan2(lightness - 50, yellow)))
    return {"L*": float(lightness), "a*": float(red), "b*": float(yellow), "ITA": angle}


def contrast_elsewhere(around: Surroundings) -> tuple[Check, ...]:
    """How far contrasts moved where nobody treated: patches of the size of the region, all over the skin around.

    Light that falls differently, gloss, fingers' marks or a towel's shadow change contrasts everywhere alike; a
    treated patch changes alone.
    """
    if not around.has_ring or not around.has_skin:
        return ()
    moves = _moves_elsewhere(around)
    if moves is None:
        return ()
    share = float(max(np.percentile(np.abs(m), 95) for m in moves)) / MDC95_INDEX
    return (
        judged(
            "contrast elsewhere",
            share,
            "at most 0.65 of the smallest detectable change",
            graded(share, (0, _WARN), (0, _BLOCK)),
            "Contrasts also moved on untreated skin beside the marked patch: light falls differently, or something lay "
            "on the skin. Put the lamp back on its mark and wait until pressure marks are gone.",
            blocks=metrics_with(Need.MARKED_REGION),
        ),
    )


def _moves_elsewhere(around: Surroundings) -> list[NDArray[np.float32]] | None:
    """Moves of the pigment and the redness contrast at other places, in units of the indices."""
    radius = float(np.sqrt(around.region.sum() / np.pi))
    shrink = min(1.0, _PLACEBO_RADIUS / max(radius, 1.0))
    mm = around.reference.grid.mm_per_cell
    near, far = (d / mm for d in RING_MM) if mm else (s * 2 * radius for s in _UNSCALED[:2])
    size = tuple(max(1, round(side * shrink)) for side in around.apart.shape[::-1])
    weight = _shrunk(around.apart.astype(np.float32), size)
    log = np.log(np.maximum(around.now, 1e-4)) - np.log(np.maximum(around.then, 1e-4))
    red = log[..., 0] * np.float32(INDEX_PER_LOG)
    redness = red - log[..., 1] * np.float32(INDEX_PER_LOG) + np.float32(MELANIN_IN_ERYTHEMA) * red
    disc, ring = _disc_and_ring(radius * shrink, near * shrink, far * shrink)
    inside, outside = (_sum(weight, kernel) for kernel in (disc, ring))
    places = (inside > 0.8 * disc.sum()) & (outside > _LEAST_RING * ring.sum())
    if places.sum() < _LEAST_PLACES * disc.sum():
        return None
    moves = []
    for index in (red, redness):
        field = _shrunk(index * around.apart, size)
        contrast = _sum(field, disc) / np.maximum(inside, 1e-3) - _sum(field, ring) / np.maximum(outside, 1e-3)
        moves.append(np.asarray(contrast[places], np.float32))
    return moves


def _disc_and_ring(radius: float, near: float, far: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    reach = int(np.ceil(radius + max(far, near + 1.0)))
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    ring = (away > radius + near) & (away <= radius + max(far, near + 1.0))
    return (away <= radius).astype(np.float32), ring.astype(np.float32)


def _sum(values: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_CONSTANT), np.float32)


def _shrunk(values: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    small = cv2.resize(np.ascontiguousarray(values, np.float32), (size[0], size[1]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
