"""The checks of the gate: value, limit, status and one line of advice each (MEASUREMENT.md §5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment
from tracker.calibration import CalibratedImage
from tracker.photo import Photo
from tracker.quality.need import Need
from tracker.quality.sharpness import blur_of, sharpness_ratio
from tracker.region import skin_mask
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
COVERED_SD = 0.006
ALL_METRICS = "every metric"


class Status(StrEnum):
    """Outcome of one check."""

    OK = "ok"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Check:
    """One property of a photo against its limit.

    Attributes
    ----------
    check : str
        Name, such as ``"sharpness"``.
    value : float
    limit : str
        What would pass, in words with unit.
    status : Status
    advice : str
        What was found and what to do, in one sentence; empty when the check passed.
    blocks : str
        What a block stops: ``ALL_METRICS``, or the `Need` of the metrics it stops.
    """

    check: str
    value: float
    limit: str
    status: Status
    advice: str
    blocks: str = ALL_METRICS


@dataclass(frozen=True, slots=True)
class Comparability:
    """All checks of a photo against its reference."""

    checks: tuple[Check, ...]

    @property
    def status(self) -> Status:
        """The worst outcome; a check that stops only some metrics is a warning for the photo."""
        found = {
            c.status if c.blocks == ALL_METRICS or c.status is not Status.BLOCK else Status.WARN for c in self.checks
        }
        return next((s for s in (Status.BLOCK, Status.WARN) if s in found), Status.OK)

    def blocked(self, needs: frozenset[Need]) -> str | None:
        """Why a metric with these needs cannot be compared in this photo; None if it can."""
        for check in self.checks:
            if check.status is Status.BLOCK and (check.blocks == ALL_METRICS or Need(check.blocks) in needs):
                return check.advice
        return None


def assess_photo(image: CalibratedImage, region: NDArray[np.bool_]) -> Comparability:
    """Checks that one photo passes or fails by itself; a photo that is blocked cannot be a baseline.

    Parameters
    ----------
    image : CalibratedImage
    region : ndarray, shape (h, w), bool
        Skin to be measured, on the grid of the image.

    Returns
    -------
    Comparability
    """
    return Comparability(
        (_blur(image, region), *_exposure(image.linear, image.clipped, region), *_own_light(image, region))
    )


def assess(
    reference: CalibratedImage,
    moving: CalibratedImage,
    alignment: Alignment,
    aligned: AlignedImage,
    region: NDArray[np.bool_],
) -> Comparability:
    """Checks of a photo against its own reference.

    Parameters
    ----------
    reference, moving : CalibratedImage
    alignment : Alignment
        Of `moving` to `reference`.
    aligned : AlignedImage
        `moving` in the frame of the reference.
    region : ndarray, shape (h, w), bool
        On the grid of the reference.

    Returns
    -------
    Comparability
    """
    covered = aligned.valid & (aligned.sd <= COVERED_SD * reference.grid.shape[1])
    clipped = ~aligned.valid & (aligned.linear.max(axis=2) > 0)
    return Comparability(
        (
            _coverage(region, covered),
            _sharpness(reference, moving, alignment, region & covered),
            *_exposure(aligned.linear, clipped, region),
            _scale(reference, moving, alignment),
            *_light(reference, aligned, region & aligned.valid),
            _rotation(alignment),
        )
    )


def explain_mismatch(reference: CalibratedImage, moving: CalibratedImage) -> Check | None:
    """A property of the photo itself that explains why it could not be aligned; None if nothing stands out.

    Parameters
    ----------
    reference, moving : CalibratedImage
        Each in its own frame.

    Returns
    -------
    Check or None
        Blur first, then light from another side: both can be mended by a new photo, and "another area" cannot.
    """
    masks = [skin_mask(image) for image in (reference, moving)]
    if not all(mask.any() for mask in masks):
        return None
    blur = _blur(moving, masks[1])
    if blur.status is Status.BLOCK:
        return blur
    lights = [_light_of(image, mask) for image, mask in zip((reference, moving), masks, strict=True)]
    if lights[0] is None or lights[1] is None or min(light.coherence for light in lights if light) < MIN_COHERENCE:
        return None
    then, now = lights[0], lights[1]
    turned = abs((now.azimuth - then.azimuth + 180) % 360 - 180)
    if turned <= 60 or then.side == now.side:
        return None
    return _direction_check(then, now, turned)


def _light_of(image: CalibratedImage, mask: NDArray[np.bool_]) -> LightDirection | None:
    mm = image.grid.mm_per_cell
    if not image.photo.has_colour or mm is None or not _large_enough(mask, mm):
        return None
    return _shading(image.linear, mask & ~image.clipped, mm)[1]


def _graded(value: float, ok: tuple[float, float], warn: tuple[float, float]) -> Status:
    if ok[0] <= value <= ok[1]:
        return Status.OK
    return Status.WARN if warn[0] <= value <= warn[1] else Status.BLOCK


def _blur(image: CalibratedImage, region: NDArray[np.bool_]) -> Check:
    blur = blur_of(image, region)
    status = _graded(blur, (0, 0.52), (0, 0.62))
    advice = "" if status is Status.OK else "The photo is blurred. Hold still, tap the skin to focus and take it again."
    return Check("blur", blur, "at most 0.52", status, advice)


def _sharpness(
    reference: CalibratedImage, moving: CalibratedImage, alignment: Alignment, covered: NDArray[np.bool_]
) -> Check:
    ratio = sharpness_ratio(reference, moving, alignment, covered)
    status = _graded(ratio, (0.7, 1.43), (0.5, 2.0))
    advice = ""
    if status is not Status.OK:
        advice = (
            "The photo is less sharp than the reference. Hold still, tap the skin to focus and take it again."
            if ratio < 1
            else "The reference is less sharp than this photo. A sharper reference would allow more."
        )
    return Check("sharpness", ratio, "0.7 to 1.43 of the reference", status, advice)


def _exposure(
    linear: NDArray[np.float32], clipped: NDArray[np.bool_], region: NDArray[np.bool_]
) -> tuple[Check, Check]:
    share = float(clipped[region].mean()) * 100
    status = _graded(share, (0, 0.5), (0, 2.0))
    median = float(np.median(linear[region] @ np.array([0.2126, 0.7152, 0.0722])))
    too_bright = median > 0.3
    advice = (
        ""
        if status is Status.OK
        else (
            f"{share:.1f} % of the skin is {'overexposed' if too_bright else 'too dark or overexposed'}. "
            f"{'Lower' if too_bright else 'Correct'} the exposure and take it again."
        )
    )
    # Dark skin is dark: lightness alone never blocks, it only asks for a look at the exposure.
    dark = Status.OK if 0.02 <= median <= 0.75 else Status.WARN
    dark_advice = "" if dark is Status.OK else "The skin is very dark or very bright in this photo; check the exposure."
    return (
        Check("clipping", share, "at most 0.5 % of the region", status, advice),
        Check("exposure", median, "0.02 to 0.75 of full light", dark, dark_advice),
    )


def _coverage(region: NDArray[np.bool_], covered: NDArray[np.bool_]) -> Check:
    share = 100 * float((region & covered).sum() / max(1, region.sum()))
    status = _graded(share, (90, 101), (70, 101))
    advice = (
        ""
        if status is Status.OK
        else (
            f"Only {share:.0f} % of the region can be compared. "
            "Frame the same area as in the reference, with some margin."
        )
    )
    return Check("coverage", share, "at least 90 % of the region", status, advice)


def _scale(reference: CalibratedImage, moving: CalibratedImage, alignment: Alignment) -> Check:
    if reference.scale and moving.scale and reference.scale.kind is moving.scale.kind:
        ratio = moving.scale.mm_per_px / reference.scale.mm_per_px * _resolution(moving.photo, reference.photo)
    else:
        ratio = _resolution(moving.photo, reference.photo) / max(alignment.scale, 1e-6)
    status = _graded(ratio, (0.9, 1.11), (0.8, 1.25))
    advice = (
        ""
        if status is Status.OK
        else (
            f"The camera was {'farther away' if ratio > 1 else 'closer'} than for the reference. "
            "Go back to the marked distance."
        )
    )
    return Check("distance", ratio, "0.9 to 1.11 of the reference", status, advice)


def _resolution(moving: Photo, reference: Photo) -> float:
    """Pixels of one photo for those of the other over the same field of view; 1 where one of them was cropped."""
    longer, shorter = (max(p.shape) for p in (moving, reference)), (min(p.shape) for p in (moving, reference))
    (long_now, long_then), (short_now, short_then) = longer, shorter
    same_format = abs(long_now / short_now - long_then / short_then) < 0.02
    return long_now / long_then if same_format else 1.0


def _rotation(alignment: Alignment) -> Check:
    turned = abs((alignment.rotation + 180) % 360 - 180)
    status = Status.OK if turned <= 10 else Status.WARN
    advice = "" if status is Status.OK else f"The camera was turned by {turned:.0f}° against the reference."
    return Check("rotation", turned, "at most 10°", status, advice)


def _shading(
    image_linear: NDArray[np.float32], mask: NDArray[np.bool_], mm: float
) -> tuple[NDArray[np.float32], LightDirection]:
    shading = chroma_regressed_shading(image_linear, mask, mm_per_cell=mm)
    luminance = np.asarray(log_light(image_linear).mean(axis=2), dtype=np.float32)
    return shading, light_direction(shading, luminance, mask)


def _large_enough(mask: NDArray[np.bool_], mm: float | None) -> bool:
    return mm is not None and float(mask.sum()) * mm**2 / 100 >= MIN_LIGHT_AREA_CM2


def _own_light(image: CalibratedImage, region: NDArray[np.bool_]) -> tuple[Check, ...]:
    light = _light_of(image, region)
    return (_obliqueness(light),) if light else ()


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


def _light(reference: CalibratedImage, aligned: AlignedImage, mask: NDArray[np.bool_]) -> tuple[Check, ...]:
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


def _evenness(reference: CalibratedImage, aligned: AlignedImage, mask: NDArray[np.bool_], mm: float) -> Check:
    """Whether light falls over the body as in the reference: a lamp raised or lowered, or a window, changes that.

    On a rounded body the broad shading turns with the height of the lamp and pales with light from elsewhere, which
    change relief shading in proportion. Flat skin does not show it.
    """
    now, then = (log_light(linear).mean(axis=2) for linear in (aligned.linear, reference.linear))
    broad = smooth_under_mask((now - then).astype(np.float32), mask, SIGMA_PER_WAVELENGTH * BROAD_MM / mm)[mask]
    low, high = np.percentile(broad, (2.5, 97.5))
    spread = float(high - low)
    status = _graded(spread, (0, 0.12), (0, 0.2))
    advice = (
        ""
        if status is Status.OK
        else "The light falls differently over the body than in the reference. "
        "Put the lamp back on its mark and height, and keep other light out."
    )
    return Check("light evenness", spread, "at most 0.12", status, advice, blocks=Need.OBLIQUE_LIGHT)


def _direction_check(then: LightDirection, now: LightDirection, turned: float) -> Check:
    status = _graded(turned, (0, 15), (0, 30))
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
