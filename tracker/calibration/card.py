"""Our own printed card in a photo: found by its markers, read patch by patch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from tracker.calibration import layout
from tracker.calibration.batch import Batch
from tracker.calibration.colour import ColourCalibration, ColourLevel, PatchReadings, undo_tone, without_chart
from tracker.calibration.fit import ColourFit, Swatches, delta_e00, fit_colour, fit_tone, grey_residual
from tracker.calibration.linear import XYZ_FROM_LINEAR
from tracker.calibration.markers import MARKER_SIDE_MM, Marker
from tracker.calibration.reading import plane_to_photo, project, read_squares

MAX_DELTA_E = 2.0
MAX_GREY_RESIDUAL = 0.10
LEAST_MARKERS = 2
LEAST_GREYS, LEAST_SKIN = 5, 7
_MISFIT, _MISFIT_PX = 0.025, 0.5  # share of the side of a marker, pixels: loose markers around the skin are no card
_PAIR_SLACK = 2.0  # a pair may fit that much worse than the whole, as it may be the worst seen of it
_MOST_OF_A_NUMBER = 6
_ENOUGH_OF_FOUR = 3
_NEXT_TO = 1.5  # sides of a marker
_PRINTED = layout.marker_corners()
_HALF_READ_MM = 0.3 * layout.PATCH_SIDE_MM
_PAPER_READ_MM = 0.2 * layout.QUIET_ZONE_MM
_UNEVEN = 0.08  # spread within a patch, as a share of its light
_NOISE = 0.004
_COVERED_DELTA_E = 5.0
AS_SENT = Batch("as sent to the printer", layout.nominal_lab_d50())
_UNEVEN_LIGHT = 0.7  # range of ln(light) over the card beyond which no plane describes it


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCard:
    """Where our card lies in a photo.

    Attributes
    ----------
    to_photo : ndarray, shape (3, 3)
        Homography from card millimetres (y, x) to photo pixels (row, column).
    markers : tuple of int
        Numbers of the markers that it rests on.
    """

    to_photo: NDArray[np.float64]
    markers: tuple[int, ...]

    @property
    def corners(self) -> NDArray[np.float64]:
        """Outline in photo pixels (row, column), shape (4, 2)."""
        return project(self.to_photo, layout.outline())


def find_card(markers: tuple[Marker, ...]) -> PlacedCard | None:
    """Place of our card, from the markers seen in a photo.

    Parameters
    ----------
    markers : tuple of Marker
        Loose markers with the same numbers may be among them; of each number the six largest are considered.

    Returns
    -------
    PlacedCard or None
        From one marker of each number that is seen, if they lie to each other as on the card; where four numbers are
        seen, three such are enough, the fourth may be hidden and seen as a loose marker elsewhere. Else None: they
        are loose markers, or too much of the card is hidden.
    """
    of_number = [[m for m in markers if m.id == number] for number in range(4)]
    by_id = [sorted(same, key=lambda m: -m.side_px)[:_MOST_OF_A_NUMBER] for same in of_number if same]
    if len(by_id) < LEAST_MARKERS:
        return None
    alike = _pairs_as_on_the_card(by_id)
    for count in range(len(by_id), min(_ENOUGH_OF_FOUR, len(by_id)) - 1, -1):
        groups = [group for some in combinations(by_id, count) for group in product(*some)]
        agreeing = [group for group in groups if alike.issuperset(combinations(group, 2))]
        fits = [fit for group in agreeing if (fit := _placed(group)) and not _nearly_laid(fit[1], markers)]
        if fits:
            return min(fits, key=lambda fit: fit[0])[1]
    return None


def _pairs_as_on_the_card(by_id: list[list[Marker]]) -> set[tuple[Marker, Marker]]:
    """Pairs of different numbers that may lie on one card: few do, so few larger groups need to be tried."""
    pairs = [pair for one, other in combinations(by_id, 2) for pair in product(one, other)]
    return {pair for pair in pairs if _fitted(pair)[0] <= _PAIR_SLACK * _most_misfit(pair)}


def _placed(markers: tuple[Marker, ...]) -> tuple[float, PlacedCard] | None:
    """Misfit in sides of a marker, and the place; None if the markers do not lie as on the card."""
    misfit, homography = _fitted(markers)
    if not misfit <= _most_misfit(markers) or not _faces_the_camera(homography):
        return None
    return misfit, PlacedCard(homography, tuple(m.id for m in markers))


def _fitted(markers: tuple[Marker, ...]) -> tuple[float, NDArray[np.float64]]:
    """Misfit in sides of a marker (root mean square), infinite if there is none, and the homography to the photo."""
    printed = np.concatenate([_PRINTED[m.id] for m in markers])
    photo = np.concatenate([m.corners for m in markers])
    homography = plane_to_photo(printed, photo)
    if not np.isfinite(homography).all():
        return np.inf, homography
    missed = np.sum((project(homography, printed) - photo) ** 2, axis=1)
    return float(np.sqrt(np.mean(missed))) / _side(markers), homography


def _side(markers: tuple[Marker, ...]) -> float:
    return float(np.mean([m.side_px for m in markers]))


def _most_misfit(markers: tuple[Marker, ...]) -> float:
    return max(_MISFIT, _MISFIT_PX / _side(markers))


def _nearly_laid(card: PlacedCard, markers: tuple[Marker, ...]) -> bool:
    """Whether a number that the card does not rest on lies next to its place: loose markers laid almost as a card."""
    places = project(card.to_photo, layout.MARKER_CENTRES)
    others = [m for m in markers if m.id not in card.markers]
    return any(np.hypot(*(m.corners.mean(axis=0) - places[m.id])) < _NEXT_TO * m.side_px for m in others)


def _faces_the_camera(homography: NDArray[np.float64]) -> bool:
    """Whether the card is convex, not mirrored, and all in front of the camera."""
    corners = project(homography, layout.outline())
    sides = np.roll(corners, -1, axis=0) - corners
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    depth = layout.outline() @ homography[2, :2] + homography[2, 2]
    return bool((turns < 0).all() and (depth * depth[0] > 0).all())


def calibrate_card(rgb: NDArray[np.uint8], card: PlacedCard, batch: Batch | None = None) -> ColourCalibration:
    """Colour correction from our card.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright sRGB photo.
    card : PlacedCard
    batch : Batch, optional
        The measured colours of the prints.

    Returns
    -------
    ColourCalibration
        C3 if the measured patches predict each other with a median ΔE00 of 2 or less; else C1 if the greys lie on
        one curve: neutral balance and tone, no absolute colours; else C0. Covered and saturated patches are left out.
    """
    patches = read_card(rgb, card, batch)
    greys, skin = int((patches.known & patches.grey).sum()), int((patches.known & patches.skin).sum())
    if greys < LEAST_GREYS:
        return without_chart(
            f"our card was seen, but only {greys} of its 6 greys can be read: it is covered, overexposed or in shadow",
            card.corners,
        )
    if batch is None:
        return _by_greys(patches, card, "the print is not measured")
    if skin < LEAST_SKIN:
        return _by_greys(patches, card, f"only {skin} of its 12 skin tones can be read")
    found, patches = _fit_uncovered(patches)
    left = int((patches.known & patches.skin).sum())
    if not np.isfinite(found.delta_e):
        return _by_greys(patches, card, "the photo has too few different colours to predict its patches")
    if found.delta_e > MAX_DELTA_E:
        why = f"its patches do not agree with batch {batch.name} (median ΔE00 {found.delta_e:.1f}, at most 2)"
        return _by_greys(patches, card, why)
    if left < LEAST_SKIN or (patches.known & patches.grey).sum() < LEAST_GREYS:
        return _by_greys(patches, card, f"too many of its patches do not agree with batch {batch.name}")
    how = "by colour" if batch.spectra is None else "by spectrum"
    evidence = (
        f"our card, batch {batch.name} measured {how}, leave-one-out ΔE00 {found.delta_e:.1f}, "
        f"{int(patches.known.sum())} of {len(layout.PATCHES)} patches{_within(found.grey_residual)}"
    )
    return ColourCalibration(
        ColourLevel.SKIN_CARD, found.tone, found.matrix, found.delta_e, card.corners, evidence, found.grey_residual,
        PatchReadings(patches.camera, patches.known, patches.grey, patches.skin), found.left_out,
    )  # fmt: skip


def read_card(rgb: NDArray[np.uint8], card: PlacedCard, batch: Batch | None = None) -> Swatches:
    """Patches of the card in a photo, freed from the slope of the light across it.

    Returns
    -------
    Swatches
        With the colours of the batch, or what was sent to the printer without one.
    """
    found = read_squares(rgb, card.to_photo, layout.patch_centres(), _HALF_READ_MM)
    even = found.spread <= _UNEVEN * found.light[:, 1] + _NOISE
    light = found.light / _slope_of_light(rgb, card)[:, None]
    printed = AS_SENT if batch is None else batch
    grey, skin = layout.is_grey(), layout.is_skin()
    return Swatches(light, printed.xyz, skin, grey, skin | grey, found.seen & even, printed.misses)


def _slope_of_light(rgb: NDArray[np.uint8], card: PlacedCard) -> NDArray[np.float64]:
    """Light on each patch over that on the middle of the card, shape (30,), from the paper around the markers.

    Ones where fewer than three sides of the card show their paper, or where the light is no plane: a shadow.
    """
    ones = np.ones(len(layout.PATCHES))
    away = (MARKER_SIDE_MM + layout.QUIET_ZONE_MM) / 2
    rim = np.array(
        [[-away, -away], [-away, 0], [-away, away], [0, away], [away, away], [away, 0], [away, -away], [0, -away]]
    )
    places = (layout.MARKER_CENTRES[list(card.markers), None] + rim).reshape(-1, 2)
    paper = read_squares(rgb, card.to_photo, places, _PAPER_READ_MM)
    which = np.repeat(np.arange(len(card.markers)), len(rim))
    if len(set(which[paper.seen].tolist())) < 3:
        return ones
    middle = layout.outline().mean(axis=0)
    terms = np.column_stack([(places - middle)[paper.seen], np.ones(int(paper.seen.sum()))])
    logs = np.log(paper.light[paper.seen].mean(axis=1))
    plane, *_ = np.linalg.lstsq(terms, logs, rcond=None)
    logs_of_patches = (layout.patch_centres() - middle) @ plane[:2]
    if np.ptp(logs_of_patches) > _UNEVEN_LIGHT or np.std(logs - terms @ plane) > _UNEVEN:
        return ones
    return np.asarray(np.exp(logs_of_patches))


def _fit_uncovered(patches: Swatches) -> tuple[ColourFit, Swatches]:
    """Fit, leaving out one after another the patches without which the others agree best: something lies on them.

    It ends when all agree, or when fewer are left than a card is believed with.
    """
    found = fit_colour(patches)
    while np.nanmax(found.errors) > _COVERED_DELTA_E and patches.known.sum() >= LEAST_GREYS + LEAST_SKIN:
        fewer = [_without(patches, int(k)) for k in np.flatnonzero(patches.known)]
        fits = [(fit_colour(rest), rest) for rest in fewer]
        found, patches = min(fits, key=lambda fit: float(np.nanmean(fit[0].errors)))
    return found, patches


def _without(patches: Swatches, left_out: int) -> Swatches:
    return replace(patches, known=patches.known & (np.arange(len(patches.known)) != left_out))


def _by_greys(patches: Swatches, card: PlacedCard, why: str) -> ColourCalibration:
    """C1: each channel's tone curve takes the greys to the same light, which is the neutral balance too."""
    tone, residual = fit_tone(patches), grey_residual(patches, fit_tone(patches))
    if residual is None or residual > MAX_GREY_RESIDUAL:
        return without_chart(
            f"our card was seen, but {why}, and its greys do not lie on one curve: it is covered or in uneven light",
            card.corners,
        )
    greys = patches.known & patches.grey
    light = undo_tone(patches.camera[greys], tone)
    neutral = light.mean(axis=1, keepdims=True).repeat(3, axis=1)
    error = float(np.mean(delta_e00(light @ XYZ_FROM_LINEAR.T, neutral @ XYZ_FROM_LINEAR.T)))
    evidence = (
        f"greys of our card, {int(greys.sum())} of 6, neutral within ΔE00 {error:.1f}{_within(residual)}; {why}: "
        "no absolute tone"
    )
    return ColourCalibration(
        ColourLevel.GREY, tone, np.eye(3), error, card.corners, evidence, residual,
        PatchReadings(patches.camera, patches.known, patches.grey, patches.skin),
    )  # fmt: skip


def _within(residual: float | None) -> str:
    return "" if residual is None else f", greys within {100 * residual:.1f} %"
