"""A region of interest as the record keeps it, and whether it fits the reference photo."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
from PIL import Image

from tracker.region import Region, polygon_region, read_region


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


def _png(region: Region) -> bytes:
    assert region.mask is not None
    out = io.BytesIO()
    Image.fromarray(region.mask).convert("1").save(out, "PNG")
    return out.getvalue()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
