"""Which format a file is, by its first bytes: an allow-list. The extension is never believed."""

from __future__ import annotations

import re

from tracker.photo.refusals import Unfit

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif"})
KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "HEIC")

_ENDINGS = {"JPEG": {"jpg", "jpeg", "jpe", "jfif"}, "TIFF": {"tif", "tiff"}, "HEIC": {"heic", "heif", "hif"}}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_SEQUENCE_BRANDS = {b"hevc", b"hevx", b"msf1"}
#: Of files that are known and declined by name.
_FOREIGN = (
    (rb"GIF8", "gif"),
    (rb"BM", "bmp"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "avif"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "jpeg_2000"),
    (rb"II(?:\*\0.{4}CR|RO|RS|U\0)|MMOR|FUJIFILMCCD-RAW|FOVb|\0MRM|IIII\xbc", "raw"),
    (rb"RIFF.{4}AVI |\x1aE\xdf\xa3|\x00\x00\x01\xba", "video"),
)


def kind_of(head: bytes) -> str:
    """Name of the format, one of `KINDS`.

    Parameters
    ----------
    head : bytes
        At least the first 64 bytes of the file, if it has so many.

    Raises
    ------
    Unfit
        It is none that is read here.
    """
    for pattern, key in _FOREIGN:
        if re.match(pattern, head, re.DOTALL):
            raise Unfit(key)
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return "TIFF"
    if head[4:8] == b"ftyp":
        return _kind_by_brand(head)
    raise Unfit("not_a_photo")


def _kind_by_brand(head: bytes) -> str:
    """Boxed files all begin alike; the brand tells photos from videos, and the compatible ones tell the codec."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, brands = head[8:12], {head[at : at + 4] for at in range(8, end, 4) if at != 12}
    if major == b"crx ":
        raise Unfit("raw")
    if major in _SEQUENCE_BRANDS:
        raise Unfit("several_pictures")
    if brands & _HEIC_BRANDS:
        return "HEIC"
    raise Unfit("avif" if brands & {b"avif", b"avis", b"mif1"} else "video")


def ending_note(kind: str, shown: str) -> list[str]:
    """What is said if the name claims another format."""
    suffix = shown.rpartition(".")[2].lower() if "." in shown else ""
    if suffix and "." + suffix in PHOTO_SUFFIXES and suffix not in _ENDINGS.get(kind, {kind.lower()}):
        return [f"The file is named .{suffix} but is a {kind} file; it was read as what it is."]
    return []
