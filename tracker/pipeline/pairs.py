"""Pairs with dual light in a series: which photos of a day belong together, and what the second one adds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from tracker.alignment import AlignedImage, Alignment, OppositeLight, compose
from tracker.calibration import CalibratedImage
from tracker.dual import LightPair, pair_lights, pair_taken_at_once, with_opposite
from tracker.quality import Check, Need, Status
from tracker.quality.check import graded
from tracker.region import WHOLE_SKIN, Region
from tracker.report import ReportedPhoto
from tracker.shading import light_side

_NEEDS = str(Need.DUAL_LIGHT)
_AXIS_OK, _AXIS_WARN = (0, 15), (0, 30)


@dataclass(frozen=True, slots=True, eq=False)
class Opposite:
    """The second photo of a pair, whose lamp stood on the other side.

    Attributes
    ----------
    image : CalibratedImage
    pair : LightPair
        In the frame of the photo it belongs to, which comes first.
    """

    image: CalibratedImage
    pair: LightPair

    @property
    def checks(self) -> tuple[Check, ...]:
        """Those of the pair; what they stop is stopped for what needs dual light only."""
        return tuple(replace(check, blocks=_NEEDS) for check in self.pair.checks)

    def added_to(
        self,
        aligned: AlignedImage,
        reference: CalibratedImage,
        *,
        alignment: Alignment | None = None,
        like: OppositeLight | None = None,
    ) -> AlignedImage:
        """The photo it belongs to with its light, as `tracker.dual.with_opposite`."""
        return with_opposite(aligned, self.pair, self.image, reference, alignment=alignment, like=like)


def as_pair(image: CalibratedImage, other: CalibratedImage, region: Region = WHOLE_SKIN) -> Opposite:
    """A pair that somebody gave as one; its checks say whether it is.

    Raises
    ------
    AlignmentFailed
        The photos do not show the same skin.
    RegionInvalid
        The region does not fit the first photo.
    """
    return Opposite(other, pair_lights(image, other, region))


def found_pair(image: CalibratedImage, other: CalibratedImage) -> Opposite | None:
    """Two photos of one day as a pair; None unless they were taken from one place with the lamps opposite."""
    pair = pair_taken_at_once(image, other)
    return None if pair is None else Opposite(other, pair)


def axis_check(reference: OppositeLight | None, found: OppositeLight | None) -> tuple[Check, ...]:
    """The check that the first lamp of a pair stands where that of the reference stood; none where that is not known.

    Height and slope are taken along the lamps: other lamps show another part of the same relief.
    """
    if reference is None or found is None or reference.azimuth is None or found.azimuth is None:
        return ()
    turned = abs((found.azimuth - reference.azimuth + 180) % 360 - 180)
    status = graded(turned, _AXIS_OK, _AXIS_WARN)
    advice = (
        ""
        if status is Status.OK
        else f"The lamps of the pair stood {turned:.0f}° away from those of the reference, where the first one came "
        f"from the {light_side(reference.azimuth)}. Put the lamps back on their marks."
    )
    return (
        Check("axis of the lamps", turned, "at most 15° from the reference", status, advice, blocks=_NEEDS, unit="°"),
    )


def belongs_to_reference(opposite: Opposite, like: OppositeLight) -> bool:
    """Whether the *first* photo of a pair, not the second, is lit as the reference; also where that cannot be told."""
    if opposite.pair.azimuth is None or like.azimuth is None:
        return True
    return abs((opposite.pair.azimuth - like.azimuth + 180) % 360 - 180) <= 90


def reported_opposite(opposite: Opposite, beside: ReportedPhoto) -> ReportedPhoto:
    """The second photo of a pair in the report: it is used, but not by itself."""
    photo = opposite.image.photo
    note = f"Lamp from the other side: used for dual light with {beside.name}."
    return ReportedPhoto(
        digest=photo.digest,
        name=photo.name,
        taken_on=photo.taken_on or date.min,
        is_reference=False,
        notes=(*photo.notes, note),
        colour=opposite.image.colour,
        scale=opposite.image.scale,
        lent=True,
    )


def way_of_opposite(opposite: Opposite, alignment: Alignment | None) -> Alignment | None:
    """The alignment of the second photo to the reference, through the first; None if nothing is left of it."""
    if alignment is None:
        return opposite.pair.alignment
    return compose(alignment, opposite.pair.alignment, np.ones(alignment.usable.shape, np.bool_))
