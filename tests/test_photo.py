from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from tracker.errors import PhotoRejected
from tracker.photo import MAX_NAME, display_name, identify_photo, read_photo
from tracker.photo.dates import moment_of

Encode = Callable[..., bytes]


def _with_exif(rgb: np.ndarray, tags: dict[int, object], kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    for tag, value in tags.items():
        if tag in (36867, 36868):
            exif.get_ifd(0x8769)[tag] = value
        else:
            exif[tag] = value
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def _png_header(width: int, height: int) -> bytes:
    """A PNG that promises a huge picture in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_a_lossless_file_keeps_its_pixels(kind: str, encode: Encode, noise_rgb: np.ndarray) -> None:
    photo = read_photo(encode(noise_rgb, kind, **({"lossless": True} if kind == "WEBP" else {})))

    assert np.array_equal(photo.rgb, noise_rgb)
    assert not photo.rgb.flags.writeable


def test_the_identity_of_a_photo_is_the_hash_of_its_file(encode: Encode, noise_rgb: np.ndarray) -> None:
    data = encode(noise_rgb)

    assert read_photo(data).digest == identify_photo(data).digest
    assert read_photo(data).digest != read_photo(data + b" ").digest


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_exactly_once(orientation: int) -> None:
    upright = np.zeros((300, 400, 3), np.uint8)
    upright[:100, :150] = (255, 0, 0)
    upright[200:, 250:] = (0, 0, 255)
    undo = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }  # fmt: skip
    stored = np.ascontiguousarray(undo[orientation](upright))

    photo = read_photo(_with_exif(stored, {274: orientation}, "PNG"))

    assert np.array_equal(photo.rgb, upright)


@pytest.mark.shared
@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_all_orientations_of_a_camera_look_the_same(shape: str, shared: Path) -> None:
    folder = shared / "data" / "exif_orientation"
    thumbnails = [
        np.asarray(Image.fromarray(read_photo(folder / f"{shape}_{k}.jpg").rgb).resize((60, 60))).astype(float)
        for k in range(1, 9)
    ]

    # Every file was compressed anew and carries its number; a turned picture differs by more than 40.
    assert max(np.abs(t - thumbnails[0]).mean() for t in thumbnails) < 12


def test_a_wide_gamut_profile_is_converted_to_srgb(encode: Encode) -> None:
    """A profile that swaps red and blue shows beyond doubt that profiles are applied."""
    rgb = np.full((300, 300, 3), (200, 90, 40), np.uint8)
    swapped = _swapped_profile()

    photo = read_photo(encode(rgb, "PNG", icc_profile=swapped))

    assert np.abs(photo.rgb[0, 0].astype(int) - (40, 90, 200)).max() <= 3
    assert "converted" in photo.notes[0]


def _swapped_profile() -> bytes:
    """sRGB with the red and blue primaries exchanged, by exchanging their tags in the profile's table."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    for k in range(count):
        at = 132 + 12 * k
        tag = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(tag, tag)
        if tag == b"desc":
            offset, size = struct.unpack(">II", profile[at + 4 : at + 12])
            body = bytes(profile[offset : offset + size])
            profile[offset : offset + size] = body.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    return bytes(profile)


def test_a_broken_profile_is_taken_as_srgb_and_said(encode: Encode, noise_rgb: np.ndarray) -> None:
    photo = read_photo(encode(noise_rgb, "PNG", icc_profile=b"nonsense" * 40))

    assert np.array_equal(photo.rgb, noise_rgb)
    assert any("profile could not be used" in note for note in photo.notes)


def test_the_date_comes_from_exif_before_the_name(noise_rgb: np.ndarray) -> None:
    data = _with_exif(noise_rgb, {36867: "2025:03:04 10:00:00"})

    assert read_photo(data, name="2024-01-02.jpg").taken_on == date(2025, 3, 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024-01-02_left.jpg", date(2024, 1, 2)),
        ("thigh 2024-12-31.jpg", date(2024, 12, 31)),
        ("2024-02-30.jpg", None),
        ("12024-01-02.jpg", None),
        ("thigh.jpg", None),
    ],
)
def test_the_date_in_the_name_is_the_fallback(
    name: str, expected: date | None, encode: Encode, noise_rgb: np.ndarray
) -> None:
    assert read_photo(encode(noise_rgb, "JPEG"), name=name).taken_on == expected


@pytest.mark.parametrize("name", ["2090-01-01.jpg", "9999-12-31.jpg"])
def test_a_date_in_the_future_is_not_believed_from_the_name_either(
    name: str, encode: Encode, noise_rgb: np.ndarray
) -> None:
    photo = read_photo(encode(noise_rgb, "JPEG"), name=name)

    assert photo.taken_on is None
    assert photo.notes == ("The date in the file name is not a possible one and was ignored.",)


def test_the_date_of_today_is_believed_from_the_name(encode: Encode, noise_rgb: np.ndarray) -> None:
    today = datetime.now(UTC).date()

    assert read_photo(encode(noise_rgb), name=f"{today}.png").taken_on == today
    assert read_photo(encode(noise_rgb), name=f"{today + timedelta(days=3)}.png").taken_on is None


