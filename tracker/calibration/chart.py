"""Colour correction from a 24-patch ColorChecker in the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.colour import ColourCalibration, ColourLevel, PatchReadings, without_chart
from tracker.calibration.fit import ColourFit, Swatches, fit_colour, xyz_d65
from tracker.calibration.misses import Misses, expected_misses
from tracker.calibration.reading import plane_to_photo, read_squares
from tracker.calibration.spectra import colorchecker

__all__ = ["ColourCalibration", "ColourLevel", "Edition", "calibrate_colour", "reference_xyz", "without_chart"]

DETECTION_WIDTHS = (1200, 2400)
MAX_DELTA_E = 3.0
MAX_SKIN_DELTA_E = 7.0  # of either skin patch: one under a finger does not show in a median
MIN_PATCHES = 16
_SKIN_PATCHES = (0, 1)
_GREY_PATCHES = tuple(range(18, 24))
_NEAR_SKIN = (*_SKIN_PATCHES, *_GREY_PATCHES, 6, 8)  # with orange and moderate red
#: The other reference set is suggested when it leaves less than this share of the chosen one's grey residual: whites
#: and the darkest greys differ most, and a colour matrix cannot make up for it.
_CLEARLY_BETTER = 0.8
_ROWS, _COLUMNS = 4, 6
_HALF_READ = 1 / 6  # of a patch and its frame: the middle is read, wherever the corners are a little off


class Edition(StrEnum):
    """When a ColorChecker Classic was made: its maker changed the pigments in November 2014."""

    AFTER_2014 = "after-2014"
    BEFORE_2014 = "before-2014"

    @property
    def other(self) -> Edition:
        """The edition that this one is not."""
        return Edition.BEFORE_2014 if self is Edition.AFTER_2014 else Edition.AFTER_2014

    def __str__(self) -> str:
        return f"{'after' if self is Edition.AFTER_2014 else 'before'} November 2014"


#: CIELAB (D50, 2°) of the ColorChecker Classic, row by row (X-Rite data, MEASUREMENT.md §4.1).
REFERENCE_LAB_D50 = {
    Edition.AFTER_2014: np.array([
        [37.54, 14.37, 14.92], [64.66, 19.27, 17.50], [49.32, -3.82, -22.54], [43.46, -12.74, 22.72],
        [54.94, 9.61, -24.79], [70.48, -32.26, -0.37], [62.73, 35.83, 56.50], [39.43, 10.75, -45.17],
        [50.57, 48.64, 16.67], [30.10, 22.54, -20.87], [71.77, -24.13, 58.19], [71.51, 18.24, 67.37],
        [28.37, 15.42, -49.80], [54.38, -39.72, 32.27], [42.43, 51.05, 28.62], [81.80, 2.67, 80.41],
        [50.63, 51.28, -14.12], [49.57, -29.71, -28.32], [95.19, -1.03, 2.93], [81.29, -0.57, 0.44],
        [66.89, -0.75, -0.06], [50.76, -0.13, 0.14], [35.63, -0.46, -0.48], [20.64, 0.07, -0.46],
    ]),
    Edition.BEFORE_2014: np.array([
        [37.99, 13.56, 14.06], [65.71, 18.13, 17.81], [49.93, -4.88, -21.90], [43.14, -13.09, 21.90],
        [55.11, 8.84, -25.40], [70.72, -33.40, -0.20], [62.66, 36.07, 57.10], [40.02, 10.41, -45.96],
        [51.12, 48.24, 16.25], [30.33, 22.98, -21.59], [72.53, -23.71, 57.26], [71.94, 19.36, 67.86],
        [28.78, 14.18, -50.30], [55.26, -38.34, 31.37], [42.10, 53.38, 28.19], [81.73, 4.04, 79.82],
        [51.94, 49.99, -14.57], [51.04, -28.63, -28.64], [96.54, -0.43, 1.19], [81.26, -0.64, -0.33],
        [66.77, -0.73, -0.50], [50.87, -0.15, -0.27], [35.66, -0.42, -1.23], [20.46, -0.08, -0.97],
    ]),
}  # fmt: skip


def reference_xyz(edition: Edition = Edition.AFTER_2014) -> NDArray[np.float64]:
    """CIE XYZ (D65, Y = 1 for white) of the 24 patches, shape (24, 3)."""
    return xyz_d65(REFERENCE_LAB_D50[edition])


def calibrate_colour(rgb: NDArray[np.uint8], edition: Edition = Edition.AFTER_2014) -> ColourCalibration:
    """Colour correction from a ColorChecker Classic in the photo.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright sRGB photo.
    edition : Edition
        Which published colours the chart has. They are never exchanged by themselves: where the others fit clearly
        better, the evidence says so.

    Returns
    -------
    ColourCalibration
        Level C2 if a chart was found and predicts its own left-out patches near skin with a median ΔE00 of 3 or less,
        else C0: a chart that is partly hidden or in uneven light is not believed. Clipped patches are left out:
        nothing is known about them.
    """
    found = without_chart()
    for corners in _charts(rgb):
        found = _calibrate(rgb, corners, edition)
        if found.level.absolute:
            break  # else its outline may be better in the larger picture
    return found


def _calibrate(rgb: NDArray[np.uint8], corners: NDArray[np.float64], edition: Edition) -> ColourCalibration:
    outlines = [np.roll(corners, turn, axis=0) for turn in range(4)]
    readings = [(outline, read_patches(rgb, outline, edition)) for outline in outlines]
    usable = [(outline, patches) for outline, patches in readings if _enough(patches)]
    if not usable:
        return without_chart("a colour chart was seen, but too much of it is overexposed or hidden")
    fits = [(outline, patches, fit_colour(patches)) for outline, patches in usable]
    outline, patches, best = min(fits, key=lambda fit: fit[2].delta_e)
    hint = _suggestion(patches, best, edition)
    if best.delta_e <= MAX_DELTA_E and (worst := best.errors[patches.skin].max()) > MAX_SKIN_DELTA_E:
        return without_chart(
            f"a colour chart was seen, but its skin patches do not agree with the others (ΔE00 {worst:.1f}, at most "
            f"{MAX_SKIN_DELTA_E:.0f}): they are covered or unevenly lit{hint}"
        )
    if best.delta_e > MAX_DELTA_E:
        return without_chart(
            "a colour chart was seen, but its patches do not agree with its published colours (median ΔE00 "
            f"{best.delta_e:.1f}, at most {MAX_DELTA_E:.0f}): it is covered, unevenly lit or another chart{hint}"
        )
    return ColourCalibration(
        ColourLevel.CHART, best.tone, best.matrix, best.delta_e, outline, _evidence(patches, best, edition) + hint,
        best.grey_residual, PatchReadings(patches.camera, patches.known, patches.grey, patches.skin), best.left_out,
    )  # fmt: skip


def _enough(patches: Swatches) -> bool:
    return bool(patches.known.sum() >= MIN_PATCHES and (patches.known & patches.skin).sum() == len(_SKIN_PATCHES))


def _evidence(patches: Swatches, found: ColourFit, edition: Edition) -> str:
    grey = "" if found.grey_residual is None else f", greys within {100 * found.grey_residual:.1f} %"
    return (
        f"24-patch chart made {edition}, leave-one-out ΔE00 {found.delta_e:.1f} near skin, "
        f"{int(patches.known.sum())} of 24 patches{grey}"
    )


def _suggestion(patches: Swatches, found: ColourFit, edition: Edition) -> str:
    """Half a sentence if the chart rather seems to be of the other edition."""
    other = fit_colour(replace(patches, xyz=reference_xyz(edition.other)))
    if found.grey_residual is None or other.grey_residual is None:
        return ""
    if other.grey_residual > _CLEARLY_BETTER * found.grey_residual:
        return ""
    return (
        f"; its greys fit charts made {edition.other} better ({100 * other.grey_residual:.1f} % instead of "
        f"{100 * found.grey_residual:.1f} %): see when it was made"
    )


def find_chart(rgb: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """Corners of a ColorChecker in photo pixels (row, column), shape (4, 2); None if there is none.

    Searched small first: most charts are large enough, and a photo without one is to cost little.
    """
    return next(_charts(rgb), None)


def _charts(rgb: NDArray[np.uint8]) -> Iterator[NDArray[np.float64]]:
    """Corners of the ColorChecker as they are found in the small picture, then in the large one."""
    if not hasattr(cv2, "mcc"):
        return
    for width in DETECTION_WIDTHS:
        factor = min(1.0, width / max(rgb.shape[:2]))
        found = _find_at(rgb, factor)
        if found is not None:
            yield found
        if factor == 1.0:
            return


def _find_at(rgb: NDArray[np.uint8], factor: float) -> NDArray[np.float64] | None:
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else rgb
    detector = cv2.mcc.CCheckerDetector.create()
    detector.setColorChartType(cv2.mcc.MCC24)  # without this line the type is undefined and charts are missed
    try:
        seen = detector.process(np.ascontiguousarray(small[..., ::-1]), 1)
    except cv2.error:  # it fails on some groups of squares that are no chart, such as those of our own card
        return None
    if not seen:
        return None
    box = np.asarray(detector.getBestColorChecker().getBox(), dtype=np.float64).reshape(4, 2)
    return (box[:, ::-1] + 0.5) / factor - 0.5


def read_patches(
    rgb: NDArray[np.uint8], corners: NDArray[np.float64], edition: Edition = Edition.AFTER_2014
) -> Swatches:
    """Patches of a ColorChecker whose corners are known, in the order of the published table."""
    row, column = np.divmod(np.arange(_ROWS * _COLUMNS), _COLUMNS)
    outline = np.array([[0, 0], [0, _COLUMNS], [_ROWS, _COLUMNS], [_ROWS, 0]], dtype=np.float64)
    found = read_squares(rgb, plane_to_photo(outline, corners), np.stack([row, column], axis=-1) + 0.5, _HALF_READ)
    index = np.arange(len(row))
    return Swatches(
        camera=found.light,
        xyz=reference_xyz(edition),
        skin=np.isin(index, _SKIN_PATCHES),
        grey=np.isin(index, _GREY_PATCHES),
        judged=np.isin(index, _NEAR_SKIN),
        known=found.seen,
        misses=_misses(),
    )


@cache
def _misses() -> Misses:
    """What skin-right matrices make of the chart; of both editions, as their pigments differ by little."""
    return expected_misses(colorchecker())
