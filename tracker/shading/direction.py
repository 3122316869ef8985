"""Where the light comes from, read from the shading of the skin's relief.

Slopes that face the lamp are bright. Relief that has no direction of its own therefore varies most towards the lamp:
the gradient of its shading has a preferred axis. Doubling the angle makes the axis a vector that can be averaged:
with g the gradient as a complex number, the mean of g² points along twice the azimuth, and relative to the mean of
|g|² its length, the *coherence*, is 1/2 for pure shading and 0 for pigment, noise and frontal light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.shading.filters import log_light
from tracker.shading.texture import Texture, block_sums, coarse, read_texture, texture_place

TOLD_DEGREES = 7.0
TOLD_COHERENCE = 0.12
UNKNOWN_DEGREES = 90.0
_LEAST_BLOCKS = 6
_LEAST_ENERGY = 1e-9
_LEAST_ACHROMATIC = 0.35
"""Sum of the weights of a mixture of unit length: shading moves all channels alike; what cancels in a grey step is not
shading but shine, pigment, or the steps of a JPEG."""
_CHROMA_NOISE_PER_MM, _RIDGE = 0.001, 0.01
_SYSTEMATIC = np.radians(1.5)
"""Skin is not quite without direction, and the mixture of channels is chosen by the same blocks."""
_ANGLES = np.radians(np.arange(0.0, 180.0, 5.0))
_LUMINANCE = np.array([0.25, 0.60, 0.15])


@dataclass(frozen=True, slots=True)
class LightDirection:
    """Direction of the light as the relief shows it.

    Attributes
    ----------
    azimuth : float
        Where the light comes from in the picture, in degrees: 0 = right, 90 = top, counter-clockwise.
    coherence : float
        How strongly the shading is directed, in [0, 1]: 0 in frontal light and on skin without relief, at most
        about 0.5 in oblique light.
    uncertainty : float
        Standard uncertainty of the axis of the light, in degrees; which of its two ends the lamp stands at is told
        by the brighter side of the skin.
    """

    azimuth: float
    coherence: float
    uncertainty: float

    @property
    def told(self) -> bool:
        """Whether the skin shows the direction at all."""
        return self.uncertainty <= TOLD_DEGREES and self.coherence >= TOLD_COHERENCE

    @property
    def side(self) -> str:
        """The side of the picture the light comes from, in one word."""
        return light_side(self.azimuth)


@dataclass(frozen=True, slots=True)
class Turn:
    """The light of one photo against that of another of the same skin.

    Attributes
    ----------
    degrees : float
        Angle between the two azimuths, 0 to 180.
    uncertainty : float
        Its standard uncertainty, in degrees, if both lights stand on the right end of their axes.
    left : float
        At most so much of the directed shading of the reference is left (amplitude, 95 %); 1 if nothing changed.
    had : float
        At most so much of the directed shading of this photo was there in the reference.
    """

    degrees: float
    uncertainty: float
    left: float
    had: float


def light_side(azimuth: float) -> str:
    """The side of the picture that light of an azimuth, in degrees, comes from, in one word."""
    return ("right", "top", "left", "bottom")[round(azimuth / 90) % 4]


_UNKNOWN = LightDirection(0.0, 0.0, UNKNOWN_DEGREES)


def light_direction(linear: NDArray[np.float32], mask: NDArray[np.bool_], *, mm_per_cell: float) -> LightDirection:
    """Direction of the light over skin.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.
    mask : ndarray, shape (h, w), bool
        The skin; its outer 15 mm are not counted.
    mm_per_cell : float

    Returns
    -------
    LightDirection
        With an uncertainty of 90° where nothing can be told.

    Notes
    -----
    The shading is that mixture of the three channels whose gradients are directed most: pigment and shine have other
    mixtures, and which ones depends on the tone of the skin. A mixture in which grey shading all but cancels is not
    believed. The flanks of a rounded body are shaded across it by any
    lamp, more with the square of the way to the silhouette; that part is fitted beside the common direction and
    left out. The uncertainty is that of the blocks of 25 mm, each of which has a vote.

    References
    ----------
    .. [1] Koenderink & Pont, "Irradiation direction from texture", J. Opt. Soc. Am. A 20, 2003.
    """
    light, skin, mm = coarse(linear, mask, mm_per_cell)
    place = texture_place(skin, mm)
    found = None if place is None else _reading(read_texture(light, place))
    if found is None:
        return _UNKNOWN
    axis = np.degrees(np.angle(found.votes.sum())) / 2
    towards = _brighter_side(log_light(light).mean(axis=2), skin)
    if np.cos(np.radians(axis - towards)) < 0:
        axis += 180
    return LightDirection(float(axis % 360), float(min(1.0, abs(found.votes.sum()))), found.degrees)


def light_turn(
    reference: NDArray[np.float32], moving: NDArray[np.float32], mask: NDArray[np.bool_], *, mm_per_cell: float
) -> Turn | None:
    """How the light of one photo differs from that of another of the same skin.

    Parameters
    ----------
    reference, moving : ndarray, shape (h, w, 3), float32
        Linear sRGB, aligned.
    mask : ndarray, shape (h, w), bool
        Skin that both show; its outer 15 mm are not counted.
    mm_per_cell : float

    Returns
    -------
    Turn or None
        None where the mask is too small.

    Notes
    -----
    Both photos are read in the same blocks, so that what is by chance not random in the relief cancels. Whether the
    lamp stood on the same side or the opposite one is told by the product of the two gradients, of which the mean
    points along the sum of both azimuths: pigment, which is the same in both, does not count in it.
    """
    (then, skin, mm), (now, _, _) = (coarse(linear, mask, mm_per_cell) for linear in (reference, moving))
    place = texture_place(skin, mm)
    if place is None:
        return None
    textures = [read_texture(light, place) for light in (then, now)]
    one, other = (_reading(texture) for texture in textures)
    if one is None or other is None:
        return None
    half = np.angle(other.votes.sum() / one.votes.sum()) / 2
    votes = np.imag(other.votes / other.votes.sum() - one.votes / one.votes.sum()) / 2
    both = _mixed(_tensors(*textures)[0], one.mix, other.mix).sum()
    if np.real(both * np.exp(-1j * (np.angle(one.votes.sum()) + half))) < 0:
        half += np.pi
    axes = [complex(found.votes.sum() / abs(found.votes.sum())) for found in (one, other)]
    return Turn(
        degrees=float(abs((np.degrees(half) + 180) % 360 - 180)),
        uncertainty=float(min(UNKNOWN_DEGREES, np.degrees(_spread(votes)))),
        left=_at_most(textures[1], textures[0], axes[0]),
        had=_at_most(textures[0], textures[1], axes[1]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """What one photo shows.

    Attributes
    ----------
    mix : ndarray, shape (3,)
        Weights of the channels; bright slopes are positive.
    votes : ndarray, shape (number of blocks,), complex
        What each block adds to the mean of the doubled direction, coherence times exp(2i azimuth).
    degrees : float
        Standard uncertainty of the axis.
    """

    mix: NDArray[np.float64]
    votes: NDArray[np.complex128]
    degrees: float


def _reading(texture: Texture) -> _Reading | None:
    directed, energy = _tensors(texture, texture)
    if len(directed) < _LEAST_BLOCKS or np.trace(energy.sum(axis=0).real) < _LEAST_ENERGY:
        return None
    mix = _most_directed(directed.sum(axis=0), energy.sum(axis=0) + _chroma_noise(texture))
    bright = texture.bands[texture.place.counted]
    if np.sum((bright @ mix) * (bright @ _LUMINANCE)) < 0:
        mix = -mix
    votes = _votes(_mixed(directed, mix, mix), _mixed(energy, mix, mix).real, texture.place.tilted)
    mean = votes.sum()
    if abs(mix.sum()) < _LEAST_ACHROMATIC:
        return _Reading(mix, votes, UNKNOWN_DEGREES)
    across = np.imag(votes / mean) / 2
    return _Reading(mix, votes, float(min(UNKNOWN_DEGREES, np.degrees(np.hypot(_spread(across), _SYSTEMATIC)))))


def _chroma_noise(texture: Texture) -> NDArray[np.float64]:
    """Energy of the steps in which a JPEG stores colour, by pairs of channels: they follow how light falls off."""
    step = _CHROMA_NOISE_PER_MM * texture.place.mm_per_cell
    return np.asarray(len(texture.place.blocks) * step**2 * (np.eye(3) - 1 / 3))


def _spread(votes: NDArray[np.float64]) -> float:
    """Standard uncertainty of a sum of independent votes."""
    return float(np.sqrt(np.square(votes - votes.mean()).sum() * len(votes) / (len(votes) - 1)))


def _tensors(one: Texture, other: Texture) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Products of the gradients of each pair of channels, summed over blocks: g g' and g g'*, shape (blocks, 3, 3)."""
    here, there = (texture.gradient[0] + 1j * texture.gradient[1] for texture in (one, other))
    blocks = one.place.blocks
    pairs = [(here[:, a] * there[:, b], here[:, a] * there[:, b].conj()) for a in range(3) for b in range(3)]
    directed, energy = (np.stack([block_sums(blocks, pair[k]) for pair in pairs], axis=-1) for k in (0, 1))
    return directed.reshape(-1, 3, 3), energy.reshape(-1, 3, 3)


