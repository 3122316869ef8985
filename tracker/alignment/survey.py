"""What is known at the nodes of the finished map: place, uncertainty, agreement."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.alignment.area import extremes, is_skin_like, local_area, relative_area
from tracker.alignment.decision import Evidence
from tracker.alignment.field import Warp
from tracker.alignment.lamp import without_lamp
from tracker.alignment.mapping import Alignment
from tracker.alignment.planes import Points
from tracker.alignment.pyramid import SKIN, Pyramid
from tracker.alignment.refinement import Level, Refined, levels_for, refine
from tracker.alignment.search import Start, cell_weight
from tracker.alignment.uncertainty import (
    MAX_RETURN,
    RADIUS_OF_MEDIAN,
    on_nodes,
    posterior,
    return_error,
    standard_uncertainty,
)

_LEVELS = (
    Level(250, cells=20, iterations=6),
    Level(500, cells=40, iterations=5),
    Level(1000, cells=40, iterations=3),
    Level(1600, cells=40, iterations=2),
)
_BACKWARD_SIZE = 500
_JUDGED_SIZE = 1000
_MAX_RETURN = 1.5
_MIN_CORRELATION = 0.3
_NODE_SPACING = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """The map at its nodes.

    Attributes
    ----------
    rows, cols : ndarray, shape (h,) and (w,)
        In pixels of the reference.
    position : ndarray, shape (h, w, 2)
        In pixels of the moving photo, NaN outside.
    sd : ndarray, shape (h, w)
        In pixels of the reference, per axis.
    usable, skin : ndarray, shape (h, w), bool
    area : ndarray, shape (h, w)
        Local change of area after the global scale.
    evidence : Evidence
    """

    rows: Points
    cols: Points
    position: Points
    sd: Points
    usable: NDArray[np.bool_]
    skin: NDArray[np.bool_]
    area: Points
    evidence: Evidence


def take_survey(here: Pyramid, there: Pyramid, start: Start) -> Survey:
    """Refine both ways and look at what came out."""
    final, judged, back = _refine_both_ways(here, there, start)
    rows, cols = (_node_lines(n, here.shape[1]) for n in here.shape)
    lines = here.to_units(rows), here.to_units(cols)
    # The way back has the pull of the lamp in it too: compare before it is undone.
    returned = return_error(final.warp.on_lines(*lines), back, *lines)
    body_plane = here.body * np.float32(1)
    correlation, seen, weight, on_body = (
        on_nodes(plane, *lines, here.extent) for plane in (judged.correlation, judged.seen, here.weight, body_plane)
    )
    warp, pull = without_lamp(here, there, final.warp)
    position = there.to_pixels(warp.on_lines(*lines))
    covered = _reached(position, there.shape) & (seen > 0.5)
    alike = covered & (returned < _MAX_RETURN) & (correlation > _MIN_CORRELATION)
    skin, body = weight > SKIN, on_body > 0.5
    area = relative_area(local_area(position, rows, cols), alike & skin)
    usable = alike & is_skin_like(area)
    sd = standard_uncertainty(posterior(final, here.extent, *lines), returned, correlation, lamp=pull)
    return Survey(
        rows=rows,
        cols=cols,
        position=_near(position, there.shape),
        sd=sd * max(here.shape),
        usable=usable,
        skin=skin,
        area=area,
        evidence=Evidence(
            agreeing=start.support.agreeing,
            score=start.support.score,
            correlation=_mean_correlation(here, judged),
            return_error=_median(returned[body & covered], otherwise=MAX_RETURN),
            overlap=float(usable[body].mean()) if body.any() else 0.0,
            folded=_folded(position, alike),
            rival=start.support.rival,
        ),
    )


def _refine_both_ways(here: Pyramid, there: Pyramid, start: Start) -> tuple[Refined, Refined, Warp]:
    """The finest level, the level by which pairs of photos are judged, and the independent way back."""
    levels = levels_for(here, there, start.warp.motion, _LEVELS)
    coarse = tuple(level for level in levels if level.size <= _BACKWARD_SIZE)
    with ThreadPoolExecutor(2) as pool:
        returning = pool.submit(refine, there, here, start.back, coarse)
        stages = refine(here, there, start.warp, levels)
        back = returning.result()[-1].warp
    judged = [stage for stage in stages if stage.size <= _JUDGED_SIZE][-1]
    return stages[-1], judged, back


def _median(values: Points, *, otherwise: float) -> float:
    return float(np.median(values)) if len(values) else otherwise


def _reached(position: Points, shape: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray(np.all((position >= -0.5) & (position <= np.array(shape) - 0.5), axis=-1))


def _folded(position: Points, usable: NDArray[np.bool_]) -> float:
    """Share of the usable nodes around which the map reverses its sense of rotation."""
    (row_row, row_col), (col_row, col_col) = (np.gradient(position[..., axis]) for axis in (0, 1))
    turned = np.asarray(row_row * col_col - row_col * col_row <= 0)
    return float(turned[usable].mean()) if usable.any() else 0.0


def _node_lines(pixels: int, width: int) -> Points:
    spacing = _NODE_SPACING * width
    return np.linspace(0, pixels - 1, max(2, int(np.ceil((pixels - 1) / spacing)) + 1))


def _near(position: Points, shape: tuple[int, int]) -> Points:
    """NaN farther than one node outside, so that looking up between nodes still works up to the border."""
    margin = 1.5 * _NODE_SPACING * max(shape)
    outside = np.any((position < -margin) | (position > np.array(shape) - 1 + margin), axis=-1, keepdims=True)
    return np.where(outside, np.nan, position)


def _mean_correlation(here: Pyramid, judged: Refined) -> float:
    weight = cell_weight(here.weight * here.body, judged)
    return float((np.clip(judged.correlation, -1, 1) * weight).sum() / weight.sum())


def as_alignment(found: Survey) -> Alignment:
    """The public result; the pixels of both photos are kept apart."""
    measured = found.usable & found.skin
    linear = _linear_part(found)
    return Alignment(
        rows=found.rows,
        cols=found.cols,
        moving=found.position.astype(np.float32),
        sd=found.sd.astype(np.float32),
        usable=found.usable,
        overlap=found.evidence.overlap,
        error_px=RADIUS_OF_MEDIAN * float(np.median(found.sd[measured])),
        correlation=found.evidence.correlation,
        scale=float(np.sqrt(np.linalg.det(linear))),
        rotation=float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))),
        area_change=extremes(found.area, measured),
    )


def _linear_part(found: Survey) -> Points:
    """Best linear map of (row, column) offsets over the usable skin, shape (2, 2)."""
    here = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)[found.usable & found.skin]
    there = found.position[found.usable & found.skin]
    solution, *_ = np.linalg.lstsq(here - here.mean(axis=0), there - there.mean(axis=0), rcond=None)
    return solution.T
