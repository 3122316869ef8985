"""The way to a photo that does not, or hardly, align with the reference: through a session that lies between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import MIN_OVERLAP, Alignment, align, compose
from tracker.calibration import CalibratedImage, Grid
from tracker.errors import AlignmentFailed, TrackerError

if TYPE_CHECKING:
    from tracker.pipeline.reference import Reference

MOST_DETOURS = 2
"""Further alignments that one new photo may cost."""
_HOPELESS = frozenset({"mirrored", "no_features", "too_blurred", "blur", "points"})  # no other photo mends these
_SUSPECT = 3.0  # a direct error so many times that of the photos between may be much less certain than a detour
_BETTER = 0.7  # a detour must be this much more certain than the direct way
_AS_MUCH = 0.9  # and show this share of the region that the direct way shows: a part of it alone may be the easy part


@dataclass(frozen=True, slots=True, eq=False)
class Waypoint:
    """A photo of the series that was accepted, through which a later one may be aligned.

    Attributes
    ----------
    digest, name : str
    session : int
        Which session of the series, from 1, that of the reference.
    alignment : Alignment
        Of this photo to the reference, as it was when the photo was accepted: it is never made anew.
    image : callable
        Gives the photo, which is read only if it is needed.
    """

    digest: str
    name: str
    session: int
    alignment: Alignment
    image: Callable[[], CalibratedImage]

    @classmethod
    def at(cls, image: CalibratedImage, alignment: Alignment, session: int) -> Waypoint:
        """One whose photo is in memory."""
        return cls(image.photo.digest, image.photo.name, session, alignment, lambda: image)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """How a photo was aligned to the reference.

    Attributes
    ----------
    alignment : Alignment
    through : Waypoint or None
        None for directly.
    """

    alignment: Alignment
    through: Waypoint | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of a detour."""
        if self.through is None:
            return ()
        return (
            f"Aligned with the reference through session {self.through.session} ({self.through.name}), because that is "
            "more certain than directly; the uncertainties of both ways are in the result.",
        )


def wants_detour(direct: Alignment | AlignmentFailed, between: Sequence[Waypoint]) -> bool:
    """Whether it may pay to go through another photo: the direct way is refused, or much less certain than theirs."""
    if not between:
        return False
    if isinstance(direct, AlignmentFailed):
        return direct.code not in _HOPELESS
    return direct.error_px > _SUSPECT * min(waypoint.alignment.error_px for waypoint in between)


def detour(
    reference: Reference, image: CalibratedImage, between: Sequence[Waypoint], *, direct: Alignment | None
) -> Way | None:
    """The most certain way through one of the photos between.

    Parameters
    ----------
    reference : Reference
    image : CalibratedImage
        The new photo.
    between : sequence of Waypoint
        Most promising first; not more than `MOST_DETOURS` are tried.
    direct : Alignment or None
        The direct way, None if it was refused.

    Returns
    -------
    Way or None
        None if no way shows enough of the region, or none is clearly more certain than the direct one.
    """
    ways = [way for waypoint in between[:MOST_DETOURS] if (way := _through(waypoint, reference, image)) is not None]
    if direct is not None:
        least, most = _AS_MUCH * _shown(direct, reference), _BETTER * direct.error_px
        ways = [way for way in ways if way.alignment.overlap >= least and way.alignment.error_px <= most]
    return min(ways, key=lambda way: way.alignment.error_px, default=None)


def _shown(alignment: Alignment, reference: Reference) -> float:
    """Share of the region that an alignment shows."""
    region = _region_at_nodes(reference, alignment)
    return float(alignment.usable[region].mean()) if region.any() else 0.0


def _region_at_nodes(reference: Reference, alignment: Alignment) -> NDArray[np.bool_]:
    """Which nodes of an alignment to the reference lie in the region, shape (h, w)."""
    grid = reference.image.grid
    nodes = np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1)
    cells = np.rint(grid.from_photo(nodes)).astype(int)
    row, col = np.moveaxis(np.clip(cells, 0, np.array(grid.shape) - 1), -1, 0)
    return np.asarray(reference.mask[row, col])


def _through(waypoint: Waypoint, reference: Reference, image: CalibratedImage) -> Way | None:
    known, grid = waypoint.alignment, reference.image.grid
    try:
        between = waypoint.image()
    except TrackerError:  # what is wrong with an old photo says nothing about the new one
        return None
    region = carried_region(reference.mask, grid, known, between.grid)
    if not region.any():
        return None
    try:
        onward = align(between, image, region=region)
    except AlignmentFailed:
        return None
    found = compose(known, onward, _region_at_nodes(reference, known))
    return Way(found, waypoint) if found is not None and found.overlap >= MIN_OVERLAP else None


def carried_region(region: NDArray[np.bool_], reference: Grid, alignment: Alignment, moving: Grid) -> NDArray[np.bool_]:
    """A region of the reference where it lies in a photo that is aligned to it; both on their analysis grids."""
    rows, cols = (reference.to_photo(np.arange(n, dtype=np.float64)) for n in reference.shape)
    place = moving.from_photo(alignment.dense(rows, cols)[region].astype(np.float64))
    cells = np.rint(place[np.isfinite(place).all(axis=-1)]).astype(int)
    row, col = cells[((cells >= 0) & (cells < np.array(moving.shape))).all(axis=-1)].T
    painted = np.zeros(moving.shape, np.uint8)
    painted[row, col] = 1
    # Cells that lie farther apart there leave gaps between them.
    gap = 2 * int(np.ceil(alignment.scale * reference.px_per_cell / moving.px_per_cell)) + 1
    return np.asarray(cv2.morphologyEx(painted, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8)) > 0)
