"""Checks of the lamp in a close-up: whether it draws the fine relief of the skin, and from the same side as before.

The checks of `tracker.quality.light` read dimples of 12 to 50 mm, which a close-up does not show. Its own skin tells
more: thousands of its finest folds lie under one lamp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import CalibratedImage
from tracker.quality.check import Check, Status, graded, judged, metrics_with
from tracker.quality.gauge import PUT_BACK
from tracker.quality.need import Need
from tracker.region import Reason
from tracker.shading import FineLight, beside_lines, fine_light, fine_turn, waves

FAR_LESS = 0.45
"""Share of the directed shading that is left in light that is as good as frontal; no treatment takes so much."""
_TURN_OK, _TURN_WARN = 15.0, 30.0
_GAIN_OK, _GAIN_WARN = (0.9, 1.11), (0.8, 1.25)
_FRONTAL = (
    "Nothing in the photo shows that the light comes from the side, and frontal light shows no lines. "
    "Put the lamp to the side, at 30 to 60 degrees, and turn the flash off."
)


def own_fine_light(image: CalibratedImage, region: NDArray[np.bool_]) -> tuple[Check, ...]:
    """Whether the light of a close-up comes from the side; nothing where the skin is too small to show it."""
    if not image.grid.is_close_up or not image.photo.has_colour:
        return ()
    mm = float(image.grid.mm_per_cell or 0)
    skin = beside_lines(image.linear, region & ~image.clipped, mm_per_cell=mm)
    light = fine_light(waves(image.linear, skin, mm_per_cell=mm), skin, mm_per_cell=mm)
    return () if light is None else (_side(light, Status.OK if light.told else Status.BLOCK),)


def compared_fine_light(
    reference: CalibratedImage, aligned: AlignedImage, region: NDArray[np.bool_]
) -> tuple[Check, ...]:
    """Whether the lamp of a close-up stands where it stood in the reference.

    Both photos are read on the same skin, away from the lines of the reference: what is by chance not random in the
    relief cancels, and lines that fade are no other light.
    """
    if not reference.grid.is_close_up or not (aligned.has_colour and reference.photo.has_colour):
        return ()
    mm = float(reference.grid.mm_per_cell or 0)
    both = region & aligned.without(Reason.CLOTH) & ~reference.clipped
    skin = beside_lines(reference.linear, both, mm_per_cell=mm)
    found = [waves(linear, skin, mm_per_cell=mm) for linear in (reference.linear, aligned.linear)]
    then, now = (fine_light(each, skin, mm_per_cell=mm) for each in found)
    if then is None or now is None or not then.told:
        return ()
    gain = now.amplitude / max(then.amplitude, 1e-9)
    if not now.told or gain < FAR_LESS:
        return (_side(now, Status.BLOCK if gain < FAR_LESS else Status.WARN),)
    return (_side(now, Status.OK), _turned(fine_turn(found[0], found[1], skin)), _gain(gain))


def _side(light: FineLight, status: Status) -> Check:
    return judged(
        "fine side light",
        light.coherence,
        "at least 0.08, known to 10°",
        status,
        _FRONTAL,
        blocks=metrics_with(Need.CLOSE_UP),
    )


def _turned(degrees: float) -> Check:
    return judged(
        "fine light direction",
        degrees,
        "at most 15°",
        graded(degrees, (0, _TURN_OK), (0, _TURN_WARN)),
        f"The light falls on the lines from {degrees:.0f}° further round than in the reference. {PUT_BACK}",
        blocks=metrics_with(Need.CLOSE_UP),
        unit="°",
    )


def _gain(ratio: float) -> Check:
    return judged(
        "fine shading",
        ratio,
        "0.9 to 1.11 of the reference",
        graded(ratio, _GAIN_OK, _GAIN_WARN),
        f"The fine relief beside the lines is shaded {ratio:.2f} times as strongly as in the reference: the lamp "
        f"stands higher or lower, or other light fills the shadows, or all of the skin has become finer. {PUT_BACK}",
        blocks=metrics_with(Need.SAME_SHADING),
    )
