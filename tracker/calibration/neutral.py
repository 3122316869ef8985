"""A grey card, or the same tile of the background in every photo, that somebody marked: neutral balance only."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.colour import ColourCalibration, ColourLevel, clipped, without_chart
from tracker.calibration.linear import CLIPPED_HIGH, linear_from_srgb

_LEAST_PIXELS = 400
_MOST_CLIPPED = 0.02
_UNEVEN, _EVEN_SHARE = 0.3, 0.9  # of the light, noise and a slope of it included
_STRONGEST_GAIN = 4.0
_LONGEST_SIDE = 400


def calibrate_neutral(
    rgb: NDArray[np.uint8], polygon: NDArray[np.float64], drawn_in: tuple[int, int] | None = None
) -> ColourCalibration:
    """Neutral balance from a marked surface.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright sRGB photo.
    polygon : ndarray, shape (n, 2)
        Outline of the surface in pixels (row, column) of the photo it was drawn in.
    drawn_in : tuple of int, optional
        Height and width of that photo, by default of this one. In a photo of another size but the same shape the
        outline is taken larger or smaller: a camera that saves at another size still shows the same field. In one of
        another shape, turned or cropped, nobody knows where the surface lies, and nothing is read.

    Returns
    -------
    ColourCalibration
        C1 if the surface is of one even colour, with gains that make its median neutral and leave its green as it
        is; else C0, with the reason as evidence. What is marked must be the same thing in every photo of a series;
        whether it is grey is not asked, only that it stays what it is.
    """
    shape = (rgb.shape[0], rgb.shape[1])
    if drawn_in is not None and drawn_in != shape:
        if not _same_field(drawn_in, shape):
            return without_chart(
                f"the grey was marked in a photo of {_size(drawn_in)}; this one is of another shape, {_size(shape)}, "
                "and may show it elsewhere: mark it in each kind of photo and measure them apart"
            )
        polygon = (polygon + 0.5) * (np.array(shape) / np.array(drawn_in)) - 0.5
    inside = (polygon >= -0.5) & (polygon <= np.array(rgb.shape[:2]) - 0.5)
    if not inside.all():
        return without_chart("the marked grey reaches outside the picture")
    values = _pixels(rgb, polygon)
    if len(values) < _LEAST_PIXELS:
        return without_chart("the marked grey is too small to be read")
    if np.mean(values.max(axis=-1) >= CLIPPED_HIGH) > _MOST_CLIPPED:
        return without_chart("the marked grey is overexposed")
    light = linear_from_srgb(values / 255.0)
    median = np.median(light, axis=0)
    if clipped(median).any():
        return without_chart("the marked grey is too dark to be read")
    near = np.abs(light / median - 1.0).max(axis=1) <= _UNEVEN
    gains = median[1] / median
    if near.mean() < _EVEN_SHARE or gains.max() > _STRONGEST_GAIN:
        return without_chart("what is marked as grey is not one even grey surface in this photo")
    tone = np.array([[0.0, 1.0, np.log(gain)] for gain in gains])
    evidence = f"a marked grey surface, {100 * near.mean():.0f} % of it even: neutral balance, no absolute tone"
    return ColourCalibration(ColourLevel.GREY, tone, np.eye(3), None, polygon if len(polygon) == 4 else None, evidence)


def _same_field(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes, height and width, have the same proportions, to the pixel they are rounded to."""
    return all(abs(a * max(other) / max(one) - b) <= 1.0 for a, b in zip(one, other, strict=True))


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} × {shape[0]} pixels"


def _pixels(rgb: NDArray[np.uint8], polygon: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Pixels inside a polygon, shape (n, 3): every one of a small surface, evenly picked ones of a large one."""
    low = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 1, np.array(rgb.shape[:2]))
    part = rgb[low[0] : high[0], low[1] : high[1]]
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint((polygon - low)[:, ::-1]).astype(np.int32)], 1)
    step = max(1, max(mask.shape) // _LONGEST_SIDE)
    return np.asarray(part[::step, ::step][mask[::step, ::step] > 0])
