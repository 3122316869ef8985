"""Slope and height of the relief of a pair of photos, computed once for all the metrics that look at them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.shading import height_map, slope_shading

_KEPT = 4
_SAMPLE = 7
"""Every so many cells are looked at to know a picture again."""


class _Latest:
    """The last few maps, by the content of what they were made of."""

    def __init__(self) -> None:
        self._maps: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes, make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        with self._lock:
            if key in self._maps:
                self._maps.move_to_end(key)
                return self._maps[key]
        made = make()
        made.flags.writeable = False
        with self._lock:
            self._maps[key] = made
            while len(self._maps) > _KEPT:
                self._maps.popitem(last=False)
        return made


_LATEST = _Latest()


def slope_of(image: AlignedImage, skin: NDArray[np.bool_]) -> NDArray[np.float32]:
    """κ times the slope towards the lamp of the first photo of a pair, shape (h, w), read-only.

    Parameters
    ----------
    image : AlignedImage
        With its `opposite` light.
    skin : ndarray, shape (h, w), bool
        What both photos show.
    """
    pair, mm = image.opposite, image.grid.mm_per_cell
    assert pair is not None
    assert mm is not None
    return _LATEST.get(
        _key(b"slope", image, skin),
        lambda: slope_shading(image.linear, pair.linear, skin, mm_per_cell=mm, has_colour=image.has_colour),
    )


def heights_mm(image: AlignedImage, skin: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Height of the relief in mm, shape (h, w), read-only; parameters are those of `slope_of`.

    Raises
    ------
    MeasurementDeclined
        Without the relief gauge in both photos there are no millimetres.
    """
    pair, mm = image.opposite, image.grid.mm_per_cell
    assert pair is not None
    assert mm is not None
    if pair.kappa is None or pair.azimuth is None:
        raise MeasurementDeclined(
            "A height in millimetres needs the relief gauge of the card in both photos of the pair.",
            code="needs_relief_gauge",
        )
    kappa, azimuth = np.float32(pair.kappa[0]), pair.azimuth
    return _LATEST.get(
        _key(b"height", image, skin),
        lambda: height_map(slope_of(image, skin) / kappa, skin, azimuth=azimuth, mm_per_cell=mm),
    )


def _key(kind: bytes, image: AlignedImage, skin: NDArray[np.bool_]) -> bytes:
    assert image.opposite is not None
    found = blake2b(kind, digest_size=16)
    light, scene = image.opposite, (image.grid.mm_per_cell, image.has_colour)
    found.update(repr((image.digest, light.digest, light.kappa, light.azimuth, *scene)).encode())
    for linear in (image.linear, image.opposite.linear):
        found.update(np.ascontiguousarray(linear[::_SAMPLE, ::_SAMPLE]).tobytes())
    found.update(np.packbits(skin).tobytes())
    return found.digest()
