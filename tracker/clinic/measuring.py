"""One photo measured: a pure function of bytes, run here or in another process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tracker.calibration import UNKNOWN_COLOURS, CalibratedImage, Grid, KnownColours, KnownDistance, calibrate
from tracker.clinic.latest import Latest
from tracker.clinic.maps import DAMAGED, map_of
from tracker.errors import TrackerError
from tracker.measurement import Metric
from tracker.photo import read_photo
from tracker.pipeline import (
    Basis,
    Opposite,
    Reference,
    Result,
    Waypoint,
    as_reference,
    belongs_to_reference,
    establish,
    follow_pair,
    found_pair,
    judge,
    result_of_opposite,
)
from tracker.quality import Check
from tracker.region import WHOLE_SKIN, Region

#: Raised whenever the same photos would give another result though no metric has a new version.
PROCEDURE = "photo@5"


@dataclass(frozen=True, slots=True)
class Original:
    """An original file with what the record knows about it; equal if the content is."""

    digest: str
    name: str = field(compare=False)
    taken_on: date = field(compare=False)
    data: bytes = field(compare=False, repr=False)
    colours: KnownColours = field(default=UNKNOWN_COLOURS, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """An accepted photo of the view through which another may be aligned.

    Attributes
    ----------
    photo : Original
    alignment : bytes
        Its stored map to the reference, as in `tracker.clinic.maps`.
    session : int
        Which day of the view, from 1.
    """

    photo: Original
    alignment: bytes = field(repr=False)
    session: int


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A photo to measure.

    Attributes
    ----------
    photo : Original
    reference : Original or None
        None: judge whether the photo can be the reference itself.
    region : Region or None
    key : str
        Stands for the region and for the way of measuring: what is the same need not be prepared again.
    metrics : sequence of Metric
    distance : KnownDistance or None
        In the reference.
    between : tuple of Stop
        Latest first.
    companions : tuple of Original
        Photos that may be of one pair with dual light with the photo, the likeliest first; the reference may be one.
    reference_opposite : Original or None
        The other photo of the pair of the reference.
    """

    photo: Original
    reference: Original | None
    region: Region | None
    key: str
    metrics: Sequence[Metric]
    distance: KnownDistance | None = None
    between: tuple[Stop, ...] = ()
    companions: tuple[Original, ...] = ()
    reference_opposite: Original | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What measuring a photo gave.

    Attributes
    ----------
    result : Result or None
        None if the photo was rejected.
    reason, code : str
        Why it was rejected; empty otherwise.
    basis : Basis or None
        Of a photo that can be the reference.
    mask : ndarray, shape (h, w), bool, or None
        Where a reference is measured, on its analysis grid.
    opposite : str
        Digest of the companion whose light was measured with that of the photo; empty if none was.
    lent_to : str
        Digest of the companion that was measured with the light of the photo.
    other : Finding or None
        What measuring the photo gave for that companion.
    """

    result: Result | None = None
    reason: str = ""
    code: str = ""
    basis: Basis | None = None
    mask: NDArray[np.bool_] | None = None
    opposite: str = ""
    lent_to: str = ""
    other: Finding | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a photo is good for beside its reference, before anything is measured.

    Attributes
    ----------
    checks : tuple of Check
        Against the reference; empty if the two could not be aligned.
    refused : tuple of str
        Names of the metrics that the reference gives and this photo would not.
    given : tuple of str
        Names of those that it would give.
    reason : str
        Why the photo cannot be compared at all; empty otherwise.
    declined : tuple of str
        Why some are refused that no check stops, such as one that needs colour in a greyscale photo.
    lends_to : str
        Name of the stored photo with which it is a pair with dual light, lit from the other side; empty if none.
    """

    checks: tuple[Check, ...] = ()
    refused: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    reason: str = ""
    declined: tuple[str, ...] = ()
    lends_to: str = ""


def methods(metrics: Sequence[Metric]) -> str:
    """Everything whose change makes a stored result outdated."""
    return " ".join([PROCEDURE, *(m.method for m in metrics)])


def measure_photo(job: Job) -> Finding:
    """Measure one photo; what the photo itself prevents is part of the finding."""
    try:
        if job.reference is None:
            image = calibrated_original(job.photo, distance=job.distance)
            return _established(job, job.photo, image, _companion(job, image))
        return _followed(job, reference_of(job))
    except TrackerError as error:
        return Finding(reason=error.reason, code=error.code)


def _established(job: Job, photo: Original, image: CalibratedImage, opposite: Opposite | None) -> Finding:
    reference, result = establish(image, job.region or WHOLE_SKIN, job.metrics, opposite=opposite)
    _LATEST.keep(photo.digest, _key(job, opposite.image.photo.digest if opposite else ""), reference)
    found = Finding(result, basis=reference.basis, mask=reference.mask)
    return found if opposite is None else _as_pair(found, opposite)


