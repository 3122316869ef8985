"""A region of interest as the record keeps it, and as later photos show it."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracker.alignment import Alignment
from tracker.calibration import KnownDistance
from tracker.clinic.measuring import Original, calibrated_original
from tracker.region import Region, polygon_region, read_region, region_mask

_STEPS_PER_EDGE = 12


def region_columns(region: Region | None) -> dict[str, Any]:
    """Columns of the view's row: the polygon as numbers, or the mask as a PNG, and the hash of either."""
    if region is None or region.is_whole_skin:
        return {"region_polygon": None, "region_mask": None, "region_hash": "whole skin"}
    if region.polygon is not None:
        corners = polygon_region(np.asarray(region.polygon, dtype=np.float64)).polygon
        assert corners is not None
        listed = corners.tolist()
        return {"region_polygon": listed, "region_mask": None, "region_hash": _hash(json.dumps(listed).encode())}
    assert region.mask is not None
    content = repr(region.mask.shape).encode() + np.packbits(region.mask).tobytes()
    return {"region_polygon": None, "region_mask": _png(region), "region_hash": _hash(content)}


def region_of(polygon: Any, mask: bytes | None) -> Region | None:
    """Region of the columns of a view's row; None is the whole skin."""
    if polygon is not None:
        return polygon_region(np.asarray(polygon, dtype=np.float64))
    return None if mask is None else read_region(mask)


def carried_outline(
    polygon: NDArray[np.float64], alignment: Alignment, shape: tuple[int, int]
) -> list[list[tuple[float, float]]]:
    """Where the outline of a region lies in a later photo.

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)
        Corners as (row, column) in pixels of the reference photo.
    alignment : Alignment
        Of the later photo to the reference.
    shape : tuple of int
        Height and width of the later photo.

    Returns
    -------
    list of list of (row, column)
        Lines in pixels of the later photo; several where parts of the outline lie outside the picture.
    """
    ends = np.roll(polygon, -1, axis=0)
    steps = np.linspace(0.0, 1.0, _STEPS_PER_EDGE, endpoint=False)[:, None]
    path = np.concatenate([a + steps * (b - a) for a, b in zip(polygon, ends, strict=True)] + [polygon[:1]])
    there = alignment.at(np.clip(path, 0.0, [alignment.rows[-1], alignment.cols[-1]]))
    lines: list[list[tuple[float, float]]] = [[]]
    inside = np.all((there >= -0.5) & (there <= np.array(shape) - 0.5), axis=1)  # what is not a number is not inside
    for (row, column), seen in zip(there.tolist(), inside, strict=True):
        if seen:
            lines[-1].append((round(row, 1), round(column, 1)))
        elif lines[-1]:
            lines.append([])
    return [line for line in lines if len(line) > 1]


def _png(region: Region) -> bytes:
    assert region.mask is not None
    out = io.BytesIO()
    Image.fromarray(region.mask).convert("1").save(out, "PNG")
    return out.getvalue()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_region(region: Region, reference: Original, distance: KnownDistance | None) -> None:
    """See whether a region can be measured in a photo, in which somebody may have given a length.

    Raises
    ------
    RegionInvalid
        It cannot; the reason says what to draw instead.
    """
    region_mask(region, calibrated_original(reference, distance=distance))