@pytest.mark.parametrize(
    ("tags", "name", "expected"),
    [
        ({36867: "2025:03:04", 36868: "2025:03:05", 306: "2025:03:06"}, "2024-01-02.jpg", date(2025, 3, 4)),
        ({36868: "2025:03:05", 306: "2025:03:06"}, "2024-01-02.jpg", date(2025, 3, 5)),
        ({36867: "2999:01:01", 36868: "2025:03:05"}, "2024-01-02.jpg", date(2025, 3, 5)),
        ({306: "2025:03:06"}, "2024-01-02.jpg", date(2024, 1, 2)),
        ({306: "2025:03:06"}, "thigh.jpg", date(2025, 3, 6)),
        ({306: "2025:03:06"}, "2090-01-01.jpg", date(2025, 3, 6)),
    ],
)
def test_the_day_of_the_last_edit_is_believed_last(
    tags: dict[int, object], name: str, expected: date, noise_rgb: np.ndarray
) -> None:
    data = _with_exif(noise_rgb, tags)

    assert read_photo(data, name=name).taken_on == expected
    assert identify_photo(data, name=name).taken_on == expected


@pytest.mark.parametrize("raw", ["2999:01:01 00:00:00", "0000:00:00 00:00:00", "'; DROP TABLE", "2024:02:30 00:00:00"])
def test_an_impossible_camera_date_is_not_believed(raw: str, noise_rgb: np.ndarray) -> None:
    assert read_photo(_with_exif(noise_rgb, {36867: raw})).taken_on is None


def test_greyscale_is_accepted_without_colour(encode: Encode, noise_rgb: np.ndarray) -> None:
    photo = read_photo(encode(noise_rgb[..., 0]))

    assert not photo.has_colour
    assert np.array_equal(photo.rgb[..., 1], noise_rgb[..., 0])


def test_sixteen_bit_grey_is_scaled_not_saturated(encode: Encode) -> None:
    ramp = np.tile(np.linspace(0, 65535, 400).astype(np.uint16), (300, 1))

    photo = read_photo(encode(ramp))

    assert photo.rgb[0, 200, 0] == pytest.approx(128, abs=1)
    assert any("16-bit" in note for note in photo.notes)


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_per_channel_are_read_as_eight_and_said(channels: int) -> None:
    deep = np.full((300, 400, channels), 65535, np.uint16)
    deep[..., 0] = 30000  # blue, as it is written here

    for ending in (".tif", ".png"):
        photo = read_photo(cv2.imencode(ending, deep)[1].tobytes())

        assert photo.rgb[0, 0].tolist() == pytest.approx([255, 255, 117], abs=1)
        assert photo.notes == ("The file has 16 bits per channel: they were read as 8.",)


def test_an_ordinary_tiff_says_nothing_of_its_depth(encode: Encode, noise_rgb: np.ndarray) -> None:
    assert read_photo(encode(noise_rgb, "TIFF")).notes == ()


def test_sixteen_bit_grey_is_accepted_from_a_tiff_too(encode: Encode) -> None:
    photo = read_photo(encode(np.full((300, 400), 32896, np.uint16), "TIFF"))

    assert photo.rgb[0, 0, 0] == 128
    assert photo.notes == ("The file is 16-bit greyscale: it was scaled to 8 bits, and colour is not measured.",)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_half_transparent_is_black_and_not_a_darker_skin(mode: str, encode: Encode) -> None:
    picture = Image.new("RGBA", (400, 300), (220, 170, 140, 255))
    picture.paste((220, 170, 140, 128), (0, 0, 400, 50))
    picture.paste((220, 170, 140, 254), (0, 50, 400, 100))

    photo = read_photo(encode(np.asarray(picture.convert(mode))))

    assert photo.rgb[:100].max() == 0
    assert photo.rgb[100:].min() >= 140
    assert any("ransparent" in note for note in photo.notes)


def test_transparent_parts_are_set_on_black_and_said(encode: Encode, noise_rgb: np.ndarray) -> None:
    alpha = np.full((300, 400, 1), 255, np.uint8)
    alpha[:50] = 0

    photo = read_photo(encode(np.concatenate([noise_rgb, alpha], axis=2)))

    assert photo.rgb[:50].max() == 0
    assert np.array_equal(photo.rgb[50:], noise_rgb[50:])
    assert any("ransparent" in note for note in photo.notes)


def test_a_wrong_ending_is_read_by_content_and_said(encode: Encode, noise_rgb: np.ndarray) -> None:
    photo = read_photo(encode(noise_rgb, "PNG"), name="x.jpg")

    assert np.array_equal(photo.rgb, noise_rgb)
    assert any("is a PNG" in note for note in photo.notes)


