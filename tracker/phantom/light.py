"""The lamp, and what it does to the surface."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field

_LAMP_WIDTH: Final = 0.12
"""Half-width of the lamp as seen from the skin, rad."""


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
    r"""Return the diffuse shading of a surface, shape (H, W).

    .. math:: a + (1 - a) \frac{h(n \cdot l)}{h(\cos(\text{slant}))},
       \qquad h(t) = \tfrac{1}{2} (t + \sqrt{t^2 + w^2})

    is 1 on flat skin whatever the lamp, so exposure stays exposure. With w = 0
    it is Lambert's law for a point; a lamp of some width rounds the terminator
    and lowers the contrast of facing slopes by less than 2 % at a slant of 50°.
    """
    direct = _direct(normals, light.towards(roll))
    return np.asarray(direct * np.float32(1.0 - light.ambient) + np.float32(light.ambient), np.float32)


def gloss(normals: tuple[Field, Field, Field], light: Light, roll: float) -> Field:
    """Return the sheen (Blinn's half-vector lobe, where the lamp shines), as a share of white, shape (H, W)."""
    lamp = light.towards(roll)
    half = lamp + np.array([0.0, 0.0, 1.0])
    mirror = np.maximum(_dot(half / np.linalg.norm(half), normals), np.float32(0.0))
    lobe = np.square(np.square(np.square(np.square(mirror))))
    return np.asarray(np.float32(light.gloss) * lobe * np.minimum(_direct(normals, lamp), 1.0), np.float32)


def _direct(normals: tuple[Field, Field, Field], lamp: NDArray[np.float64]) -> Field:
    """Return the light straight from the lamp, 1 on flat skin."""
    facing = _dot(lamp, normals)
    flat = 0.5 * (lamp[2] + np.sqrt(lamp[2] ** 2 + _LAMP_WIDTH**2))
    return np.asarray((facing + np.sqrt(np.square(facing) + np.float32(_LAMP_WIDTH**2))) * np.float32(0.5 / flat))


def _dot(vector: NDArray[np.float64], normals: tuple[Field, Field, Field]) -> Field:
    x, y, z = (np.float32(part) * normal for part, normal in zip(vector, normals, strict=True))
    return np.asarray(x + y + z, np.float32)


def evenness(scene: NDArray[np.float64], light: Light, roll: float) -> NDArray[np.float64]:
    """Return the relative strength of the near lamp at scene points (y, x) in mm, shape (...)."""
    lamp = light.towards(roll)
    across = np.array([lamp[1], lamp[0]]) / max(float(np.hypot(lamp[0], lamp[1])), 1e-9)
    return np.asarray(1.0 + light.falloff * (scene @ across) / 200.0)
