"""The quick look at a photo before it is stored: is it worth keeping, and what would make it better?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import cv2
import numpy as np
from sqlalchemy import Connection, select

from tracker.calibration import CalibratedImage, ColourCalibration, ColourLevel, KnownColours, calibrate
from tracker.calibration.colour import without_chart
from tracker.clinic import photos, register, schema
from tracker.clinic.measuring import Judgement
from tracker.clinic.records import Tile
from tracker.errors import PhotoRejected, RegionInvalid
from tracker.measurement import Metric
from tracker.photo import read_photo
from tracker.quality import Check, Comparability, Need, Status, assess_photo
from tracker.quality.check import worst
from tracker.quality.geometry import distance_check
from tracker.quality.light import MIN_LIGHT_AREA_CM2
from tracker.region import WHOLE_SKIN, Region, region_mask
from tracker.report import in_short

_HEADLINES = {
    "ok": "Good to use.",
    "warn": "Usable, but look at this.",
    "block": "Please take this photo again.",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the gate knows of a view.

    Attributes
    ----------
    region : Region or None
        What was marked, in pixels of the reference photo.
    shape : tuple of int or None
        Of the reference photo; None if there is no reference yet.
    mm_per_px : float or None
        Scale of the reference photo.
    by_hand : bool
        Whether it rests on a distance given by hand: then no marker is asked for, nor compared with.
    """

    region: Region | None
    shape: tuple[int, int] | None
    mm_per_px: float | None
    by_hand: bool = False


_COMPARABLE = "It can be compared with the reference."
_NO_BASIS = "The reference gives no metric, so nothing can be compared with it; the page Compare says what it lacks."
_NO_DATE = "The photo has no date; please give the day it was taken."


def expected(connection: Connection, view_id: str) -> Expected:
    """What the record says of a view."""
    view, reference = register.view(connection, view_id), photos.reference(connection, view_id)
    joined = schema.photo.join(schema.result, schema.photo.c.result_id == schema.result.c.id)
    scale = select(schema.result.c.mm_per_px).select_from(joined)
    if reference is None:
        return Expected(view.region, None, None)
    mm_per_px = connection.execute(scale.where(schema.photo.c.id == reference.id)).scalar()
    return Expected(view.region, reference.shape, mm_per_px, view.distance is not None)


def look_at(
    data: bytes,
    name: str,
    digest: str,
    *,
    taken_on: date | None,
    wanted: Expected,
    colours_on: Callable[[date | None], KnownColours],
    already_stored: bool,
) -> Tile:
    """What can be said of a photo in a second.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
    digest : str
        Of the file, as `Secrets.digest` says it.
    taken_on : date, optional
        If somebody gave it.
    wanted : Expected
    colours_on : callable
        What is known about card and chart in a photo of a day, or of a photo without one.
    already_stored : bool

    Returns
    -------
    Tile
        Blocked, with the reason, for a file that cannot be read.
    """
    try:
        photo = read_photo(data, name=name)
    except PhotoRejected as error:
        return Tile("block", error.reason, (), taken_on, digest, already_stored)
    day = taken_on or photo.taken_on
    image = calibrate(photo, colours_on(day))
    checks = (*_of_skin(image, wanted), *_of_scale(image, wanted), *_of_colour(image.colour))
    status = Comparability(checks).status
    # What stops a photo comes alone: the rest often follows from it, as a blurred marker that is not found.
    advice = [check.advice for check in checks if check.advice and Comparability((check,)).status is status]
    if day is None:
        advice.append(_NO_DATE)
        status = worst(status, Status.WARN)
    return Tile(str(status), _HEADLINES[status], tuple(advice), day, digest, already_stored, checks)


