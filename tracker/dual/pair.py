"""Two photos of one session, the lamp left and then right: the half difference of their log light is relief alone.

Pigment multiplies the light, and it is the same in both photos: in the difference of the logarithms it cancels, where
a single photo has to guess it from colour. What stays is the slope of the relief towards the lamps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment, align, in_own_frame, resample
from tracker.calibration import CalibratedImage
from tracker.calibration.gauge import GaugeReading, read_gauge
from tracker.dual.still import moved_as_one
from tracker.errors import RegionInvalid
from tracker.quality import Check, Status
from tracker.quality.check import graded
from tracker.region import WHOLE_SKIN, Region, region_mask
from tracker.shading import TOLD_DEGREES, LightDirection, light_direction, light_turn, log_light

LAMP_PULL = 0.8e-3
"""How far opposite light pulls a map, as a share of the width: what moved less has not moved."""

OPPOSITE_LIGHT = "opposite light"
LEFT, SIDEWAYS = 180.0, 60.0
"""Azimuth of the left of the picture, and how far from it, in degrees, a lamp still stands on the left."""


@dataclass(frozen=True, slots=True, eq=False)
class LightPair:
    """Two photos with the lamp on opposite sides, brought together.

    Attributes
    ----------
    difference : ndarray, shape (h, w), float32
        Half the difference of the log light, first minus second, mean over the channels, on the analysis grid of the
        first photo; 0 where not valid. Positive where the relief faces the lamp of the first photo.
    valid : ndarray, shape (h, w), bool
        Skin of the region whose light is known in both photos.
    mm_per_cell : float or None
    alignment : Alignment
        Of the second photo to the first.
    checks : tuple of Check
    lights : tuple of LightDirection, or None
        Of the first and of the second photo, in the frame of the first; None without a scale, or with too little skin.
    gauges : tuple of GaugeReading, or None
        Of both photos; None if one of them shows no relief gauge.
    """

    difference: NDArray[np.float32]
    valid: NDArray[np.bool_]
    mm_per_cell: float | None
    alignment: Alignment
    checks: tuple[Check, ...]
    lights: tuple[LightDirection, LightDirection] | None = None
    gauges: tuple[GaugeReading, GaugeReading] | None = None

    @property
    def is_opposite(self) -> bool:
        """Whether the lamps are known to have stood opposite."""
        return any(check.check == OPPOSITE_LIGHT and check.status is Status.OK for check in self.checks)

    @property
    def kappa(self) -> tuple[float, float] | None:
        """Gain of relief shading, mean of both lamps, and its standard uncertainty; None without the relief gauges."""
        if self.gauges is None:
            return None
        size = abs(self._towards) / 2
        return size, hypot(*(reading.kappa_uncertainty for reading in self.gauges)) / 2

    @property
    def azimuth(self) -> float | None:
        """Of the first lamp, degrees in the frame of the first photo: by the gauges, else by the skin if it tells."""
        if self.gauges is not None:
            return float(np.degrees(np.angle(self._towards)) % 360)
        if self.lights is None or not all(light.told for light in self.lights):
            return None
        first, second = (np.exp(1j * np.radians(light.azimuth)) for light in self.lights)
        return float(np.degrees(np.angle(first - second)) % 360)

    @property
    def _towards(self) -> complex:
        """Difference of both lamps as vectors of the length κ, a complex number: real to the right, imaginary up."""
        assert self.gauges is not None
        first, second = (reading.kappa * np.exp(1j * np.radians(reading.azimuth)) for reading in self.gauges)
        return complex(first - second)

    @property
    def usable(self) -> bool:
        """Whether no check refuses the pair."""
        return all(check.status is not Status.BLOCK for check in self.checks)


def pair_lights(left: CalibratedImage, right: CalibratedImage, region: Region = WHOLE_SKIN) -> LightPair:
    """The half difference of two photos, the lamp left and then right.

    Parameters
    ----------
    left, right : CalibratedImage
        In any order; of the same skin, with nothing but the lamp moved. The first one gives the grid and the sign.
    region : Region
        In pixels of the first photo.

    Returns
    -------
    LightPair

    Raises
    ------
    AlignmentFailed
        The photos do not show the same skin.
    RegionInvalid
        The region does not fit the first photo.

    Notes
    -----
    With D = (l_left − l_right) / 2 and a small slope p towards the left lamp, D = κ p, where κ = (1 − a) tan(slant)
    and a is the share of ambient light. Shine does not cancel.
    """
    mask = region_mask(region, left)
    found = moved_as_one(left, right, mask)
    found = found or _unless_still(align(left, right, region=mask), left.photo.shape[1])
    return _paired(left, right, mask, found)


def pair_taken_at_once(
    first: CalibratedImage, second: CalibratedImage, region: Region = WHOLE_SKIN
) -> LightPair | None:
    """Two photos as a pair with dual light, if they are one: quick to say of two photos that are none.

    Parameters
    ----------
    first, second : CalibratedImage
        Of one day.
    region : Region
        In pixels of the first photo.

    Returns
    -------
    LightPair or None
        None unless they were taken from one place and the lamps are known to have stood opposite. A pair that is
        returned may still not be `usable`.
    """
    try:
        mask = region_mask(region, first)
    except RegionInvalid:
        return None
    found = moved_as_one(first, second, mask)
    if found is None:
        return None
    pair = _paired(first, second, mask, found)
    return pair if pair.is_opposite else None


def _paired(left: CalibratedImage, right: CalibratedImage, mask: NDArray[np.bool_], found: Alignment) -> LightPair:
    here, there = in_own_frame(left), resample(right, found, left)
    valid = mask & here.valid & there.valid
    difference = (log_light(here.linear) - log_light(there.linear)).mean(axis=2) / 2
    lights = _lights(here, there, valid)
    readings = [read_gauge(image.photo.rgb, image.markers) for image in (left, right)]
    gauges = None if readings[0] is None or readings[1] is None else (readings[0], readings[1])
    return LightPair(
        difference=np.asarray(np.where(valid, difference, 0), np.float32),
        valid=valid,
        mm_per_cell=left.grid.mm_per_cell,
        alignment=found,
        checks=(
            _opposite(here, there, valid, lights, gauges),
            _moved(found, left),
            _exposed(difference[valid]),
            _covered(mask, valid),
            _same_day(left, right),
        ),
        lights=lights,
        gauges=gauges,
    )


def left_first(pair: LightPair) -> tuple[Check, ...]:
    """The check that the first photo has the lamp on the left; none where the light does not tell.

    The sign of the difference rests on it. The light tells where the lamps stood opposite, at the sides of the picture,
    and both photos show it.
    """
    if pair.lights is None or not pair.is_opposite or not all(light.told for light in pair.lights):
        return ()
    away, other = (abs((light.azimuth - LEFT + 180) % 360 - 180) for light in pair.lights)
    if min(away, other) > SIDEWAYS or max(away, other) < 180 - SIDEWAYS:
        return ()
    status = Status.OK if away < other else Status.BLOCK
    advice = (
        ""
        if status is Status.OK
        else "The light comes from the right in the first photo and from the left in the second. "
        "Give the photo with the lamp on the left first."
    )
    return (Check("lamp on the left first", away, f"at most {SIDEWAYS:.0f}° from the left", status, advice, unit="°"),)


def _unless_still(alignment: Alignment, width: int) -> Alignment:
    """The alignment, or the identity if it moves no more than opposite light pulls on skin that stands still."""
    nodes = np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1).astype(np.float32)
    moved = np.hypot(*np.moveaxis(alignment.moving - nodes, -1, 0))[alignment.usable]
    still = len(moved) > 0 and float(np.nanmedian(moved)) <= max(LAMP_PULL * width, 0.5)
    return replace(alignment, moving=nodes) if still else alignment


def _lights(
    here: AlignedImage, there: AlignedImage, valid: NDArray[np.bool_]
) -> tuple[LightDirection, LightDirection] | None:
    mm = here.grid.mm_per_cell
    if mm is None or not valid.any():
        return None
    first, second = (light_direction(image.linear, valid, mm_per_cell=mm) for image in (here, there))
    return first, second


def _opposite(
    here: AlignedImage,
    there: AlignedImage,
    valid: NDArray[np.bool_],
    lights: tuple[LightDirection, LightDirection] | None,
    gauges: tuple[GaugeReading, GaugeReading] | None,
) -> Check:
    mm = here.grid.mm_per_cell
    name, limit = OPPOSITE_LIGHT, "150° to 180° between the lamps"
    if gauges is not None and max(reading.azimuth_uncertainty for reading in gauges) <= TOLD_DEGREES:
        apart = abs((gauges[0].azimuth - gauges[1].azimuth + 180) % 360 - 180)
        return _apart(name, apart, limit)
    turn = light_turn(here.linear, there.linear, valid, mm_per_cell=mm) if mm is not None and valid.any() else None
    if turn is None or lights is None:
        advice = "Whether the lamps stood opposite cannot be told: there is no scale or too little skin."
        return Check(name, 0.0, limit, Status.WARN, advice, unit="°")
    if not all(light.told for light in lights):
        advice = "Whether the lamps stood opposite cannot be told: the skin is smooth, or the light is frontal."
        return Check(name, turn.degrees, limit, Status.WARN, advice, unit="°")
    return _apart(name, turn.degrees, limit)


def _apart(name: str, degrees: float, limit: str) -> Check:
    if degrees >= 150:
        return Check(name, degrees, limit, Status.OK, "", unit="°")
    advice = (
        f"The two lamps stood {degrees:.0f}° apart, not opposite. "
        "Take one photo with the lamp on the left and one with the lamp as far on the right."
    )
    return Check(name, degrees, limit, Status.BLOCK, advice, unit="°")


def _moved(alignment: Alignment, left: CalibratedImage) -> Check:
    nodes = np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1)
    moved = np.hypot(*np.moveaxis(alignment.moving - nodes, -1, 0))[alignment.usable]
    share = 100 * float(np.nanpercentile(moved, 90)) / left.photo.shape[1] if len(moved) else 0.0
    status = graded(share, (0, 0.5), (0, 2.0))
    advice = (
        ""
        if status is Status.OK
        else "Skin or camera moved between the two photos. Use a tripod, and take them within a few seconds."
    )
    return Check("movement between the two", share, "at most 0.5 % of the width", status, advice, unit="%")


def _exposed(difference: NDArray[np.floating]) -> Check:
    gain = float(np.exp(2 * np.median(difference))) if difference.size else 1.0
    status = graded(gain, (0.75, 1.33), (0.5, 2.0))
    advice = (
        ""
        if status is Status.OK
        else "The two photos are not equally bright. Lock the exposure, and put both lamps at the same distance."
    )
    return Check("equal exposure", gain, "0.75 to 1.33", status, advice)


def _covered(mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> Check:
    share = 100 * float(valid.sum() / max(1, mask.sum()))
    status = graded(share, (90, 101), (70, 101))
    advice = (
        ""
        if status is Status.OK
        else f"Only {share:.0f} % of the region is well lit in both photos. Lower the exposure."
    )
    return Check("lit from both sides", share, "at least 90 % of the region", status, advice, unit="%")


def _same_day(left: CalibratedImage, right: CalibratedImage) -> Check:
    days = left.photo.taken_on, right.photo.taken_on
    apart = abs((days[1] - days[0]).days) if days[0] and days[1] else 0
    status = Status.OK if apart == 0 else Status.BLOCK
    advice = "" if apart == 0 else "The two photos are not of one day. A pair with dual light is taken within seconds."
    return Check("same day", float(apart), "the same day", status, advice)
