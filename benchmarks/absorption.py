"""Does the alignment hide change? Spots, dimples and outlines of known change, with the true map and with ours.

The same measure, fixed beforehand, reads both photos in the frame of the reference. What it reads with the true map
is what the photos can tell; what it reads otherwise with our map is what the alignment absorbed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from skimage.measure import find_contours

from benchmarks.absorption_scenes import (
    BODY,
    FLATTER,
    RADII_MM,
    SLIMMER_MM,
    SMALLER,
    Pair,
    Points,
    dimpled,
    slimmed,
    spotted,
)
from benchmarks.absorption_stiffness import stiffness
from benchmarks.findings import Findings
from benchmarks.workers import spread
from tracker.alignment import AlignedImage, in_own_frame, resample, warp_photo
from tracker.phantom import Shot, State
from tracker.phantom.light import shading
from tracker.shading import DIMPLE_BAND_MM, band_pass

MAPS: Final = ("true", "ours", "peer")
PAIRS: Final = 12
_RING: Final = (1.35, 1.75)  # where the skin around a spot is looked up, in radii
_CORE: Final = 0.5
_SOFTENED_MM: Final = 0.15
_FINER: Final = 2
_REACH_MM: Final = 14.0
_BESIDE_MM: Final = (8.0, 14.0)
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_RIM_MM: Final = 12.0  # from the rim of the skin, where filters see what is not skin
_ROWS: Final = 5.0  # rows over which the outline of a limb is softened

Row = dict[str, Any]
Plane = NDArray[np.float32]


def run(*, quick: bool, workers: int) -> Findings:
    """All pairs; `quick` takes two of each kind."""
    count = 2 if quick else PAIRS
    kinds: dict[str, tuple[Callable[[tuple[int, float]], list[Row]], float, float]] = {
        "spots": (_spots, SMALLER, -100 * SMALLER),
        "spots unchanged": (_spots, 0.0, 0.0),
        "dimples": (_dimples, FLATTER, -100 * FLATTER),
        "dimples unchanged": (_dimples, 0.0, 0.0),
        "silhouette": (_silhouette, SLIMMER_MM, -SLIMMER_MM),
        "silhouette unchanged": (_silhouette, 0.0, 0.0),
    }
    found: Findings = {}
    for name, (work, change, truth) in kinds.items():
        tasks = [(number, change) for number in range(count)]
        rows = [row for part in spread(work, tasks, workers=workers) for row in part]
        found[name] = _summary(rows, truth)
    found["by_radius"] = found["spots"].pop("by_size")
    return found | {"pairs": count, "stiffness": stiffness(quick=quick, workers=workers)}


def _spots(task: tuple[int, float]) -> list[Row]:
    number, change = task
    pair, centres = spotted(number, shrunk=change)
    if not pair.maps:
        return [{"code": pair.code}]
    mm = pair.before.truth.mm_per_px
    rows = []
    for centre, radius in zip(centres, RADII_MM, strict=True):
        before = spot_area(pair.before.rgb, centre, radius / mm)
        after = {name: spot_area(_carried(pair, name), centre, radius / mm) for name in MAPS}
        rows.append({"code": "", "size": radius} | {name: 100 * (area / before - 1) for name, area in after.items()})
    return rows


def _carried(pair: Pair, name: str) -> NDArray[np.uint8]:
    """The second photo in the frame of the first, by one of the maps."""
    return warp_photo(pair.after.rgb, pair.maps[name], pair.before.rgb.shape[:2])


def spot_area(rgb: NDArray[np.uint8], centre: Points, radius: float) -> float:
    """Area inside the contour at half of the contrast of a spot, in square pixels; NaN without one.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        sRGB.
    centre : ndarray, shape (2,)
        (row, column): about where the spot is; the same in all sessions.
    radius : float
        About how large it was in the first session, pixels; the same in all sessions.
    """
    reach = int(np.ceil(2 * radius))
    row, col = np.rint(centre).astype(int)
    part = rgb[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1]
    fine = cv2.resize(part, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    light = cv2.GaussianBlur(-100 * np.log(fine + 2), (0, 0), max(1.0, 0.05 * radius * _FINER))
    dark = light @ _LUMA
    y, x = np.indices(dark.shape, np.float32)
    middle = _FINER * (centre - [max(0, row - reach), max(0, col - reach)] + 0.5) - 0.5
    away = np.hypot(y - middle[0], x - middle[1]) / (_FINER * radius)
    around = (away > _RING[0]) & (away < _RING[1])
    design = np.stack([np.ones_like(y), y, x], axis=-1)
    plane, *_ = np.linalg.lstsq(design[around], dark[around], rcond=None)
    dark = dark - design @ plane
    level = (np.median(dark[away < _CORE]) + np.median(dark[around])) / 2
    inside = [contour for contour in find_contours(dark, level) if _encloses(contour, middle)]
    return max((_enclosed(contour) for contour in inside), default=np.nan) / _FINER**2


def _encloses(contour: Points, point: Points) -> bool:
    closed = bool((contour[0] == contour[-1]).all())
    return closed and cv2.pointPolygonTest(contour[:, None].astype(np.float32), tuple(map(float, point)), False) > 0


def _enclosed(contour: Points) -> float:
    (y, x), (next_y, next_x) = contour[:-1].T, contour[1:].T
    return abs(float((y * next_x - x * next_y).sum())) / 2


def _dimples(task: tuple[int, float]) -> list[Row]:
    number, change = task
    pair = dimpled(number, flatter=change)
    if not pair.maps:
        return [{"code": pair.code}]
    first, second = (_expected_shading(pair, photo.shot) for photo in (pair.before, pair.after))
    before = dimple_contrast(in_own_frame(pair.reference), pair.skin, first)
    row: Row = {"code": ""}
    for name in MAPS:
        image = resample(pair.moving, pair.maps[name], pair.reference)
        seen = pair.skin & image.valid
        row[name] = 100 * (dimple_contrast(image, seen, second) / before - 1)
    return [row]


def _expected_shading(pair: Pair, shot: Shot) -> Plane:
    """What dimples of their full depth do to the log light under the lamp of one photo, on the grid of the reference.

    Each photo is held against its own lamp, so that what is left is depth.
    """
    grid, first, skin = pair.reference.grid, pair.before.first, pair.before.stage.skin
    deep, flat = (np.log(shading(skin.normals(State(dimples=d)), shot.light, shot.camera.roll)) for d in (1.0, 0.0))
    cells = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float64) for n in grid.shape), indexing="ij"), axis=-1)
    place = first.tissue.to_skin(first.camera.to_scene(grid.to_photo(cells)))
    at = (place / skin.canvas.pitch + (np.array(skin.canvas.shape) - 1) / 2).astype(np.float32)
    return np.asarray(cv2.remap(deep - flat, at[..., 1], at[..., 0], cv2.INTER_LINEAR), np.float32)


def dimple_contrast(image: AlignedImage, skin: NDArray[np.bool_], expected: Plane) -> float:
    """How much of the expected shading of the dimples is found in the log light: its regression on it.

    Fixed beforehand and the same for both photos; noise, pigment and relief that stays do not bias it.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    inner = cv2.distanceTransform(skin.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > _RIM_MM / mm
    light = np.log(np.maximum(image.linear @ _LUMA, np.float32(2e-3)))
    found, true = (band_pass(v, skin, band_mm=DIMPLE_BAND_MM, mm_per_cell=mm)[inner] for v in (light, expected))
    return float((found * true).sum() / (true**2).sum())


def _silhouette(task: tuple[int, float]) -> list[Row]:
    number, change = task
    pair = slimmed(number, by_mm=change)
    if not pair.maps:
        return [{"code": pair.code}]
    mm = pair.before.truth.mm_per_px
    before = limb_width(pair.before.rgb, pair, mm)
    after = {name: limb_width(_carried(pair, name), pair, mm) for name in MAPS}
    return [{"code": ""} | {name: float(np.nanmedian(width - before)) for name, width in after.items()}]


def limb_width(rgb: NDArray[np.uint8], pair: Pair, mm: float) -> NDArray[np.float64]:
    """Width of a limb in each row, mm; NaN where an outline is not seen.

    The outline is where colour, blind to light and shade, is half way between that inside and that outside.
    """
    values = rgb.astype(np.float32) + 4
    warm = np.log(values[..., 0] / values[..., 2])
    warm = np.asarray(gaussian_filter1d(warm, _ROWS, axis=0), np.float64)
    warm[(rgb.max(axis=-1) == 0)] = np.nan
    stage, camera = pair.before.stage, pair.before.first.camera
    rows, columns = BODY
    pixels = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).astype(np.float64)
    scene = camera.to_scene(pixels)
    across = stage.skin.body.across(scene[..., 0], scene[..., 1])
    sides = [_outline(warm, np.argmin(np.abs(across - side), axis=1), side, mm) for side in (-1, 1)]
    return np.asarray((sides[1] - sides[0]) * mm)


