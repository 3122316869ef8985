"""Checks of colour against the reference: level, greys, tone curve, kind of lamp, camera."""

from __future__ import annotations

import numpy as np

from tracker.calibration import CalibratedImage, ColourLevel
from tracker.calibration.linear import srgb_from_linear
from tracker.quality.around import INDEX_PER_LOG, MDC95_INDEX, MELANIN_IN_ERYTHEMA, Surroundings
from tracker.quality.check import Check, Status, graded, judged, metrics_with, worst
from tracker.quality.need import Need
from tracker.quality.rendering import Rendering, compare_rendering

_LEVELS = tuple(ColourLevel)
_ABSOLUTE = metrics_with(Need.COLOUR_REFERENCE)
_STEEPER_WARN, _STEEPER_BLOCK = 0.05, 0.10
_MOVE_WARN, _MOVE_BLOCK = 0.25, 0.5  # of the smallest detectable change of a contrast
_LAMP_WARN, _LAMP_BLOCK = 0.035, 0.05
_GREYS_WARN, _GREYS_BLOCK = 0.03, 0.06
_CODE_OK, _CODE_WARN = 49, 34
_DARKER_STOPS = 1.0


def colour_checks(reference: CalibratedImage, moving: CalibratedImage, around: Surroundings) -> tuple[Check, ...]:
    """All checks of colour that this pair allows."""
    if not (reference.photo.has_colour and moving.photo.has_colour):
        return ()
    rendering = compare_rendering(reference.colour.patches, moving.colour.patches)
    return (
        *_level(reference, moving),
        *_greys(reference, moving),
        *((_tone_curve(rendering, around), _lamp(rendering, around)) if rendering else ()),
        *_camera(reference, moving, seen=rendering is not None),
        *_steps(around),
    )


def _level(reference: CalibratedImage, moving: CalibratedImage) -> tuple[Check, ...]:
    """Absolute tone is compared between photos of one level only: another chart has other errors."""
    then, now = reference.colour.level, moving.colour.level
    if then is ColourLevel.NONE and now is ColourLevel.NONE:
        return ()
    status = Status.OK if now is then else Status.BLOCK if then.absolute or now.absolute else Status.WARN
    return (
        judged(
            "colour level",
            float(_LEVELS.index(now)),
            "that of the reference",
            status,
            f"The colours are at level {now}, in the reference at {then}: {moving.colour.evidence}. Lay the same chart "
            "or card beside the skin, flat, whole and in the same light.",
            blocks=_ABSOLUTE,
        ),
    )


def _greys(reference: CalibratedImage, moving: CalibratedImage) -> tuple[Check, ...]:
    """Whether the greys lie on one tone curve: where they do not, the phone brightened parts of the picture."""
    then, now = reference.colour.grey_residual, moving.colour.grey_residual
    if then is None or now is None:
        return ()
    more = now - then
    return (
        judged(
            "greys",
            100 * now,
            "at most 3 % more than in the reference",
            graded(more, (-1, _GREYS_WARN), (-1, _GREYS_BLOCK)),
            f"The greys of the chart miss one tone curve by {100 * now:.1f} % (reference {100 * then:.1f} %): it is "
            "unevenly lit, or the phone brightens parts of the picture. Turn HDR off and lay the chart flat.",
            blocks=_ABSOLUTE,
            unit="%",
        ),
    )


def _tone_curve(rendering: Rendering, around: Surroundings) -> Check:
    """How much the camera alone would change contrasts: those of the reference, rendered as now."""
    region = around.light(around.region)[0]
    slope = float(rendering.tone.slope(region)[:2].mean())
    moved = 0.0
    if around.has_ring:
        ring = around.light(around.ring)[0]
        moved = _contrast_move((region, ring), (rendering.tone.apply(region), rendering.tone.apply(ring)))
    status = worst(
        graded(abs(slope - 1), (0, _STEEPER_WARN), (0, _STEEPER_BLOCK)),
        graded(moved, (0, _MOVE_WARN), (0, _MOVE_BLOCK)),
    )
    return judged(
        "tone curve",
        slope,
        "0.95 to 1.05 of the reference",
        status,
        f"The camera renders contrasts {abs(slope - 1):.0%} {'stronger' if slope > 1 else 'weaker'} than for the "
        "reference. Use the same phone and app with the same settings, without filters, HDR or portrait mode.",
        blocks=metrics_with(Need.SAME_RENDERING, Need.OBLIQUE_LIGHT),
    )


def _lamp(rendering: Rendering, around: Surroundings) -> Check:
    """How far the colours of the chart moved against each other, and what that alone would do to redness."""
    moved = 0.0
    if around.has_ring:
        region, ring = (around.light(where)[0] for where in (around.region, around.ring))
        toned = rendering.tone.apply(region), rendering.tone.apply(ring)
        moved = _contrast_move(toned, (rendering.apply(region), rendering.apply(ring)))
    status = worst(
        graded(rendering.lamp, (0, _LAMP_WARN), (0, _LAMP_BLOCK)), graded(moved, (0, _MOVE_WARN), (0, _MOVE_BLOCK))
    )
    return judged(
        "kind of lamp",
        100 * rendering.lamp,
        "at most 3.5 %",
        status,
        f"The lamp gives another kind of light than for the reference, or it is another camera: the colours of the "
        f"chart moved apart by {100 * rendering.lamp:.0f} %. Use the same lamp and phone, and keep daylight out.",
        blocks=metrics_with(Need.COLOUR_REFERENCE, Need.SAME_LAMP),
        unit="%",
    )


def _contrast_move(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> float:
    """Move of the worse of the pigment and the redness contrast, in smallest detectable changes."""
    step = np.log(after[0] / after[1]) - np.log(before[0] / before[1])
    pigment = -INDEX_PER_LOG * step[0]
    redness = INDEX_PER_LOG * (step[0] - step[1]) - MELANIN_IN_ERYTHEMA * pigment
    return float(max(abs(pigment), abs(redness)) / MDC95_INDEX)


def _camera(reference: CalibratedImage, moving: CalibratedImage, *, seen: bool) -> tuple[Check, ...]:
    """Another camera, by what the files say: what it does to contrasts is only known where a chart shows it."""
    then, now = reference.photo.camera, moving.photo.camera
    if not then or not now:
        return ()
    same = then.casefold() == now.casefold()
    return (
        judged(
            "camera",
            float(same),
            "that of the reference",
            Status.OK if same or seen else Status.WARN,
            f"This photo was taken with {now}, the reference with {then}, and no chart shows what that does to "
            "contrasts. Use the same camera, or lay a chart beside the skin.",
        ),
    )


def _steps(around: Surroundings) -> tuple[Check, ...]:
    """Whether the skin is bright enough for 8 bits: one step of a dark code is a large step of light."""
    if not around.region.any():
        return ()
    then, now = (light[:2].min() for light in around.light(around.region))
    code = 255 * float(srgb_from_linear(now))
    darker = float(np.log2(then / now))
    too_dark = code < _CODE_OK and darker > _DARKER_STOPS
    status = Status.BLOCK if too_dark else Status.WARN if code < _CODE_WARN else Status.OK
    return (
        judged(
            "signal",
            code,
            "at least 49 of 255, or no more than 1 stop darker than the reference",
            status,
            f"The skin is recorded with code {code:.0f} of 255, {max(darker, 0):.1f} stops darker than the reference: "
            "so dark, single steps of the file are as large as a change. Expose longer or give more light.",
            blocks=metrics_with(Need.SAME_RENDERING, Need.COLOUR_REFERENCE),
        ),
    )
