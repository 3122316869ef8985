"""A legend below a picture that leaves the house alone: what is shown, of which day, what colours and lines mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tracker.reports.overlays import HALO, Legend, Rgb
from tracker.reports.typography import spoken_day

_FONT = Path(__file__).parent / "fonts" / "Inter-Regular.otf"
_INK, _PAPER = (29, 39, 51), (255, 255, 255)


def with_legend(picture: Rgb, legend: Legend, day: date) -> Rgb:
    """A picture with its legend in a white strip below it.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 3), uint8
    legend : Legend
    day : date
        On which the photo was taken.

    Returns
    -------
    ndarray, shape (H + strip, W, 3), uint8
    """
    width = picture.shape[1]
    unit = width / 100
    font = ImageFont.truetype(str(_FONT), max(9, round(1.9 * unit)))
    high = round(2.4 * font.size)
    heading = f"{legend.title}, {spoken_day(day)}"
    rows = 1 if font.getlength(heading) + _length(legend, font, unit) + 6 * unit <= width else 2
    strip = Image.new("RGB", (width, rows * high), _PAPER)
    draw = ImageDraw.Draw(strip)
    draw.text((1.5 * unit, high / 2), heading, fill=_INK, font=font, anchor="lm")
    left = 1.5 * unit if rows == 2 else width - _length(legend, font, unit) - 1.5 * unit
    _key(draw, legend, font, unit, (left, (rows - 0.5) * high))
    return np.vstack([picture, np.asarray(strip, dtype=np.uint8)])


def _length(legend: Legend, font: ImageFont.FreeTypeFont, unit: float) -> float:
    scale = font.getlength(legend.low + legend.high) + 20 * unit if legend.colours else 0.0
    return scale + sum(font.getlength(words) + 7 * unit for _, words in legend.lines)


def _key(
    draw: ImageDraw.ImageDraw, legend: Legend, font: ImageFont.FreeTypeFont, unit: float, at: tuple[float, float]
) -> None:
    """Colours with their ends, then lines with their meaning, from a left edge at mid-height."""
    left, middle = at

    def write(words: str) -> None:
        nonlocal left
        draw.text((left, middle), words, fill=_INK, font=font, anchor="lm")
        left += font.getlength(words) + unit

    if legend.colours:
        write(legend.low)
        stops = np.linspace(0, 1, len(legend.colours))
        bar = round(16 * unit)
        for x in range(bar):
            colour = tuple(round(np.interp(x / bar, stops, [c[k] for c in legend.colours])) for k in range(3))
            draw.line((left + x, middle - 0.6 * unit, left + x, middle + 0.6 * unit), fill=colour)
        left += bar + unit
        write(legend.high)
        left += 1.5 * unit
    for colour, words in legend.lines:
        box = (left, middle - 0.35 * unit, left + 3 * unit, middle + 0.35 * unit)
        draw.rectangle(box, fill=colour, outline=HALO)
        left += 4 * unit
        write(words)
        left += 2 * unit
