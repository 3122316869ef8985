"""The reference that everything of a series is compared with: established once, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, Alignment, in_own_frame
from tracker.calibration import CalibratedImage
from tracker.errors import PhotoRejected, RegionInvalid
from tracker.measurement import Marks, Measurement, Metric, measure, with_exclusions
from tracker.metrics import METRICS
from tracker.pipeline.detour import Way
from tracker.pipeline.each import found_once, of_each, refuse_blocked
from tracker.pipeline.notes import photo_notes
from tracker.pipeline.pairs import Opposite
from tracker.quality import Comparability, Status, assess_photo
from tracker.region import WHOLE_SKIN, Region, region_mask
from tracker.report import ReportedPhoto
from tracker.timeline import Refused


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What a series rests on, without pixels.

    Attributes
    ----------
    region : Region
    mm_per_px : float or None
        Scale of the reference photo.
    colour_evidence : str
        What the colours of the reference rest on.
    """

    region: Region
    mm_per_px: float | None
    colour_evidence: str


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The photo everything of a series is compared with, and where it is measured.

    Attributes
    ----------
    image : CalibratedImage
    region : Region
    mask : ndarray, shape (h, w), bool
        The region on the analysis grid.
    quality : Comparability
        Of the reference itself.
    aligned : AlignedImage
        The reference in its own frame.
    values : tuple of Measurement
    declined : tuple of Refused
        What the reference itself does not give: nothing can be compared with it there.
    marks : mapping of str to Marks
        What each metric that looks for something found here, by the metric's name.
    """

    image: CalibratedImage
    region: Region
    mask: NDArray[np.bool_]
    quality: Comparability
    aligned: AlignedImage
    values: tuple[Measurement, ...]
    declined: tuple[Refused, ...]
    marks: Mapping[str, Marks]

    @property
    def is_marked(self) -> bool:
        """Whether the region was marked by somebody."""
        return not self.region.is_whole_skin

    @property
    def basis(self) -> Basis:
        """What has to be kept of the reference to report later."""
        scale = self.image.scale
        return Basis(self.region, scale.mm_per_px if scale else None, self.image.colour.evidence)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one photo of a series gave.

    Attributes
    ----------
    photo : ReportedPhoto
    measurements : tuple of Measurement
    refused : tuple of Refused
        Metrics that this photo does not give, and why.
    alignment : Alignment or None
        None for the reference itself.
    seconds : float
        Time the alignment took.
    """

    photo: ReportedPhoto
    measurements: tuple[Measurement, ...]
    refused: tuple[Refused, ...]
    alignment: Alignment | None
    seconds: float = 0.0


def establish(
    image: CalibratedImage,
    region: Region = WHOLE_SKIN,
    metrics: Sequence[Metric] = METRICS,
    *,
    opposite: Opposite | None = None,
) -> tuple[Reference, Result]:
    """Make a photo the reference of a series, and measure it; parameters are those of `as_reference`.

    Raises
    ------
    PhotoRejected
        The photo is not good enough for a baseline; the reason says what to do.
    RegionInvalid
        The region does not fit the photo.
    """
    reference = as_reference(image, region, metrics, opposite=opposite)
    if reference.quality.status is Status.BLOCK:
        reason = next(c.advice for c in reference.quality.checks if c.status is Status.BLOCK)
        raise PhotoRejected(f"{image.photo.name} cannot be the baseline. {reason}", code="poor_baseline")
    return reference, result_of_reference(reference)


def result_of_reference(reference: Reference) -> Result:
    """What the reference itself gives; metrics that it does not carry are refused."""
    photo = reported(reference.image, reference.quality, None, reference.basis)
    return Result(photo, reference.values, reference.declined, None)


def as_reference(
    image: CalibratedImage,
    region: Region = WHOLE_SKIN,
    metrics: Sequence[Metric] = METRICS,
    *,
    opposite: Opposite | None = None,
) -> Reference:
    """A photo with the place to measure and what it gives; `establish` also says whether it is good enough.

    Parameters
    ----------
    image : CalibratedImage
    region : Region
    metrics : sequence of Metric
    opposite : Opposite, optional
        The photo taken at once with the lamp on the other side.

    Raises
    ------
    PhotoRejected
        The whole skin was asked for, and there is none.
    RegionInvalid
        The marked region does not fit the photo.
    """
    try:
        mask = region_mask(region, image)
    except RegionInvalid as error:
        if not region.is_whole_skin:
            raise
        raise PhotoRejected(error.reason, code=error.code) from error
    quality, aligned = assess_photo(image, mask), with_exclusions(in_own_frame(image), image, mask)
    if opposite is not None:
        aligned = opposite.added_to(aligned, image)
        quality = Comparability((*quality.checks, *opposite.checks))
    marks: dict[str, Marks] = {}
    searched: dict[object, Future[Marks | None]] = {}

    def first(metric: Metric) -> Measurement:
        refuse_blocked(metric, quality)
        marked = not region.is_whole_skin
        found = found_once(searched, aligned, mask, metric, marked=marked)
        value = measure(aligned, mask, metric, marked=marked, marks=found)
        if found is not None:
            marks[metric.name] = found
        return value

    values, declined = of_each(first, metrics, aligned)
    return Reference(image, region, mask, quality, aligned, values, declined, marks)


def reported(image: CalibratedImage, quality: Comparability, way: Way | None, basis: Basis) -> ReportedPhoto:
    """A photo in the report, with the way it was brought beside the reference; None for the reference itself."""
    alignment = way.alignment if way else None
    error = alignment.error_px if alignment else None
    return ReportedPhoto(
        digest=image.photo.digest,
        name=image.photo.name,
        taken_on=image.photo.taken_on or date.min,
        is_reference=alignment is None,
        checks=quality.checks,
        overlap=alignment.overlap if alignment else None,
        error_px=error,
        error_mm=error * basis.mm_per_px if error is not None and basis.mm_per_px else None,
        notes=(*photo_notes(image), *(way.notes if way else ())),
        through=way.through.digest if way and way.through else "",
        camera=image.photo.camera,
        taken_at=image.photo.taken_at,
        colour=image.colour,
        scale=image.scale,
    )
