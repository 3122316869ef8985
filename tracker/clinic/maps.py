"""The map of an alignment, and the mask of a reference, as files that can be made again."""

from __future__ import annotations

import io
import zlib
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import Alignment

DAMAGED = (BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError)
"""What reading a damaged file raises, such as one that a power cut left empty."""
_NUMBERS = ("overlap", "error_px", "correlation", "scale", "rotation")


def map_bytes(alignment: Alignment) -> bytes:
    """An alignment as ``map.npz``: its nodes, where they lie in the moving photo, and how sure that is."""
    out = io.BytesIO()
    numbers: dict[str, Any] = {name: np.array(getattr(alignment, name)) for name in _NUMBERS}
    np.savez_compressed(
        out,
        rows=alignment.rows,
        cols=alignment.cols,
        moving_row=alignment.moving[..., 0],
        moving_col=alignment.moving[..., 1],
        sd=alignment.sd,
        usable=alignment.usable,
        area_change=np.array(alignment.area_change or (), np.float64),
        by_hand=np.array(alignment.by_hand),
        **numbers,
    )
    return out.getvalue()


def map_of(data: bytes) -> Alignment:
    """The alignment of `map_bytes`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        area = tuple(map(float, stored["area_change"])) if "area_change" in stored else ()
        numbers = {name: float(stored[name]) for name in _NUMBERS}
        return Alignment(
            rows=stored["rows"],
            cols=stored["cols"],
            moving=np.stack([stored["moving_row"], stored["moving_col"]], axis=-1),
            sd=stored["sd"],
            usable=stored["usable"],
            overlap=numbers["overlap"],
            error_px=numbers["error_px"],
            correlation=numbers["correlation"],
            scale=numbers["scale"],
            rotation=numbers["rotation"],
            area_change=(area[0], area[1]) if area else None,
            by_hand="by_hand" in stored and bool(stored["by_hand"]),  # older maps do not say
        )


def mask_bytes(mask: NDArray[np.bool_]) -> bytes:
    """A mask, packed."""
    out = io.BytesIO()
    np.savez_compressed(out, mask=mask)
    return out.getvalue()


def mask_of(data: bytes) -> NDArray[np.bool_]:
    """The mask of `mask_bytes`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return np.asarray(stored["mask"], dtype=np.bool_)
