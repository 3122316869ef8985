"""File bytes → `Photo`: upright, colour-managed to sRGB, dated and hashed; or refused with a reason.

The identity of a photo is the SHA-256 of its file. Everything here happens once: orientation, colour profile and
bit depth are dealt with at the border, and no later station needs to know how the file was stored.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, TiffImagePlugin

from tracker.errors import PhotoRejected

MAX_BYTES = 50_000_000
MAX_PIXELS = 60_000_000
MIN_SIDE = 256
MAX_SIDE = 12_000
MAX_JPEG_SCANS = 64
MIXED_UP_CLOCK = timedelta(days=1)
MAX_NAME = 120

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"})

_DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DECODER_FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    OverflowError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    Image.DecompressionBombError,
)
_ORIENTATION = ExifTags.Base.Orientation
_BITS_PER_SAMPLE = ExifTags.Base.BitsPerSample
_SIXTEEN_BIT_GREY = {"I", "I;16", "I;16B", "I;16L", "I;16N"}


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A decoded, upright photograph.

    Attributes
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        sRGB, read-only.
    digest : str
        SHA-256 of the file, in hexadecimal: the identity of the photo.
    name : str
        File name as `display_name` shows it, for display only.
    taken_on : date or None
        Day the photo was taken: from EXIF, else from ``YYYY-MM-DD`` in the name, else the day of the last edit.
    has_colour : bool
        False for a greyscale file: metrics that need colour decline.
    profile : str
        Name of the colour profile the file carried; ``"sRGB"`` if none was stated.
    camera : str
        Make and model as the camera wrote them; empty if unknown.
    notes : tuple of str
        What was done or noticed on reading, in sentences.
    """

    rgb: NDArray[np.uint8]
    digest: str
    name: str
    taken_on: date | None
    has_colour: bool = True
    profile: str = "sRGB"
    camera: str = ""
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """An unread photo: what can be known without decoding the picture."""

    source: Path | bytes
    name: str
    digest: str
    taken_on: date | None


def read_photo(source: Path | str | bytes, *, name: str | None = None) -> Photo:
    """Read one photo file.

    Parameters
    ----------
    source : path or bytes
        A JPEG, PNG, WebP or 8-bit TIFF file, or its bytes.
    name : str, optional
        File name to show; by default that of the path.

    Returns
    -------
    Photo
        Upright and in sRGB. EXIF orientation and ICC profile have been applied exactly once.

    Raises
    ------
    PhotoRejected
        The file is not a photo we can measure; the message says why and what to send instead.
    """
    data, shown = _bytes_of(source, name)
    kind = _kind(data, shown)
    image = _open(data, kind, shown)
    _refuse_unsuitable(image, data, kind, shown)
    taken_on, notes = _date(image, shown)
    notes = [*_name_notes(kind, shown), *notes, *_orientation_notes(image), *_depth_notes(image, data)]
    camera = _camera(image)
    profile, rgb, has_colour = "sRGB", None, True
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
        rgb, has_colour, profile = _to_srgb(upright, notes)
    except _DECODER_FAULTS as error:
        raise PhotoRejected(
            f"{shown} is damaged or cut off, so it was not used; please send the original file again.",
            code="damaged",
        ) from error
    rgb.flags.writeable = False
    return Photo(rgb, _sha256(data), shown, taken_on, has_colour, profile, camera, tuple(notes))


def identify_photo(source: Path | str | bytes, *, name: str | None = None) -> PhotoFile:
    """Identity and date of a photo file, without decoding the picture.

    Raises
    ------
    PhotoRejected
        The file is empty, too large, or of a kind we do not read.
    """
    data, shown = _bytes_of(source, name)
    kind = _kind(data, shown)
    taken_on, _ = _date(_open(data, kind, shown), shown)
    return PhotoFile(source if isinstance(source, bytes) else Path(source), shown, _sha256(data), taken_on)


