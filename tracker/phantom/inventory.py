"""What there is to be found on the skin in one session, one by one."""

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Canvas
from tracker.phantom.hair import part_width
from tracker.phantom.lesions import Lesions
from tracker.phantom.pose import Camera, Deformation
from tracker.phantom.skin import Skin
from tracker.phantom.state import State

Found = dict[str, object]


def inventory(skin: Skin, state: State, seen: tuple[float, float]) -> Found:
    """Return the true findings of a session, ready for JSON; a kind that is not there is left out.

    Parameters
    ----------
    skin : Skin
    state : State
    seen : tuple of float
        Height and width of the nominal picture, mm: hair is counted there.

    Returns
    -------
    dict
        ``dimples``: centre (y, x) mm on the skin, depth and width (standard deviation) mm. ``spots`` and
        ``redness``: centre, area at half maximum mm², gain of melanin or blood. ``bruises``: centre, areas of
        core and halo mm². ``lines``: centre, length and depth mm. ``hair``: hairs per cm², covered share, width of the
        part mm.
    """
    found: Found = {}
    if skin.dents is not None and len(skin.dents.depth):
        found["dimples"] = _rows(
            centre_mm=skin.dents.centre, depth_mm=state.dimples * skin.dents.depth, width_mm=skin.dents.width
        )
    if skin.spots is not None:
        found["spots"] = _lesions(skin.spots, state.spots)
    if skin.redness is not None:
        found["redness"] = _lesions(skin.redness, state.redness)
    if skin.bruising is not None:
        core, halo = skin.bruising.areas(state.bruise_age)
        found["bruises"] = _rows(centre_mm=skin.bruising.centre, core_mm2=core, halo_mm2=halo)
    if skin.lines is not None:
        found["lines"] = _rows(
            centre_mm=skin.lines.paths.mean(axis=1),
            length_mm=skin.lines.length,
            depth_mm=state.wrinkles * skin.lines.depth,
        )
    if skin.coat is not None:
        cover = skin.coat.cover(state.hair)
        found["hair"] = {
            "per_cm2": round(skin.coat.per_cm2(state.hair), 2),
            "cover": round(float(_middle(cover, skin.canvas, seen).mean()), 4),
            "part_mm": round(part_width(cover, skin.canvas), 2),
        }
    return found


def located(found: Found, camera: Camera, tissue: Deformation, bare: NDArray[np.bool_]) -> Found:
    """Return findings with their place in one photo.

    Parameters
    ----------
    found : dict
        As in `inventory`.
    camera, tissue : Camera and Deformation
        The shot.
    bare : ndarray of bool, shape (H, W)
        Pixels that show nothing but skin.

    Returns
    -------
    dict
        Each finding has ``row`` and ``column`` of its centre, pixels, and ``visible``: whether its centre is in the
        picture and under no card, chart or cloth.
    """
    return {
        kind: [_placed(each, camera, tissue, bare) for each in each_kind] if isinstance(each_kind, list) else each_kind
        for kind, each_kind in found.items()
    }


def _placed(each: Found, camera: Camera, tissue: Deformation, bare: NDArray[np.bool_]) -> Found:
    row, column = camera.to_pixels(tissue.to_scene(np.array(each["centre_mm"]))).round(2).tolist()
    inside = 0 <= round(row) < bare.shape[0] and 0 <= round(column) < bare.shape[1]
    return {**each, "row": row, "column": column, "visible": bool(inside and bare[round(row), round(column)])}


def _middle(cover: NDArray[np.float32], canvas: Canvas, seen: tuple[float, float]) -> NDArray[np.float32]:
    """Return the part of the canvas that the nominal picture shows."""
    rows, columns = (abs(line.ravel()) <= extent / 2 for line, extent in zip((canvas.y, canvas.x), seen, strict=True))
    return cover[np.ix_(rows, columns)]


def _lesions(lesions: Lesions, strength: float) -> list[Found]:
    return _rows(centre_mm=lesions.centre, area_mm2=lesions.area, gain=1.0 + strength * (lesions.gain - 1.0))


def _rows(**columns: NDArray[np.floating]) -> list[Found]:
    """Return one dict for each of the findings, rounded to 0.001."""
    rounded = {name: np.round(values.astype(float), 3).tolist() for name, values in columns.items()}
    return [dict(zip(rounded, row, strict=True)) for row in zip(*rounded.values(), strict=True)]
