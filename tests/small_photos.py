"""Small photos of nothing in particular, quick to make and to store."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter


@cache
def picture(seed: int, taken: str = "", text: str = "") -> bytes:
    """A JPEG of 400 × 300; `taken` as EXIF writes a moment, `text` what EXIF says of the picture."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(0, 1, (300, 400, 3)), (6, 6, 0)) * 400 + (190, 140, 120)
    image, out = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8)), io.BytesIO()
    exif = image.getexif()
    if taken:
        exif.get_ifd(0x8769)[36867] = taken
    if text:
        exif[270] = text
        exif[271] = text
    image.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def another(data: bytes, number: int) -> bytes:
    """The same picture in a file of its own: what lies behind the end of a JPEG is no part of the picture."""
    return data + b"copy %d" % number
