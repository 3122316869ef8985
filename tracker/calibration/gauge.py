"""The relief gauge on our card: a matte grey pyramid whose four facets say where the light comes from.

Flat skin under a lamp at the slant θ with a share a of ambient light brightens with a slope towards the lamp by
κ = (1 − a) tan θ per unit of slope. The facets have a known slope, so their differences give κ along and across the
card, whatever the skin is like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.calibration import layout
from tracker.calibration.card import PlacedCard, find_card
from tracker.calibration.markers import MARKER_SIDE_MM, Marker
from tracker.calibration.reading import project, read_squares

BASE_MM: Final = 24.0
FACET_DEGREES: Final = 10.0
_FACET_AT_MM, _HALF_FACET_MM, _PARTS = 7.5, 2.2, 7
_RIM_MM, _HALF_PAPER_MM = (MARKER_SIDE_MM + layout.QUIET_ZONE_MM) / 2, 0.2 * layout.QUIET_ZONE_MM
_DARKEST, _LIGHTEST = 0.15, 0.75
"""The gauge is grey: its light over that of the paper of the card. Paper without a gauge is at 1."""
_UNEVEN = 0.05
_TWISTED = 0.03
_SLOPE_ERROR, _FALL_ERROR = 0.02, 0.003
_LEAST_MARKERS, _LEAST_PAPER = 3, 12
#: Right, up, left, down from the middle of the gauge, (y, x).
_FACETS = np.array([[0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [1.0, 0.0]])
_RING = np.array([[a, b] for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0) if a or b])


@dataclass(frozen=True, slots=True)
class GaugeReading:
    """What the relief gauge says about the light.

    Attributes
    ----------
    azimuth : float
        Where the light comes from in the picture, degrees: 0 = right, 90 = top, counter-clockwise.
    azimuth_uncertainty : float
        Standard uncertainty, degrees.
    kappa : float
        (1 − ambient share) · tan(slant of the lamp): the gain of relief shading.
    kappa_uncertainty : float
        Standard uncertainty.
    """

    azimuth: float
    azimuth_uncertainty: float
    kappa: float
    kappa_uncertainty: float


def read_gauge(rgb: NDArray[np.uint8], markers: tuple[Marker, ...]) -> GaugeReading | None:
    """Direction and obliqueness of the light from the gauge on our card.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright sRGB photo.
    markers : tuple of Marker
        Seen in it.

    Returns
    -------
    GaugeReading or None
        None if the card is not found, or there is no gauge in its place: what is there must be evenly grey, darker
        than the paper of the card, and its two pairs of facets equally bright.

    Notes
    -----
    With opposite facets R and L of slope β, (R − L) / (R + L) is κ tan β / (1 + small), where the small term is at
    most 1.5 % and is taken at half. How light falls off over the gauge is taken from the paper around the markers,
    which lies far enough from the facets not to be tinged by them.
    """
    card = find_card(markers)
    if card is None:
        return None
    middle = np.array(layout.GAUGE_AT) + layout.GAUGE_SIDE_MM / 2
    facets = _read_facets(rgb, card, middle + _FACET_AT_MM * _FACETS)
    paper = _paper_at(rgb, card, middle + _FACET_AT_MM * _FACETS)
    if paper is None or not _is_gauge(facets, paper):
        return None
    light = facets.light / paper
    right, top, left, bottom = light
    if abs(np.log((right + left) / (top + bottom))) > _TWISTED:
        return None
    scale = (1 + np.cos(np.radians(FACET_DEGREES))) / 2 / np.tan(np.radians(FACET_DEGREES))
    across, along = scale * (right - left) / (right + left), scale * (top - bottom) / (top + bottom)
    return _reading(card, middle, np.array([-along, across]), scale * _doubt(facets))


def _paper_at(rgb: NDArray[np.uint8], card: PlacedCard, places: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Light that paper would return at places of the card, (n, 2) mm; None if the paper does not tell."""
    if len(card.markers) < _LEAST_MARKERS:
        return None
    rim = (layout.MARKER_CENTRES[list(card.markers), None] + _RIM_MM * _RING).reshape(-1, 2)
    paper = read_squares(rgb, card.to_photo, rim, _HALF_PAPER_MM)
    logs = np.log(np.maximum(paper.light.mean(axis=1), 1e-6))[paper.seen]
    terms = np.column_stack([rim, np.ones(len(rim))])[paper.seen]
    if len(logs) < _LEAST_PAPER:
        return None
    plane, *_ = np.linalg.lstsq(terms, logs, rcond=None)
    if np.std(logs - terms @ plane) > _UNEVEN:
        return None
    return np.asarray(np.exp(np.column_stack([places, np.ones(len(places))]) @ plane))


@dataclass(frozen=True, slots=True, eq=False)
class _Facets:
    """Light of each facet, how much its parts differ (as a share), and whether they are known; shape (4,)."""

    light: NDArray[np.float64]
    spread: NDArray[np.float64]
    seen: NDArray[np.bool_]


def _read_facets(rgb: NDArray[np.uint8], card: PlacedCard, places: NDArray[np.float64]) -> _Facets:
    """Facets in parts: the median of a large even square is one of 256 codes, the mean of its parts lies between."""
    steps = (np.arange(_PARTS) + 0.5) / _PARTS * 2 - 1
    offsets = _HALF_FACET_MM * np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    centres = (places[:, None] + offsets).reshape(-1, 2)
    parts = read_squares(rgb, card.to_photo, centres, _HALF_FACET_MM / _PARTS)
    light = parts.light.mean(axis=1).reshape(len(places), -1)
    mean = light.mean(axis=1)
    seen = np.asarray(parts.seen.reshape(len(places), -1).all(axis=1), np.bool_)
    return _Facets(mean, light.std(axis=1) / np.maximum(mean, 1e-6), seen)


def _is_gauge(facets: _Facets, paper: NDArray[np.float64]) -> bool:
    shade = float(np.mean(facets.light / paper))
    return bool(facets.seen.all() and (facets.spread <= _UNEVEN).all()) and _DARKEST <= shade <= _LIGHTEST


def _doubt(facets: _Facets) -> float:
    """Standard uncertainty of (R − L) / (R + L): of the mean of the parts, and of how the light falls off."""
    return float(np.hypot(np.mean(facets.spread) / np.sqrt(2) / _PARTS, _FALL_ERROR))


def _reading(card: PlacedCard, middle: NDArray[np.float64], kappa: NDArray[np.float64], doubt: float) -> GaugeReading:
    """The vector towards the lamp, (y, x) on the card, as it is seen in the picture."""
    size = float(np.hypot(*kappa))
    towards = kappa / max(size, 1e-9)
    ends = project(card.to_photo, np.stack([middle, middle + towards]))
    down, right = ends[1] - ends[0]
    azimuth = float(np.degrees(np.arctan2(-down, right)) % 360)
    uncertainty = float(np.degrees(min(np.pi / 2, doubt / max(size, 1e-9))))
    return GaugeReading(azimuth, uncertainty, size, float(np.hypot(doubt, _SLOPE_ERROR * size)))
