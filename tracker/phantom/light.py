"""The lamp, and what it does to the surface."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.fields import Field

LAMP_WIDTH: Final = 0.12
"""Half-width of the lamp as seen from the skin, rad."""
_SCATTER: Final = ((np.float32(0.28), 0.722), (np.float32(0.72), 1.864))
"""Share and standard deviation, in lengths, of each Gaussian: least squares on the transfer of the kernel."""


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
    distance: float | None = None
    """Of the lamp from the skin, mm; given, it shines with the inverse square of the way instead of `falloff`."""
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Colour of the light from everywhere over that of the lamp, linear RGB."""
    shadows: bool = False
    """Whether the body and its relief cast shadows."""
    roughness: float = 0.0
    """Standard deviation of the slope of facets too small to see, rad (Oren and Nayar); 0 is Lambert's law."""

    def towards(self, roll: float) -> NDArray[np.float64]:
        """Return the unit vector (x right, y down, z to the viewer) to the lamp, in the scene.

        A picture content turned by `roll` degrees sees the lamp turned back by as much.
        """
        slant, azimuth = np.deg2rad([self.slant, self.azimuth - roll])
        return np.array([np.sin(slant) * np.cos(azimuth), -np.sin(slant) * np.sin(azimuth), np.cos(slant)])


@dataclass(frozen=True, slots=True, eq=False)
class Illumination:
    """The light that arrives at a surface; 1 in sum on flat, open skin."""

    direct: Field
    """From the lamp, shape (H, W)."""
    ambient: Field | np.float32
    """From everywhere else, shape (H, W) or one number."""
    tint: tuple[float, float, float]
    """Colour of the latter."""

    @property
    def total(self) -> Field:
        """Light of both, as if they had one colour, shape (H, W)."""
        return np.asarray(self.direct + self.ambient, np.float32)

    def on(self, colour: Field) -> Field:
        """Return a surface of that colour in this light, shape (H, W, 3)."""
        if self.tint == (1.0, 1.0, 1.0):
            return np.asarray(colour * self.total[..., None], np.float32)
        channels = [
            colour[..., at] * (self.direct + np.float32(tint) * self.ambient) for at, tint in enumerate(self.tint)
        ]
        return np.asarray(np.dstack(channels), np.float32)


def illumination(
    normals: tuple[Field, Field, Field],
    light: Light,
    roll: float,
    *,
    visibility: Field | None = None,
    openness: Field | None = None,
) -> Illumination:
    r"""Return the light that arrives at a surface.

    Parameters
    ----------
    normals : tuple of ndarray, shape (H, W)
        Unit normals (x right, y down, z to the viewer).
    light : Light
        The lamp.
    roll : float
        By which the picture is turned, degrees.
    visibility, openness : ndarray, shape (H, W), optional
        Shares of the lamp and of the surroundings that are seen, as in
        `tracker.phantom.shadow`; 1 if left out.

    Notes
    -----
    .. math:: a + (1 - a) \frac{h(n \cdot l)}{h(\cos(\text{slant}))},
       \qquad h(t) = \tfrac{1}{2} (t + \sqrt{t^2 + w^2})

    is 1 on flat skin whatever the lamp, so exposure stays exposure. With w = 0
    it is Lambert's law for a point; a lamp of some width rounds the terminator
    and lowers the contrast of facing slopes by less than 2 % at a slant of 50°.
    """
    direct = _direct(normals, light.towards(roll))
    if light.roughness:
        direct *= _rough(normals, light.towards(roll), light.roughness)
    direct = np.asarray(direct * np.float32(1.0 - light.ambient), np.float32)
    if visibility is not None:
        direct *= visibility
    ambient = np.float32(light.ambient)
    return Illumination(direct, ambient if openness is None else np.asarray(ambient * openness), light.tint)


def shading(normals: tuple[Field, Field, Field], light: Light, roll: float) -> Field:
    """Return the `illumination` of a surface without cast shadows, in sum, shape (H, W)."""
    return illumination(normals, light, roll).total


def gloss(normals: tuple[Field, Field, Field], light: Light, roll: float, *, visibility: Field | None = None) -> Field:
    """Return the sheen (Blinn's half-vector lobe, where the lamp shines), as a share of white, shape (H, W)."""
    lamp = light.towards(roll)
    half = lamp + np.array([0.0, 0.0, 1.0])
    mirror = np.maximum(_dot(half / np.linalg.norm(half), normals), np.float32(0.0))
    lobe = np.square(np.square(np.square(np.square(mirror))))
    sheen = np.asarray(np.float32(light.gloss) * lobe * np.minimum(_direct(normals, lamp), 1.0), np.float32)
    return sheen if visibility is None else np.asarray(sheen * visibility)


