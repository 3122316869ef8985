"""Checks of the lamp: whether it shows relief, where it stands, and how its light falls over the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import CalibratedImage
from tracker.quality.check import Check, Status, graded
from tracker.quality.need import Need
from tracker.shading import (
    SIGMA_PER_WAVELENGTH,
    LightDirection,
    chroma_regressed_shading,
    light_direction,
    log_light,
    smooth_under_mask,
)

MIN_COHERENCE = 0.15
MIN_LIGHT_AREA_CM2 = 50.0
BROAD_MM = 120.0


def own_light(image: CalibratedImage, region: NDArray[np.bool_]) -> tuple[Check, ...]:
    """Checks of the light in a photo by itself."""
    light = _light_of(image, region)
    return (_obliqueness(light),) if light else ()


def compared_light(reference: CalibratedImage, aligned: AlignedImage, mask: NDArray[np.bool_]) -> tuple[Check, ...]:
    """Checks of the light against that of the reference, where the skin is large enough to show it."""
    mm = reference.grid.mm_per_cell
    if not aligned.has_colour or not reference.photo.has_colour or mm is None or not _large_enough(mask, mm):
        return ()
    shading_then, light_then = _shading(reference.linear, mask, mm)
    shading_now, light_now = _shading(aligned.linear, mask, mm)
    turned = _turned(shading_then, light_then, shading_now, light_now, mask)
    return (
        _direction_check(light_then, light_now, turned),
        _obliqueness(light_now),
        _evenness(reference, aligned, mask, mm),
    )


def opposed_light(
    reference: tuple[CalibratedImage, NDArray[np.bool_]], moving: tuple[CalibratedImage, NDArray[np.bool_]]
) -> Check | None:
    """The check of the light's direction if two photos, not aligned, are lit from clearly different sides."""
    then, now = (_light_of(image, mask) for image, mask in (reference, moving))
    if then is None or now is None or min(then.coherence, now.coherence) < MIN_COHERENCE:
        return None
    turned = abs((now.azimuth - then.azimuth + 180) % 360 - 180)
    if turned <= 60 or then.side == now.side:
        return None
    return _direction_check(then, now, turned)


def _light_of(image: CalibratedImage, mask: NDArray[np.bool_]) -> LightDirection | None:
    mm = image.grid.mm_per_cell
    if not image.photo.has_colour or mm is None or not _large_enough(mask, mm):
        return None
    return _shading(image.linear, mask & ~image.clipped, mm)[1]


def _shading(
    image_linear: NDArray[np.float32], mask: NDArray[np.bool_], mm: float
) -> tuple[NDArray[np.float32], LightDirection]:
    shading = chroma_regressed_shading(image_linear, mask, mm_per_cell=mm)
    luminance = np.asarray(log_light(image_linear).mean(axis=2), dtype=np.float32)
    return shading, light_direction(shading, luminance, mask)


def _large_enough(mask: NDArray[np.bool_], mm: float | None) -> bool:
    return mm is not None and float(mask.sum()) * mm**2 / 100 >= MIN_LIGHT_AREA_CM2


def _obliqueness(light: LightDirection) -> Check:
    status = Status.OK if light.coherence >= MIN_COHERENCE else Status.BLOCK
    advice = (
        ""
        if status is Status.OK
        else (
            "The light is too frontal to show relief. "
            "Put the lamp to the side, at 30 to 60 degrees, and turn the flash off."
        )
    )
    return Check("light obliqueness", light.coherence, "at least 0.15", status, advice, blocks=Need.OBLIQUE_LIGHT)


def _evenness(reference: CalibratedImage, aligned: AlignedImage, mask: NDArray[np.bool_], mm: float) -> Check:
    """Whether light falls over the body as in the reference: a lamp raised or lowered, or a window, changes that.

    On a rounded body the broad shading turns with the height of the lamp and pales with light from elsewhere, which
    change relief shading in proportion. Flat skin does not show it.
    """
    now, then = (log_light(linear).mean(axis=2) for linear in (aligned.linear, reference.linear))
    broad = smooth_under_mask((now - then).astype(np.float32), mask, SIGMA_PER_WAVELENGTH * BROAD_MM / mm)[mask]
    low, high = np.percentile(broad, (2.5, 97.5))
    spread = float(high - low)
    status = graded(spread, (0, 0.12), (0, 0.2))
    advice = (
        ""
        if status is Status.OK
        else "The light falls differently over the body than in the reference. "
        "Put the lamp back on its mark and height, and keep other light out."
    )
    return Check("light evenness", spread, "at most 0.12", status, advice, blocks=Need.OBLIQUE_LIGHT)


def _direction_check(then: LightDirection, now: LightDirection, turned: float) -> Check:
    status = graded(turned, (0, 15), (0, 30))
    advice = "" if status is Status.OK else _light_advice(then, now, turned)
    return Check("light direction", turned, "at most 15° from the reference", status, advice, blocks=Need.OBLIQUE_LIGHT)


def _turned(
    shading_then: NDArray[np.float32],
    light_then: LightDirection,
    shading_now: NDArray[np.float32],
    light_now: LightDirection,
    mask: NDArray[np.bool_],
) -> float:
    """Angle between the two lights, in degrees.

    The axis comes from the texture; whether the light stands on the same side or the opposite one comes from the
    sign of the correlation: relief lit from the other side is its own negative.
    """
    between = abs((light_now.azimuth - light_then.azimuth + 90) % 180 - 90)
    same = float(np.corrcoef(shading_then[mask], shading_now[mask])[0, 1])
    return 180 - between if same < 0 else between


def _light_advice(then: LightDirection, now: LightDirection, turned: float) -> str:
    if then.side != now.side:
        return (
            f"The light came from the {now.side}, in the reference from the {then.side}. "
            f"Retake with the lamp on the {then.side}."
        )
    return f"The light came from {turned:.0f}° beside that of the reference. Put the lamp back on its mark."
