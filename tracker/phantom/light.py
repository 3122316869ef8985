"""The lamp, and what it does to the surface."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field


@dataclass(frozen=True, slots=True)
class Light:
    """One lamp and its surroundings.

    Angles in degrees. The azimuth is where the light comes from *in the
    picture*: 0 from the right, 90 from the top, counter-clockwise. The slant
    is measured from the viewing axis.
    """

    slant: float
    azimuth: float
    ambient: float
    """Share of the light on a flat surface that comes from everywhere, 0 to 1."""
    falloff: float = 0.14
    """Loss of light over 200 mm away from the lamp."""
    gloss: float = 0.03
    """Height of the specular lobe, as a share of white."""

    def towards(self, roll: float) -> NDArray[np.float64]:
        """Return the unit vector (x right, y down, z to the viewer) to the lamp, in the scene.

        A picture content turned by `roll` degrees sees the lamp turned back by as much.
        """
        slant, azimuth = np.deg2rad([self.slant, self.azimuth - roll])
        return np.array([np.sin(slant) * np.cos(azimuth), -np.sin(slant) * np.sin(azimuth), np.cos(slant)])


def shading(normals: tuple[Field, Field, Field], light: Light, roll: float) -> Field:
    """Return the diffuse shading of a surface, shape (H, W).

    .. math:: a + (1 - a) \\max(n \\cdot l, 0) / \\cos(\\text{slant})

    is 1 on flat skin whatever the lamp, so exposure stays exposure.
    """
    lamp = light.towards(roll)
    facing = sum(np.float32(part) * normal for part, normal in zip(lamp, normals, strict=True))
    lit = np.maximum(facing, np.float32(0.0)) * np.float32((1.0 - light.ambient) / lamp[2])
    return np.asarray(lit + np.float32(light.ambient), np.float32)


def gloss(normals: tuple[Field, Field, Field], light: Light, roll: float) -> Field:
    """Return the sheen (Blinn's half-vector lobe), as a share of white, shape (H, W)."""
    half = light.towards(roll) + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half)
    mirror = sum(np.float32(part) * normal for part, normal in zip(half, normals, strict=True))
    lobe = np.square(np.square(np.square(np.maximum(mirror, np.float32(0.0)))))
    return np.asarray(np.float32(light.gloss) * np.square(lobe), np.float32)


def evenness(scene: NDArray[np.float64], light: Light, roll: float) -> NDArray[np.float64]:
    """Return the relative strength of the near lamp at scene points (y, x) in mm, shape (...)."""
    lamp = light.towards(roll)
    across = np.array([lamp[1], lamp[0]]) / max(float(np.hypot(lamp[0], lamp[1])), 1e-9)
    return np.asarray(1.0 + light.falloff * (scene @ across) / 200.0)