def _followed(job: Job, reference: Reference) -> Finding:
    like = reference.image.grid
    image = calibrated_original(job.photo, like=like)
    belongs = _opposite_of_reference(job, reference, image)
    if belongs is not None:
        assert job.reference is not None
        return _seen_from_the_other(_established(job, job.reference, reference.image, belongs))
    opposite = _companion(job, image) if reference.aligned.opposite is not None else None
    between = _waypoints(job, like, but=opposite)
    chosen, opposite, result = follow_pair(reference, image, opposite, job.metrics, between=between)
    if opposite is None:
        return Finding(result)
    found = _as_pair(Finding(result), opposite)
    return found if chosen is image else _seen_from_the_other(found)


def _opposite_of_reference(job: Job, reference: Reference, image: CalibratedImage) -> Opposite | None:
    return found_pair(reference.image, image) if job.reference in job.companions else None


def _companion(job: Job, image: CalibratedImage) -> Opposite | None:
    """The first companion of a photo that is of one pair with it; one is in memory at a time."""
    for each in job.companions:
        with suppress(TrackerError):  # what is wrong with it is said when its turn comes
            found = found_pair(image, calibrated_original(each, like=image.grid))
            if found is not None:
                return found
    return None


def _as_pair(found: Finding, opposite: Opposite) -> Finding:
    """With what there is to say of the second photo of the pair."""
    assert found.result is not None
    other = Finding(result_of_opposite(opposite, found.result), lent_to=found.result.photo.digest)
    return replace(found, opposite=opposite.image.photo.digest, other=other)


def _seen_from_the_other(found: Finding) -> Finding:
    """The same pair, where the photo of the job is the second."""
    assert found.other is not None
    return replace(found.other, other=replace(found, other=None))


def judge_photo(job: Job) -> Judgement:
    """Judge one photo beside its reference, and measure nothing."""
    try:
        reference = reference_of(job)
        like = reference.image.grid
        image = calibrated_original(job.photo, like=like)
        if _opposite_of_reference(job, reference, image) is not None:
            return Judgement(lends_to=reference.image.photo.name)
        lit = reference.aligned.opposite
        opposite = _companion(job, image) if lit is not None else None
        if lit is not None and opposite is not None and not belongs_to_reference(opposite, lit):
            return Judgement(lends_to=opposite.image.photo.name)
        between = _waypoints(job, like, but=opposite)
        result = judge(reference, image, job.metrics, between=between, opposite=opposite)
    except TrackerError as error:
        return Judgement(reason=error.reason)
    refused = tuple(each.metric for each in result.refused)
    given = tuple(value.metric for value in reference.values if value.metric not in refused)
    stopped = {m.name for m in job.metrics if any(check.stops(m.needs) for check in result.photo.checks)}
    declined = tuple(dict.fromkeys(each.reason for each in result.refused if each.metric not in stopped))
    return Judgement(result.photo.checks, refused, given, declined=declined)


def forget_reference() -> None:
    """Free the memory of the reference that is kept for the next photo of its view."""
    _LATEST.clear()


_LATEST = Latest()


def reference_of(job: Job) -> Reference:
    """The reference of a job, prepared; the last one is kept."""
    assert job.reference is not None
    other = job.reference_opposite
    key = _key(job, other.digest if other else "")
    known = _LATEST.get(job.reference.digest, key)
    if known is None:
        image, region = calibrated_original(job.reference, distance=job.distance), job.region or WHOLE_SKIN
        opposite = found_pair(image, calibrated_original(other, like=image.grid)) if other else None
        known = as_reference(image, region, job.metrics, opposite=opposite)
        _LATEST.keep(job.reference.digest, key, known)
    return known


def _key(job: Job, opposite: str) -> str:
    return f"{job.key} {opposite}".rstrip()


def _waypoints(job: Job, like: Grid, *, but: Opposite | None = None) -> tuple[Waypoint, ...]:
    own = but.image.photo.digest if but else ""
    found = (_waypoint(stop, like) for stop in job.between if stop.photo.digest != own)
    return tuple(waypoint for waypoint in found if waypoint is not None)


def _waypoint(stop: Stop, like: Grid) -> Waypoint | None:
    """None if the stored map is damaged: it can be made again, and is no reason to leave out another photo."""
    photo = stop.photo
    try:
        known = map_of(stop.alignment)
    except DAMAGED:
        return None
    return Waypoint(photo.digest, photo.name, stop.session, known, lambda: calibrated_original(photo, like=like))


def calibrated_original(
    original: Original, *, distance: KnownDistance | None = None, like: Grid | None = None
) -> CalibratedImage:
    """A stored photo as linear light, dated, coloured and called as the record knows it.

    What is found in it names it by the record's own digest: a plain one would say in the rows whose file it is.
    """
    photo = read_photo(original.data, name=original.name)
    known = replace(photo, taken_on=original.taken_on, digest=original.digest)
    return calibrate(known, original.colours, distance=distance, like=like)
