"""Where a number comes from, drawn over a photo: as colours, as outlines, or as the region that was looked at.

Drawn for looking only, on copies of the pictures: no pixel that is measured is touched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.claims import said
from tracker.measurement import Metric, Picture
from tracker.report import Overlay
from tracker.report.overlay import WORDS, Colours, Mask

Rgb = NDArray[np.uint8]

#: Outline of what is counted, and of what it is compared with.
COUNTED, COMPARED, HALO = (255, 196, 61), (120, 205, 250), (20, 28, 36)

_PAINT = 0.82
"""How much of the colour covers the grey photo."""
_LEAST_AREA = 6e-5
"""Share of the picture below which a patch of a region, or any hole, gets no outline of its own; a mark always does."""
_SUBPIXEL = 4
"""Binary digits after the point in coordinates that lines are drawn at."""


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours and lines of an overlay mean.

    Attributes
    ----------
    title : str
    low, high : str
        What the ends of the colours stand for; empty without colours.
    colours : tuple of (red, green, blue)
    lines : tuple of ((red, green, blue), str)
        Each line with its meaning.
    """

    title: str
    low: str = ""
    high: str = ""
    colours: Colours = ()
    lines: tuple[tuple[tuple[int, int, int], str], ...] = ()


def legend_of(overlay: Overlay, metric: Metric) -> Legend:
    """What the colours and lines of an overlay mean.

    Parameters
    ----------
    overlay : Overlay
    metric : Metric

    Returns
    -------
    Legend
    """
    lines = [] if overlay.kind is Picture.MAP else [(COUNTED, "found and counted" if _marks(overlay) else "counted")]
    if overlay.compared is not None:
        lines.append((COMPARED, "the skin it is compared with"))
    if overlay.span is None:
        return Legend(metric.title, lines=tuple(lines))
    if overlay.unit in WORDS:
        return Legend(metric.title, *WORDS[overlay.unit], overlay.colours, tuple(lines))
    if _is_share(overlay):
        return Legend(metric.title, "not found", "found", overlay.colours, tuple(lines))
    low, high = (f"{value:+.3g}".replace("-", "−") for value in overlay.span)
    if overlay.span[0] >= 0:
        low, high = low.lstrip("+"), high.lstrip("+")
    return Legend(metric.title, low, f"{high}{said(overlay.unit)}".rstrip(), overlay.colours, tuple(lines))


def _is_share(overlay: Overlay) -> bool:
    """Whether each cell only says if it is part of what was found: then its unit is that of the sum, not of a cell."""
    if overlay.values is None or overlay.span is None or overlay.span[0] < 0:
        return False
    return bool(np.isin(overlay.values[overlay.painted], (0.0, 1.0)).all())


def drawn(rgb: Rgb, overlay: Overlay) -> Rgb:
    """A picture in which one sees where a number comes from.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        The photo in the frame of its reference, sRGB; left as it is.
    overlay : Overlay
        On any grid that shows the same frame.

    Returns
    -------
    ndarray, shape (H, W, 3), uint8
        A map paints the quantity over a grey photo; marks and regions are outlined, and the rest of the photo steps
        back.
    """
    if overlay.kind is Picture.MAP and overlay.values is not None:
        picture = _mapped(rgb, overlay)
    elif _marks(overlay):
        picture = rgb.copy()
    else:
        picture = _stepped_back(rgb, _smooth(overlay.painted, rgb.shape))
    if overlay.compared is not None:
        _outline(picture, overlay.compared, COMPARED, width=0.75, outer=True)
    if overlay.kind is not Picture.MAP:
        _outline(picture, overlay.counted, COUNTED, width=1.0, least=0.0 if _marks(overlay) else _LEAST_AREA)
    elif overlay.compared is not None:
        _outline(picture, overlay.counted, (255, 255, 255), width=1.0)
    return picture


def _marks(overlay: Overlay) -> bool:
    return overlay.kind is Picture.MARKS


def _mapped(rgb: Rgb, overlay: Overlay) -> Rgb:
    assert overlay.values is not None
    assert overlay.span is not None
    low, high = overlay.span
    known = overlay.painted.astype(np.float32)
    # Weighted, so that what lies beside the region does not bleed into its rim.
    top, bottom = (_enlarged(plane, rgb.shape) for plane in (overlay.values * known, known))
    at = (top / np.maximum(bottom, 1e-6) - low) / max(high - low, 1e-9)
    stops = np.linspace(0, 1, len(overlay.colours))
    planes = [np.interp(at, stops, [colour[k] for colour in overlay.colours]) for k in range(3)]
    paint = np.stack(planes, axis=-1)
    grey = _grey(rgb)
    # The photo's own light and shade stay visible in the paint.
    shade = np.clip(grey / max(float(np.median(grey)), 1.0), 0.75, 1.2)[..., None]
    share = (_PAINT * _smooth(overlay.painted, rgb.shape))[..., None]
    backdrop = np.repeat((grey * 0.75 + 62)[..., None], 3, axis=2)
    return np.clip(share * paint * shade**0.5 + (1 - share) * backdrop, 0, 255).astype(np.uint8)


def _stepped_back(rgb: Rgb, inside: NDArray[np.float32]) -> Rgb:
    """The photo with its colours inside, and grey and lighter outside."""
    backdrop = np.repeat((_grey(rgb) * 0.72 + 70)[..., None], 3, axis=2)
    return np.clip(inside[..., None] * rgb + (1 - inside[..., None]) * backdrop, 0, 255).astype(np.uint8)


def _grey(rgb: Rgb) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _enlarged(plane: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    smaller = shape[1] < plane.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=how), dtype=np.float32)


def _smooth(mask: Mask, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A mask at the size of the picture with an edge as sharp as the picture's."""
    soft = _enlarged(mask.astype(np.float32), shape)
    sharpness = max(1.0, shape[1] / mask.shape[1])
    return np.clip((soft - 0.5) * sharpness + 0.5, 0, 1)


def _outline(
    picture: Rgb,
    mask: Mask,
    colour: tuple[int, int, int],
    *,
    width: float,
    outer: bool = False,
    least: float = _LEAST_AREA,
) -> None:
    """Draw the outline of a mask in place: a light line on a dark one can be seen on any skin."""
    # Traced on a whole multiple of the mask's own grid: at any smaller or broken one, a mark of few cells can be lost.
    fine = max(1, math.ceil(picture.shape[1] / mask.shape[1]))
    size = (fine * mask.shape[1], fine * mask.shape[0])
    high = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) >= 0.5
    which = cv2.RETR_EXTERNAL if outer else cv2.RETR_CCOMP
    found, above = cv2.findContours(high.astype(np.uint8), which, cv2.CHAIN_APPROX_NONE)
    scale = np.array(picture.shape[1::-1]) / size
    lines = [
        np.rint(((line + 0.5) * scale - 0.5) * 2**_SUBPIXEL).astype(np.int32)
        for line, (*_, parent) in zip(found, above[0] if found else (), strict=True)
        if cv2.contourArea(line) >= high.size * (least if parent < 0 else _LEAST_AREA)
    ]
    thin = max(1, round(width * picture.shape[1] / 480))
    for thickness, ink in ((thin + max(1, round(0.5 * thin)), HALO), (thin, colour)):
        cv2.polylines(
            picture, lines, isClosed=True, color=ink, thickness=thickness, lineType=cv2.LINE_AA, shift=_SUBPIXEL
        )
