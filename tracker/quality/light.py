"""Checks of the lamp: whether it shows relief, where it stands, and how its light falls over the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import CalibratedImage
from tracker.quality.check import Check, Status, graded, judged, metrics_with
from tracker.quality.gauge import AT_MOST, DIRECTION, MOST_TURNED, PUT_BACK, from_another_side
from tracker.quality.need import Need
from tracker.shading import (
    DARKEST_LIGHT,
    SIGMA_PER_WAVELENGTH,
    LightDirection,
    Turn,
    light_direction,
    light_turn,
    smooth_under_mask,
)

MIN_LIGHT_AREA_CM2 = 50.0
BROAD_MM = 120.0
ROUND = 0.1
"""Standard deviation of the broad light, relative to its mean, from which on a body is round enough to show a lamp."""
SIDED = 0.1
"""Fall of the light over the skin, as a logarithm, from which on a lamp at one side may be believed."""
_PLANE_CELLS = 20_000
FAR_LESS = 0.45
"""Share of the directed shading, at most left, that no treatment explains."""
_LIGHT_FALLS = f"The light falls differently over the body than in the reference. {PUT_BACK}"
_FRONTAL = (
    "Nothing in the photo shows that the light comes from the side, and frontal light shows no relief. "
    "Put the lamp to the side, at 30 to 60 degrees, and turn the flash off."
)
_UNCLEAR = (
    "The direction of the light cannot be told here: the skin is smooth, or the light is frontal. "
    "For relief put the lamp to the side, at 30 to 60 degrees, and turn the flash off."
)


def own_light(image: CalibratedImage, region: NDArray[np.bool_]) -> tuple[Check, ...]:
    """Checks of the light in a photo by itself."""
    light = _light_of(image, region)
    if light is None:
        return ()
    if light.told or _sided(image.linear, region & ~image.clipped) >= SIDED:
        return (_obliqueness(light),)
    return (_obliqueness(light, Status.BLOCK, _FRONTAL),)


def compared_light(
    reference: CalibratedImage,
    aligned: AlignedImage,
    mask: NDArray[np.bool_],
    *,
    turned: Check | None = None,
    gain_known: bool = False,
) -> tuple[Check, ...]:
    """Checks of the light against that of the reference, where the skin is large enough to show it.

    `turned` is the check of the direction by something surer than the skin, such as the relief gauge. Where that also
    tells the gain of the light, relief is freed from it, and the body need not be asked.
    """
    mm = reference.grid.mm_per_cell
    if not aligned.has_colour or not reference.photo.has_colour or mm is None or not _large_enough(mask, mm):
        return () if turned is None else (turned,)
    then, now = (light_direction(linear, mask, mm_per_cell=mm) for linear in (reference.linear, aligned.linear))
    sided = max(_sided(linear, mask) for linear in (reference.linear, aligned.linear))
    turn = light_turn(reference.linear, aligned.linear, mask, mm_per_cell=mm)
    return (
        turned or _direction_check(then, now, turn),
        _obliqueness_beside(then, now, turn, sided),
        *_falling(reference, aligned, mask, mm, gain_known=gain_known),
    )


def opposed_light(
    reference: tuple[CalibratedImage, NDArray[np.bool_]], moving: tuple[CalibratedImage, NDArray[np.bool_]]
) -> Check | None:
    """The check of the light's direction if two photos, not aligned, are lit from clearly different sides."""
    then, now = (_light_of(image, mask) for image, mask in (reference, moving))
    if then is None or now is None or not (then.told and now.told):
        return None
    turned = abs((now.azimuth - then.azimuth + 180) % 360 - 180)
    if turned <= 60 or then.side == now.side:
        return None
    return _direction_check(then, now, Turn(turned, 0.0, 1.0, 1.0))


def _light_of(image: CalibratedImage, mask: NDArray[np.bool_]) -> LightDirection | None:
    mm = image.grid.mm_per_cell
    if not image.photo.has_colour or mm is None or not _large_enough(mask, mm):
        return None
    return light_direction(image.linear, mask & ~image.clipped, mm_per_cell=mm)


def _large_enough(mask: NDArray[np.bool_], mm: float | None) -> bool:
    return mm is not None and float(mask.sum()) * mm**2 / 100 >= MIN_LIGHT_AREA_CM2


def _obliqueness(light: LightDirection, found: Status | None = None, advice: str = "") -> Check:
    status = found or (Status.OK if light.told else Status.WARN)
    advice = advice or ("" if status is Status.OK else _UNCLEAR)
    return Check(
        "light obliqueness", light.coherence, "at least 0.12, known to 7°", status, advice, blocks=Need.OBLIQUE_LIGHT
    )


