"""A region of interest: a polygon or a mask in the reference photo, and its file."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tracker.errors import RegionInvalid
from tracker.photo import display_name

_MAX_REGION_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A region of interest, in pixels of the upright reference photo.

    Attributes
    ----------
    polygon : ndarray, shape (n, 2), or None
        Corners as (row, column).
    mask : ndarray, shape (H, W), bool, or None
        True = measured; the size of the reference photo.

    Notes
    -----
    Without polygon and mask the region is *the whole skin*.
    """

    polygon: NDArray[np.float64] | None = None
    mask: NDArray[np.bool_] | None = None

    @property
    def is_whole_skin(self) -> bool:
        """True when nothing was marked."""
        return self.polygon is None and self.mask is None

    def as_json(self) -> dict[str, object]:
        """The region in the form of a region file; a mask is stated by its size and area."""
        if self.polygon is not None:
            return {"polygon": self.polygon.round(2).tolist()}
        if self.mask is not None:
            return {"mask_shape": list(self.mask.shape), "mask_pixels": int(self.mask.sum())}
        return {"whole_skin": True}


WHOLE_SKIN = Region()


def read_region(source: Path | str | bytes) -> Region:
    """Read a region file: JSON ``{"polygon": [[row, col], …]}``, or a PNG mask of the reference's size.

    Raises
    ------
    RegionInvalid
        The file is neither, or the polygon is not one.
    """
    data = _region_bytes(source)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _mask_region(data)
    try:
        document = json.loads(data.decode("utf-8"))
        corners = np.asarray(document["polygon"], dtype=np.float64)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise RegionInvalid(
            'The region file is not readable: it must be JSON of the form {"polygon": [[row, col], …]}, or a PNG mask.'
        ) from error
    return polygon_region(corners)


def polygon_region(corners: NDArray[np.float64]) -> Region:
    """Region inside a polygon of at least three (row, column) corners.

    Raises
    ------
    RegionInvalid
        Fewer than three corners, or a corner that is not two numbers.
    """
    if corners.ndim != 2 or corners.shape[1:] != (2,) or len(corners) < 3 or not np.isfinite(corners).all():
        raise RegionInvalid("The region needs at least three corners, each a row and a column; please draw it again.")
    return Region(polygon=corners)


def _region_bytes(source: Path | str | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        if Path(source).stat().st_size > _MAX_REGION_BYTES:
            raise RegionInvalid(f"The region file {display_name(Path(source).name)} is too large to be one.")
        return Path(source).read_bytes()
    except OSError as error:
        raise RegionInvalid(
            f"The region file {display_name(Path(source).name)} could not be opened ({error.strerror or error})."
        ) from error


def _mask_region(data: bytes) -> Region:
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG"])
        if picture.size[0] * picture.size[1] > 60_000_000:
            raise RegionInvalid("The region mask is larger than any photo we read.")
        mask = _marked(picture)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise RegionInvalid("The region mask is damaged; please save it again as a PNG.") from error
    if not mask.any():
        raise RegionInvalid("The region mask marks nothing; please paint white what is to be measured.")
    return Region(mask=mask)


def _marked(picture: Image.Image) -> NDArray[np.bool_]:
    """What a mask marks: white, or the label 1, or what was painted on a transparent ground."""
    levels = np.asarray(picture.convert("L"))
    if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
        rgba = np.asarray(picture.convert("RGBA"))
        solid = rgba[..., 3] > 127
        if not solid.all():
            return solid if _is_one_colour(rgba[solid, :3]) else solid & (levels > 127)
    if levels.max() == 1 or (picture.mode == "P" and levels.max() <= 127):  # labels, or the dark colours of labels
        return levels > 0
    return levels > 127


def _is_one_colour(colours: NDArray[np.uint8]) -> bool:
    # Programs that store colours multiplied by alpha bring them back with a small error.
    return len(colours) == 0 or bool((np.ptp(colours.astype(np.int16), axis=0) <= 8).all())
