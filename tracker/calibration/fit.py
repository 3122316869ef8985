"""Patches of known colour → tone curve and colour matrix, and how well they predict what they have not seen.

The matrix is to be right for skin, and the patches are not skin. `tracker.calibration.misses` says what a matrix that
is right for skin makes of them; generalised least squares takes that into account: a patch counts as much as it tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.colour import DARKEST, UNCHANGED_TONE, clipped, undo_tone
from tracker.calibration.linear import XYZ_FROM_LINEAR, lab_from_xyz, xyz_from_lab
from tracker.calibration.misses import Misses

#: How unlike two readings of one patch are: in the light on it and in each channel, as a share, and in black.
_UNEVEN_LIGHT, _UNEVEN_INK, _STRAY = 0.01, 0.006, 0.0015
_RESCALED = 4
_LEAST_GREYS = 5
_NOTHING_FREE = 1e-9  # of the precision: rounding leaves 1e-16 where a patch alone decides, other patches 1e-3
_LEAST_SLOPE = 0.3
_LEAST_RANGE = 0.7  # of ln(light) over the greys: less is no scale of greys
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
    misses : Misses
        What a matrix that is right for skin makes of them.
    """

    camera: NDArray[np.float64]
    xyz: NDArray[np.float64]
    skin: NDArray[np.bool_]
    grey: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    known: NDArray[np.bool_]
    misses: Misses


@dataclass(frozen=True, slots=True, eq=False)
class ColourFit:
    """What patches of known colour say about a photo.

    Attributes
    ----------
    tone, matrix
        As in `ColourCalibration`.
    errors : ndarray, shape (n,)
        ΔE00 of each patch when it is predicted from the others; NaN where it cannot be read, infinite where the
        others do not predict it.
    delta_e : float
        Their median over the patches near skin: one that is partly covered or saturated does not decide.
    grey_residual : float or None
        As in `ColourCalibration`.
    left_out : ndarray, shape (k, 3, 3), or None
        The matrix as it would be without each patch that the others predict; None where nothing was fitted.
    """

    tone: NDArray[np.float64]
    matrix: NDArray[np.float64]
    errors: NDArray[np.float64]
    delta_e: float
    grey_residual: float | None
    left_out: NDArray[np.float64] | None = None


