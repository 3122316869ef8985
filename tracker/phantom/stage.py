"""What stays the same through a series: the skin, what lies around it, and where the truth is about."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon2mask
from skimage.measure import approximate_polygon, find_contours

from tracker.errors import TrackerError
from tracker.phantom.backdrop import CARD_SIDE, Backdrop, lay_backdrop
from tracker.phantom.clutter import Cover
from tracker.phantom.fields import Canvas
from tracker.phantom.optics import Response
from tracker.phantom.plan import Scenario
from tracker.phantom.skin import Skin, grow_skin
from tracker.phantom.truth import Mask, measured_skin

_MARGIN = 1.24  # canvas over nominal picture: room for shift, distance, roll and tissue
_MOST_CORNERS = 40
_CARD_MARGIN = 4.0
_SMALLEST = 120
_LONGEST = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What stays the same through a series.

    Attributes
    ----------
    plan : Scenario
    seed : int
    size : tuple of int
        Rows and columns of the photos, pixels.
    skin : Skin
    backdrop : callable
        ``(Response) -> Backdrop``: colours of charts depend on lamp and camera.
    region : ndarray of bool
        Skin the truth is about, on the canvas of the skin.
    outline : ndarray, shape (n, 2), or None
        The patch on the skin, (y, x) mm.
    """

    plan: Scenario
    seed: int
    size: tuple[int, int]
    skin: Skin
    backdrop: Callable[[Response], Backdrop]
    region: Mask
    outline: NDArray[np.float64] | None


def build_stage(plan: Scenario, *, seed: int = 0, size: tuple[int, int] = (1500, 2000)) -> Stage:
    """Return the stage of a scenario.

    Parameters
    ----------
    plan : Scenario
    seed : int
        Which skin.
    size : tuple of int
        Rows and columns of the photos, pixels. The field of view stays.

    Raises
    ------
    TrackerError
        If the size is too small or too long.
    """
    check_size(size)
    pitch = plan.field / size[1]
    seen = (size[0] * pitch, plan.field)
    rng = np.random.default_rng([seed, plan.stream])
    width = min(plan.field * _MARGIN, 2.0 * (plan.body.half_width + plan.body.taper * seen[0]) + 6.0)
    skin = grow_skin(
        rng,
        Canvas(seen[0] * _MARGIN, width, pitch),
        body=plan.body,
        complexion=plan.complexion,
        relief=plan.relief,
        patch_width=plan.patch_width,
        findings=plan.findings,
    )
    canvas = Canvas(seen[0] * _MARGIN, seen[1] * _MARGIN, pitch)

    @lru_cache(maxsize=2)
    def backdrop(response: Response) -> Backdrop:
        # A copy of the generator: the same things lie there under every lamp.
        return lay_backdrop(
            deepcopy(rng),
            canvas,
            _card_places(plan, seen),
            response=response,
            chart=plan.chart,
            clutter=replace(plan.clutter, light_from=plan.light.azimuth),
        )

    outline = _outline(skin) if plan.patch_width else None
    if outline is None:
        region = measured_skin(skin.body, skin.canvas, seen) & ~_covered(skin.canvas, cards_of(plan, size))
        if plan.clutter.cover is not None and (cloth := backdrop(plan.response).over) is not None:
            region &= ~_under(cloth, skin.canvas)
    else:
        region = _filled(outline, skin.canvas)
    return Stage(plan, seed, size, skin, backdrop, region, outline)


def check_size(size: tuple[int, int]) -> None:
    """Raise `TrackerError` if a picture of this size (rows, columns) holds too little to be rendered."""
    rows, columns = size
    if min(rows, columns) < _SMALLEST or not 1 / _LONGEST <= rows / columns <= _LONGEST:
        raise TrackerError(
            f"The phantom cannot render {rows} × {columns} pixels. Choose at least {_SMALLEST} a side, and no side "
            f"more than {_LONGEST:g} times the other.",
            code="phantom_size",
        )


def cards_of(plan: Scenario, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the centres and half the extents of marker cards and chart in the scene, (y, x) mm, shape (n, 2, 2)."""
    seen = (size[0] * plan.field / size[1], plan.field)
    cards = [(place, (CARD_SIDE / 2, CARD_SIDE / 2)) for place in _card_places(plan, seen)]
    if plan.chart is not None:
        height, width = plan.chart.size
        cards.append((plan.chart.centre, (height / 2, width / 2)))
    return np.array(cards).reshape(-1, 2, 2)


def _covered(canvas: Canvas, cards: NDArray[np.float64]) -> Mask:
    """Return what lies under cards, or so near that they shade it, shape (H, W)."""
    covered = np.zeros(canvas.shape, np.bool_)
    for (y, x), (down, aside) in cards:
        covered |= (np.abs(canvas.y - y) < down + _CARD_MARGIN) & (np.abs(canvas.x - x) < aside + _CARD_MARGIN)
    return covered


def _under(cloth: Cover, canvas: Canvas) -> Mask:
    """Return the skin under cloth, or so near that it is shaded or may slip under it, shape (H, W)."""
    y, x = np.broadcast_arrays(canvas.y, canvas.x)
    hidden = cloth.hides(np.stack([y, x], axis=-1).astype(np.float64)).astype(np.uint8)
    reach = 2 * round(_CARD_MARGIN / canvas.pitch) + 1
    return np.asarray(cv2.dilate(hidden, np.ones((reach, reach), np.uint8)) > 0)


def _card_places(plan: Scenario, seen: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    if plan.card_edge is None:
        return ()
    y, x = seen[0] / 2 - plan.card_edge[0], seen[1] / 2 - plan.card_edge[1]
    return ((-y, -x), (-y, x), (y, x), (y, -x))


def _outline(skin: Skin) -> NDArray[np.float64]:
    """Return the half-maximum contour of the patch, (y, x) mm, with at most 40 corners."""
    contour = max(find_contours(skin.patch, 0.5), key=len)
    tolerance = 0.1 / skin.canvas.pitch
    while len(corners := approximate_polygon(contour, tolerance)[:-1]) > _MOST_CORNERS:
        tolerance *= 1.2
    return np.asarray((corners - (np.array(skin.canvas.shape) - 1) / 2) * skin.canvas.pitch)


def _filled(outline: NDArray[np.float64], canvas: Canvas) -> Mask:
    pixels = outline / canvas.pitch + (np.array(canvas.shape) - 1) / 2
    return np.asarray(polygon2mask(canvas.shape, pixels), np.bool_)
