"""Patches of known colour → tone curve and colour matrix, and how well they predict what they have not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.colour import DARKEST, UNCHANGED_TONE, clipped, root_polynomial, undo_tone
from tracker.calibration.linear import XYZ_FROM_LINEAR, lab_from_xyz, xyz_from_lab

SKIN_WEIGHT, GREY_WEIGHT = 4.0, 2.0
_LEAST_GREYS = 5
_LEAST_SLOPE = 0.3
_LEAST_RANGE = 0.7  # of ln(light) over the greys: less is no scale of greys
#: A root-polynomial must be better than the plain matrix by this factor and by this ΔE00: two photos of one room should
#: not differ because noise chose their models.
_MODEL_GAIN, _LEAST_GAIN = 0.8, 0.3
_WHITE_D50 = np.array([0.96422, 1.0, 0.82521])
#: Bradford chromatic adaptation D50 → D65.
BRADFORD = np.array(
    [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Swatches:
    """Patches of known colour as a camera recorded them.

    Attributes
    ----------
    camera : ndarray, shape (n, 3)
        Linear camera RGB.
    xyz : ndarray, shape (n, 3)
        CIE XYZ (D65, Y = 1 for white) that they are known to have.
    skin, grey : ndarray, shape (n,), bool
        Which of them are skin tones, and which the greys.
    judged : ndarray, shape (n,), bool
        Which of them decide how good a fit is: those near skin.
    known : ndarray, shape (n,), bool
        Which of them can be read: not clipped, not covered.
    """

    camera: NDArray[np.float64]
    xyz: NDArray[np.float64]
    skin: NDArray[np.bool_]
    grey: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    known: NDArray[np.bool_]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each patch in the fit: skin 4, greys 2, others 1, unknown 0 (MEASUREMENT.md §4.2)."""
        weights = np.where(self.skin, SKIN_WEIGHT, np.where(self.grey, GREY_WEIGHT, 1.0))
        return np.asarray(weights * self.known)


@dataclass(frozen=True, slots=True, eq=False)
class ColourFit:
    """What patches of known colour say about a photo.

    Attributes
    ----------
    tone, matrix
        As in `ColourCalibration`.
    errors : ndarray, shape (n,)
        ΔE00 of each patch when it is predicted from the others; NaN where it cannot be read.
    delta_e : float
        Their median over the patches near skin: one that is partly covered or saturated does not decide.
    grey_residual : float or None
        As in `ColourCalibration`.
    """

    tone: NDArray[np.float64]
    matrix: NDArray[np.float64]
    errors: NDArray[np.float64]
    delta_e: float
    grey_residual: float | None


def xyz_d65(lab_d50: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE XYZ (D65, Y = 1 for white) of CIELAB colours under D50, both (..., 3), adapted by Bradford."""
    return xyz_from_lab(lab_d50) / XYZ_FROM_LINEAR.sum(axis=1) * _WHITE_D50 @ BRADFORD.T


def lab_d50(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D50, 2°) of CIE XYZ under D50 with Y = 1 for white, both (..., 3)."""
    return lab_from_xyz(xyz / _WHITE_D50 * XYZ_FROM_LINEAR.sum(axis=1))


def delta_e00(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """ΔE00 of CIE XYZ colours (D65), both (..., 3)."""
    from skimage.color import deltaE_ciede2000  # loads for half a second; few photos have a chart

    pair = np.broadcast_arrays(lab_from_xyz(one), lab_from_xyz(other))
    return np.asarray(deltaE_ciede2000(*pair), dtype=np.float64)


def fit_colour(patches: Swatches) -> ColourFit:
    """Tone curve and matrix from patches, the matrix weighted towards skin.

    Returns
    -------
    ColourFit
        With a 3 × 3 matrix, or a root-polynomial of degree 2 where that predicts left-out patches clearly better.
        Never a plain polynomial: it does not follow the exposure.
    """
    tone = fit_tone(patches)
    light = undo_tone(patches.camera, tone)
    fits = [_fit(light, patches), _fit(root_polynomial(light), patches)]
    means = [np.nanmean(errors[patches.judged]) for _, errors in fits]
    matrix, errors = fits[int(means[1] < min(_MODEL_GAIN * means[0], means[0] - _LEAST_GAIN))]
    to_srgb = np.linalg.inv(XYZ_FROM_LINEAR) @ matrix
    delta_e = float(np.nanmedian(errors[patches.judged]))
    return ColourFit(tone, to_srgb, errors, delta_e, grey_residual(patches, tone))


def fit_tone(patches: Swatches) -> NDArray[np.float64]:
    """Tone curve of the camera from the greys, as in `ColourCalibration.tone`.

    Returns
    -------
    ndarray, shape (3, 3)
        The curve that changes nothing where fewer than five greys are usable or the light does not rise with them.
    """
    curves = np.tile(UNCHANGED_TONE, (3, 1))
    if not patches.grey.any():
        return curves
    camera, reference = patches.camera[patches.grey], np.log(patches.xyz[patches.grey, 1])
    for channel in range(3):
        usable = patches.known[patches.grey] & ~clipped(camera[:, channel])
        if usable.sum() < _LEAST_GREYS:
            continue
        curves[channel] = _curve(np.log(np.maximum(camera[usable, channel], DARKEST)), reference[usable])
    return curves


def _curve(log_camera: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """A parabola of the logarithms where it rises everywhere, else a straight line, else nothing is changed."""
    if np.ptp(log_camera) < _LEAST_RANGE:
        return np.array(UNCHANGED_TONE)
    fitted, *_ = np.linalg.lstsq(np.vander(log_camera, 3), reference, rcond=None)
    slope = np.polyval(np.polyder(fitted), np.linspace(log_camera.min() - 1, 0, 20))
    if slope.min() > _LEAST_SLOPE:
        return np.asarray(fitted)
    line, *_ = np.linalg.lstsq(np.vander(log_camera, 2), reference, rcond=None)
    return np.array([0.0, *line]) if line[0] > _LEAST_SLOPE else np.array(UNCHANGED_TONE)


def grey_residual(patches: Swatches, tone: NDArray[np.float64]) -> float | None:
    """What the greys miss their light by, root mean square as a fraction; None with fewer than five of them."""
    usable = patches.grey & patches.known
    if usable.sum() < _LEAST_GREYS:
        return None
    ratio = undo_tone(patches.camera[usable], tone) / patches.xyz[usable, 1:2]
    ratio = ratio / np.exp(np.log(ratio).mean(axis=0))  # gains are the matrix's, not the curve's
    return float(np.sqrt(np.mean((ratio - 1.0) ** 2)))


def _fit(terms: NDArray[np.float64], patches: Swatches) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix to XYZ, and the leave-one-out error of each patch."""
    weights = patches.weights
    predicted = np.full_like(patches.xyz, np.nan)
    for left_out in np.flatnonzero(patches.known):
        keep = weights * (np.arange(len(weights)) != left_out)
        predicted[left_out] = _matrix(terms, patches.xyz, keep) @ terms[left_out]
    errors = np.full(len(weights), np.nan)
    errors[patches.known] = delta_e00(patches.xyz[patches.known], predicted[patches.known])
    return _matrix(terms, patches.xyz, weights), errors


def _matrix(terms: NDArray[np.float64], xyz: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted least-squares matrix M with ``xyz ≈ terms @ M.T``; weights multiply the residuals."""
    solution, *_ = np.linalg.lstsq(terms * weights[:, None], xyz * weights[:, None], rcond=None)
    return np.asarray(solution.T, dtype=np.float64)
