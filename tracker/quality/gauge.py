"""Checks of the lamp by the relief gauge on our card, which knows its own slopes and needs no skin."""

from __future__ import annotations

from math import exp, hypot, log

from tracker.calibration import CalibratedImage
from tracker.calibration.gauge import GaugeReading, read_gauge
from tracker.quality.check import Check, Status, graded, metrics_with, worst
from tracker.quality.need import Need
from tracker.shading import TOLD_DEGREES, light_side

DIRECTION, AT_MOST = "light direction", "at most 15° from the reference"
MOST_TURNED = (0, 15), (0, 30)
PUT_BACK = "Put the lamp back on its mark and height, and keep other light out."
_GAIN_OK, _GAIN_WARN = (0.95, 1.05), (0.6, 1.67)
"""Relief is stated as under the lamp of the reference, so a gain is no mistake; too large a one leaves its shadows."""
_COVERAGE = 1.96
_LEAST_KAPPA = 1e-3


def read_gauges(reference: CalibratedImage, moving: CalibratedImage) -> tuple[GaugeReading, GaugeReading] | None:
    """The relief gauges of both photos; None if one of them shows none."""
    then, now = (read_gauge(image.photo.rgb, image.markers) for image in (reference, moving))
    return None if then is None or now is None else (then, now)


def gauge_direction(then: GaugeReading, now: GaugeReading, *, rotation: float) -> Check | None:
    """The check of the direction of the light by the gauges; None where one of them, in frontal light, tells none.

    Parameters
    ----------
    then, now : GaugeReading
        Of the reference and of the photo.
    rotation : float
        Of the photo against the reference, degrees, counter-clockwise: a turned camera is no turned lamp.

    Returns
    -------
    Check or None
        With the angle between the two lights. It counts against a limit only as far as it is beyond what the two
        readings can differ by (95 %).
    """
    if max(then.azimuth_uncertainty, now.azimuth_uncertainty) > TOLD_DEGREES:
        return None
    upright = (now.azimuth - rotation) % 360
    turned = abs((upright - then.azimuth + 180) % 360 - 180)
    unresolved = _COVERAGE * hypot(then.azimuth_uncertainty, now.azimuth_uncertainty)
    status = graded(max(0.0, turned - unresolved), *MOST_TURNED)
    sides = light_side(then.azimuth), light_side(upright)
    advice = "" if status is Status.OK else from_another_side(*sides, turned)
    blocks = metrics_with(Need.OBLIQUE_LIGHT, Need.LAMP_IN_PLACE)
    return Check(DIRECTION, turned, AT_MOST, status, advice, blocks=blocks, unit="°")


def gauge_gain(then: GaugeReading, now: GaugeReading) -> Check:
    """The check of the gain of relief shading by the gauges.

    What two readings can differ by (95 %) is not counted as a change; where that alone saves the photo from being
    refused, the gain is remarked.
    """
    ratio = now.kappa / max(then.kappa, _LEAST_KAPPA)
    doubts = (reading.kappa_uncertainty / max(reading.kappa, _LEAST_KAPPA) for reading in (then, now))
    moved, unresolved = log(max(ratio, _LEAST_KAPPA)), _COVERAGE * hypot(*doubts)
    least = exp(moved - min(unresolved, moved) if moved > 0 else moved + min(unresolved, -moved))
    beyond = graded(ratio, _GAIN_OK, _GAIN_WARN) is Status.BLOCK
    status = worst(graded(least, _GAIN_OK, _GAIN_WARN), Status.WARN if beyond else Status.OK)
    advice = (
        ""
        if status is Status.OK
        else f"The light brings out {abs(ratio - 1):.0%} {'more' if ratio > 1 else 'less'} relief than the first time. "
        + PUT_BACK
    )
    return Check("light gain", ratio, "0.95 to 1.05 of the reference", status, advice, blocks=Need.OBLIQUE_LIGHT)


def from_another_side(then: str, now: str, turned: float) -> str:
    """Advice about a lamp that stood elsewhere: its side in the reference and now, and the degrees between."""
    if then == now:
        return f"The light came from {turned:.0f}° beside that of the reference. Put the lamp back on its mark."
    came = f"The light came from the {now}, in the reference from the {then}. Retake with the lamp on the {then}"
    return f"{came}."
