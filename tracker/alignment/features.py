"""Points of the skin that can be found again: SIFT on band-passed luma, and their tentative matches."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment.planes import Plane, Points, blurred
from tracker.alignment.pyramid import Pyramid

FEATURE_SIZE = 500
_COUNT = 2500
_CONTRAST = 0.02  # the default of 0.04 leaves six right matches on smooth skin
_RATIO = 0.92
_KEPT = 1500
_MIN_FEATURES = 8
_NEIGHBOURS = 32
_ALIKE = 0.85
_BASE_WEIGHT = 0.15  # what a match off the skin counts


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of one photo.

    Attributes
    ----------
    position : ndarray, shape (n, 2)
        (row, column) in units.
    angle, log_size : ndarray, shape (n,)
        Orientation in radians from the columns to the rows, and log of the diameter in units.
    descriptor : ndarray, shape (n, 128), float32
        RootSIFT, of length 1.
    weight : ndarray, shape (n,)
        In [0, 1]; 0 on a printed marker.
    """

    position: Points
    angle: Points
    log_size: Points
    descriptor: Plane
    weight: Points


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Tentative matches, best first.

    Attributes
    ----------
    here, there : ndarray, shape (n, 2)
        Positions in the reference and in the moving photo, in units.
    turn, log_scale : ndarray, shape (n,)
        Rotation in radians and log of the magnification each match stands for.
    weight : ndarray, shape (n,)
    """

    here: Points
    there: Points
    turn: Points
    log_scale: Points
    weight: Points

    def reversed(self) -> Matches:
        """The same matches seen from the moving photo."""
        return Matches(self.there, self.here, -self.turn, -self.log_scale, self.weight)


def find_features(photo: Pyramid) -> Features | None:
    """Features of a photo at `FEATURE_SIZE`; None if there are hardly any."""
    luma = photo.level(FEATURE_SIZE)
    found, descriptor = cv2.SIFT.create(_COUNT, contrastThreshold=_CONTRAST).detectAndCompute(band_passed(luma), None)
    if descriptor is None or len(found) < _MIN_FEATURES:
        return None
    scale = photo.extent / luma.shape
    position = (np.array([point.pt[::-1] for point in found]) + 0.5) * scale
    weight = np.where(photo.weight_at(position) > 0, photo.weight_at(position) + _BASE_WEIGHT, 0)
    return Features(
        position=position,
        angle=np.deg2rad([point.angle for point in found]),
        log_size=np.log([point.size * scale[1] for point in found]),
        descriptor=np.sqrt(descriptor / (descriptor.sum(axis=1, keepdims=True) + 1e-7)),
        weight=np.clip(weight, 0, 1),
    )


def band_passed(luma: Plane) -> NDArray[np.uint8]:
    """Detail between 1 and 8 pixels, with a gain that follows the contrast of the skin, not of its outline."""
    detail = blurred(luma, 1.0) - blurred(luma, 8.0)
    spread = 1.4826 * float(np.median(np.abs(detail))) + 0.05
    return np.clip(128 + detail * (30.0 / spread), 0, 255).astype(np.uint8)


def similarities(here: Features, there: Features) -> Plane:
    """Cosine between all descriptors of two photos, shape (n, m)."""
    return np.asarray(here.descriptor @ there.descriptor.T)


def match(here: Features, there: Features, cosine: Plane) -> Matches:
    """Mutually best matches that are clearly better than the second best."""
    index = np.arange(len(cosine))
    best = cosine.argmax(axis=1)
    first = cosine[index, best]
    others = cosine.copy()
    others[index, best] = -1
    second = others.max(axis=1)
    ratio = np.sqrt(np.maximum(2 - 2 * first, 0) / np.maximum(2 - 2 * second, 1e-9))
    weight = np.clip((1 - ratio) / 0.25, 0.08, 1) * here.weight * there.weight[best]
    chosen = np.flatnonzero((ratio < _RATIO) & (cosine.argmax(axis=0)[best] == index) & (weight > 0))
    chosen = chosen[np.argsort(-weight[chosen], kind="stable")][:_KEPT]
    return _matches(here, there, chosen, best[chosen], weight[chosen])


def match_near(here: Features, there: Features, cosine: Plane, *, expected: Points, radius: float) -> Matches:
    """Second round: only features within `radius` of where the skin is `expected` compete.

    Parameters
    ----------
    here, there : Features
    cosine : ndarray, shape (n, m)
    expected : ndarray, shape (n, 2)
        Where each feature of the reference should lie in the moving photo, in units.
    radius : float
        In units of the moving photo.
    """
    from scipy.spatial import cKDTree  # loads for half a second; the first page does not align

    _, near = cKDTree(there.position).query(
        expected, k=min(_NEIGHBOURS, len(there.position)), distance_upper_bound=radius
    )
    index = np.arange(len(near))
    absent = near == len(there.position)
    near[absent] = 0
    alike = np.where(absent, -1.0, cosine[index[:, None], near])
    choice = alike.argmax(axis=1)
    best, first = near[index, choice], alike[index, choice]
    alike[index, choice] = -1
    second = np.maximum(alike.max(axis=1), 0)
    rival = np.full(len(there.position), -1.0)
    np.maximum.at(rival, best, first)
    weight = np.clip((first - second) / 0.15, 0.1, 1) * here.weight * there.weight[best]
    chosen = np.flatnonzero((first > _ALIKE) & (first >= rival[best]) & (weight > 0))
    return _matches(here, there, chosen, best[chosen], weight[chosen])


def _matches(here: Features, there: Features, i: NDArray[np.intp], j: NDArray[np.intp], weight: Points) -> Matches:
    turn = there.angle[j] - here.angle[i]
    return Matches(
        here=here.position[i],
        there=there.position[j],
        turn=np.arctan2(np.sin(turn), np.cos(turn)),
        log_scale=there.log_size[j] - here.log_size[i],
        weight=weight,
    )
