"""What has to be said of a photo beside its numbers: what was done on reading, and what colour and scale rest on."""

from __future__ import annotations

from math import hypot

from tracker.calibration import CalibratedImage, ColourLevel, ScaleSource
from tracker.calibration.card import find_card
from tracker.calibration.scale import scale_from_markers

#: Combined standard uncertainties by which two scales of one photo may differ and still be called the same.
_SAME_SCALE = 3.0


def photo_notes(image: CalibratedImage) -> tuple[str, ...]:
    """Notes of a photo, each a sentence.

    Parameters
    ----------
    image : CalibratedImage

    Returns
    -------
    tuple of str
        Those of its reading, then what its colours rest on, then whether its markers contradict a given distance.
    """
    return (*image.photo.notes, *_colour_note(image), *_scale_note(image))


def _colour_note(image: CalibratedImage) -> tuple[str, ...]:
    """What the colours rest on, where something was meant to be rested on."""
    colour = image.colour
    if colour.level is ColourLevel.NONE and colour.corners is None:
        return ()
    return (f"Colour level {colour.level}: {colour.evidence}.",)


def _scale_note(image: CalibratedImage) -> tuple[str, ...]:
    """That the markers say another scale than the distance that goes before them: one of the two is wrong."""
    given = image.scale
    if given is None or given.kind is not ScaleSource.BY_HAND:
        return ()
    printed = scale_from_markers(image.markers, image.photo.shape, find_card(image.markers))
    if printed is None:
        return ()
    sd = hypot(*(scale.mm_per_px * scale.relative_uncertainty for scale in (given, printed)))
    if abs(given.mm_per_px - printed.mm_per_px) <= _SAME_SCALE * sd:
        return ()
    return (
        f"The given distance says {given.mm_per_px:.3g} mm per pixel, the markers say {printed.mm_per_px:.3g}; "
        "the given distance is used.",
    )