def display_name(name: str) -> str:
    r"""File name as it may be shown anywhere: one line, printable, and not too long.

    The ending survives the shortening, for it says what the file claims to be.

    Examples
    --------
    >>> display_name("left\nthigh\x1b[2J.jpg")
    'left�thigh�[2J.jpg'
    """
    printable = "".join(c if c.isprintable() else "�" for c in name)
    if len(printable) <= MAX_NAME:
        return printable
    return printable[: MAX_NAME - 20] + "…" + printable[-19:]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes_of(source: Path | str | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data, shown = source, display_name(name or "The photo")
    else:
        path = Path(source)
        shown = display_name(name or path.name)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise PhotoRejected(_too_big(shown), code="too_large")
            data = path.read_bytes()
        except OSError as error:
            raise PhotoRejected(
                f"{shown} could not be opened ({error.strerror or error}); check that it exists and may be read.",
                code="unreadable",
            ) from error
    if not data:
        raise PhotoRejected(f"{shown} is an empty file; please send the photo again.", code="empty")
    if len(data) > MAX_BYTES:
        raise PhotoRejected(_too_big(shown), code="too_large")
    return data, shown


def _too_big(shown: str) -> str:
    return f"{shown} is larger than {MAX_BYTES // 1_000_000} MB; please send the camera's JPEG instead."


def _kind(data: bytes, shown: str) -> str:
    """Format by content; the extension is never believed."""
    head = data[:16]
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return "TIFF"
    raise PhotoRejected(_foreign(head, shown), code="not_a_photo")


def _foreign(head: bytes, shown: str) -> str:
    if head[4:8] == b"ftyp":
        return f"{shown} is an HEIC, AVIF or video file, which is not read here; please export it as JPEG."
    if head[:3] == b"GIF":
        return f"{shown} is a GIF, whose few colours cannot be measured; please send the camera's JPEG."
    if head[:2] == b"BM":
        return f"{shown} is a BMP file, which is not read here; please save it as PNG or JPEG."
    return f"{shown} is not a photo; please send a JPEG, PNG, WebP or 8-bit TIFF file."


def _open(data: bytes, kind: str, shown: str) -> Image.Image:
    formats = ["JPEG", "MPO"] if kind == "JPEG" else [kind]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit on pixels is stricter than the one warned about
            return Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise PhotoRejected(_too_many_pixels(shown), code="too_many_pixels") from error
    except _DECODER_FAULTS as error:
        if kind == "TIFF" and "mode" in str(error):
            raise PhotoRejected(
                f"{shown} is a TIFF with more than 8 bits per channel or an unusual layout; "
                "please export it as 8-bit TIFF, PNG or JPEG.",
                code="unsupported_depth",
            ) from error
        raise PhotoRejected(
            f"{shown} is damaged or cut off, so it was not used; please send the original file again.",
            code="damaged",
        ) from error


def _too_many_pixels(shown: str) -> str:
    return (
        f"{shown} has more than {MAX_PIXELS // 1_000_000} megapixels or a side over {MAX_SIDE} pixels; "
        "please send it at the camera's normal size."
    )


def _refuse_unsuitable(image: Image.Image, data: bytes, kind: str, shown: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PhotoRejected(_too_many_pixels(shown), code="too_many_pixels")
    if min(width, height) < MIN_SIDE:
        raise PhotoRejected(
            f"{shown} is only {width} × {height} pixels, too small to measure; at least {MIN_SIDE} on the short "
            "side are needed, and 1500 are better.",
            code="too_small",
        )
    if kind == "JPEG" and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise PhotoRejected(
            f"{shown} is built from an unreasonable number of scans; please save it again as an ordinary JPEG.",
            code="too_complex",
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise PhotoRejected(
            f"{shown} holds several pictures (an animation or several pages); please send one photo per file.",
            code="several_pictures",
        )
    if image.mode in ("CMYK", "LAB", "YCbCr", "HSV") and kind != "JPEG":
        raise PhotoRejected(_for_print(shown), code="print_colours")
    if image.mode == "CMYK":
        raise PhotoRejected(_for_print(shown), code="print_colours")
    if kind == "TIFF" and _is_odd_grey(image):
        raise PhotoRejected(
            f"{shown} is a greyscale TIFF with an unusual depth; please export it as 8-bit TIFF, PNG or JPEG.",
            code="unsupported_depth",
        )
    if image.mode == "F":
        raise PhotoRejected(
            f"{shown} holds floating-point numbers, not a photo; please send the camera's JPEG.",
            code="unsupported_depth",
        )


def _is_odd_grey(image: Image.Image) -> bool:
    """Grey of 12, 32 or signed 16 bits: its white is not at 65535, so it cannot be scaled like 16-bit grey."""
    return image.mode == "I" or (image.mode in _SIXTEEN_BIT_GREY and _tiff_bits(image) != 16)


def _tiff_bits(image: Image.Image) -> int:
    """Bits of the deepest channel of a TIFF; 8 for files of another kind."""
    bits = image.tag_v2.get(_BITS_PER_SAMPLE) if isinstance(image, TiffImagePlugin.TiffImageFile) else None
    return max(bits) if isinstance(bits, tuple) and bits else 8


def _depth_notes(image: Image.Image, data: bytes) -> list[str]:
    if image.mode in _SIXTEEN_BIT_GREY:  # is scaled, which is said where it is done
        return []
    is_deep_png = data[:8] == b"\x89PNG\r\n\x1a\n" and data[24] == 16
    if is_deep_png or _tiff_bits(image) == 16:
        return ["The file has 16 bits per channel: they were read as 8."]
    return []


def _for_print(shown: str) -> str:
    return f"{shown} is in printing colours (CMYK or Lab); please export it as an sRGB JPEG."


def _to_srgb(image: Image.Image, notes: list[str]) -> tuple[NDArray[np.uint8], bool, str]:
    if image.mode in _SIXTEEN_BIT_GREY:
        notes.append("The file is 16-bit greyscale: it was scaled to 8 bits, and colour is not measured.")
        wide = np.asarray(image).astype(np.int64)
        grey = np.clip((wide + 128) // 257, 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2), False, "grey"
    if image.mode in ("1", "L", "LA"):
        notes.append("The photo is greyscale: colour is not measured.")
        flat = _flatten(image, notes).convert("L")
        return np.repeat(np.asarray(flat)[..., None], 3, axis=2), False, "grey"
    flat = _flatten(image, notes)
    if flat.mode != "RGB":
        flat = flat.convert("RGB")
    flat, profile = _apply_profile(flat, image.info.get("icc_profile"), notes)
    rgb = np.array(flat)
    if _is_grey(rgb):
        notes.append("All colours in the photo are grey: colour is not measured.")
        return rgb, False, profile
    return rgb, True, profile


def _is_grey(rgb: NDArray[np.uint8]) -> bool:
    sample = rgb[::8, ::8].astype(np.int16)
    return bool(np.ptp(sample, axis=2).max() <= 2)


def _flatten(image: Image.Image, notes: list[str]) -> Image.Image:
    """Make every pixel that is not opaque black, which no metric takes for skin; a blend would still be measured."""
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image
    rgba = np.array(image.convert("RGBA"))
    hidden = rgba[..., 3] < 255
    if hidden.any():
        notes.append("Transparent parts were set on black and are not measured.")
    rgba[hidden] = 0
    return Image.fromarray(np.ascontiguousarray(rgba[..., :3]))


def _apply_profile(image: Image.Image, icc: object, notes: list[str]) -> tuple[Image.Image, str]:
    if not isinstance(icc, bytes) or not icc:
        return image, "sRGB"
    ignored = "Its colour profile could not be used, so its colours were taken as sRGB."
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = source.profile.xcolor_space.strip()
        name = ImageCms.getProfileDescription(source).strip() or "unnamed profile"
        if space != "RGB":
            notes.append(ignored)
            return image, "sRGB"
        if "srgb" in name.lower():
            return image, name
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append(ignored)
        return image, "sRGB"
    if converted is None:
        return image, name
    notes.append(f"Its colours were converted from {name} to sRGB.")
    return converted, name


def _orientation_notes(image: Image.Image) -> list[str]:
    orientation = _exif(image).get(_ORIENTATION, 1)
    if orientation in range(1, 9):
        return []
    return ["Its stated orientation is not a valid one and was ignored."]


def _name_notes(kind: str, shown: str) -> list[str]:
    endings = {"JPEG": {"jpg", "jpeg", "jpe", "jfif"}, "TIFF": {"tif", "tiff"}}
    suffix = shown.rpartition(".")[2].lower() if "." in shown else ""
    if suffix and "." + suffix in PHOTO_SUFFIXES and suffix not in endings.get(kind, {kind.lower()}):
        return [f"The file is named .{suffix} but is a {kind} file; it was read as what it is."]
    return []


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except _DECODER_FAULTS:
        return Image.Exif()


def _camera(image: Image.Image) -> str:
    exif = _exif(image)
    parts = [exif.get(tag) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)]
    text = " ".join(p.strip("\x00 ") for p in parts if isinstance(p, str))
    return "".join(c for c in text if c.isprintable())[:80]


def _date(image: Image.Image, shown: str) -> tuple[date | None, list[str]]:
    """Day of the photo; a date in the future is not believed.

    The camera knows best, then whoever named the file. The day of the last edit comes last: saving a photo anew must
    not move it to another session.
    """
    today = datetime.now(UTC).date() + MIXED_UP_CLOCK
    notes: list[str] = []
    day = _camera_day(_days_of_camera(image), today, notes)
    day = day or _day_in_name(shown, today, notes)
    return day or _camera_day([_exif_day(_exif(image), ExifTags.Base.DateTime)], today, notes), notes


def _camera_day(days: list[date | None], today: date, notes: list[str]) -> date | None:
    """First possible one of the camera's days."""
    note = "The camera's date is not a possible one and was ignored."
    for day in days:
        if day is not None and day <= today and day.year > 1990:
            return day
        if day is not None and note not in notes:
            notes.append(note)
    return None


def _day_in_name(shown: str, today: date, notes: list[str]) -> date | None:
    match = _DATE_IN_NAME.search(shown)
    if match is None:
        return None
    try:
        day = date(*(int(part) for part in match.groups()))
    except ValueError:
        notes.append("The date in the file name does not exist and was ignored.")
        return None
    if day > today:
        notes.append("The date in the file name is not a possible one and was ignored.")
        return None
    return day


def _days_of_camera(image: Image.Image) -> list[date | None]:
    try:
        taken = _exif(image).get_ifd(ExifTags.IFD.Exif)
    except _DECODER_FAULTS:
        return []
    return [_exif_day(taken, tag) for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)]


def _exif_day(tags: Mapping[int, Any], tag: int) -> date | None:
    try:
        raw = tags.get(tag)
        if not isinstance(raw, str):
            return None
        return datetime.strptime(raw.strip("\x00 ")[:10], "%Y:%m:%d").replace(tzinfo=UTC).date()
    except _DECODER_FAULTS:
        return None
