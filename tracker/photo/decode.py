"""File bytes → pixels and facts. Runs in the child process only, on bytes nobody has vouched for.

A decoder that forgives would invent skin. So JPEG is decoded by libjpeg-turbo with every warning an error, and for
the other formats `tracker.photo.headers` has checked what the decoder does not.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, TiffImagePlugin

from tracker.photo.colour import SIXTEEN_BIT_GREY, convert_to_srgb, is_grey, paint, paint_grey
from tracker.photo.headers import (
    JpegStructure,
    check_deflated,
    check_png,
    check_size,
    check_tiff,
    check_tiff_parts,
    jpeg_structure,
    png_size,
    webp_size,
)
from tracker.photo.metadata import DECODER_FAULTS, camera_of, dates_of, orientation_of
from tracker.photo.refusals import MAX_PIXELS, Unfit

Canvas = Callable[[int, int], NDArray[np.uint8]]

_FORMATS = {"JPEG": ("JPEG", "MPO"), "PNG": ("PNG",), "WEBP": ("WEBP",), "TIFF": ("TIFF",)}
_PADDED = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_SEVERAL = "The file holds more pictures than one; the main one was read."
#: Codes of TIFF (Adobe TIFF 6.0, DNG 1.6, ITU-T H.273).
_NONE, _LZW, _DEFLATE, _OLD_DEFLATE, _PACKBITS = 1, 5, 8, 32946, 32773
_DNG_VERSION, _SUB_IFDS, _COLOUR_FILTER, _LINEAR_RAW = 50706, 330, 32803, 34892
_HDR_TRANSFERS = {16, 18}

try:
    import pillow_heif
except ImportError:  # the optional extra
    heif: ModuleType | None = None
else:
    heif = pillow_heif
    heif.options.DECODE_THREADS = 1


def describe(data: bytes, kind: str) -> dict[str, Any]:
    """Dates of a photo, without its pixels.

    Raises
    ------
    Unfit
        There is not even a header.
    """
    if kind == "WEBP":  # its decoder makes room for the picture as soon as the file is opened
        width, height = webp_size(data)
        if width * height > MAX_PIXELS:
            raise Unfit("too_many_pixels")
    with _open(data, kind) as image:
        return dates_of(image)


def read(data: bytes, kind: str, canvas: Canvas) -> dict[str, Any]:
    """Decode a photo into a canvas, in sRGB but as stored, not yet upright.

    Parameters
    ----------
    data : bytes
        The file.
    kind : str
        Of `tracker.photo.kinds.KINDS`.
    canvas : callable
        Takes height and width in pixels, gives an array of shape (H, W, 3) to write to.

    Returns
    -------
    dict
        height, width, orientation (1 to 8), has_colour, profile, camera, notes, and the raw dates.

    Raises
    ------
    Unfit
        With the reason. Nothing of the size of the picture is allocated before its header has been checked.
    """
    if kind == "JPEG":
        return _read_jpeg(data, canvas)
    if kind in ("PNG", "WEBP"):
        check_size(*(png_size(data) if kind == "PNG" else webp_size(data)))
    if kind == "PNG":
        check_png(data)
    notes: list[str] = []
    with _open(data, kind) as image:
        check_size(*image.size)
        _refuse_unsuitable(image, data, kind, notes)
        facts = dates_of(image) | {"camera": camera_of(image)}
        orientation, remarks = orientation_of(image)
        notes += [*remarks, *_depth_notes(image, data)]
        _load(image)
        if kind == "TIFF":  # was turned in loading
            orientation = 1
        rgb = canvas(image.height, image.width)
        has_colour = paint(image, rgb, notes)
        return facts | _finish(rgb, image.info.get("icc_profile"), orientation, has_colour, notes)


def _read_jpeg(data: bytes, canvas: Canvas) -> dict[str, Any]:
    structure = jpeg_structure(data)
    check_size(structure.width, structure.height)
    if structure.components == 4:
        raise Unfit("print_colours")
    if structure.components not in (1, 3):
        raise Unfit("unusual_jpeg")
    with _open(data, "JPEG") as image:
        orientation, notes = orientation_of(image)
        facts = dates_of(image) | {"camera": camera_of(image)}
        icc = image.info.get("icc_profile")
        if image.format == "MPO":
            notes.append(_SEVERAL)
    rgb = canvas(structure.height, structure.width)
    if structure.components == 1:
        grey = np.empty((structure.height, structure.width, 1), np.uint8)
        _decode_strictly(data, structure, "GRAY", grey)
        paint_grey(grey[..., 0], rgb, notes)
    else:
        _decode_strictly(data, structure, "RGB", rgb)
    return facts | _finish(rgb, icc, orientation, structure.components == 3, notes)


def _decode_strictly(data: bytes, structure: JpegStructure, space: str, out: NDArray[np.uint8]) -> None:
    """Decode with every warning an error. Only zeros before the end marker, with which some phones pad, are let be."""
    data, end = data[: structure.end + 2], structure.end
    for last_try in (False, True):
        try:
            decoded = simplejpeg.decode_jpeg(data, space, buffer=out, strict=True)
        except ValueError as error:
            padding = _PADDED.search(str(error))
            size = int(padding[1]) if padding else 0
            if last_try or not size or data[end - size : end] != bytes(size):
                raise Unfit("damaged") from error
            data = data[: end - size] + data[end:]
        else:
            if decoded.shape != out.shape or not np.shares_memory(decoded, out):
                raise Unfit("damaged")
            return


def _finish(
    rgb: NDArray[np.uint8], icc: object, orientation: int, has_colour: bool, notes: list[str]
) -> dict[str, Any]:
    profile = "grey"
    if has_colour or not is_grey(rgb):
        profile = convert_to_srgb(rgb, icc, notes)
    if has_colour and is_grey(rgb):
        notes.append("All colours in the photo are grey: colour is not measured.")
        has_colour = False
    return {
        "height": rgb.shape[0],
        "width": rgb.shape[1],
        "orientation": orientation,
        "has_colour": has_colour,
        "profile": profile,
        "notes": notes,
    }


def _open(data: bytes, kind: str) -> Image.Image:
    """Read the header; pixels are not touched, except of a WebP, whose size has been checked before."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit on pixels is stricter than the one warned about
            if kind == "HEIC":
                if heif is None:
                    raise Unfit("heic")
                return heif.HeifImageFile(io.BytesIO(data))
            return Image.open(io.BytesIO(data), formats=_FORMATS[kind])
    except Image.DecompressionBombError as error:
        raise Unfit("too_many_pixels") from error
    except DECODER_FAULTS as error:
        if kind == "TIFF":
            _check_directory(data)
            if "mode" in str(error):
                raise Unfit("unusual_tiff") from error
        raise Unfit(_class_of(error)) from error


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except DECODER_FAULTS as error:
        raise Unfit(_class_of(error)) from error