def xyz_d65(lab_d50: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE XYZ (D65, Y = 1 for white) of CIELAB colours under D50, both (..., 3), adapted by Bradford."""
    return xyz_d50(lab_d50) @ BRADFORD.T


def xyz_d50(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE XYZ under D50 (Y = 1 for white) of CIELAB colours under D50, both (..., 3)."""
    return xyz_from_lab(lab) / XYZ_FROM_LINEAR.sum(axis=1) * _WHITE_D50


def lab_d50(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D50, 2°) of CIE XYZ under D50 with Y = 1 for white, both (..., 3)."""
    return lab_from_xyz(xyz / _WHITE_D50 * XYZ_FROM_LINEAR.sum(axis=1))


def delta_e00(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """ΔE00 of CIE XYZ colours (D65), both (..., 3)."""
    from skimage.color import deltaE_ciede2000  # loads for half a second; few photos have a chart

    pair = np.broadcast_arrays(lab_from_xyz(one), lab_from_xyz(other))
    return np.asarray(deltaE_ciede2000(*pair), dtype=np.float64)


def fit_colour(patches: Swatches) -> ColourFit:
    """Tone curve and 3 × 3 matrix from patches, the matrix that is the most likely to be right for skin.

    Best linear unbiased estimate of a matrix that misses the patches as `Swatches.misses` says, read with errors.
    """
    tone = fit_tone(patches)
    matrix, errors, left_out = _fit(undo_tone(patches.camera, tone), patches)
    from_xyz = np.linalg.inv(XYZ_FROM_LINEAR)
    delta_e = float(np.nanmedian(errors[patches.judged]))
    without = None if left_out is None else from_xyz @ left_out
    return ColourFit(tone, from_xyz @ matrix, errors, delta_e, grey_residual(patches, tone), without)


def fit_tone(patches: Swatches) -> NDArray[np.float64]:
    """Tone curve of the camera from the greys, as in `ColourCalibration.tone`.

    One curve for the three channels, each with a gain of its own: cameras apply the same curve to all, and the errors
    of the greys, which are never quite neutral, cancel for the most part.

    Returns
    -------
    ndarray, shape (3, 3)
        The curve that changes nothing where fewer than five greys are usable or the light does not rise with them.
    """
    usable = patches.grey & patches.known & ~clipped(patches.camera).any(axis=1)
    unchanged = np.tile(UNCHANGED_TONE, (3, 1))
    if usable.sum() < _LEAST_GREYS:
        return unchanged
    logs = np.log(np.maximum(patches.camera[usable], DARKEST))
    if np.ptp(logs, axis=0).min() < _LEAST_RANGE:
        return unchanged
    reference = np.log(patches.xyz[usable, 1])
    parabola = _curves(logs, reference, degree=2)
    slope = np.polyval(np.polyder(parabola[0]), np.linspace(logs.min() - 1, 0, 20))
    if slope.min() > _LEAST_SLOPE:
        return parabola
    line = _curves(logs, reference, degree=1)
    return line if line[0, 1] > _LEAST_SLOPE else unchanged


def _curves(logs: NDArray[np.float64], reference: NDArray[np.float64], *, degree: int) -> NDArray[np.float64]:
    """Polynomials from ln(camera), (n, 3), to ln(light), (n,), that differ between channels in their constants only."""
    gains = np.tile(np.eye(3), (len(logs), 1))
    powers = logs.ravel()[:, None] ** np.arange(degree, 0, -1)
    fitted, *_ = np.linalg.lstsq(np.hstack([powers, gains]), np.repeat(reference, 3), rcond=None)
    shared = np.concatenate([np.zeros(2 - degree), fitted[:degree]])
    return np.column_stack([np.tile(shared, (3, 1)), fitted[degree:]])


def grey_residual(patches: Swatches, tone: NDArray[np.float64]) -> float | None:
    """What the greys miss their light by, root mean square as a fraction; None with fewer than five of them.

    Their tint is no fault of the curve, so the channels are averaged.
    """
    usable = patches.grey & patches.known
    if usable.sum() < _LEAST_GREYS:
        return None
    light = undo_tone(patches.camera[usable], tone)
    light = (light / np.exp(np.log(light).mean(axis=0))).mean(axis=1)  # gains are the matrix's, not the curve's
    true = patches.xyz[usable, 1] / np.exp(np.log(patches.xyz[usable, 1]).mean())
    return float(np.sqrt(np.mean((light / true - 1.0) ** 2)))


def _fit(
    light: NDArray[np.float64], patches: Swatches
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Matrix to XYZ, the leave-one-out error of each patch, and the matrices without each of them.

    Readings that agree less than they should, in a shadow or off a worn chart, are taken to be as wrong as they show.
    The error of a patch that the others do not predict, as they are too few or too alike, is infinite.
    """
    known = np.flatnonzero(patches.known)
    errors = np.full(len(patches.known), np.nan)
    errors[known] = np.inf
    if len(known) <= 3 or np.linalg.matrix_rank(light[known]) < 3:
        return XYZ_FROM_LINEAR, errors, None
    xyz, size = patches.xyz[known], 3 * len(known)
    of_misses = patches.misses.covariance[known][:, :, known].reshape(size, size)
    of_readings = _reading_covariance(xyz).reshape(size, size)
    design = np.einsum("cd,nk->ncdk", np.eye(3), light[known]).reshape(size, 9)
    wanted = (xyz + patches.misses.mean[known]).ravel()
    scale = 1.0
    for _ in range(_RESCALED):
        try:
            matrix, free, normal = _least_squares(design, wanted, of_misses + scale * of_readings)
        except np.linalg.LinAlgError:  # patches that are all but alike: what was taken for a chart is none
            return XYZ_FROM_LINEAR, errors, None
        disagreement = float(wanted @ free @ wanted) / (size - 9)
        if disagreement <= 1.0:
            break
        scale *= disagreement
    # The part of the precision that the matrix leaves free gives what each patch misses its prediction from the others.
    own = free.reshape(len(known), 3, len(known), 3)[np.arange(len(known)), :, np.arange(len(known))]
    predicted = np.linalg.svd(own, compute_uv=False)[:, -1] > _NOTHING_FREE * np.abs(free).max()
    missed = np.linalg.solve(own[predicted], (free @ wanted).reshape(-1, 3, 1)[predicted])[..., 0]
    errors[known[predicted]] = delta_e00(xyz[predicted], xyz[predicted] - missed)
    # To leave a patch out is to let it miss by what it misses its prediction by: no second fit is needed.
    left_out = matrix - np.einsum("mkc,kc->km", normal.reshape(9, len(known), 3)[:, predicted], missed)
    return matrix.reshape(3, 3), errors, left_out.reshape(-1, 3, 3)


def _least_squares(
    design: NDArray[np.float64], wanted: NDArray[np.float64], covariance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Generalised least squares: the solution, the precision of what it leaves over, and what takes data to it."""
    precision = np.linalg.inv(covariance)
    weighted = precision @ design
    normal = np.asarray(np.linalg.solve(design.T @ weighted, weighted.T), dtype=np.float64)
    return normal @ wanted, np.asarray(precision - weighted @ normal, dtype=np.float64), normal


def _reading_covariance(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of the errors of readings of patches, shape (n, 3, n, 3)."""
    count = np.arange(len(xyz))
    covariance = np.zeros((len(xyz), 3, len(xyz), 3))
    own = np.einsum("nc,nd->ncd", xyz, xyz) * _UNEVEN_LIGHT**2
    own[:, range(3), range(3)] += (_UNEVEN_INK * xyz) ** 2 + _STRAY**2
    covariance[count, :, count] = own
    return covariance
