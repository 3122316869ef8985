"""What a report shows as images: JPEG bytes on a new canvas, so that no metadata of the photo travels with it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracker.reports.overlays import Legend

PICTURE_WIDTH = 1200
ORIGIN_WIDTH = 640
THUMBNAIL_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Picture:
    """One photo as a report shows it.

    Attributes
    ----------
    jpeg : bytes
        As made by `encode_picture`.
    taken_on : date
    """

    jpeg: bytes
    taken_on: date

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        with Image.open(io.BytesIO(self.jpeg), formats=["JPEG"]) as image:
            return image.size


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the numbers of one metric come from, in two photos.

    Attributes
    ----------
    first, latest : Picture
        The reference, and the photo of the session that is spoken of, both in the frame of the reference.
    legend : Legend
    """

    first: Picture
    latest: Picture
    legend: Legend


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a report; any of them may be missing.

    Attributes
    ----------
    first : Picture or None
        The reference photo.
    latest : Picture or None
        The latest comparable photo, aligned to the first: the same frame, the same size.
    region_outline : tuple of (float, float)
        Corners of the measured region as (row, column), in [0, 1] of the height and width of `first`.
    thumbnails : mapping of str to bytes
        JPEG by digest of the photo, for the list of photos; rejected photos too.
    origins : mapping of str to Origin
        By metric.
    """

    first: Picture | None = None
    latest: Picture | None = None
    region_outline: tuple[tuple[float, float], ...] = ()
    thumbnails: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))


NO_PICTURES = Pictures()


def encode_picture(rgb: NDArray[np.uint8], *, width: int = PICTURE_WIDTH) -> bytes:
    """A picture as JPEG bytes without any metadata.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        sRGB.
    width : int
        Of the result in pixels; a smaller picture is not enlarged.

    Returns
    -------
    bytes
        The same for the same pixels. Pixels only: no EXIF, no colour profile, no thumbnail.

    Examples
    --------
    >>> encode_picture(np.zeros((300, 400, 3), np.uint8), width=100)[:3].hex()
    'ffd8ff'
    """
    height = max(1, round(rgb.shape[0] * width / rgb.shape[1]))
    if width < rgb.shape[1]:
        rgb = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, "JPEG", quality=88, optimize=True)
    return buffer.getvalue()
