"""Where a number comes from: the quantity in each cell that is counted, and what it is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.measurement import Metric, Picture, Place, find_marks, place_of, shared_cells
from tracker.measurement.cells import without_excluded
from tracker.pipeline.reference import Reference
from tracker.report import Overlay
from tracker.report.overlay import WORDS

#: Percentiles of the reference's cells at the ends of the colours.
ENDS = (2.0, 98.0)
_LOPSIDED = 0.15
"""Share of the larger end that the smaller one must have for zero to be in the middle of the colours."""


def overlay(image: AlignedImage, reference: Reference, metric: Metric) -> Overlay:
    """Where the value of a metric in one photo comes from.

    Parameters
    ----------
    image : AlignedImage
        The reference in its own frame, or a later photo in that frame, with what is left out marked, see
        `tracker.pipeline.in_frame`.
    reference : Reference
    metric : Metric

    Returns
    -------
    Overlay
        Over the cells that `tracker.measurement.measure` counts; the ends of the colours are those of the reference.

    Raises
    ------
    MeasurementDeclined
        The photo, or the reference, does not carry the metric.
    """
    marks = reference.marks.get(metric.name)
    if marks is None:
        marks = find_marks(reference.aligned, reference.mask, metric)
    own = image.digest == reference.aligned.digest
    seen = reference.aligned if own else shared_cells(image, reference.aligned)

    def placed(photo: AlignedImage) -> Place:
        return place_of(photo, reference.mask, metric, marked=reference.is_marked, marks=marks)

    place, values, span = placed(seen), None, None
    if metric.picture is Picture.MAP:
        values = _values(seen, place, metric)
        there = place if own else placed(reference.aligned)
        span = _span(values if own else _values(reference.aligned, there, metric), there, metric)
    return Overlay(values, place.counted, place.compared, span, metric.shown_unit or metric.unit, metric.picture)


def _values(image: AlignedImage, place: Place, metric: Metric) -> NDArray[np.float32]:
    field = metric.prepare(without_excluded(image, metric), place)
    shown = metric.shown(image, place, field) if metric.shown else field[..., 0]
    if place.compared is not None:
        # What is compared is a difference: exposure and lamp differ between photos, and would be seen instead of it.
        shown = shown - np.median(shown[place.compared])
    return np.asarray(shown, dtype=np.float32)


def _span(values: NDArray[np.float32], place: Place, metric: Metric) -> tuple[float, float]:
    """Ends of the colours; with zero in the middle where the quantity lies on both sides of it."""
    if metric.shown_unit in WORDS:
        return -1.0, 1.0
    where = place.counted if place.compared is None else place.counted | place.compared
    if np.isin(values[where], (0, 1)).all():
        return 0.0, 1.0  # found or not, however little or much of the reference is found
    low, high = (float(end) for end in np.percentile(values[where], ENDS))
    if low < 0 < high and min(-low, high) >= _LOPSIDED * max(-low, high):
        low, high = -max(-low, high), max(-low, high)
    elif low < 0 < high:
        low, high = (0.0, high) if high > -low else (low, 0.0)
    return (low, high) if high > low else (low, low + max(abs(low), 1.0))