def _outline(warm: NDArray[np.float64], near: NDArray[np.intp], side: int, mm: float) -> NDArray[np.float64]:
    """Column of the outline in each row, looked for near where the first photo was planned to have it."""
    reach = int(_REACH_MM / mm)
    steps = np.arange(-reach, reach + 1)
    columns = near[:, None] + side * steps  # from inside to outside
    clear = ((columns >= 0) & (columns < warm.shape[1])).all(axis=1)
    profile = np.full(columns.shape, np.nan)
    profile[clear] = np.take_along_axis(warm[clear], columns[clear], axis=1)
    beside = np.abs(steps) * mm > _BESIDE_MM[0]
    inside, outside = (np.nanmedian(profile[:, beside & (steps * sign > 0)]) for sign in (-1, 1))
    share = (profile - outside) / (inside - outside)
    found = np.full(len(near), np.nan)
    for row in np.flatnonzero(np.isfinite(share).all(axis=1)):
        crossing = np.flatnonzero((share[row, :-1] >= 0.5) & (share[row, 1:] < 0.5))
        if len(crossing) == 1:  # an outline that is not plain, as under a marker, is not measured
            first, second = share[row, crossing[0]], share[row, crossing[0] + 1]
            found[row] = near[row] + side * (steps[crossing[0]] + (first - 0.5) / (first - second))
    return found


def _summary(rows: list[Row], truth: float) -> Findings:
    told = [row for row in rows if not row["code"]]
    sizes = sorted({row["size"] for row in told if "size" in row})
    return {
        "truth": truth,
        "refused": dict(Counter(row["code"] for row in rows if row["code"])),
        "maps": _by_map(told),
        "by_size": {str(size): _by_map([row for row in told if row["size"] == size]) for size in sizes},
    }


def _by_map(rows: list[Row]) -> Findings:
    """Mean, spread and worst of what is read with each map, and of its difference from that with the true map."""
    summary: Findings = {}
    for name in MAPS:
        value, other = (np.array([row[key] for row in rows], np.float64) for key in (name, "true"))
        known = np.isfinite(value) & np.isfinite(other)
        if not known.any():
            continue
        value, off = value[known], (value - other)[known]
        summary[name] = {
            "n": int(known.sum()), "mean": float(value.mean()), "sd": float(value.std()),
            "absorbed": float(off.mean()), "absorbed_worst": float(off[np.argmax(np.abs(off))]),
        }  # fmt: skip
    return summary


if __name__ == "__main__":
    import json

    print(json.dumps(run(quick=False, workers=2), indent=1))
