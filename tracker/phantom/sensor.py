"""From the light that reaches the lens to the bytes of a JPEG file."""

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

BASE_EXPOSURE: Final = 0.86
"""Signal of a perfect white in even light at 0 EV; leaves room for lit slopes and the white card."""
_SHOT_NOISE: Final = 6.0e-5
_READ_NOISE: Final = 0.0015
_DATE_TIME_ORIGINAL, _EXIF_IFD, _DESCRIPTION, _SOFTWARE = 36867, 0x8769, 270, 305


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
    codes = np.clip(signal * 65535.0, 0.0, 65535.0).astype(np.uint16)
    return np.asarray(_tone_table(sensor.contrast)[codes])


@cache
def _tone_table(contrast: float) -> NDArray[np.uint8]:
    """Return the sRGB code of every 16-bit linear value (IEC 61966-2-1), with an optional S-curve."""
    linear = np.arange(65536) / 65535.0
    value = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    value = value + contrast * value * (1.0 - value) * (2.0 * value - 1.0)
    return np.asarray(np.rint(value * 255.0), np.uint8)


def jpeg(rgb: NDArray[np.uint8], *, quality: int, taken_at: datetime) -> bytes:
    """Return the JPEG file of a picture, dated and labelled as rendered in its EXIF block."""
    exif = Image.Exif()
    exif[_DESCRIPTION] = "Rendered by the tracker phantom, not a photograph"
    exif[_SOFTWARE] = "tracker phantom"
    exif.get_ifd(_EXIF_IFD)[_DATE_TIME_ORIGINAL] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def decoded(content: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a JPEG file, shape (H, W, 3), sRGB uint8, read-only."""
    rgb = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.uint8)
    rgb.flags.writeable = False
    return rgb