def _refused() -> list[tuple[str, Callable[[Encode, np.ndarray], bytes]]]:
    def animated(encode: Encode, rgb: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        frames = [Image.fromarray(rgb), Image.fromarray(255 - rgb)]
        frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=100)
        return buffer.getvalue()

    def pages(encode: Encode, rgb: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, "TIFF", save_all=True, append_images=[Image.fromarray(rgb)])
        return buffer.getvalue()

    def cmyk(encode: Encode, rgb: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(rgb).convert("CMYK").save(buffer, "JPEG")
        return buffer.getvalue()

    def cut(share: float) -> Callable[[Encode, np.ndarray], bytes]:
        return lambda e, a: (lambda d: d[: int(len(d) * share)])(e(a, "JPEG"))

    return [
        ("empty", lambda e, a: b""),
        ("not_a_photo", lambda e, a: b"\x00"),
        ("not_a_photo", lambda e, a: b"Dear clinic, please find attached"),
        ("not_a_photo", lambda e, a: b"%!PS-Adobe-3.0 EPSF-3.0"),
        ("not_a_photo", lambda e, a: e(a, "GIF")),
        ("not_a_photo", lambda e, a: e(a, "BMP")),
        ("damaged", lambda e, a: b"\xff\xd8\xff\xd9"),
        ("damaged", cut(0.01)),
        ("damaged", cut(0.5)),
        ("damaged", cut(0.99)),
        ("damaged", lambda e, a: e(a, "PNG")[:-2000]),
        ("print_colours", cmyk),
        ("several_pictures", animated),
        ("several_pictures", pages),
        ("too_small", lambda e, a: e(a[:1, :1])),
        ("too_small", lambda e, a: e(np.tile(a, (1, 10, 1))[:100])),
        ("too_many_pixels", lambda e, a: _png_header(30000, 30000)),
        ("too_many_pixels", lambda e, a: _png_header(8000, 9000)),
        ("unsupported_depth", lambda e, a: e(a[..., 0].astype(np.float32), "TIFF")),
        ("unsupported_depth", lambda e, a: e(a[..., 0].astype(np.int32) * 100_000, "TIFF")),
    ]


@pytest.mark.parametrize("case", range(len(_refused())))
def test_what_is_not_a_measurable_photo_is_refused_in_one_sentence(
    case: int, encode: Encode, noise_rgb: np.ndarray
) -> None:
    code, make = _refused()[case]

    with pytest.raises(PhotoRejected) as refusal:
        read_photo(make(encode, noise_rgb), name="photo.jpg")

    assert refusal.value.code == code
    assert refusal.value.reason.startswith("photo.jpg ")
    assert refusal.value.reason.endswith(".")
    assert "\n" not in refusal.value.reason


@pytest.mark.parametrize(
    "name", ["left\nthigh\x1b[31m.jpg", "left\udcffthigh.jpg", "\u202egpj.jpg", "x" * 300 + ".jpg"]
)
def test_a_name_is_shown_on_one_line_whatever_is_in_it(name: str, encode: Encode, noise_rgb: np.ndarray) -> None:
    shown = read_photo(encode(noise_rgb, "JPEG"), name=name).name

    assert shown.isprintable()
    assert shown.encode("utf-8")
    assert len(shown) <= MAX_NAME
    assert shown.endswith(".jpg")
    assert shown == display_name(shown) == identify_photo(encode(noise_rgb, "JPEG"), name=name).name


def test_the_name_of_a_missing_file_is_shown_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(PhotoRejected) as refusal:
        read_photo(tmp_path / "ab\n\x1bsent.jpg")

    assert refusal.value.reason.isprintable()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoRejected, match=r"absent\.jpg could not be opened"):
        read_photo(tmp_path / "absent.jpg")


@pytest.mark.parametrize("seed", range(150))
def test_a_damaged_photo_is_read_or_refused_but_never_crashes(seed: int, encode: Encode) -> None:
    rng = np.random.default_rng(seed)
    rgb = np.repeat(np.repeat(rng.integers(0, 255, (30, 30, 3), dtype=np.uint8), 10, 0), 10, 1)
    data = bytearray(encode(rgb, ("JPEG", "PNG", "WEBP", "TIFF")[seed % 4]))
    for at in rng.integers(0, len(data), rng.integers(1, 20)):
        data[at] = rng.integers(0, 256)

    outcome = _read_or_refuse(bytes(data))

    assert outcome.endswith(".") or outcome == "read"


def _read_or_refuse(data: bytes) -> str:
    try:
        photo = read_photo(data, name="x")
    except PhotoRejected as refusal:
        return refusal.reason
    return "read" if photo.rgb.dtype == np.uint8 and photo.rgb.ndim == 3 else "neither"


@pytest.mark.parametrize(
    ("taken", "moment"),
    [
        (["2026:03:02 10:04:09"], datetime(2026, 3, 2, 10, 4, 9)),  # noqa: DTZ001
        (["2026:03:02 10:04:09.25"], datetime(2026, 3, 2, 10, 4, 9)),  # noqa: DTZ001
        (["2026:03:02 25:61:00", "2026:03:02 07:00:00"], datetime(2026, 3, 2, 7)),  # noqa: DTZ001
        (["2026:03:02"], None),
        (["2019:01:01 10:04:09"], None),
        ([], None),
    ],
)
def test_the_time_of_a_photo_is_that_of_the_cameras_clock_on_its_day(taken: list[str], moment: datetime | None) -> None:
    assert moment_of(taken, date(2026, 3, 2)) == moment