def _direct(normals: tuple[Field, Field, Field], lamp: NDArray[np.float64]) -> Field:
    """Return the light straight from the lamp, 1 on flat skin."""
    facing = _dot(lamp, normals)
    flat = 0.5 * (lamp[2] + np.sqrt(lamp[2] ** 2 + LAMP_WIDTH**2))
    return np.asarray((facing + np.sqrt(np.square(facing) + np.float32(LAMP_WIDTH**2))) * np.float32(0.5 / flat))


def _rough(normals: tuple[Field, Field, Field], lamp: NDArray[np.float64], sigma: float) -> Field:
    r"""Return what rough facets make of Lambert's light, 1 on flat skin, shape (H, W).

    :math:`A + B \max(0, \cos\Delta\phi) \sin\alpha \tan\beta` over A, seen from above
    (M. Oren, S. K. Nayar, "Generalization of Lambert's reflectance model", SIGGRAPH 1994).
    """
    a = 1.0 - 0.5 * sigma**2 / (sigma**2 + 0.33)
    b = 0.45 * sigma**2 / (sigma**2 + 0.09)
    facing, seen = _dot(lamp, normals), normals[2]
    # sin(θi) sin(θr) cos(Δφ) is what is left of l·v when the parts along the normal are taken off.
    aligned = np.maximum(np.float32(lamp[2]) - facing * seen, 0.0)
    return np.asarray(1.0 + np.float32(b / a) * aligned / np.maximum(np.maximum(facing, seen), 1e-3), np.float32)


def _dot(vector: NDArray[np.float64], normals: tuple[Field, Field, Field]) -> Field:
    x, y, z = (np.float32(part) * normal for part, normal in zip(vector, normals, strict=True))
    return np.asarray(x + y + z, np.float32)


def evenness(scene: NDArray[np.float64], light: Light, roll: float) -> NDArray[np.float64]:
    """Return the relative strength of the near lamp at scene points (y, x) in mm, shape (...).

    A lamp at a `Light.distance` lights flat skin by its inverse square and by
    the cosine, which changes on the way too: together the inverse cube.
    """
    lamp = light.towards(roll)
    if light.distance is not None:
        aside = lamp[1::-1] - scene / light.distance
        return np.asarray((np.square(aside).sum(axis=-1) + lamp[2] ** 2) ** -1.5)
    across = np.array([lamp[1], lamp[0]]) / max(float(np.hypot(lamp[0], lamp[1])), 1e-9)
    return np.asarray(1.0 + light.falloff * (scene @ across) / 200.0)


def scattered_light(leaving: Field, pitch: float, scatter_mm: tuple[float, float, float]) -> Field:
    """Return light after it has wandered sideways inside the skin.

    Parameters
    ----------
    leaving : ndarray, shape (H, W, 3)
        Colour times illumination, without gloss, linear RGB.
    pitch : float
        Distance between two pixels, mm.
    scatter_mm : tuple of float
        Length of the kernel exp(-r / length) of red, green and blue, mm.

    Returns
    -------
    ndarray, shape (H, W, 3)
        float32. Two Gaussians stand for the kernel; their transfer differs from
        its (1 + (2π f length)²)^-3/2 by less than 0.015.
    """
    channels = []
    for channel, length in zip(np.moveaxis(leaving, -1, 0), scatter_mm, strict=True):
        parts = [share * _blurred(channel, sigma * length / pitch) for share, sigma in _SCATTER]
        channels.append(parts[0] + parts[1])
    return np.asarray(np.dstack(channels), np.float32)


def _blurred(image: Field, sigma: float) -> Field:
    """Return a Gaussian blur, on a coarser grid where nothing is lost by it."""
    coarse = max(1.0, sigma / 2.0)
    rows, columns = (max(1, round(size / coarse)) for size in image.shape)
    small = cv2.resize(np.ascontiguousarray(image), (columns, rows), interpolation=cv2.INTER_AREA)
    scale = image.shape[0] / rows
    # The mean over a coarse pixel and the way back have a variance of 1/12 and 1/6 of its square themselves.
    left = np.sqrt(max((sigma / scale) ** 2 - (1.0 / 4.0 if coarse > 1.0 else 0.0), 1e-6))
    small = cv2.GaussianBlur(small, (0, 0), left, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
