"""Millimetres per pixel: from printed markers, from our card, or from a distance given by hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tracker.calibration import layout
from tracker.calibration.body import scale_on_body
from tracker.calibration.card import PlacedCard
from tracker.calibration.distance import HAND_UNCERTAINTY, KnownDistance
from tracker.calibration.markers import MARKER_SIDE_MM, Marker
from tracker.calibration.plane import Figure, PlaneScale, scale_on_plane
from tracker.calibration.reading import project

PRINT_UNCERTAINTY = 0.003  # of all markers together: 0.06 mm of 20
_FITS = 2.0  # misfit up to which figures lie on one plane
_ENOUGH = 4  # figures of which one may be left out: of three on a rounded body, two may lie on one plane by chance
_SQUARE = MARKER_SIDE_MM / 2 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])


class ScaleSource(StrEnum):
    """What a scale rests on."""

    PRINTED = "printed"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Scale:
    """Size of a photo pixel on the skin.

    Attributes
    ----------
    mm_per_px : float
        Millimetres per photo pixel at the middle of the photo, on the plane of the markers: the geometric mean over
        all directions in it. Skin that turns away from this plane, as the flank of a limb, is foreshortened there;
        that is not a matter of the scale.
    relative_uncertainty : float
        Standard uncertainty of `mm_per_px` as a fraction (k = 1).
    source : str
        Where the scale comes from, in words.
    kind : ScaleSource
        Scales of two kinds are not compared with each other: markers may not have been printed at their size.
    """

    mm_per_px: float
    relative_uncertainty: float
    source: str
    kind: ScaleSource = ScaleSource.PRINTED


def scale_from_markers(
    markers: tuple[Marker, ...], shape: tuple[int, int], card: PlacedCard | None = None
) -> Scale | None:
    """Scale at the middle of a photo; None without markers.

    Parameters
    ----------
    markers : tuple of Marker
    shape : tuple of int
        Height and width of the photo.
    card : PlacedCard, optional
        Our card, if some of the markers are printed on it: it knows how far apart they are.

    Returns
    -------
    Scale or None

    Notes
    -----
    One plane is fitted to all that is printed (`tracker.calibration.plane`). Of four or more, one that does not lie
    on the plane of the others is left out: it was misread, moved or lies on something else. Where no plane fits, the
    markers lie on a rounded body, and each is given a plane of its own (`tracker.calibration.body`). A single
    marker, or the card, cannot show that it is not in the plane of the skin; its uncertainty says so.
    """
    if not markers:
        return None
    figures, source = _figures(markers, card)
    found, left_out = _without_a_stray(figures, shape)
    if found.misfit > _FITS and len(figures) > 1:
        found = scale_on_body(figures, shape)
    uncertainty = float(np.hypot(found.relative_uncertainty * max(1.0, found.misfit), PRINT_UNCERTAINTY))
    return Scale(found.mm_per_px, uncertainty, source + (", 1 of them left out" if left_out else ""))


def scale_by_hand(distance: KnownDistance) -> Scale:
    """Scale from a distance that somebody measured on the skin."""
    source = f"a distance of {distance.mm:g} mm given by hand"
    return Scale(distance.mm / distance.px, HAND_UNCERTAINTY, source, ScaleSource.BY_HAND)


def _figures(markers: tuple[Marker, ...], card: PlacedCard | None) -> tuple[list[Figure], str]:
    """What is printed, the markers of the card as one, and its name."""
    on_card = _on_card(markers, card) if card else ()
    loose = [Figure(_SQUARE, m.corners, m.error_px) for m in markers if not any(m is other for other in on_card)]
    if not on_card:
        return loose, "1 printed marker" if len(loose) == 1 else f"{len(loose)} printed markers"
    printed = layout.marker_corners()[[m.id for m in on_card]].reshape(-1, 2)
    seen = np.concatenate([m.corners for m in on_card])
    error = float(np.sqrt(np.mean([m.error_px**2 for m in on_card])))
    return [Figure(printed, seen, error), *loose], "the printed card" + (f" and {len(loose)} more" if loose else "")


def _on_card(markers: tuple[Marker, ...], card: PlacedCard) -> tuple[Marker, ...]:
    """Of each number that the card was found by, the marker that lies where the card has it."""
    places = project(card.to_photo, layout.MARKER_CENTRES)
    return tuple(
        min(
            (m for m in markers if m.id == number),
            key=lambda m: float(np.hypot(*(m.corners.mean(axis=0) - places[m.id]))),
        )
        for number in card.markers
    )


def _without_a_stray(figures: list[Figure], shape: tuple[int, int]) -> tuple[PlaneScale, bool]:
    """Scale of all figures, or of all but the only one without which they lie on one plane; and whether one is out."""
    whole = scale_on_plane(figures, shape)
    if whole.misfit <= _FITS or len(figures) < _ENOUGH:
        return whole, False
    parts = [scale_on_plane(figures[:k] + figures[k + 1 :], shape) for k in range(len(figures))]
    fitting = [part for part in parts if part.misfit <= _FITS]
    return (fitting[0], True) if len(fitting) == 1 else (whole, False)
