"""From the light that reaches the lens to the bytes of a JPEG file."""

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

BASE_EXPOSURE: Final = 0.86
"""Signal of a perfect white in even light at 0 EV; leaves room for lit slopes and the white card."""
_SHOT_NOISE: Final = 6.0e-5
_READ_NOISE: Final = 0.0015
_DATE_TIME_ORIGINAL, _EXIF_IFD, _DESCRIPTION, _SOFTWARE = 36867, 0x8769, 270, 305
_MAKE, _MODEL, _EXPOSURE, _F_NUMBER, _ISO, _FOCAL, _FOCAL_35 = 271, 272, 33434, 33437, 34855, 37386, 41989
_SHARPENING_PX = 1.0
_LOCAL_SHARE = 0.06  # reach of the local tone, as a share of the picture's longer side
_LOCAL_SIZE = 160  # longer side of the picture it is worked out on, px
_LUMA = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says of the camera that took it, never of the place."""

    make: str = "Phantom"
    model: str = "Phantom 1"
    exposure_s: float = 1 / 120
    f_number: float = 1.8
    iso: int = 100
    focal_mm: float = 5.7
    focal_35mm: int = 26
    """Focal length that gives the same angle on 24 by 36 mm film."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """How a camera records."""

    exposure_ev: float = 0.0
    """Exposure relative to `BASE_EXPOSURE`, stops."""
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains on linear red, green, blue."""
    blur_mm: float = 0.15
    """Standard deviation of the point spread, mm in the scene."""
    noise: float = 1.0
    """Factor on shot and read noise."""
    contrast: float = 0.0
    """S-curve added to the sRGB curve, as phones do: 0 for none, up to about 0.5."""
    jpeg_quality: int = 90
    sharpening: float = 0.0
    """Unsharp mask on the finished picture, as phones do: share of the detail within 1 px that is added, up to
    about 1.5."""
    local_tone: float = 0.0
    """How far dark surroundings are lifted, as phones' HDR does: 0 for none; 1 doubles the light in deep shade."""
    profile: str | None = None
    """Colour profile embedded in the file: "sRGB" or None."""
    label: Label | None = None
    """What the file says of the camera."""


def expose(
    radiance: NDArray[np.float32], sensor: Sensor, *, mm_per_px: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the picture a camera makes of linear light.

    Parameters
    ----------
    radiance : ndarray, shape (H, W, 3)
        Linear sRGB; 1 is a perfect white in even light.
    sensor : Sensor
        The camera.
    mm_per_px : float
        Scale, to turn the point spread into pixels.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray, shape (H, W, 3)
        sRGB, uint8.
    """
    signal = cv2.GaussianBlur(radiance, (0, 0), sensor.blur_mm / mm_per_px, borderType=cv2.BORDER_REFLECT_101)
    gains = np.array(sensor.white_balance) * (BASE_EXPOSURE * 2.0**sensor.exposure_ev)
    signal = np.asarray(signal * gains.astype(np.float32), np.float32)
    deviation = np.sqrt(np.maximum(signal, 0.0) * np.float32(_SHOT_NOISE) + np.float32(_READ_NOISE**2))
    signal += np.float32(sensor.noise) * deviation * rng.standard_normal(signal.shape, dtype=np.float32)
    if sensor.local_tone:
        signal = np.asarray(signal * _lift(np.asarray(signal, np.float32), sensor.local_tone)[..., None], np.float32)
    codes = np.clip(signal * 65535.0, 0.0, 65535.0).astype(np.uint16)
    if not sensor.sharpening:
        return np.asarray(_tone_table(sensor.contrast)[codes])
    picture = _tone_curve(sensor.contrast)[codes]
    luma = cv2.transform(picture, np.array([_LUMA], np.float32))
    detail = luma - cv2.GaussianBlur(luma, (0, 0), _SHARPENING_PX, borderType=cv2.BORDER_REFLECT_101)
    picture += np.float32(sensor.sharpening) * detail[..., None]
    return np.asarray(np.rint(np.clip(picture, 0.0, 1.0) * 255.0), np.uint8)


def _lift(signal: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Return the gain on linear light that local tone mapping gives to each pixel, shape (H, W)."""
    rows, columns = signal.shape[:2]
    factor = min(1.0, _LOCAL_SIZE / max(rows, columns))
    small = cv2.resize(signal, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(
        small @ np.array(_LUMA, np.float32), (0, 0), _LOCAL_SHARE * max(small.shape), borderType=cv2.BORDER_REFLECT_101
    )
    shade = 1.0 - np.sqrt(np.clip(around, 0.0, 1.0))  # the root is nearly what the eye and the tone curve see
    gain = 1.0 + strength * np.square(shade)
    return np.asarray(cv2.resize(gain, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


@cache
def _tone_table(contrast: float) -> NDArray[np.uint8]:
    """Return the sRGB code of every 16-bit linear value (IEC 61966-2-1), with an optional S-curve."""
    return np.asarray(np.rint(_tone_values(contrast) * 255.0), np.uint8)


@cache
def _tone_curve(contrast: float) -> NDArray[np.float32]:
    """Return `_tone_table` before it is rounded, 0 to 1."""
    return np.asarray(_tone_values(contrast), np.float32)


def _tone_values(contrast: float) -> NDArray[np.float64]:
    linear = np.arange(65536) / 65535.0
    value = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(value + contrast * value * (1.0 - value) * (2.0 * value - 1.0))


def jpeg(
    rgb: NDArray[np.uint8],
    *,
    quality: int,
    taken_at: datetime,
    profile: str | None = None,
    label: Label | None = None,
) -> bytes:
    """Return the JPEG file of a picture, dated and labelled as rendered in its EXIF block.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        sRGB.
    quality : int
        Of the compression, 1 to 100.
    taken_at : datetime
        Local time of the exposure.
    profile : str, optional
        "sRGB" to embed that colour profile.
    label : Label, optional
        What the file says of the camera.
    """
    exif = Image.Exif()
    exif[_DESCRIPTION] = "Rendered by the tracker phantom, not a photograph"
    exif[_SOFTWARE] = "tracker phantom"
    details = exif.get_ifd(_EXIF_IFD)
    details[_DATE_TIME_ORIGINAL] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    if label is not None:
        exif[_MAKE], exif[_MODEL] = label.make, label.model
        details[_EXPOSURE], details[_F_NUMBER] = label.exposure_s, label.f_number
        details[_ISO], details[_FOCAL], details[_FOCAL_35] = label.iso, label.focal_mm, label.focal_35mm
    buffer = io.BytesIO()
    options = {} if profile is None else {"icc_profile": _colour_profile(profile)}
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, exif=exif, **options)
    return buffer.getvalue()


@cache
def _colour_profile(name: str) -> bytes:
    """Return an ICC profile of a space that LittleCMS knows by name."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes())  # type: ignore[arg-type]
    # Bytes 24 to 35 are the time of writing; the same photo is to be the same file tomorrow.
    content[24:36] = np.array((2026, 1, 1, 0, 0, 0), ">u2").tobytes()
    return bytes(content)


def decoded(content: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a JPEG file, shape (H, W, 3), sRGB uint8, read-only."""
    rgb = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.uint8)
    rgb.flags.writeable = False
    return rgb
