"""The directed part of fine relief: what only light from the side can draw.

Shading of gentle relief is the slope towards the lamp: a wave along the light is seen, one across it is not. Pigment,
pores and the noise of the camera have no such preference. The Riesz transform r of the log-luminance, a complex number
that points along each wave, tells the two apart: for relief without a direction of its own, |mean r²| is half the
variance of the shading, and for all else it is zero. Its angle is twice the azimuth of the light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tracker.shading.ridges import fine_luminance, window

FINE_BAND_MM = (1.0, 4.0)
LEAST_COHERENCE = 0.08
MOST_UNCERTAIN = 10.0
_PAD_MM = 4.0
_BLOCK_MM = 4.0
_LEAST_BLOCKS = 12
_MOST_TIMES_USUAL = 3.0
_SYSTEMATIC_DEGREES = 2.0

Waves = NDArray[np.complex64]


def waves(
    linear: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    mm_per_cell: float,
    band_mm: tuple[float, float] = FINE_BAND_MM,
) -> Waves:
    """Riesz transform of the log-luminance in a band.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
        The skin.
    mm_per_cell : float
    band_mm : tuple of float
        Wavelengths.

    Returns
    -------
    ndarray, shape (h, w), complex64
        Natural units; positive real to the right, positive imaginary upwards. A single hair or mole counts as three
        times the usual at most.

    References
    ----------
    .. [1] Felsberg & Sommer, "The monogenic signal", IEEE Trans. Signal Process. 49, 2001.
    """
    where = window(mask, _PAD_MM / mm_per_cell)
    band = fine_luminance(linear, mask, mm_per_cell=mm_per_cell, band_mm=band_mm)[where]
    inside = mask[where]
    rows, cols = (scipy.fft.next_fast_len(size, real=True) for size in band.shape)
    down = scipy.fft.fftfreq(rows).astype(np.float32)[:, None]
    right = scipy.fft.rfftfreq(cols).astype(np.float32)[None, :]
    spectrum = scipy.fft.rfft2(band, (rows, cols)) / np.maximum(np.hypot(down, right), np.float32(1e-6))
    parts = [scipy.fft.irfft2(-1j * axis * spectrum, (rows, cols)) for axis in (right, -down)]
    found = (parts[0] + 1j * parts[1])[: band.shape[0], : band.shape[1]]
    size = np.abs(found)
    most = _MOST_TIMES_USUAL * float(np.median(size[inside][::8])) if inside.any() else 0.0
    whole = np.zeros(mask.shape, np.complex64)
    whole[where] = found * np.minimum(1, most / np.maximum(size, 1e-12)) * inside
    return whole


@dataclass(frozen=True, slots=True)
class FineLight:
    """The light as the fine relief of the skin shows it.

    Attributes
    ----------
    axis : float
        The line on which the lamp stands, degrees from the right, counter-clockwise, 0 to 180.
    coherence : float
        Directed share of the structure, at most 1/2.
    uncertainty : float
        Standard uncertainty of the axis, degrees.
    amplitude : float
        Standard deviation of the directed shading, natural units.
    """

    axis: float
    coherence: float
    uncertainty: float
    amplitude: float

    @property
    def told(self) -> bool:
        """Whether the skin shows that light comes from the side, and from where."""
        return self.coherence >= LEAST_COHERENCE and self.uncertainty <= MOST_UNCERTAIN


def fine_light(found: Waves, mask: NDArray[np.bool_], *, mm_per_cell: float) -> FineLight | None:
    """The light in one photo; None where the skin is too small to show it."""
    votes, energy = _votes(found * found, np.square(np.abs(found)), mask, mm_per_cell)
    if len(votes) < _LEAST_BLOCKS or energy.sum() <= 0:
        return None
    mean = complex(votes.sum() / energy.sum())
    spread = np.sqrt(np.square(np.imag((votes - mean * energy) / mean)).sum()) / energy.sum() / 2
    degrees = float(np.hypot(np.degrees(spread), _SYSTEMATIC_DEGREES))
    axis = float(np.degrees(np.angle(mean)) / 2 % 180)
    amplitude = float(np.sqrt(2 * abs(votes.sum()) / mask.sum()))
    return FineLight(axis, abs(mean), min(90.0, degrees), amplitude)


def fine_turn(then: Waves, now: Waves, mask: NDArray[np.bool_]) -> float:
    """Angle between the lights of two aligned photos, in degrees, 0 to 180.

    Each axis comes from its own photo; which end the lamp stands at is told by the product of the two, which points
    along the sum of both azimuths.
    """
    one, other, both = (complex(np.sum((a * b)[mask])) for a, b in ((then, then), (now, now), (then, now)))
    half = float(np.angle(other / one)) / 2 if one else 0.0
    if np.real(both * np.exp(-1j * (np.angle(one) + half))) < 0:
        half += np.pi
    return float(abs((np.degrees(half) + 180) % 360 - 180))


def _votes(
    directed: Waves, energy: NDArray[np.float32], mask: NDArray[np.bool_], mm_per_cell: float
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Sums over the blocks of the mask."""
    rows, cols = np.nonzero(mask)
    side = _BLOCK_MM / mm_per_cell
    number = (rows // side).astype(np.intp) * (1 + int(mask.shape[1] // side)) + (cols // side).astype(np.intp)
    total = np.bincount(number, energy[mask])
    vector = np.bincount(number, directed.real[mask]) + 1j * np.bincount(number, directed.imag[mask])
    filled = np.bincount(number) > 0
    vector, total = vector[filled], total[filled]
    # A block with a scar or a patch of hair counts less than in proportion to what is seen in it.
    heard = 1 / (total / max(float(np.median(total)), 1e-12) + 1)
    return np.asarray(vector * heard), np.asarray(total * heard)
