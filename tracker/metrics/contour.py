"""F1 Silhouette: how wide a part of the body is at named levels, and its area between them, before a plain ground."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.quality import Need
from tracker.region import Reason, marker_mask
from tracker.region.silhouette import Line, Width, width_along

LEVELS = (25, 50, 75)
LINE_MM = 2.0
"""Distance of the lines along which widths are taken."""
BAND = 4
"""Lines to either side of a level that count for it."""
_LEAST_HEIGHT_MM = 60.0
_LEAST_POINTS = 8
_LEAST_LINES = 0.5
"""Share of the lines that must show both outlines."""
_AREA_EVERY = 2

_TOO_LOW = "Silhouette measurements need a region at least 60 mm high: mark the part of the limb or body that is meant."
_FAULTS = {
    "picture": "needs the outline of the body on both sides, with background beside it: step back so that it is in the "
    "picture",
    "background": "needs a plain background of another colour than skin beside the body: hang up a cloth of one colour",
    "marker": "needs the outline free of cards: lay them where the body does not end",
    "place": "needs more of the region in this photo, because the place of its level is not known",
}


def find_lines(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """The lines across a region along which the body is measured.

    Parameters
    ----------
    image : AlignedImage
        The reference.
    skin : ndarray, shape (h, w), bool
        The region, or the whole skin.

    Returns
    -------
    ndarray, shape (h, w), int32
        1, 2, … from the top: 2 mm each, from a little above 25 % of the height of the region to a little below 75 %.

    Raises
    ------
    MeasurementDeclined
        The region is too low.
    """
    mm = image.grid.mm_per_cell
    rows = np.flatnonzero(skin.any(axis=1))
    if mm is None or not len(rows) or np.ptp(rows) * mm < _LEAST_HEIGHT_MM:
        raise MeasurementDeclined(_TOO_LOW, code="region_too_low")
    upper, lower = (rows[0] + share / 100 * np.ptp(rows) for share in (LEVELS[0], LEVELS[-1]))
    count = 2 * round((lower - upper) * mm / LINE_MM / 2) + 1  # odd: a line in the middle
    number = np.rint((np.arange(skin.shape[0]) - upper) / (lower - upper) * (count - 1)).astype(np.int32) + BAND
    inside = (number >= 0) & (number < count + 2 * BAND)
    return np.asarray(np.where(skin & inside[:, None], 1 + number[:, None], 0), dtype=np.int32)


def _widths(image: AlignedImage, place: Place, lines: list[int]) -> tuple[dict[int, float], str]:
    """Width of the body along some lines, mm, and the commonest reason why others have none."""
    assert place.marks is not None
    assert image.own is not None
    mm_per_px = _mm_per_px(image)
    hidden = marker_mask(image.own)
    found: dict[int, float] = {}
    faults: list[str] = []
    for number in lines:
        line = _carried(image, place.skin & (place.marks == 1 + number))
        width = Width(None, "place")
        if line is not None:
            width = width_along(image.own, line, mm_per_px=mm_per_px, hidden=hidden)
        if width.pixels is None:
            faults.append(width.fault)
        else:
            found[number] = width.pixels * mm_per_px
    return found, max(set(faults), key=faults.count) if faults else ""


def _mm_per_px(image: AlignedImage) -> float:
    """Size of a pixel of the photo as it is: by its own markers, else by that of the skin in the reference."""
    assert image.own is not None
    assert image.grid.mm_per_cell is not None
    if image.by is None or image.own.scale is None:
        return image.grid.mm_per_cell / image.grid.px_per_cell / (image.by.scale if image.by else 1.0)
    return image.own.scale.mm_per_px  # skin that draws together does not hide a change from the markers


def _carried(image: AlignedImage, cells: NDArray[np.bool_]) -> Line | None:
    """The straight line through cells of the reference as it lies in the photo itself; None where they are too few."""
    rows, cols = np.nonzero(cells)
    if len(rows) < _LEAST_POINTS:
        return None
    step = max(1, len(rows) // 200)
    points = image.grid.to_photo(np.stack([rows, cols], axis=-1)[::step].astype(np.float64))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    if image.by is not None:
        points = image.by.at(points)
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) < _LEAST_POINTS:
            return None
        middle = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    way = axes[0] * np.sign(axes[0, 1] or 1.0)
    return Line((float(middle[0]), float(middle[1])), (float(way[0]), float(way[1])))


def _lines_in(place: Place) -> int:
    assert place.marks is not None
    return int(place.marks.max())


def _checked(found: dict[int, float], asked: int, fault: str, what: str) -> None:
    if len(found) < max(3, _LEAST_LINES * asked):
        raise MeasurementDeclined(f"{what} {_FAULTS[fault or 'place']}.", code=f"outline_{fault or 'place'}")


def _field(place: Place, values: dict[int, float]) -> NDArray[np.float32]:
    """The value of the line of each cell, 0 without, and whether it has one, shape (h, w, 2)."""
    assert place.marks is not None
    table = np.zeros((_lines_in(place) + 1, 2), np.float32)
    for number, value in values.items():
        table[1 + number] = value, 1
    return np.asarray(table[np.maximum(place.marks, 0)], dtype=np.float32)


def _width_field(level: int) -> Callable[[AlignedImage, Place], NDArray[np.float32]]:
    def field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
        between = _lines_in(place) - 1 - 2 * BAND
        share = (level - LEVELS[0]) / (LEVELS[-1] - LEVELS[0])
        middle = BAND + round(share * between)
        lines = list(range(middle - BAND, middle + BAND + 1))
        found, fault = _widths(image, place, lines)
        _checked(found, len(lines), fault, _title(level))
        return _field(place, found)

    return field


def _area_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Width of each line between the outer levels times their distance, cm², shape (h, w, 2)."""
    last = _lines_in(place) - 1 - BAND
    lines = list(range(BAND, last + 1, _AREA_EVERY))
    found, fault = _widths(image, place, lines)
    _checked(found, len(lines), fault, "Silhouette area")
    height = _distance(image, place, BAND, last)
    return _field(place, {number: width * height / 100 for number, width in found.items()})


