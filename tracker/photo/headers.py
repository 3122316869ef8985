"""The structure of a file, checked before a decoder sees it: size from the header, checksums, completeness.

Decoders forgive. Pillow shows a JPEG whose data end early with grey below, and does not look at the checksums of a
PNG's pixels. What is measured must not be forgiven, so whatever a format offers for a check is checked here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tracker.photo.refusals import MAX_JPEG_SCANS, MAX_PIXELS, MAX_SIDE, MIN_SIDE, Unfit

_NEXT_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ORDINARY_FRAME = {0xC0, 0xC1, 0xC2}
_PIECE = 1 << 20
#: Entries of a TIFF that hold one number, and those that hold one for each channel, strip or tile.
_TIFF_SINGLE = {256, 257, 259, 262, 277, 278, 284, 322, 323}
_TIFF_LISTS = {258, 273, 279, 324, 325}
_NO_ROWS_STATED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class JpegStructure:
    """What the markers of a JPEG say: size in pixels, number of components, and where its end marker begins."""

    width: int
    height: int
    components: int
    end: int


def check_size(width: int, height: int) -> None:
    """Refuse what is too large to read or too small to measure; sides in pixels.

    Raises
    ------
    Unfit
        With the reason.
    """
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise Unfit("too_many_pixels")
    if min(width, height) < MIN_SIDE:
        raise Unfit("too_small", width=width, height=height)


def jpeg_structure(data: bytes) -> JpegStructure:
    """Walk the markers of a JPEG from its start to its end marker; what follows that is not looked at.

    Raises
    ------
    Unfit
        There is no end marker, something lies between the segments, or the kind or number of scans is not ordinary.
    """
    frame, kind, scans, at = b"", 0, list[bytes](), 2
    while True:
        found = _NEXT_MARKER.match(data, at)
        if found is None:
            raise Unfit("damaged")
        marker, at = found[1][0], found.end()
        if marker == 0xD9:
            break
        segment = _segment(data, at)
        at += 2 + len(segment)
        if marker in _FRAME:
            if frame or len(segment) < 6:
                raise Unfit("damaged")
            if marker not in _ORDINARY_FRAME or segment[0] != 8:
                raise Unfit("unusual_jpeg")
            frame, kind = segment, marker
        elif marker == 0xDA:
            scans.append(segment)
            following = _NEXT_MARKER.search(data, at)
            if following is None:
                raise Unfit("damaged")
            at = following.start()
    if not frame or not scans:
        raise Unfit("damaged")
    if len(scans) > MAX_JPEG_SCANS:
        raise Unfit("many_scans")
    if not _is_complete(frame, scans, progressive=kind == 0xC2):
        raise Unfit("damaged")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    return JpegStructure(width, height, frame[5], found.end() - 2)


def _is_complete(frame: bytes, scans: list[bytes], *, progressive: bool) -> bool:
    """Whether the scans bring every coefficient of every component to its last bit.

    A progressive photo that is cut between two scans decodes without a warning, only coarser: skin without texture.
    """
    wanted = {frame[at] for at in range(6, len(frame) - 2, 3)}
    missing = {(component, k) for component in wanted for k in range(64 if progressive else 1)}
    for scan in scans:
        count = scan[0] if scan else 0
        if len(scan) < 4 + 2 * count:
            return False
        first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
        if not progressive:
            first, last, bits = 0, 0, 0  # a sequential scan has it all, whatever it says; decoders ignore it too
        if bits & 0x0F == 0:
            missing -= {(scan[1 + 2 * c], k) for c in range(count) for k in range(first, last + 1)}
    return not missing


def _segment(data: bytes, at: int) -> bytes:
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2 or at + length > len(data):
        raise Unfit("damaged")
    return data[at + 2 : at + length]


def check_png(data: bytes) -> None:
    """Check every checksum of a PNG, that it is one picture, and that its pixels are complete.

    Raises
    ------
    Unfit
        With the reason.
    """
    stream, expected = zlib.decompressobj(), _raw_bytes_of_png(data)
    seen = 0
    for kind, body in _png_chunks(data):
        if kind == b"acTL":
            raise Unfit("several_pictures")
        if kind == b"IDAT":
            seen += _inflated(stream, body, limit=2 * expected + _PIECE - seen)
    if not stream.eof or seen < expected:
        raise Unfit("damaged")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, at, kind = memoryview(data), 8, b""
    while kind != b"IEND":
        length, kind = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        body, check = view[at + 8 : at + 8 + length], view[at + 8 + length : at + 12 + length]
        if len(check) < 4 or zlib.crc32(view[at + 4 : at + 8 + length]) != int.from_bytes(check, "big"):
            raise Unfit("damaged")
        yield kind, body
        at += 12 + length


def _raw_bytes_of_png(data: bytes) -> int:
    """Bytes of the unpacked rows, at least: an interlaced picture has some more."""
    (width, height), depth, colour = png_size(data), data[24], data[25]
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    return int(height * ((width * depth * channels + 7) // 8))


def _inflated(stream: zlib._Decompress, packed: bytes | memoryview, *, limit: int) -> int:
    """Unpack into nothing: how many bytes there were. The checksum at the end is compared by the way."""
    size = 0
    try:
        while packed and not stream.eof:
            size += len(stream.decompress(packed, _PIECE))
            packed = stream.unconsumed_tail
            if size > limit:
                raise Unfit("too_complex")
    except zlib.error as error:
        raise Unfit("damaged") from error
    return size


def check_tiff(data: bytes) -> None:
    """Check that the first directory of a TIFF describes its pixels in a form that all readers understand alike.

    Readers guess when an entry is damaged: they leave it out, or take what is missing for zero.

    Raises
    ------
    Unfit
        The directory, or one of its entries that say where and how pixels lie, is damaged.
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    at = int.from_bytes(data[4:8], order)
    entries = int.from_bytes(data[at : at + 2], order)
    if len(data) < at + 2 + 12 * entries + 4 or not entries:
        raise Unfit("damaged")
    for k in range(at + 2, at + 2 + 12 * entries, 12):
        tag, kind = (int.from_bytes(data[j : j + 2], order) for j in (k, k + 2))
        count, value = (int.from_bytes(data[j : j + 4], order) for j in (k + 4, k + 8))
        if tag in _TIFF_SINGLE | _TIFF_LISTS:
            size = {3: 2, 4: 4}.get(kind, 0) * count
            if not size or (tag in _TIFF_SINGLE and count != 1) or (size > 4 and value + size > len(data)):
                raise Unfit("damaged")


