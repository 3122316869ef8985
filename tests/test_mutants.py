"""Good photos, damaged at random: no crash, no hang, and nothing measured that a strict reader would refuse.

A *silent accept* is a mutant that `read_photo` takes although

* a second decoder (OpenCV, with its own builds of libjpeg, libpng, libwebp and libtiff) refuses it, or complains of
  its data, or sees pixels that differ by more than rounding; or
* it is a good photo cut short, and its pixels are no longer those of the good photo.

A flipped bit inside the entropy-coded data of a JPEG, or in the pixels of an uncompressed TIFF, may give another valid
photo. No reader can see that; the hash that is stored with a photo guards it from the moment it is received.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.bad_files import display_p3, encoded, heic, picture, pillow_heif
from tracker.errors import PhotoRejected
from tracker.photo import Photo, read_photo

#: Colour conversion of OpenCV's libjpeg and libwebp may round the other way.
ROUNDING = 2
HANG_SECONDS = 20.0


@dataclass(frozen=True)
class Mutant:
    """A damaged file, and how it came about."""

    base: str
    damage: str
    data: bytes


def _bases(seed: int) -> dict[str, bytes]:
    rgb = picture(270, 300, seed)
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Camera"
    files = {
        "baseline.jpg": encoded(rgb, quality=85),
        "full_colour.jpg": encoded(rgb, quality=95, subsampling=0),
        "progressive.jpg": encoded(rgb, progressive=True),
        "restarts.jpg": encoded(rgb, restart_marker_rows=2),
        "grey.jpg": encoded(rgb[..., 0]),
        "turned.jpg": encoded(rgb, exif=exif),
        "display_p3.jpg": encoded(rgb, icc_profile=display_p3(with_digest=True)),
        "plain.png": encoded(rgb, "PNG"),
        "deep.png": encoded(rgb[..., 0].astype(np.uint16) * 257, "PNG"),
        "lossy.webp": encoded(rgb, "WEBP", quality=90),
        "lossless.webp": encoded(rgb, "WEBP", lossless=True),
        "plain.tif": encoded(rgb, "TIFF"),
        "lzw.tif": encoded(rgb, "TIFF", compression="tiff_lzw"),
        "deflate.tif": encoded(rgb, "TIFF", compression="tiff_adobe_deflate"),
    }
    if pillow_heif is not None:
        files["plain.heic"] = heic(Image.fromarray(rgb))
    return files


def _mutant(seed: int, bases: list[dict[str, bytes]]) -> Mutant:
    rng = np.random.default_rng(seed)
    names = sorted(bases[0])
    name = names[seed % len(names)]
    good, other = bases[0][name], bases[1][name]
    damage = ("flips", "cut", "cut and closed", "splice", "lost", "doubled", "zeros")[seed // len(names) % 7]
    at, until = sorted(int(k) for k in rng.integers(2, len(good) - 1, 2))
    if damage == "flips":
        data = bytearray(good)
        reach = len(good) if rng.random() < 0.5 else min(700, len(good))  # half of them in what describes the rest
        for place in rng.integers(0, reach, rng.integers(1, 12)):
            data[place] ^= 1 << int(rng.integers(8))
        return Mutant(name, damage, bytes(data))
    size = int(rng.integers(1, 400))
    made = {
        "cut": good[:until],
        "cut and closed": good[:until] + good[-2 if name.endswith("jpg") else -12 :],
        "splice": good[:at] + other[int(rng.integers(2, len(other))) :],
        "lost": good[:at] + good[at + size :],
        "doubled": good[: at + size] + good[at:],
        "zeros": good[:at] + bytes(size) + good[at + size :],
    }
    return Mutant(name, damage, made[damage])


def _second_opinion(data: bytes, mode: int = cv2.IMREAD_COLOR_RGB) -> tuple[np.ndarray | None, bytes]:
    """Pixels as OpenCV sees them, and what its decoders complain of, which only comes as text."""
    with tempfile.TemporaryFile() as said:
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            seen = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
        except cv2.error:
            seen = None
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        said.seek(0)
        return seen, said.read()


def _silent(mutant: Mutant, photo: Photo, good: Photo) -> str:
    """Why this accepted mutant should not have been; empty if all is well."""
    if mutant.damage == "cut" and not np.array_equal(photo.rgb, good.rgb):
        return "cut short"
    if mutant.base.endswith("heic"):  # OpenCV does not read it
        return ""
    seen, complaint = _second_opinion(mutant.data)
    if seen is None:
        return "refused by the second decoder"
    if b"orrupt" in complaint or b"remature" in complaint:
        return complaint.decode(errors="replace").strip()
    if any("converted" in note or "profile" in note for note in photo.notes):
        return ""
    if mutant.base == "turned.jpg" and seen.shape != photo.rgb.shape:
        # OpenCV drops all EXIF data for one damaged entry. The orientation, if it is still there, is that of the photo.
        stored, _ = _second_opinion(mutant.data, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
        seen = np.rot90(stored, -1)
    if seen.shape != photo.rgb.shape:
        return f"shape {photo.rgb.shape}, but {seen.shape}"
    difference = int(np.abs(seen.astype(np.int16) - photo.rgb).max())
    return f"differs by {difference}" if difference > ROUNDING else ""


def _fates(seeds: range) -> tuple[Counter[str], list[str]]:
    bases = [_bases(1), _bases(2)]
    good = {name: read_photo(data) for name, data in bases[0].items()}
    fates: Counter[str] = Counter()
    bad: list[str] = []
    for seed in seeds:
        mutant = _mutant(seed, bases)
        began = time.perf_counter()
        try:
            photo = read_photo(mutant.data, name=mutant.base)
        except PhotoRejected as refusal:
            fate, why = refusal.code, ""
        else:
            fate, why = "accepted", _silent(mutant, photo, good[mutant.base])
        slow = time.perf_counter() - began > HANG_SECONDS
        fates[fate] += 1
        if why or slow or fate in ("decoder_failed", "too_slow"):
            bad.append(f"{seed} {mutant.base} {mutant.damage}: {fate} {why}")
    return fates, bad


def test_the_second_opinion_agrees_on_good_photos() -> None:
    for name, data in _bases(1).items():
        photo = read_photo(data)
        assert _silent(Mutant(name, "none", data), photo, photo) == "", name


@pytest.mark.parametrize("start", range(0, 210, 30))
def test_a_mutant_is_refused_or_read_as_a_strict_reader_reads_it(start: int) -> None:
    fates, bad = _fates(range(start, start + 30))

    assert bad == []
    assert fates["damaged"] > 0


@pytest.mark.nightly
def test_ten_thousand_mutants_neither_crash_nor_hang_nor_slip_through() -> None:
    fates, bad = _fates(range(1000, 11_000))

    print(dict(fates))
    assert bad == []
    assert fates["damaged"] > 3000
