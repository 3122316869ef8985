"""What there is to be found on the skin in one session, one by one."""

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.hair import part_width
from tracker.phantom.lesions import Lesions
from tracker.phantom.skin import Skin
from tracker.phantom.state import State


def inventory(skin: Skin, state: State) -> dict[str, object]:
    """Return the true findings of a session, ready for JSON; a kind that is not there is left out.

    Returns
    -------
    dict
        ``dimples``: centre (y, x) mm on the skin, depth and width (standard deviation) mm. ``spots`` and
        ``redness``: centre, area at half maximum mm², gain of melanin or blood. ``bruises``: centre, areas of
        core and halo mm². ``lines``: length and depth mm. ``hair``: hairs per cm², covered share, width of the
        part mm.
    """
    found: dict[str, object] = {}
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
        found["lines"] = _rows(length_mm=skin.lines.length, depth_mm=state.wrinkles * skin.lines.depth)
    if skin.coat is not None:
        cover = skin.coat.cover(state.hair)
        found["hair"] = {
            "per_cm2": round(skin.coat.per_cm2(state.hair), 2),
            "cover": round(float(cover.mean()), 4),
            "part_mm": round(part_width(cover, skin.canvas), 2),
        }
    return found


def _lesions(lesions: Lesions, strength: float) -> list[dict[str, object]]:
    return _rows(centre_mm=lesions.centre, area_mm2=lesions.area, gain=1.0 + strength * (lesions.gain - 1.0))


def _rows(**columns: NDArray[np.floating]) -> list[dict[str, object]]:
    """Return one dict for each of the findings, rounded to 0.001."""
    rounded = {name: np.round(values.astype(float), 3).tolist() for name, values in columns.items()}
    return [dict(zip(rounded, row, strict=True)) for row in zip(*rounded.values(), strict=True)]
