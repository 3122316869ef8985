"""Every class of file that a clinic may drop on us, made from nothing, each with the outcome it must have.

python tests/bad_files.py DIR    writes them all into a folder, to try them by hand
"""

from __future__ import annotations

import hashlib
import io
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

try:
    import pillow_heif
except ImportError:
    pillow_heif = None

ACCEPTED = "accepted"
#: Damage that no decoder can see: either outcome is right, a crash is not.
EITHER = "either"


@dataclass(frozen=True)
class File:
    """A file and what must become of it: its code, or accepted, and then a part of what must be said."""

    name: str
    make: Callable[[], bytes]
    outcome: str
    note: str = ""
    has_colour: bool = True


def picture(height: int = 300, width: int = 400, seed: int = 3) -> np.ndarray:
    """Something like skin: smooth colour with texture, in sRGB."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    light = 0.75 + 0.2 * np.sin(3 * x + 2 * y) + 0.02 * rng.standard_normal((height, width))
    return np.clip(light[..., None] * np.array([225.0, 175.0, 150.0]), 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray | Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Bytes of an image file."""
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(image: Image.Image | None = None, **options: object) -> bytes:
    """An HEIC file; without the optional extra only its first box."""
    if pillow_heif is None:
        return struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(400)
    pillow_heif.register_heif_opener()
    return encoded(image or Image.fromarray(picture()), "HEIF", **options)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_promising(width: int, height: int, depth: int = 1, colour: int = 0) -> bytes:
    """A PNG that promises a huge picture in a few bytes."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")


def png_with(*chunks: bytes) -> bytes:
    """A good PNG with further chunks behind its header."""
    good = encoded(picture(), "PNG")
    return good[:33] + b"".join(chunks) + good[33:]


def tiff(*tags: tuple[int, int, object], body: bytes = b"") -> bytes:
    """A little TIFF from (tag, type, value) with values that fit into the entry; the body follows the directory."""
    entries = b""
    for tag, kind, value in sorted(tags):
        packed = struct.pack("<" + {1: "4B", 3: "HH", 4: "I"}[kind], *(value if isinstance(value, tuple) else (value,)))
        entries += struct.pack("<HHI", tag, kind, 4 if kind == 1 else 1) + packed
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + body


def grey_tiff(*tags: tuple[int, int, object], side: int = 300, body: int | None = None) -> bytes:
    """An uncompressed grey TIFF, with further tags."""
    size = side * side if body is None else body
    start = 14 + 12 * (9 + len(tags))
    plain = [(256, 3, (side, 0)), (257, 3, (side, 0)), (258, 3, (8, 0)), (259, 3, (1, 0)), (262, 3, (1, 0))]
    plain += [(273, 4, start), (277, 3, (1, 0)), (278, 3, (side, 0)), (279, 4, size)]
    given = {tag for tag, _, _ in tags}
    return tiff(*(p for p in plain if p[0] not in given), *tags, body=bytes(range(256)) * (size // 256 + 1))


def icc_profile(
    colourants: list[tuple[float, float, float]],
    gamma: float | None,
    name: str,
    *,
    space: bytes = b"RGB ",
    with_digest: bool = False,
) -> bytes:
    """A matrix profile, version 4.

    Parameters
    ----------
    colourants : list of tuple
        XYZ of red, green and blue, relative to D50.
    gamma : float or None
        Of the curve; None: that of sRGB.
    name : str
        Description.
    space : bytes
        Colour space as the header states it.
    with_digest : bool
        State the MD5 of the profile in its header, as Apple's do.
    """

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def text(value: str) -> bytes:
        raw = value.encode("utf-16-be")
        return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(raw), 28) + raw

    if gamma is None:
        shape = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(map(fixed, shape))
    else:
        curve = b"para" + bytes(4) + struct.pack(">HH", 0, 0) + fixed(gamma)
    bodies = {b"desc": text(name), b"cprt": text("none"), b"wtpt": (0.9642, 1.0, 0.8249)}
    bodies |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), colourants, strict=True))
    bodies |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, blob, at = b"", b"", 128 + 4 + 12 * len(bodies)
    for tag, value in bodies.items():
        body = value if isinstance(value, bytes) else b"XYZ " + bytes(4) + b"".join(map(fixed, value))
        table += tag + struct.pack(">II", at + len(blob), len(body))
        blob += body + bytes(-len(body) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s", at + len(blob), b"none", 0x04200000, b"mntr", space, b"XYZ ", bytes(12), b"acsp"
    )
    head = (head + bytes(28) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))).ljust(128, b"\0")
    profile = head + struct.pack(">I", len(bodies)) + table + blob
    if with_digest:
        profile = profile[:84] + hashlib.md5(profile).digest() + profile[100:]
    return profile


#: Colourants of published profiles, adapted to D50.
SRGB_PRIMARIES = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141)]
DISPLAY_P3_PRIMARIES = [(0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)]
ADOBE_RGB_PRIMARIES = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]


def display_p3(*, with_digest: bool = False) -> bytes:
    return icc_profile(DISPLAY_P3_PRIMARIES, None, "Display P3", with_digest=with_digest)


def adobe_rgb() -> bytes:
    return icc_profile(ADOBE_RGB_PRIMARIES, 563 / 256, "Adobe RGB (1998)")


def _cut(share: float, kind: str = "JPEG", **options: object) -> Callable[[], bytes]:
    return lambda: (lambda data: data[: int(len(data) * share)])(encoded(picture(), kind, **options))


def _flipped(data: bytes, at: int, bit: int = 4) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def _with_exif(**tags: object) -> bytes:
    exif = Image.Exif()
    for number, value in tags.items():
        exif[int(number[1:])] = value
    return encoded(picture(), exif=exif)


def _with_raw_exif(raw: bytes) -> bytes:
    return encoded(picture(), exif=b"Exif\0\0" + raw)


def _several(kind: str, **options: object) -> Callable[[], bytes]:
    frames = [Image.fromarray(picture(seed=s)) for s in (1, 2)]
    return lambda: encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def _many_scans() -> bytes:
    good = encoded(picture())
    scan = good[good.index(b"\xff\xda") : -2]
    return good[:-2] + scan * 120 + good[-2:]


def _cut_between_scans() -> bytes:
    good = encoded(picture(), progressive=True)
    last = good.rindex(b"\xff\xda")
    tables = good.rindex(b"\xff\xc4")  # its Huffman table stands before the last scan
    return good[: min(last, tables)] + b"\xff\xd9"


def _webp_promising(width: int, height: int) -> bytes:
    good = encoded(picture(), "WEBP", exif=b"Exif\0\0II*\0")
    return good[:24] + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little") + good[30:]


def _sized_jpeg(width: int, height: int) -> bytes:
    good = encoded(picture())
    at = good.index(b"\xff\xc0") + 5
    return good[:at] + struct.pack(">HH", height, width) + good[at + 4 :]


def _hidden_picture() -> bytes:
    return encoded(np.dstack([picture(), np.zeros((300, 400), np.uint8)]), "PNG")


def _motion_photo() -> bytes:
    return encoded(picture()) + np.random.default_rng(1).bytes(8_000_000)


def _swapped_profile() -> bytes:
    return icc_profile(SRGB_PRIMARIES[::-1], None, "sRGB")  # says sRGB, and is not


def _deflated_tiff_with_a_flip() -> bytes:
    good = encoded(picture(), "TIFF", compression="tiff_adobe_deflate")
    return _flipped(good, len(good) // 2)


def _shifted_heic() -> bytes:
    good = heic()
    return good.replace(b"ispe" + bytes(4) + struct.pack(">II", 400, 300), b"ispe" + bytes(4) + b"\0\1\0\0" * 2)


_HEIC_OUTCOME = ACCEPTED if pillow_heif else "heic_unavailable"
_HEIC_DAMAGED = "damaged" if pillow_heif else "heic_unavailable"
_RGB16 = np.dstack([picture()[..., ::-1]]).astype(np.uint16) * 257
_PROFILE_IGNORED = "profile could not be used"

FILES = [
    # nothing, or not all
    File("zero_byte.jpg", lambda: b"", "empty"),
    File("one_byte.jpg", lambda: b"\0", "not_a_photo"),
    File("only_soi_eoi.jpg", lambda: b"\xff\xd8\xff\xd9", "damaged"),
    *(File(f"cut_{share}.jpg", _cut(share), "damaged") for share in (0.01, 0.5, 0.9, 0.99)),
    File("cut_2_bytes.jpg", lambda: encoded(picture())[:-2], "damaged"),
    File("cut_and_closed.jpg", lambda: _cut(0.5)() + b"\xff\xd9", "damaged"),
    File("cut_0.5_progressive.jpg", _cut(0.5, progressive=True), "damaged"),
    File("cut_between_scans.jpg", _cut_between_scans, "damaged"),
    File("shorter_than_it_says.jpg", lambda: _sized_jpeg(400, 600), "damaged"),
    File("longer_than_it_says.jpg", lambda: _sized_jpeg(400, 260), "damaged"),
    File("cut_0.5.png", _cut(0.5, "PNG"), "damaged"),
    File("without_end.png", lambda: encoded(picture(), "PNG")[:-12], "damaged"),
    File("one_bit.png", lambda: _flipped(encoded(picture(), "PNG"), 5000), "damaged"),
    File("wrong_checksum.png", lambda: _flipped(encoded(picture(), "PNG"), -13), "damaged"),
    File("cut_0.5.webp", _cut(0.5, "WEBP"), "damaged"),
    File("cut_0.9.tif", _cut(0.9, "TIFF"), "damaged"),
    File("cut_0.5_packed.tif", _cut(0.5, "TIFF", compression="tiff_adobe_deflate"), "damaged"),
    File("one_bit_packed.tif", _deflated_tiff_with_a_flip, "damaged"),
    File("cut_0.5.heic", lambda: heic()[: len(heic()) // 2], _HEIC_DAMAGED),
    File("cut_2_bytes.heic", lambda: heic()[:-2], _HEIC_DAMAGED),
    File("zeros_inside.jpg", lambda: (d := encoded(picture()))[:9000] + bytes(64) + d[9064:], EITHER),
    # not photos
    File("text.jpg", lambda: b"Dear clinic, please find attached", "not_a_photo"),
    File("random.jpg", lambda: b"\x01" + np.random.default_rng(2).bytes(5000), "not_a_photo"),
    File("html.jpg", lambda: b"<!DOCTYPE html><script>alert(1)</script>", "not_a_photo"),
    File("svg.jpg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not_a_photo"),
    File("pdf.jpg", lambda: b"%PDF-1.7\n", "not_a_photo"),
    File("eps.jpg", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 300\n", "not_a_photo"),
    File("mvg.jpg", lambda: b"push graphic-context\nviewbox 0 0 640 480\n", "not_a_photo"),
    File("zip.jpg", lambda: b"PK\x03\x04" + bytes(100), "not_a_photo"),
    File("exe.jpg", lambda: b"MZ" + bytes(100), "not_a_photo"),
    File("dicom.jpg", lambda: bytes(128) + b"DICM" + bytes(100), "not_a_photo"),
    # photos of kinds that are not read
    File("still.gif", lambda: encoded(picture(), "GIF"), "not_a_photo"),
    File("animated.gif", _several("GIF", duration=100), "not_a_photo"),
    File("bitmap.bmp", lambda: encoded(picture(), "BMP"), "not_a_photo"),
    File("picture.jp2", lambda: encoded(picture(), "JPEG2000"), "not_a_photo"),
    File("picture.avif", lambda: encoded(picture(), "AVIF"), "not_a_photo"),
    File("video.mp4", lambda: struct.pack(">I", 24) + b"ftypisom\0\0\2\0isommp41" + bytes(99), "not_a_photo"),
    File("burst.heic", lambda: struct.pack(">I", 24) + b"ftyphevc\0\0\0\0heichevc" + bytes(99), "several_pictures"),
    File("raw.dng", lambda: grey_tiff((50706, 1, (1, 6, 0, 0))), "raw_file"),
    File("mosaic.dng", lambda: grey_tiff((262, 3, (32803, 0))), "raw_file"),
    File("raw.nef", lambda: grey_tiff((254, 4, 1), (330, 4, 8)), "raw_file"),
    File("raw.cr2", lambda: b"II*\0\x10\0\0\0CR\2\0" + bytes(99), "raw_file"),
    File("raw.cr3", lambda: struct.pack(">I", 24) + b"ftypcrx \0\0\0\1crx isom" + bytes(99), "raw_file"),
    File("raw.orf", lambda: b"IIRO\x08\0\0\0" + bytes(99), "raw_file"),
    File("raw.rw2", lambda: b"IIU\0\x08\0\0\0" + bytes(99), "raw_file"),
    File("raw.raf", lambda: b"FUJIFILMCCD-RAW 0201" + bytes(99), "raw_file"),
    # several pictures in one file
    File("animated.webp", _several("WEBP", duration=100), "several_pictures"),
    File("animated.png", _several("PNG"), "several_pictures"),
    File("pages.tif", _several("TIFF"), "several_pictures"),
    File("depth.mpo", _several("MPO"), ACCEPTED, "more pictures"),
    # colour and depth
    File("cmyk.jpg", lambda: encoded(Image.fromarray(picture()).convert("CMYK")), "print_colours"),
    File("cmyk.tif", lambda: encoded(Image.fromarray(picture()).convert("CMYK"), "TIFF"), "print_colours"),
    File("lab.tif", lambda: encoded(Image.fromarray(picture()).convert("LAB"), "TIFF"), "print_colours"),
    File("grey.jpg", lambda: encoded(picture()[..., 0]), ACCEPTED, "greyscale", has_colour=False),
    File(
        "grey_alpha.png", lambda: encoded(Image.fromarray(picture()).convert("LA"), "PNG"), ACCEPTED, "greyscale", False
    ),
    File(
        "one_bit_deep.png",
        lambda: encoded(Image.fromarray(picture()).convert("1"), "PNG"),
        ACCEPTED,
        "greyscale",
        False,
    ),
    File("palette.png", lambda: encoded(Image.fromarray(picture()).quantize(64), "PNG"), ACCEPTED, "palette", False),
    File("grey_in_colour.jpg", lambda: encoded(np.dstack([picture()[..., 0]] * 3)), ACCEPTED, "are grey", False),
    File("grey16.png", lambda: encoded(picture()[..., 0].astype(np.uint16) * 257, "PNG"), ACCEPTED, "16-bit", False),
    File("grey16.tif", lambda: encoded(picture()[..., 0].astype(np.uint16) * 257, "TIFF"), ACCEPTED, "16-bit", False),
    File("rgb16.png", lambda: cv2.imencode(".png", _RGB16)[1].tobytes(), ACCEPTED, "16 bits per channel"),
    File("rgb16.tif", lambda: cv2.imencode(".tif", _RGB16)[1].tobytes(), ACCEPTED, "16 bits per channel"),
    File("hidden.png", _hidden_picture, ACCEPTED, "Transparent", has_colour=False),
    File("float32.tif", lambda: encoded(picture()[..., 0].astype(np.float32), "TIFF"), "unsupported_depth"),
    File("nan.tif", lambda: encoded(np.full((300, 400), np.nan, np.float32), "TIFF"), "unsupported_depth"),
    File("int32.tif", lambda: encoded(picture()[..., 0].astype(np.int32) * 9999, "TIFF"), "unsupported_depth"),
    File("jpeg_inside.tif", lambda: encoded(picture(), "TIFF", compression="jpeg"), "unsupported_depth"),
    File("arithmetic.jpg", lambda: encoded(picture()).replace(b"\xff\xc0", b"\xff\xc9", 1), "unsupported_depth"),
    # profiles
    File("display_p3.jpg", lambda: encoded(picture(), icc_profile=display_p3()), ACCEPTED, "Display P3"),
    File("adobe_rgb.png", lambda: encoded(picture(), "PNG", icc_profile=adobe_rgb()), ACCEPTED, "Adobe RGB"),
    File("swapped.jpg", lambda: encoded(picture(), icc_profile=_swapped_profile()), ACCEPTED, "converted"),
    File("icc_garbage.jpg", lambda: encoded(picture(), icc_profile=b"nonsense" * 40), ACCEPTED, _PROFILE_IGNORED),
    File("icc_cut.jpg", lambda: encoded(picture(), icc_profile=display_p3()[:300]), ACCEPTED, _PROFILE_IGNORED),
    File("icc_large.png", lambda: encoded(picture(), "PNG", icc_profile=bytes(4_100_000)), "too_complex"),
    File(
        "icc_large.jpg",
        lambda: encoded(picture(), icc_profile=display_p3() + bytes(4_100_000)),
        ACCEPTED,
        _PROFILE_IGNORED,
    ),
    File(
        "icc_for_print.jpg",
        lambda: encoded(picture(), icc_profile=icc_profile(SRGB_PRIMARIES, 2.2, "print", space=b"CMYK")),
        ACCEPTED,
        _PROFILE_IGNORED,
    ),
    File(
        "icc_one_bit.jpg",
        lambda: encoded(picture(), icc_profile=_flipped(display_p3(with_digest=True), 330, 64)),
        ACCEPTED,
        _PROFILE_IGNORED,
    ),
    File(
        "icc_tinted.jpg",
        lambda: encoded(picture(), icc_profile=icc_profile([SRGB_PRIMARIES[0]] * 3, 2.2, "tinted")),
        ACCEPTED,
        _PROFILE_IGNORED,
    ),
    # what the camera writes
    *(File(f"orientation_{k}.jpg", lambda k=k: _with_exif(t274=k), ACCEPTED, "orientation") for k in (0, 9)),
    File("exif_garbage.jpg", lambda: _with_raw_exif(b"\x99" * 300), ACCEPTED),
    File("exif_loop.jpg", lambda: _with_raw_exif(b"II*\0\x08\0\0\0\0\0\x08\0\0\0"), ACCEPTED),
    File("exif_loop_inside.jpg", lambda: _with_raw_exif(tiff((34665, 4, 8))), ACCEPTED),
    File("maker_note.jpg", lambda: _with_exif(t37500=bytes(60_000)), ACCEPTED),
    File("exif_script.jpg", lambda: _with_exif(t271="<script>alert(1)</script>\0\u202e=1+1"), ACCEPTED),
    # size
    File("1x1.png", lambda: encoded(np.zeros((1, 1, 3), np.uint8), "PNG"), "too_small"),
    File("strip.png", lambda: encoded(picture(100, 2000), "PNG"), "too_small"),
    File("bomb.png", lambda: png_promising(30_000, 30_000), "too_many_pixels"),
    File("bomb_144.png", lambda: png_promising(12_000, 12_000, 8, 2), "too_many_pixels"),
    File("bomb_signed.png", lambda: png_promising(2**31, 2**31), "too_many_pixels"),
    File("bomb.jpg", lambda: _sized_jpeg(65_500, 65_500), "too_many_pixels"),
    File("bomb.tif", lambda: grey_tiff((256, 4, 60_000), (257, 4, 60_000)), "too_many_pixels"),
    File("bomb.webp", lambda: _webp_promising(16_383, 16_383), "too_many_pixels"),
    File("bomb.heic", _shifted_heic, EITHER if pillow_heif else "heic_unavailable"),
    File("too_large.jpg", lambda: encoded(picture()) + bytes(50_000_000), "too_large"),
    # small files that unpack to much
    File(
        "bomb_text.png",
        lambda: png_with(png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(90_000_000)))),
        "too_complex",
    ),
    File(
        "bomb_texts.png",
        lambda: png_with(*[png_chunk(b"zTXt", b"a%d\0\0" % k + zlib.compress(bytes(900_000))) for k in range(200)]),
        "too_complex",
    ),
    File(
        "bomb_icc.png", lambda: png_with(png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(30_000_000)))), "too_complex"
    ),
    File("many_scans.jpg", _many_scans, "too_complex"),
    # two things at once, or one under another name
    File("png_named.jpg", lambda: encoded(picture(), "PNG"), ACCEPTED, "is a PNG"),
    File("jpeg_named.png", lambda: encoded(picture()), ACCEPTED, "is a JPEG"),
    File("page_behind.jpg", lambda: encoded(picture()) + b"<html><script>alert(1)</script></html>", ACCEPTED),
    File("archive_behind.jpg", lambda: encoded(picture()) + b"PK\x03\x04" + bytes(500), ACCEPTED),
    File("program_behind.png", lambda: encoded(picture(), "PNG") + b"<?php system($_GET[1]);", ACCEPTED),
    File("page_inside.jpg", lambda: encoded(picture(), comment=b"*/<script>alert(1)</script>"), ACCEPTED),
    File("motion_photo.jpg", _motion_photo, ACCEPTED),
    File("padded.jpg", lambda: encoded(picture())[:-2] + bytes(30) + b"\xff\xd9", ACCEPTED),
    # good ones
    File("plain.jpg", lambda: encoded(picture()), ACCEPTED),
    File("progressive.jpg", lambda: encoded(picture(), progressive=True), ACCEPTED),
    File("interlaced.png", lambda: cv2.imencode(".png", picture()[..., ::-1])[1].tobytes(), ACCEPTED),
    File("plain.webp", lambda: encoded(picture(), "WEBP"), ACCEPTED),
    File("plain.tif", lambda: encoded(picture(), "TIFF"), ACCEPTED),
    File("lzw.tif", lambda: encoded(picture(), "TIFF", compression="tiff_lzw"), ACCEPTED),
    File("plain.heic", heic, _HEIC_OUTCOME),
]


def main() -> None:
    """Write every file into the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (folder / file.name).write_bytes(file.make())
        print(f"{file.name:32} {file.outcome}")


if __name__ == "__main__":
    main()
