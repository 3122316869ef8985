"""File bytes → `Photo`: upright, colour-managed to sRGB, dated and hashed; or refused with a reason.

The identity of a photo is the SHA-256 of its file. Everything here happens once: orientation, colour profile and
bit depth are dealt with at the border, and no later station needs to know how the file was stored.

::

    kinds      which format it is, by content        ┐
    dates      which day it was taken                │ in this process
    refusals   the sentences                         │
    sandbox    asks a child process and checks it    ┘
    child      has given up files and network        ┐
    headers    size, checksums, completeness         │ in the child
    decode     pixels, strictly                      │
    colour     profile, transparency, depth          │
    metadata   what the camera wrote                 ┘
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.errors import PhotoRejected
from tracker.photo.dates import MIXED_UP_CLOCK, day_of, moment_of
from tracker.photo.kinds import PHOTO_SUFFIXES, ending_note, kind_of
from tracker.photo.refusals import MAX_BYTES, MAX_JPEG_SCANS, MAX_PIXELS, MAX_SIDE, MIN_SIDE, Unfit, refused
from tracker.photo.sandbox import decoders

__all__ = [
    "MAX_BYTES",
    "MAX_JPEG_SCANS",
    "MAX_NAME",
    "MAX_PIXELS",
    "MAX_SIDE",
    "MIN_SIDE",
    "MIXED_UP_CLOCK",
    "PHOTO_SUFFIXES",
    "Photo",
    "PhotoFile",
    "display_name",
    "identify_photo",
    "read_photo",
    "warm_up",
]

MAX_NAME = 120

_HEAD = 64


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
        False for a greyscale file, and for one with a palette: metrics that need colour decline.
    profile : str
        Name of the colour profile the file carried; ``"sRGB"`` if none was stated.
    camera : str
        Make, model and lens as the camera wrote them; empty if unknown.
    notes : tuple of str
        What was done or noticed on reading, in sentences.
    taken_at : datetime or None
        Day and time by the camera's own clock, without a time zone, as EXIF has it.
    """

    rgb: NDArray[np.uint8]
    digest: str
    name: str
    taken_on: date | None
    has_colour: bool = True
    profile: str = "sRGB"
    camera: str = ""
    notes: tuple[str, ...] = ()
    taken_at: datetime | None = None

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

    It is decoded in a child process that can neither open files nor connect to anything, within limits of memory and
    time. The first call starts that process; see `warm_up`.

    Parameters
    ----------
    source : path or bytes
        A JPEG, PNG, WebP or 8-bit TIFF file, or its bytes; an HEIC file if the extra ``heic`` is installed.
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
    try:
        kind = kind_of(data[:_HEAD])
        with decoders().asking("read", kind, data) as (facts, pixels):
            assert pixels is not None
            rgb = _upright(pixels, facts["orientation"])
    except Unfit as fault:
        raise refused(fault.key, shown, **fault.values) from fault
    rgb.flags.writeable = False
    taken_on, remarks = day_of(facts["taken"], facts["edited"], shown)
    notes = (*ending_note(kind, shown), *remarks, *facts["notes"])
    taken_at = moment_of(facts["taken"], taken_on)
    return Photo(
        rgb, _sha256(data), shown, taken_on, facts["has_colour"], facts["profile"], facts["camera"], notes, taken_at
    )


def identify_photo(source: Path | str | bytes, *, name: str | None = None) -> PhotoFile:
    """Identity and date of a photo file, without decoding the picture.

    Raises
    ------
    PhotoRejected
        The file is empty, too large, or of a kind we do not read.
    """
    data, shown = _bytes_of(source, name)
    try:
        with decoders().asking("describe", kind_of(data[:_HEAD]), data) as (facts, _):
            taken_on, _ = day_of(facts["taken"], facts["edited"], shown)
    except Unfit as fault:
        raise refused(fault.key, shown, **fault.values) from fault
    return PhotoFile(source if isinstance(source, bytes) else Path(source), shown, _sha256(data), taken_on)


def warm_up() -> None:
    """Start the process that decodes, without waiting for it; the first photo is then as quick as the others."""
    decoders().start()


def display_name(name: str) -> str:
    r"""File name as it may be shown anywhere: one line, printable, composed (NFC), and not too long.

    The ending survives the shortening, for it says what the file claims to be.

    Examples
    --------
    >>> display_name("left\nthigh\x1b[2J.jpg")
    'left�thigh�[2J.jpg'
    """
    printable = "".join(c if c.isprintable() else "�" for c in unicodedata.normalize("NFC", name))
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
                raise refused("too_large", shown)
            data = path.read_bytes()
        except OSError as error:
            raise PhotoRejected(
                f"{shown} could not be opened ({error.strerror or error}); check that it exists and may be read.",
                code="unreadable",
            ) from error
    if not data:
        raise refused("empty", shown)
    if len(data) > MAX_BYTES:
        raise refused("too_large", shown)
    return data, shown


def _upright(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A copy of our own, turned as the EXIF orientation says."""
    if orientation == 1:
        return stored.copy()
    if orientation in (5, 7):
        turned = cv2.transpose(stored)
        upright = turned if orientation == 5 else cv2.rotate(turned, cv2.ROTATE_180)
    elif orientation in (2, 4):
        upright = cv2.flip(stored, 1 if orientation == 2 else 0)
    else:
        turns = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
        upright = cv2.rotate(stored, turns[orientation])
    return np.asarray(upright, np.uint8)