def _class_of(error: Exception) -> str:
    """Pillow refuses texts and profiles that unpack to very much, and says so only in words."""
    return "too_complex" if re.search("too large|too much memory", str(error), re.IGNORECASE) else "damaged"


def _refuse_unsuitable(image: Image.Image, data: bytes, kind: str, notes: list[str]) -> None:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tiff(image, data)
    if _has_several(image):
        if kind != "HEIC":
            raise Unfit("several_pictures")
        notes.append(_SEVERAL)
    if kind == "HEIC" and image.info.get("nclx_profile", {}).get("transfer_characteristics") in _HDR_TRANSFERS:
        raise Unfit("high_range")
    if image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        raise Unfit("print_colours")
    if kind == "TIFF" and _is_odd_grey(image):
        raise Unfit("unusual_grey")
    if image.mode == "F":
        raise Unfit("floating_point")


def _has_several(image: Image.Image) -> bool:
    try:
        return getattr(image, "n_frames", 1) > 1
    except DECODER_FAULTS as error:
        raise Unfit("damaged") from error


def _check_tiff(image: TiffImagePlugin.TiffImageFile, data: bytes) -> None:
    tags = image.tag_v2
    _refuse_raw(tags)
    check_tiff(data)
    packing = tags.get(259, _NONE)
    if packing not in (_NONE, _LZW, _DEFLATE, _OLD_DEFLATE, _PACKBITS):
        raise Unfit("unusual_tiff")
    starts, sizes = (_numbers(tags.get(a)) or _numbers(tags.get(b)) for a, b in ((273, 324), (279, 325)))
    if len(starts) != len(sizes) or not starts:
        raise Unfit("damaged")
    across, down = tags.get(322, tags[256]), tags.get(323, tags.get(278, 2**32 - 1))
    depths = _numbers(tags.get(258, 1))
    apart = tags.get(284) == 2  # every colour in strips of its own
    check_tiff_parts(
        (tags[256], tags[257]),
        (across, down),
        sizes,
        bits=depths[0] if apart else sum(depths),
        raw=packing == _NONE,
        planes=len(depths) if apart else 1,
    )
    for start, size in zip(starts, sizes, strict=True):
        if start + size > len(data):
            raise Unfit("damaged")
        if packing in (_DEFLATE, _OLD_DEFLATE):
            check_deflated(memoryview(data)[start : start + size], limit=8 * MAX_PIXELS)


def _check_directory(data: bytes) -> None:
    """Look for the marks of a raw file in a TIFF that Pillow cannot open."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    try:
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
    except DECODER_FAULTS:
        return
    _refuse_raw(tags)


def _refuse_raw(tags: TiffImagePlugin.ImageFileDirectory_v2) -> None:
    is_preview = _SUB_IFDS in tags and tags.get(254) == 1  # of the raw picture that is kept in another directory
    if is_preview or _DNG_VERSION in tags or tags.get(262) in (_COLOUR_FILTER, _LINEAR_RAW):
        raise Unfit("raw")


def _numbers(value: object) -> tuple[int, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(v for v in values if isinstance(v, int) and v >= 0)


def _is_odd_grey(image: Image.Image) -> bool:
    """Grey of 12, 32 or signed 16 bits: its white is not at 65535, so it cannot be scaled like 16-bit grey."""
    return image.mode == "I" or (image.mode in SIXTEEN_BIT_GREY and _tiff_bits(image) != 16)


def _tiff_bits(image: Image.Image) -> int:
    """Bits of the deepest channel of a TIFF; 8 for files of another kind."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 8
    return max(_numbers(image.tag_v2.get(ExifTags.Base.BitsPerSample)), default=8)


def _depth_notes(image: Image.Image, data: bytes) -> list[str]:
    if image.mode in SIXTEEN_BIT_GREY:  # is scaled, which is said where it is done
        return []
    is_deep_png = data[:8] == b"\x89PNG\r\n\x1a\n" and data[24] == 16
    if is_deep_png or _tiff_bits(image) == 16:
        return ["The file has 16 bits per channel: they were read as 8."]
    if image.info.get("bit_depth", 8) > 8:
        return [f"The file has {int(image.info['bit_depth'])} bits per channel: they were read as 8."]
    return []