def _mixed(
    tensors: NDArray[np.complex128], one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.complex128]:
    return np.asarray(np.einsum("nab,a,b->n", tensors, one, other))


def _most_directed(directed: NDArray[np.complex128], energy: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Mixture of the channels with the largest coherence, unit length: for each axis an eigenvalue problem."""
    whole = energy.real + _RIDGE * np.trace(energy.real) / 3 * np.eye(3)
    whiten = np.linalg.inv(np.linalg.cholesky(whole))
    turned = np.real(np.exp(-2j * _ANGLES)[:, None, None] * directed)
    values, vectors = np.linalg.eigh(whiten @ turned @ whiten.T)
    mix = whiten.T @ vectors[int(np.argmax(values[:, -1])), :, -1]
    return np.asarray(mix / np.linalg.norm(mix))


def _votes(
    directed: NDArray[np.complex128], energy: NDArray[np.float64], tilted: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    """What each block adds to the common direction; the deviations from their mean are independent.

    Blocks with much energy, a scar or a shadow, count less than in proportion to it.
    """
    heard = 1 / (energy / np.median(energy) + 1)
    directed, energy = directed * heard, energy * heard
    _, votes = _least_squares(directed, energy, np.zeros_like(tilted))
    if np.abs(tilted).any():
        flank, with_flank = _least_squares(directed, energy, tilted)
        votes = with_flank if flank > 0 else votes
    return votes


def _least_squares(
    directed: NDArray[np.complex128], energy: NDArray[np.float64], tilted: NDArray[np.complex128]
) -> tuple[float, NDArray[np.complex128]]:
    """Fit directed = (common + flank · tilted) · energy; the flank term, and the votes for the common one."""
    root = np.sqrt(energy)
    columns = [root, 1j * root] + ([tilted * root] if tilted.any() else [])
    matrix = np.stack([np.stack([c.real, c.imag], axis=-1) for c in columns], axis=-1)  # block, part, unknown
    wanted = directed / root
    target = np.stack([wanted.real, wanted.imag], axis=-1)
    inverse = np.linalg.pinv(np.einsum("jpu,jpv->uv", matrix, matrix))
    found = inverse @ np.einsum("jpu,jp->u", matrix, target)
    moves = np.einsum("uv,jpv,jp->ju", inverse, matrix, target - matrix @ found)
    votes = (found[0] + 1j * found[1]) / len(directed) + moves[:, 0] + 1j * moves[:, 1]
    return float(found[2]) if len(found) > 2 else 0.0, votes


def _at_most(weak: Texture, strong: Texture, axis: complex) -> float:
    """Amplitude of the directed shading of one photo over that of another along its axis: upper 95 % limit."""
    one, other = (np.real(_mixed(_tensors(t, t)[0], _LUMINANCE, _LUMINANCE) / axis) for t in (strong, weak))
    if one.sum() <= 0:
        return np.inf
    ratio = float(other.sum() / one.sum())
    return float(np.sqrt(max(ratio + 1.96 * _spread((other - ratio * one) / one.sum()), 0.0)))


def _brighter_side(luminance: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    rows, cols = np.nonzero(mask)
    plane = np.stack([np.ones_like(rows), -(rows - rows.mean()), cols - cols.mean()], axis=1).astype(np.float64)
    (_, up, right), *_ = np.linalg.lstsq(plane, luminance[mask].astype(np.float64), rcond=None)
    return float(np.degrees(np.arctan2(up, right)))
