"""What a camera writes beside the picture: orientation, dates, make and model. Read in the child process."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

#: Everything that decoders are known to raise for a damaged file.
DECODER_FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    ArithmeticError,
    struct.error,
)

_LONGEST = 200


def exif_of(image: Image.Image) -> Image.Exif:
    """EXIF of a picture; empty if it has none or its own is damaged."""
    try:
        return image.getexif()
    except DECODER_FAULTS:
        return Image.Exif()


def orientation_of(image: Image.Image) -> tuple[int, list[str]]:
    """EXIF orientation from 1 to 8, and what is to be said of it."""
    stated = _text_or_number(exif_of(image), ExifTags.Base.Orientation, 1)
    if stated in range(1, 9):
        return int(stated), []
    return 1, ["Its stated orientation is not a valid one and was ignored."]


def dates_of(image: Image.Image) -> dict[str, list[str]]:
    """Raw dates: ``taken``, those of the camera, the best first; and ``edited``, that of the last edit."""
    exif = exif_of(image)
    taken = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)
    return {"taken": _texts(_inner(exif), taken), "edited": _texts(exif, (ExifTags.Base.DateTime,))}


def camera_of(image: Image.Image) -> str:
    """Make, model and lens as the camera wrote them; empty if unknown."""
    exif = exif_of(image)
    body = " ".join(_texts(exif, (ExifTags.Base.Make, ExifTags.Base.Model)))
    return ", ".join(filter(None, (body, *_texts(_inner(exif), (ExifTags.Base.LensModel,)))))


def _inner(exif: Image.Exif) -> Mapping[int, Any]:
    """The part of EXIF that is about taking the picture; empty if it is damaged."""
    try:
        return exif.get_ifd(ExifTags.IFD.Exif)
    except DECODER_FAULTS:
        return {}


def _texts(tags: Mapping[int, Any], wanted: tuple[int, ...]) -> list[str]:
    found = (_text_or_number(tags, tag, None) for tag in wanted)
    return [text.strip("\x00 ")[:_LONGEST] for text in found if isinstance(text, str)]


def _text_or_number(tags: Mapping[int, Any], tag: int, otherwise: Any) -> Any:
    try:
        return tags.get(tag, otherwise)
    except DECODER_FAULTS:
        return otherwise
