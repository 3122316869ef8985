"""Profiles are applied exactly once: against a second implementation of the colour spaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import colour
import numpy as np
import pytest
from PIL import Image

from tests.bad_files import (
    DISPLAY_P3_PRIMARIES,
    SRGB_PRIMARIES,
    adobe_rgb,
    display_p3,
    encoded,
    heic,
    icc_profile,
    pillow_heif,
)
from tracker.photo import read_photo

Colours = np.ndarray
SKIN = np.array([(243, 214, 196), (225, 175, 150), (198, 134, 107), (160, 100, 75), (108, 66, 47), (62, 40, 30)])


def _patches() -> Colours:
    """Skin tones and their neighbours, sRGB, 36 of them, all inside the gamut of every space used here."""
    rng = np.random.default_rng(4)
    near = SKIN[:, None] + rng.integers(-18, 19, (6, 6, 3))
    return np.clip(near.reshape(-1, 3), 0, 255) / 255


def _lab(encoded_values: Colours, space: str) -> Colours:
    """CIELAB under D65 of encoded values in one of the colour spaces that colour-science knows."""
    values = colour.RGB_COLOURSPACES[space]
    xyz = colour.RGB_to_XYZ(encoded_values, values, apply_cctf_decoding=True)
    return colour.XYZ_to_Lab(xyz, values.whitepoint)


def _stored_in(space: str) -> Colours:
    """The patches as a camera of that colour space writes them, 8 bits."""
    values = colour.RGB_to_RGB(_patches(), "sRGB", space, apply_cctf_decoding=True, apply_cctf_encoding=True)
    return np.round(np.clip(values, 0, 1) * 255) / 255


def _file(values: Colours, kind: str, **options: object) -> bytes:
    """Patches of 64 pixels."""
    squares = np.kron(np.round(values * 255).reshape(6, 6, 3), np.ones((64, 64, 1))).astype(np.uint8)
    return encoded(squares, kind, **options)


def _read(data: bytes) -> Colours:
    rgb = read_photo(data).rgb
    return rgb[32::64, 32::64].reshape(-1, 3) / 255


@pytest.mark.parametrize(
    ("space", "profile"), [("Display P3", display_p3), ("Adobe RGB (1998)", adobe_rgb)], ids=["Display P3", "Adobe RGB"]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_colours_in_a_wide_gamut_are_those_of_a_second_implementation(
    space: str, profile: Callable[[], bytes], kind: str
) -> None:
    stored = _stored_in(space)
    lossless = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    data = _file(stored, kind, icc_profile=profile(), **lossless)
    true = _lab(stored, space)

    applied = colour.delta_E(_lab(_read(data), "sRGB"), true, method="CIE 2000")
    ignored = colour.delta_E(_lab(stored, "sRGB"), true, method="CIE 2000")
    converted = colour.RGB_to_RGB(stored, space, "sRGB", apply_cctf_decoding=True, apply_cctf_encoding=True)
    twice = colour.delta_E(_lab(np.clip(converted, 0, 1), space), true, method="CIE 2000")

    typical, worst = (0.6, 2.0) if kind == "JPEG" else (0.3, 0.9)  # of 8 bits in and out; JPEG rounds once more
    assert np.median(applied) < typical
    assert applied.max() < worst
    assert np.median(ignored) > 1.5  # what would be wrong without
    assert np.median(twice) > 1.5  # and with one application too many


@pytest.mark.skipif(pillow_heif is None, reason="the optional extra heic is not installed")
def test_an_heic_photo_is_converted_and_turned_once() -> None:
    stored = _stored_in("Display P3")
    squares = np.kron(np.round(stored * 255).reshape(6, 6, 3), np.ones((64, 64, 1))).astype(np.uint8)
    exif = Image.Exif()
    exif[274] = 6  # the encoder also writes it into the box that decides in HEIC; the tag must not turn it again
    data = heic(Image.fromarray(squares), quality=-1, chroma=444, icc_profile=display_p3(), exif=exif.tobytes())

    photo = read_photo(data, name="a.heic")
    seen = np.rot90(photo.rgb)[32::64, 32::64].reshape(-1, 3) / 255

    assert photo.profile == "Display P3"
    assert np.median(colour.delta_E(_lab(seen, "sRGB"), _lab(stored, "Display P3"), method="CIE 2000")) < 0.6


@pytest.mark.parametrize(("name", "wanted"), [("sRGB", True), ("holiday colours", True), ("Display P3", False)])
def test_a_profile_is_judged_by_what_it_does_and_not_by_its_name(name: str, wanted: bool) -> None:
    stored = np.round(_patches() * 255) / 255
    primaries = SRGB_PRIMARIES if wanted else DISPLAY_P3_PRIMARIES
    misnamed = icc_profile(primaries, None, name if wanted else "sRGB IEC61966-2.1")

    photo = read_photo(_file(stored, "PNG", icc_profile=misnamed))

    assert any("converted" in note for note in photo.notes) != wanted
    assert np.array_equal(photo.rgb[32::64, 32::64].reshape(-1, 3) / 255, stored) == wanted


def test_pillows_own_srgb_profile_changes_no_pixel() -> None:
    from PIL import ImageCms

    stored = np.round(_patches() * 255) / 255
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert np.array_equal(_read(_file(stored, "PNG", icc_profile=srgb)), stored)


def test_a_profile_that_no_longer_fits_its_own_checksum_is_not_used() -> None:
    stored = np.round(_patches() * 255) / 255
    good = display_p3(with_digest=True)
    at = good.index(b"XYZ ", 140) + 9  # inside a colourant or the white
    damaged = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]

    assert read_photo(_file(stored, "PNG", icc_profile=good)).profile == "Display P3"
    assert any("could not be used" in n for n in read_photo(_file(stored, "PNG", icc_profile=damaged)).notes)


@pytest.mark.shared
def test_no_good_photo_is_refused(shared: Path) -> None:
    #: A drawing of 250 × 400 pixels, which no camera has made.
    too_small = {"removeperspective.jpg"}
    kinds = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
    files = sorted(p for p in (shared / "data").rglob("*") if p.suffix.lower() in kinds and p.name not in too_small)

    assert len(files) > 200
    for path in files:
        assert min(read_photo(path).shape) >= 256
