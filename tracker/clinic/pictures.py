"""Pictures for looking at: small copies, aligned copies and the map of the difference. Nothing here is measured."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracker.alignment import BLACK, Alignment, warp_photo
from tracker.calibration import linear_from_srgb

JPEG_QUALITY = 90
#: Relative difference in luminance at which the colours of the difference map end.
DIFFERENCE_SPAN = 0.25
#: From darker than the reference to brighter: blue, white, orange (Okabe & Ito), told apart by every eye.
DIFFERENCE_COLOURS = ((0, 62, 125), (86, 160, 211), (247, 247, 247), (235, 160, 40), (150, 60, 0))

Rgb = NDArray[np.uint8]


def jpeg(rgb: Rgb) -> bytes:
    """A JPEG that holds nothing but the pixels."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return out.getvalue()


def opened(data: bytes) -> Rgb:
    """The pixels of one of our own JPEGs, shape (h, w, 3)."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)


def shrunk(rgb: Rgb, width: int) -> Rgb:
    """A picture at most `width` pixels wide, never larger than it was."""
    shape = shrunk_shape((rgb.shape[0], rgb.shape[1]), width)
    if shape == rgb.shape[:2]:
        return rgb
    return np.asarray(cv2.resize(rgb, shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)


def shrunk_shape(shape: tuple[int, int], width: int) -> tuple[int, int]:
    """Height and width of a picture that is at most `width` wide.

    Examples
    --------
    >>> shrunk_shape((3000, 4000), 1000)
    (750, 1000)
    >>> shrunk_shape((300, 400), 1000)
    (300, 400)
    """
    if shape[1] <= width:
        return shape
    return max(1, round(shape[0] * width / shape[1])), width


def aligned(
    rgb: Rgb,
    alignment: Alignment,
    shape: tuple[int, int],
    *,
    width: int,
    ground: tuple[int, int, int] = BLACK,
) -> Rgb:
    """A photo in the frame of its reference.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright photo, sRGB.
    alignment : Alignment
        Of the photo to the reference.
    shape : tuple of int
        Of the reference photo.
    width : int
        Of the result at most; it is never wider than the reference.
    ground : tuple of int
        sRGB colour where the photo does not reach.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
    """
    out = shrunk_shape(shape, width)
    # Shrunk first: the warp takes single pixels and would alias. Twice the final density keeps what can be seen.
    density = min(1.0, 2.0 * out[1] / shape[1] / max(alignment.scale, 1e-3))
    small = shrunk(rgb, max(1, round(rgb.shape[1] * density)))
    factor = np.array([small.shape[0] / rgb.shape[0], small.shape[1] / rgb.shape[1]])
    moving = ((alignment.moving + 0.5) * factor - 0.5).astype(np.float32)
    return warp_photo(small, replace(alignment, moving=moving), shape, out_shape=out, ground=ground)


def surroundings(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The skin around a marked patch, about half as wide as the patch."""
    width = 0.5 * float(np.sqrt(region.sum()))
    distance = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray((distance > 0.2 * width) & (distance <= width))


def difference(reference: Rgb, moved: Rgb, region: NDArray[np.bool_], *, unchanged: NDArray[np.bool_]) -> Rgb:
    """Where one picture is brighter or darker than the other, within the region.

    Parameters
    ----------
    reference, moved : ndarray, shape (h, w, 3), uint8
        In the same frame; `moved` is black where it does not reach.
    region : ndarray, bool
        Of any size that shows the same frame.
    unchanged : ndarray, bool
        Where the median difference is taken for exposure and becomes white: around a marked patch, so that the
        patch itself can be seen to fade, or the region, where all of the skin is measured.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
        Orange = brighter than the reference, blue = darker, white = the same, up to 25 %; grey outside the region.
    """
    size = (reference.shape[1], reference.shape[0])
    # The rim, where the warp mixes in black, would show as a change.
    reached = cv2.erode((moved.max(axis=2) > 0).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    inside, still = (
        reached & (cv2.resize(m.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)
        for m in (region, unchanged)
    )
    change = _log_luminance(moved) - _log_luminance(reference)
    exposure = float(np.median(change[still])) if still.any() else 0.0
    change = _smoothed(change, inside, sigma=max(0.8, size[0] / 500)) - exposure
    grey = np.asarray(cv2.cvtColor(reference, cv2.COLOR_RGB2GRAY), dtype=np.float32) * 0.35 + 110
    backdrop = np.repeat(np.minimum(grey, 255)[..., None], 3, axis=2).astype(np.uint8)
    return np.where(inside[..., None], _coloured(change), backdrop)


def _log_luminance(rgb: Rgb) -> NDArray[np.float32]:
    table = linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)
    luminance = table[rgb] @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    return np.log(np.maximum(luminance, np.float32(0.002)))


def _smoothed(values: NDArray[np.float32], inside: NDArray[np.bool_], sigma: float) -> NDArray[np.float32]:
    """Mean of the surroundings within the region: single pixels show noise and the grain of the JPEG."""
    weight = inside.astype(np.float32)
    top, bottom = (cv2.GaussianBlur(v, (0, 0), sigma) for v in (values * weight, weight))
    return np.asarray(top / np.maximum(bottom, 1e-6), dtype=np.float32)


def _coloured(change: NDArray[np.float32]) -> Rgb:
    end = np.log1p(DIFFERENCE_SPAN)
    at = np.linspace(-end, end, len(DIFFERENCE_COLOURS))
    planes = [np.interp(change, at, [c[k] for c in DIFFERENCE_COLOURS]) for k in range(3)]
    return np.stack(planes, axis=-1).round().astype(np.uint8)