def beside_reference(tile: Tile, judgement: Judgement, metrics: Sequence[Metric]) -> Tile:
    """What is said of a photo once it has been brought beside the reference.

    Parameters
    ----------
    tile : Tile
        What was said of the photo by itself.
    judgement : Judgement
    metrics : sequence of Metric

    Returns
    -------
    Tile
        Blocked if the photo gives no change of anything that the reference gives.
    """
    if judgement.reason:
        headline = "This photo cannot be compared with the reference. Please take it again."
        return replace(tile, status="block", headline=headline, advice=(judgement.reason,))
    if judgement.lends_to:
        return _of_pair(tile, judgement.lends_to)
    # Of a check that both made, the one beside the reference knows more.
    again = {check.check for check in judgement.checks}
    checks = (*judgement.checks, *(check for check in tile.checks if check.check not in again))
    lost = [metric for metric in metrics if metric.name in judgement.refused]
    stopping = [check for check in checks if any(check.stops(metric.needs) for metric in lost)]
    if (lost and not judgement.given) or Comparability(judgement.checks).status is Status.BLOCK:
        stopping = stopping or [check for check in checks if check.status is Status.BLOCK]
        advice = tuple(dict.fromkeys((*(check.advice for check in stopping), *judgement.declined)))
        return replace(tile, status="block", headline=_HEADLINES["block"], advice=advice, checks=checks)
    remarks = [*_remarks(stopping, lost, metrics), *judgement.declined]
    remarks += [] if lost or judgement.given else [_NO_BASIS]
    remarks += [check.advice for check in checks if check.advice and check not in stopping]
    remarks += [_NO_DATE] if _NO_DATE in tile.advice else []
    status = "warn" if remarks else "ok"
    headline = _HEADLINES[status] if remarks else _COMPARABLE
    return replace(tile, status=status, headline=headline, advice=tuple(dict.fromkeys(remarks)), checks=checks)


def _of_pair(tile: Tile, other: str) -> Tile:
    """What is said of the second photo of a pair: light from the other side is what it is for."""
    told = f"With {other} it is a pair with dual light."
    if tile.status == "ok":
        return replace(tile, headline=told)
    return replace(tile, advice=(*tile.advice, told))


def _remarks(stopping: Sequence[Check], lost: Sequence[Metric], metrics: Sequence[Metric]) -> list[str]:
    """What is wrong and what to do, and, once, what cannot be told of the skin otherwise."""
    remarks, told = [], set()
    for check in stopping:
        named = in_short([metric for metric in lost if check.stops(metric.needs)], metrics)
        remarks.append(check.advice if named in told else f"{check.advice} As it is, it shows no change of: {named}.")
        told.add(named)
    return remarks


def _of_skin(image: CalibratedImage, wanted: Expected) -> tuple[Check, ...]:
    try:
        mask = region_mask(WHOLE_SKIN, image)
    except RegionInvalid as error:
        if wanted.region is None:
            return (Check("skin", 0.0, "some in the picture", Status.BLOCK, error.reason),)
        mask = np.ones(image.grid.shape, np.bool_)
    checks = assess_photo(image, mask).checks
    if _shows_relief(wanted.region, image):
        return checks
    return tuple(check for check in checks if check.blocks != Need.OBLIQUE_LIGHT)


def _of_colour(colour: ColourCalibration) -> tuple[Check, ...]:
    """The card or chart that was seen: one that cannot be read is told while it can still be laid better."""
    in_vain = colour.level is ColourLevel.NONE and colour.evidence != without_chart().evidence
    if colour.level is ColourLevel.NONE and not in_vain:
        return ()
    status = Status.WARN if in_vain else Status.OK
    advice = f"{colour.evidence[0].upper()}{colour.evidence[1:]}." if in_vain else ""
    return (Check("colour level", float(str(colour.level)[1:]), "1 or more, as C1 to C3", status, advice),)


def _shows_relief(region: Region | None, image: CalibratedImage) -> bool:
    """Whether the region is large enough for the light on its relief to matter."""
    if region is None or image.scale is None:
        return True
    if region.polygon is not None:
        pixels = float(cv2.contourArea(region.polygon.astype(np.float32)))
    else:
        assert region.mask is not None
        pixels = float(region.mask.sum())
    return pixels * image.scale.mm_per_px**2 / 100 >= MIN_LIGHT_AREA_CM2


def _of_scale(image: CalibratedImage, wanted: Expected) -> tuple[Check, ...]:
    if wanted.by_hand:
        return ()
    if image.scale is None:
        if wanted.shape is not None and wanted.mm_per_px is None:
            return ()
        advice = "No printed marker was found, so there is no scale; put the marker card beside."
        return (Check("scale", 0.0, "a printed marker in the picture", Status.WARN, advice),)
    if wanted.shape is None or wanted.mm_per_px is None:
        return ()
    # By the long side: a camera held upright stands as far away as one held across.
    ratio = image.scale.mm_per_px * max(image.photo.shape) / (wanted.mm_per_px * max(wanted.shape))
    return (distance_check(ratio),)