def check_tiff_parts(
    size: tuple[int, int], part: tuple[int, int], packed: Sequence[int], *, bits: int, raw: bool, planes: int
) -> None:
    """Check that strips or tiles cover the whole picture, and hold it all if they are not compressed.

    Parameters
    ----------
    size : tuple of int
        Width and height of the picture in pixels.
    part : tuple of int
        The same of a strip or tile; strips may be stated as higher than the picture.
    packed : sequence of int
        Bytes of every part.
    bits : int
        Per pixel of one plane.
    raw : bool
        Not compressed.
    planes : int
        Separate pictures of a colour each; usually 1.

    Raises
    ------
    Unfit
        They do not.
    """
    (width, height), (across, down) = size, part
    if not 0 < across <= MAX_SIDE or not (0 < down <= MAX_SIDE or down == _NO_ROWS_STATED):
        raise Unfit("damaged")
    columns, rows = -(-width // across), -(-height // down)
    if len(packed) != columns * rows * planes:
        raise Unfit("damaged")
    if raw and across == width:  # the last strip may be lower
        needed = planes * height * ((width * bits + 7) // 8)
    else:
        needed = len(packed) * down * ((across * bits + 7) // 8)
    if raw and sum(packed) < needed:
        raise Unfit("damaged")


def check_deflated(packed: bytes | memoryview, *, limit: int) -> None:
    """Check that a deflated strip of a TIFF is whole, to its checksum, and no larger than `limit` bytes.

    Raises
    ------
    Unfit
        With the reason.
    """
    stream = zlib.decompressobj()
    _inflated(stream, packed, limit=limit)
    if not stream.eof:
        raise Unfit("damaged")


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, as the header of a PNG states them.

    Raises
    ------
    Unfit
        There is no header.
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Unfit("damaged")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, as the header of a WebP file states them; looked at before the decoder allocates.

    Raises
    ------
    Unfit
        The file is shorter than it says, has no header, or is an animation.
    """
    declared = int.from_bytes(data[4:8], "little")
    if declared + 8 > len(data) or len(data) < 30:
        raise Unfit("damaged")
    kind, at = data[12:16], 20
    if kind == b"VP8X":
        if data[at] & 0x02:
            raise Unfit("several_pictures")
        return 1 + int.from_bytes(data[at + 4 : at + 7], "little"), 1 + int.from_bytes(data[at + 7 : at + 10], "little")
    if kind == b"VP8L" and data[at] == 0x2F:
        bits = int.from_bytes(data[at + 1 : at + 5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and data[at + 3 : at + 6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[at + k : at + k + 2], "little") & 0x3FFF for k in (6, 8))
        return width, height
    raise Unfit("damaged")
