"""Checks of the picture itself: blur, sharpness, exposure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment
from tracker.calibration import CalibratedImage
from tracker.calibration.edges import edge_width_px
from tracker.quality.around import Surroundings
from tracker.quality.check import Check, Status, graded, judged, metrics_with, worst
from tracker.quality.need import Need
from tracker.quality.sharpness import blur_of, sharpness_ratio

_HALF = 0.5  # of full light: clipped cells above are saturated, those below are dark
# A contrast is taken against skin that begins 1 mm beside the patch. Of an edge as wide as that, 0.5 % of the patch
# reach it; of one twice as wide, 10 % do.
_EDGE_OK_MM, _EDGE_WARN_MM = 1.0, 2.0
_SATURATED = 0.94  # of full light: the mean of a cell in which some pixels are clipped


def blur(image: CalibratedImage, region: NDArray[np.bool_]) -> Check:
    """Whether the photo is sharp, by itself."""
    blur = blur_of(image, region)
    status = graded(blur, (0, 0.52), (0, 0.62))
    advice = "" if status is Status.OK else "The photo is blurred. Hold still, tap the skin to focus and take it again."
    return Check("blur", blur, "at most 0.52", status, advice)


def edge_width(image: CalibratedImage) -> tuple[Check, ...]:
    """How wide the photo draws the sides of its markers, in millimetres; nothing where it cannot be told.

    Skin is smooth to any eye, and a marker is not: this tells a camera out of focus without knowing the skin.
    """
    px = edge_width_px(image.photo.rgb, image.markers) if image.scale else None
    if px is None or image.scale is None:
        return ()
    mm = px * image.scale.mm_per_px
    return (
        judged(
            "edge width",
            mm,
            "at most 1 mm",
            graded(mm, (0, _EDGE_OK_MM), (0, _EDGE_WARN_MM)),
            f"The edges of the markers are {mm:.1f} mm wide in this photo: it is out of focus, or was moved. "
            "Hold still, tap the skin to focus and take it again.",
            blocks=metrics_with(Need.SAME_RENDERING),
            unit="mm",
        ),
    )


def sharpness(
    reference: CalibratedImage, moving: CalibratedImage, alignment: Alignment, covered: NDArray[np.bool_]
) -> Check:
    """Whether the finest structure of the skin is as strong as in the reference."""
    ratio = sharpness_ratio(reference, moving, alignment, covered)
    status = graded(ratio, (0.7, 1.43), (0.5, 2.0))
    advice = ""
    if status is not Status.OK:
        advice = (
            "The photo is less sharp than the reference. Hold still, tap the skin to focus and take it again."
            if ratio < 1
            else "The reference is less sharp than this photo. A sharper reference would allow more."
        )
    return Check("sharpness", ratio, "0.7 to 1.43 of the reference", status, advice)


def exposure(linear: NDArray[np.float32], clipped: NDArray[np.bool_], region: NDArray[np.bool_]) -> tuple[Check, Check]:
    """Whether light is known where skin is to be measured: clipped cells, and the median luminance.

    Saturated cells say that the exposure was too long. Single dark ones are hairs, moles and pores of skin that is
    well exposed: they are left out where skin is measured, and only many of them are a fault of the photo.
    """
    lost = clipped[region]
    bright = 100 * float((lost & (linear[region].max(axis=1) > _HALF)).mean())
    dark = 100 * float(lost.mean()) - bright
    too_bright = bright > 0.25 * dark
    share = bright if too_bright else dark
    clipping = judged(
        "clipping",
        bright + dark,
        "at most 0.5 % of the region too bright, 2 % too dark",
        worst(graded(bright, (0, 0.5), (0, 2.0)), graded(dark, (0, 2.0), (0, 10.0))),
        f"{share:.1f} % of the skin is {'overexposed' if too_bright else 'too dark'}. "
        f"{'Lower' if too_bright else 'Raise'} the exposure and take it again.",
        unit="%",
    )
    median = float(np.median(linear[region] @ np.array([0.2126, 0.7152, 0.0722])))
    # Dark skin is dark: lightness alone never blocks, it only asks for a look at the exposure.
    return (
        clipping,
        judged(
            "exposure",
            median,
            "0.02 to 0.75 of full light",
            Status.OK if 0.02 <= median <= 0.75 else Status.WARN,
            "The skin is very dark or very bright in this photo; check the exposure.",
        ),
    )


def saturated_around(around: Surroundings, aligned: AlignedImage) -> tuple[Check, ...]:
    """Whether the skin that contrasts are taken against is overexposed: its bright half would be missing.

    A dark patch may be well exposed on skin that is not.
    """
    if not around.band.any():
        return ()
    share = 100 * float((aligned.linear[around.band].max(axis=1) > _SATURATED).mean())
    return (
        judged(
            "clipping around",
            share,
            "at most 0.5 % of the skin around",
            graded(share, (0, 0.5), (0, 2.0)),
            f"{share:.1f} % of the skin around the patch is overexposed. Lower the exposure and take it again.",
            blocks=metrics_with(Need.MARKED_REGION),
            unit="%",
        ),
    )
