"""The photos of a series one after another, with a look at the next one: two of a day may be a pair with dual light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from tracker.calibration import CalibratedImage, Grid
from tracker.errors import AlignmentFailed, TrackerError
from tracker.measurement import Metric
from tracker.pipeline.detour import Waypoint
from tracker.pipeline.following import follow
from tracker.pipeline.pairs import Opposite, belongs_to_reference, found_pair, reported_opposite, way_of_opposite
from tracker.pipeline.reference import Reference, Result

Load = Callable[[int, Grid | None], CalibratedImage]


class Ahead:
    """At most two photos in memory: one, and the next of the same day.

    Parameters
    ----------
    days : sequence of date
        Of each photo, in the order of the series.
    load : callable
        ``(number, like) -> CalibratedImage``; `like` is the grid to be as fine as, None for the first photo.
    """

    def __init__(self, days: Sequence[date], load: Load) -> None:
        self._days, self._load = days, load
        self._known: tuple[int, CalibratedImage] | None = None
        self._used: set[int] = set()

    def image(self, number: int, like: Grid | None) -> CalibratedImage:
        """The photo of a number; one that was looked at before is not read again."""
        if like is not None and self._known is not None and self._known[0] == number:
            return self._known[1]
        return self._load(number, like)

    def opposite(self, number: int, image: CalibratedImage, reference: Reference | None) -> Opposite | None:
        """The next photo, if it is of one pair with this one.

        Parameters
        ----------
        number : int
        image : CalibratedImage
            The photo of that number.
        reference : Reference or None
            None while there is none. One without a pair has nothing that a pair could be compared with.

        Returns
        -------
        Opposite or None
            None also if the next photo cannot be read, which is said when its turn comes.
        """
        following = number + 1
        if following >= len(self._days) or self._days[following] != self._days[number]:
            return None
        if reference is not None and reference.aligned.opposite is None:
            return None
        try:
            self._known = following, self.image(following, image.grid)
        except TrackerError:
            return None
        return found_pair(image, self._known[1])

    def use_up(self, number: int) -> None:
        """A photo has had its turn as the second of a pair."""
        self._used.add(number)

    def is_used(self, number: int) -> bool:
        """Whether a photo has had its turn."""
        return number in self._used


def follow_pair(
    reference: Reference,
    image: CalibratedImage,
    opposite: Opposite | None,
    metrics: Sequence[Metric],
    *,
    between: Sequence[Waypoint],
) -> tuple[CalibratedImage, Opposite | None, Result]:
    """Measure a later photo, or that one of a pair which is lit as the reference.

    Parameters
    ----------
    reference : Reference
    image : CalibratedImage
    opposite : Opposite or None
        In the frame of `image`.
    metrics, between
        As for `tracker.pipeline.follow`.

    Returns
    -------
    CalibratedImage, Opposite or None, Result
        The photo that was measured, and the other one of its pair.

    Raises
    ------
    AlignmentFailed
        The photo `image`, alone, does not show the same skin.
    """
    like = reference.aligned.opposite
    chosen, other = image, opposite
    if opposite is not None and like is not None and not belongs_to_reference(opposite, like):
        chosen, other = opposite.image, found_pair(opposite.image, image)
    if other is not None:
        try:
            return chosen, other, follow(reference, chosen, metrics, between=between, opposite=other)
        except AlignmentFailed:
            pass  # what is wrong with one photo of a pair says nothing of the other
    return image, None, follow(reference, image, metrics, between=between)


def result_of_opposite(opposite: Opposite, beside: Result) -> Result:
    """The second photo of a pair: it gives nothing by itself, and has its place in the report."""
    return Result(reported_opposite(opposite, beside.photo), (), (), way_of_opposite(opposite, beside.alignment))
