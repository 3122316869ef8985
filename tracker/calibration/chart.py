"""Colour correction from a 24-patch ColorChecker in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration.linear import XYZ_FROM_LINEAR, lab_from_xyz, linear_from_srgb, xyz_from_lab

DETECTION_WIDTH = 1200
MAX_DELTA_E = 3.0
MIN_PATCHES = 16
_BRIGHTEST, _DARKEST = 0.95, 0.001
_SKIN_PATCHES = (0, 1)
_GREY_PATCHES = tuple(range(18, 24))


class ColourLevel(StrEnum):
    """How far the colours of a photo can be believed (`MEASUREMENT.md` §4.4)."""

    NONE = "C0"
    GREY = "C1"
    CHART = "C2"
    SKIN_CARD = "C3"

    @property
    def absolute(self) -> bool:
        """Whether absolute tone (L*, a*, b*, ITA) may be stated."""
        return self in (ColourLevel.CHART, ColourLevel.SKIN_CARD)


@dataclass(frozen=True, slots=True, eq=False)
class ColourCalibration:
    """Colour level of a photo, and its evidence.

    Attributes
    ----------
    level : ColourLevel
    tone : ndarray, shape (3, 3)
        Per channel, coefficients of ln(light) as a polynomial of ln(camera value), highest power first: undoes
        the camera's tone curve. ``[0, 1, 0]`` changes nothing.
    matrix : ndarray, shape (3, 3)
        Camera light → linear sRGB (column vectors); the identity without a chart.
    delta_e : float or None
        Median leave-one-patch-out ΔE00 over the patches that are not clipped; None without a chart.
    corners : ndarray, shape (4, 2), or None
        Chart outline in photo pixels (row, column).
    evidence : str
        What the level rests on, in words.
    """

    level: ColourLevel
    tone: NDArray[np.float64]
    matrix: NDArray[np.float64]
    delta_e: float | None
    corners: NDArray[np.float64] | None
    evidence: str

    def apply(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Corrected linear sRGB of linear camera values, both (h, w, 3)."""
        if not self.level.absolute:
            return linear
        corrected = _undo_tone(linear.astype(np.float64), self.tone) @ self.matrix.T
        return corrected.astype(np.float32)


#: CIELAB (D50, 2°) of the ColorChecker Classic after November 2014, row by row (X-Rite data, MEASUREMENT.md §4.1).
REFERENCE_LAB_D50 = np.array(
    [
        [37.54, 14.37, 14.92], [64.66, 19.27, 17.50], [49.32, -3.82, -22.54], [43.46, -12.74, 22.72],
        [54.94, 9.61, -24.79], [70.48, -32.26, -0.37], [62.73, 35.83, 56.50], [39.43, 10.75, -45.17],
        [50.57, 48.64, 16.67], [30.10, 22.54, -20.87], [71.77, -24.13, 58.19], [71.51, 18.24, 67.37],
        [28.37, 15.42, -49.80], [54.38, -39.72, 32.27], [42.43, 51.05, 28.62], [81.80, 2.67, 80.41],
        [50.63, 51.28, -14.12], [49.57, -29.71, -28.32], [95.19, -1.03, 2.93], [81.29, -0.57, 0.44],
        [66.89, -0.75, -0.06], [50.76, -0.13, 0.14], [35.63, -0.46, -0.48], [20.64, 0.07, -0.46],
    ]
)  # fmt: skip

