"""What each metric gives of one photo, or why it does not: two metrics at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Marks, Measurement, Metric, find_marks
from tracker.quality import Comparability
from tracker.timeline import Refused

_AT_A_TIME = 2


def of_each(
    work: Callable[[Metric], Measurement], metrics: Sequence[Metric], photo: AlignedImage
) -> tuple[tuple[Measurement, ...], tuple[Refused, ...]]:
    """What each metric gives or why it does not, in their order; two at a time, because arrays let threads run."""

    def outcome(metric: Metric) -> Measurement | Refused:
        try:
            return work(metric)
        except MeasurementDeclined as error:
            return refused_here(metric, photo, error.reason)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        outcomes = list(pool.map(outcome, metrics))
    measured = tuple(each for each in outcomes if isinstance(each, Measurement))
    return measured, tuple(each for each in outcomes if isinstance(each, Refused))


def found_once(
    searched: dict[object, Future[Marks | None]],
    image: AlignedImage,
    region: NDArray[np.bool_],
    metric: Metric,
    *,
    marked: bool,
) -> Marks | None:
    """What a metric looks for; metrics that look for the same in the same cells do it once."""
    key = (metric.find, metric.needs, metric.leaves_out, metric.tolerance_mm)
    mine: Future[Marks | None] = Future()
    search = searched.setdefault(key, mine)
    if search is mine:
        try:
            mine.set_result(find_marks(image, region, metric, marked=marked))
        except BaseException as error:
            # Whoever waits for this search has to hear of it, whatever went wrong.
            mine.set_exception(error)
    return search.result()


def refused_here(metric: Metric, photo: AlignedImage, reason: str) -> Refused:
    """A metric that a photo does not give, and why."""
    return Refused(metric.name, photo.digest, photo.taken_on or date.min, reason)


def refuse_blocked(metric: Metric, quality: Comparability) -> None:
    """Raise `MeasurementDeclined` for a metric that a check of the photo stops."""
    blocked = quality.blocked(metric.needs)
    if blocked:
        raise MeasurementDeclined(blocked, code="quality")