def _obliqueness_beside(then: LightDirection, now: LightDirection, turn: Turn | None, sided: float) -> Check:
    """The same beside a reference: shading that was there and is gone shows the light to be frontal."""
    if turn and then.told and not now.told and turn.left < FAR_LESS:
        return _obliqueness(
            now,
            Status.BLOCK,
            "The light is too frontal to show the relief that the reference shows. "
            "Put the lamp back on its mark at the side, and turn the flash off.",
        )
    if turn and now.told and not then.told and turn.had < FAR_LESS:
        return _obliqueness(
            now,
            Status.BLOCK,
            "The light shows relief here and not in the reference, where it was frontal. "
            "Choose a side-lit photo as the reference.",
        )
    if sided < SIDED and not (then.told or now.told):
        return _obliqueness(
            now,
            Status.BLOCK,
            "Nothing in either photo shows that the light comes from the side, and frontal light shows no relief. "
            "Put the lamp to the side, at 30 to 60 degrees, and turn the flash off.",
        )
    return _obliqueness(now)


def _sided(linear: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """How far the light on the skin falls from one side to the other: the range of the plane fitted to its logarithm.

    A lamp at the side turns away from one flank of a body and is nearer to one end of it; frontal light does neither.
    """
    rows, cols = np.nonzero(mask)
    step = max(1, len(rows) // _PLANE_CELLS)
    rows, cols = rows[::step], cols[::step]
    light = np.log(np.maximum(linear[rows, cols].mean(axis=1), DARKEST_LIGHT)).astype(np.float64)
    place = np.stack([np.ones(len(rows)), rows - rows.mean(), cols - cols.mean()], axis=1)
    fit, *_ = np.linalg.lstsq(place, light, rcond=None)
    low, high = np.percentile(place[:, 1:] @ fit[1:], (2.5, 97.5))
    return float(high - low)


def _falling(
    reference: CalibratedImage, aligned: AlignedImage, mask: NDArray[np.bool_], mm: float, *, gain_known: bool
) -> tuple[Check, ...]:
    """How light falls over the body against the reference: a lamp raised or lowered, or a window, changes that."""
    then, now = (_broad(linear, mask, mm) for linear in (reference.linear, aligned.linear))
    low, high = np.percentile(np.log(now / then), (2.5, 97.5))
    spread = float(high - low)
    evenness = judged(
        "light evenness",
        spread,
        "at most 0.2",
        graded(spread, (0, 0.2), (0, 0.35)),
        _LIGHT_FALLS,
        blocks=metrics_with(Need.OBLIQUE_LIGHT),
    )
    if gain_known or float(then.std()) < ROUND:
        return (evenness,)
    # By least squares, so that what is not proportional, such as a lamp that moved sideways, lowers it as well.
    ratio = float((now - 1) @ (then - 1) / ((then - 1) @ (then - 1)))
    return (
        evenness,
        judged(
            "body shading",
            ratio,
            "0.90 to 1.11 of the reference",
            graded(ratio, (0.90, 1.11), (0.85, 1.18)),
            _LIGHT_FALLS,
            blocks=metrics_with(Need.OBLIQUE_LIGHT),
        ),
    )


def _broad(linear: NDArray[np.float32], mask: NDArray[np.bool_], mm: float) -> NDArray[np.float64]:
    """Broad light over the masked skin, relative to its mean, shape (n,).

    On a rounded body its contrast goes with (1 − a) tan(slant), as relief shading does.
    """
    light = np.maximum(linear.mean(axis=2), DARKEST_LIGHT).astype(np.float32)
    broad = smooth_under_mask(light, mask, SIGMA_PER_WAVELENGTH * BROAD_MM / mm)[mask].astype(np.float64)
    return np.asarray(np.maximum(broad / broad.mean(), 1e-3))


def _direction_check(then: LightDirection, now: LightDirection, turn: Turn | None) -> Check:
    """Whether the lamp stands where it stood; what cannot be told is said and refuses nothing."""
    turned = turn.degrees if turn else 0.0
    if turn is None or not (then.told and now.told):
        status, advice = Status.WARN, _UNCLEAR
    else:
        status = graded(turned, *MOST_TURNED)
        advice = "" if status is Status.OK else from_another_side(then.side, now.side, turned)
    blocks = metrics_with(Need.OBLIQUE_LIGHT, Need.LAMP_IN_PLACE)
    return Check(DIRECTION, turned, AT_MOST, status, advice, blocks=blocks, unit="°")