_WHITE_D50 = np.array([0.96422, 1.0, 0.82521])
#: Bradford chromatic adaptation D50 → D65.
_BRADFORD = np.array(
    [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
)


def reference_xyz() -> NDArray[np.float64]:
    """CIE XYZ (D65, Y = 1 for white) of the 24 patches, shape (24, 3)."""
    white_d65 = XYZ_FROM_LINEAR.sum(axis=1)
    return xyz_from_lab(REFERENCE_LAB_D50) / white_d65 * _WHITE_D50 @ _BRADFORD.T


def patch_weights() -> NDArray[np.float64]:
    """Weight of each patch in the fit: skin 4, greys 2, others 1 (MEASUREMENT.md §4.2)."""
    weights = np.ones(24)
    weights[list(_SKIN_PATCHES)] = 4.0
    weights[list(_GREY_PATCHES)] = 2.0
    return weights


def fit_tone(camera: NDArray[np.float64], xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tone curve of the camera from the six greys, as in `ColourCalibration.tone`.

    Parameters
    ----------
    camera, xyz : ndarray, shape (24, 3)
        Patch means in linear camera RGB, and their reference values.

    Returns
    -------
    ndarray, shape (3, 3)
        The curve that changes nothing where fewer than five greys are usable or the fit is not monotone.
    """
    greys = list(_GREY_PATCHES)
    reference = np.log(xyz[greys, 1])
    curves = np.tile([0.0, 1.0, 0.0], (3, 1))
    for channel in range(3):
        usable = ~_clipped(camera[greys, channel])
        if usable.sum() < 5:
            continue
        log_camera = np.log(np.maximum(camera[greys, channel], _DARKEST))
        fitted = np.polyfit(log_camera[usable], reference[usable], 2)
        slope = np.polyval(np.polyder(fitted), np.linspace(log_camera.min() - 1, 0, 20))
        if slope.min() > 0.3:
            curves[channel] = fitted
    return curves


def fit_matrix(
    light: NDArray[np.float64], xyz: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted least-squares matrix M with ``xyz ≈ light @ M.T``; weights multiply the residuals."""
    solution, *_ = np.linalg.lstsq(light * weights[:, None], xyz * weights[:, None], rcond=None)
    return np.asarray(solution.T, dtype=np.float64)


def leave_one_out(
    light: NDArray[np.float64], xyz: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """ΔE00 of each patch when it is predicted from the others, shape (24,)."""
    from skimage.color import deltaE_ciede2000  # loads for half a second; few photos have a chart

    predicted = np.empty_like(xyz)
    for left_out in range(len(xyz)):
        keep = np.arange(len(xyz)) != left_out
        predicted[left_out] = fit_matrix(light[keep], xyz[keep], weights[keep]) @ light[left_out]
    return np.asarray(deltaE_ciede2000(lab_from_xyz(xyz), lab_from_xyz(predicted)), dtype=np.float64)


def without_chart(evidence: str = "no colour chart in the picture") -> ColourCalibration:
    """Colour level C0: contrasts may be measured, absolute tone may not."""
    return ColourCalibration(ColourLevel.NONE, np.tile([0.0, 1.0, 0.0], (3, 1)), np.eye(3), None, None, evidence)


def calibrate_colour(rgb: NDArray[np.uint8]) -> ColourCalibration:
    """Colour correction from a ColorChecker Classic in the photo.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright sRGB photo.

    Returns
    -------
    ColourCalibration
        Level C2 if a chart was found and predicts its own left-out patches with a median ΔE00 of 3 or less,
        else C0: a chart that is partly hidden or in uneven light is not believed. Clipped patches are left out:
        nothing is known about them.
    """
    corners = _detect(rgb)
    if corners is None:
        return without_chart()
    fits = [_fit(rgb, np.roll(corners, turn, axis=0)) for turn in range(4)]
    best = min(fits, key=lambda fit: np.inf if fit.delta_e is None else fit.delta_e)
    if best.delta_e is None:
        return without_chart("a colour chart was seen, but too much of it is overexposed or hidden")
    if best.delta_e > MAX_DELTA_E:
        return without_chart(
            "a colour chart was seen, but its patches do not agree with its published colours (median ΔE00 "
            f"{best.delta_e:.1f}, at most {MAX_DELTA_E:.0f}): it is covered, unevenly lit or another chart"
        )
    return best


def _detect(rgb: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    if not hasattr(cv2, "mcc"):
        return None
    factor = min(1.0, DETECTION_WIDTH / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else rgb
    detector = cv2.mcc.CCheckerDetector.create()
    detector.setColorChartType(cv2.mcc.MCC24)  # without this line the type is undefined and charts are missed
    if not detector.process(np.ascontiguousarray(small[..., ::-1]), 1):
        return None
    box = np.asarray(detector.getBestColorChecker().getBox(), dtype=np.float64).reshape(4, 2)
    return (box[:, ::-1] + 0.5) / factor - 0.5


def _fit(rgb: NDArray[np.uint8], corners: NDArray[np.float64]) -> ColourCalibration:
    camera, xyz = _patch_means(rgb, corners), reference_xyz()
    known = np.asarray(~_clipped(camera).any(axis=1))
    if known.sum() < MIN_PATCHES or known[list(_SKIN_PATCHES)].sum() < 2:
        return without_chart()
    tone = fit_tone(camera, xyz)
    light = _undo_tone(camera, tone)
    weights = patch_weights() * known
    error = float(np.median(leave_one_out(light, xyz, weights)[known]))
    to_srgb = np.linalg.inv(XYZ_FROM_LINEAR) @ fit_matrix(light, xyz, weights)
    evidence = f"24-patch chart, median leave-one-out ΔE00 {error:.1f} over {int(known.sum())} patches"
    return ColourCalibration(ColourLevel.CHART, tone, to_srgb, error, corners, evidence)


def _clipped(light: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((light > _BRIGHTEST) | (light < _DARKEST), dtype=np.bool_)


def _undo_tone(light: NDArray[np.float64], tone: NDArray[np.float64]) -> NDArray[np.float64]:
    logs = np.log(np.maximum(light, _DARKEST))
    return np.exp((tone[:, 0] * logs + tone[:, 1]) * logs + tone[:, 2])


def _patch_means(rgb: NDArray[np.uint8], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean linear RGB of the middle of each patch, in the order of the published table, shape (24, 3)."""
    cell = 40
    target = np.array([[0, 0], [6 * cell, 0], [6 * cell, 4 * cell], [0, 4 * cell]], dtype=np.float32)
    source = np.ascontiguousarray(corners[:, ::-1], dtype=np.float32)
    flat = cv2.warpPerspective(
        rgb, cv2.getPerspectiveTransform(source, target), (6 * cell, 4 * cell), flags=cv2.INTER_AREA
    )
    light = linear_from_srgb(flat / 255.0).reshape(4, cell, 6, cell, 3)
    middle = light[:, cell // 3 : -cell // 3, :, cell // 3 : -cell // 3]
    return np.median(middle, axis=(1, 3)).reshape(24, 3)
