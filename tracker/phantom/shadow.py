"""Shadows: what of the lamp and of the surroundings a point of the skin can see.

Both are computed on a coarse grid from horizons: in one direction over the
surface, the steepest line of sight that still touches it.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field

_LAMP_PITCH: Final = 1.0
"""Pitch of the grid on which the shadow of the lamp is marched, mm."""
_SKY_PITCH: Final = 1.5
"""The same for the surroundings, mm; their shade is softer."""
_AZIMUTHS: Final = 8
_LAMP_STRIDE: Final = 0.05
"""Step of the march over the way so far: what it steps over is found that much too far away."""
_SKY_STRIDE: Final = 0.12
_SKY_REACH: Final = 60.0
"""Distance beyond which nothing is taken to hide the surroundings, mm."""
_ABYSS: Final = -1e5
"""Height of what lies outside, mm."""


def visibility(height: Field, pitch: float, towards: NDArray[np.float64], lamp_width: float) -> Field:
    """Return how much of the lamp is free of cast shadows, 0 to 1, shape (H, W).

    Parameters
    ----------
    height : ndarray, shape (H, W)
        Height of the surface with the broad shape of the body, mm.
    pitch : float
        Distance between two pixels, mm.
    towards : ndarray, shape (3,)
        Unit vector (x right, y down, z to the viewer) to the lamp.
    lamp_width : float
        Half-width of the lamp as seen from the skin, rad; it makes the edge of a shadow soft.

    Notes
    -----
    What a surface hides by facing away is the business of the shading. So the
    lamp counts as hidden only by what rises above the tangent plane.
    """
    aside = float(np.hypot(towards[0], towards[1]))
    if aside < np.sin(lamp_width):
        return np.ones(height.shape, np.float32)
    ground = _Ground.of(height, pitch, _LAMP_PITCH)
    elevation = np.arctan2(towards[2], aside)
    reach = np.ptp(ground.height) / max(np.tan(elevation - lamp_width), 0.02)
    direction = np.array([towards[1], towards[0]]) / aside
    own = ground.slope_behind(direction)
    horizon = ground.horizon(direction, own, reach=reach, stride=_LAMP_STRIDE)
    free, facing = (_above(elevation - np.arctan(tangent), lamp_width) for tangent in (horizon, own))
    # Where no more than a sliver of the lamp could be seen at all, it is as good as seen: the shading is dark there.
    return _spread(np.asarray(1.0 - (facing - free) / np.maximum(facing, 0.05), np.float32), height.shape)


def openness(height: Field, pitch: float) -> Field:
    """Return the share of the surroundings that a point sees, 0 to 1, shape (H, W): 1 on flat or convex skin.

    Parameters
    ----------
    height : ndarray, shape (H, W)
        Height of the surface with the broad shape of the body, mm.
    pitch : float
        Distance between two pixels, mm.

    Notes
    -----
    The surroundings are evenly bright; the share is weighted by the cosine to
    the normal. A point at the bottom of a groove with walls of inclination β
    sees cos(β) of them. On slopes, angles are taken above the tangent plane
    in the vertical plane of each azimuth, which is right to first order.
    """
    ground = _Ground.of(height, pitch, _SKY_PITCH)
    seen = np.zeros(ground.height.shape, np.float32)
    for azimuth in np.arange(_AZIMUTHS) * (2.0 * np.pi / _AZIMUTHS):
        direction = np.array([np.sin(azimuth), np.cos(azimuth)])
        own = ground.slope(direction)
        horizon = ground.horizon(direction, own, reach=_SKY_REACH, stride=_SKY_STRIDE)
        # tan(a - b), so that cos² needs no arc tangent.
        rise = np.maximum(horizon - own, 0.0) / np.maximum(1.0 + horizon * own, 0.05)
        seen += np.float32(1.0 / _AZIMUTHS) / (1.0 + rise * rise)
    return _spread(seen, height.shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """The surface on a coarse grid."""

    height: Field
    pitch: tuple[float, float]
    """Between rows and columns, mm."""

    @classmethod
    def of(cls, height: Field, pitch: float, coarse: float) -> "_Ground":
        rows, columns = (max(4, round(extent * pitch / coarse)) for extent in height.shape)
        small = np.asarray(cv2.resize(height, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
        return cls(small, (height.shape[0] * pitch / rows, height.shape[1] * pitch / columns))

    def slope(self, direction: NDArray[np.float64]) -> Field:
        """Return the slope of the tangent plane in a direction (y, x)."""
        dy, dx = np.gradient(self.height, np.float32(self.pitch[0]), np.float32(self.pitch[1]))
        return np.asarray(dy * np.float32(direction[0]) + dx * np.float32(direction[1]), np.float32)

    def slope_behind(self, direction: NDArray[np.float64]) -> Field:
        """Return the same from what lies behind alone, so that the foot of a wall is not taken for a slope."""
        step = float(np.mean(self.pitch))
        once, twice = (self._shifted(-times * step * direction, cv2.BORDER_REPLICATE) for times in (1, 2))
        own, inner = self.slope(direction), np.s_[3:-3, 3:-3]
        own[inner] = ((3.0 * self.height - 4.0 * once + twice) * np.float32(0.5 / step))[inner]
        return own

    def horizon(self, direction: NDArray[np.float64], own: Field, *, reach: float, stride: float) -> Field:
        """Return the tangent of the elevation of the horizon in a direction (y, x), nowhere below `own`."""
        horizon = own.copy()
        extent = np.hypot(*(size * pitch for size, pitch in zip(self.height.shape, self.pitch, strict=True)))
        step = float(np.mean(self.pitch))
        away = step
        while away <= min(reach + step, extent):
            rise = self._shifted(direction * away, cv2.BORDER_CONSTANT)
            rise -= self.height
            rise *= np.float32(1.0 / away)
            np.maximum(horizon, rise, out=horizon)
            away += max(0.5 * step, stride * away)
        return horizon

    def _shifted(self, by: NDArray[np.float64], border: int) -> Field:
        """Return the height `by` (y, x) mm further on; a constant border is too low to stand in the way."""
        rows, columns = self.height.shape
        move = np.array([[1.0, 0.0, by[1] / self.pitch[1]], [0.0, 1.0, by[0] / self.pitch[0]]])
        found = cv2.warpAffine(
            self.height,
            move,
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=border,
            borderValue=_ABYSS,
        )
        return np.asarray(found, np.float32)


def _above(angle: Field, half_width: float) -> Field:
    """Return the share of a round lamp above a horizon that lies `angle` rad below its centre."""
    u = np.clip(angle / np.float32(half_width), -1.0, 1.0)
    return np.asarray(0.5 + (u * np.sqrt(1.0 - u * u) + np.arcsin(u)) / np.pi, np.float32)


def _spread(coarse: Field, shape: tuple[int, ...]) -> Field:
    """Return a coarse share on the fine grid, 0 to 1."""
    fine = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(fine, 0.0, 1.0, out=fine), np.float32)