def _distance(image: AlignedImage, place: Place, first: int, last: int) -> float:
    """Distance of two lines in the photo, mm."""
    assert place.marks is not None
    ends = [_carried(image, place.skin & (place.marks == 1 + number)) for number in (first, last)]
    if ends[0] is None or ends[1] is None:
        raise MeasurementDeclined(f"Silhouette area {_FAULTS['place']}.", code="outline_place")
    apart = np.subtract(ends[1].centre, ends[0].centre)
    way = np.add(ends[0].direction, ends[1].direction)
    normal = np.array([way[1], -way[0]]) / np.hypot(*way)
    return abs(float(apart @ normal)) * _mm_per_px(image)


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean of the lines that have a value, values of shape (n, 2).

    Where the photo is shifted, cells at the rim hold a share of a line and the same share of its value.
    """
    return float(values[:, 0] @ weights / max(float(values[:, 1] @ weights), 1e-12))


def _outline(
    image: AlignedImage, place: Place, field: NDArray[np.float32], value: float
) -> tuple[tuple[str, float], ...]:
    """How far the mean depends on single lines: the spread of their steps, as of independent outlines."""
    assert place.marks is not None
    numbers, first = np.unique(place.marks, return_index=True)
    values, known = field.reshape(-1, 2)[first].T
    steps = np.diff(values[(numbers > 0) & (known > 0)])
    if len(steps) < 2:
        return ()
    # The step of two lines has the variance of both outlines; a taper makes all steps alike.
    return (("outline", float(np.std(steps, ddof=1) / np.sqrt(2 * (len(steps) + 1)))),)


def _title(level: int) -> str:
    return f"Width at {level} %"


def _width(level: int, role: Role) -> Metric:
    return Metric(
        name=f"width_{level}",
        title=_title(level),
        plain="the outline of this part of the body",
        symbol=f"W{level}",
        unit="mm",
        version=1,
        direction=Direction.NONE,
        multiplicative=False,
        needs=frozenset({Need.COLOUR, Need.SCALE}),
        prepare=_width_field(level),
        reduce=_mean,
        session_sd=6.0,
        tolerance_mm=3.0,
        scale_sensitivity=1.0,
        leaves_out=Reason(0),
        topic=Topic.CONTOUR,
        role=role,
        find=find_lines,
        terms=_outline,
        picture=Picture.MARKS,
    )


WIDTHS = tuple(_width(level, Role.PRIMARY if level == 50 else Role.SECONDARY) for level in (50, 25, 75))

SILHOUETTE_AREA = Metric(
    name="silhouette_area",
    title="Silhouette area",
    plain="the outline of this part of the body",
    symbol="SA",
    unit="cm²",
    version=1,
    direction=Direction.NONE,
    multiplicative=True,
    needs=frozenset({Need.COLOUR, Need.SCALE}),
    prepare=_area_field,
    reduce=_mean,
    session_sd=0.035,
    tolerance_mm=3.0,
    scale_sensitivity=2.0,
    leaves_out=Reason(0),
    topic=Topic.CONTOUR,
    role=Role.SECONDARY,
    find=find_lines,
    terms=_outline,
    picture=Picture.MARKS,
)
