"""What a perfect instrument would read off the scene."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from tracker.phantom.clutter import Cover
from tracker.phantom.fields import AMPLITUDE_HALF, Canvas, Field
from tracker.phantom.light import Light
from tracker.phantom.optics import lab_from_linear
from tracker.phantom.pose import Camera, Deformation
from tracker.phantom.skin import Body

DIMPLE_BAND: Final = (12.0, 50.0)
"""Wavelengths of the relief metrics, mm."""
WAVINESS_BAND: Final = (50.0, 120.0)
STEEPEST: Final = 30.0
"""Degrees of tilt of the body beyond which skin is not part of the truth."""
_MARGIN = 10.0
_RELIEF_PITCH = 0.5
_NODES = 121
_BETA: Final = (0.95, -0.97, 0.7)
"""Share of melanin in the redness index: at ln(R/G) = 0 of the ring, per unit of it, and at most."""
_MEAN_LIGHT_MM = 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Everything that is known about one rendered photo."""

    rows: NDArray[np.float32]
    """Rows of the grid nodes in the first photo of the series, shape (h,)."""
    cols: NDArray[np.float32]
    """Their columns, shape (w,)."""
    moving_row: NDArray[np.float32]
    """Where each node's skin lies in this photo, shape (h, w); NaN where it lies outside."""
    moving_col: NDArray[np.float32]
    skin: Mask
    """Pixels of this photo that show skin and nothing else, shape (H, W)."""
    light: Light
    mm_per_px: float
    """At the centre of the photo."""
    blur_sigma_mm: float
    exposure_ev: float
    wb_gains: tuple[float, float, float]
    """Red, green, blue."""
    jpeg_quality: int
    spoiled: str | None
    """``"light"``, ``"blur"`` or nothing."""
    dimple_depth_scale: float
    melanin_gain: float
    metrics: Mapping[str, float]
    """True value of every metric that means something in this scene."""
    findings: Mapping[str, object]
    """What there is to be found on the skin, one by one, as in `tracker.phantom.inventory`."""
    colour_level: str = "C0"


def node_grid(size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows and columns of nodes that cover a photo, spaced less than 1 % of its width."""
    rows, columns = size
    count = round(_NODES * rows / columns) + 1
    return np.linspace(0.0, rows - 1.0, count), np.linspace(0.0, columns - 1.0, _NODES)


def carried(
    pixels: NDArray[np.float64],
    *,
    body: Body,
    cards: NDArray[np.float64],
    first: tuple[Camera, Deformation],
    this: tuple[Camera, Deformation],
    cloth: Cover | None = None,
) -> NDArray[np.float64]:
    """Return where points of the first photo lie in this one.

    Skin follows camera and tissue; cards, cloth and backdrop follow the camera alone.

    Parameters
    ----------
    pixels : ndarray, shape (..., 2)
        (row, column) in the first photo.
    body : Body
        Tells skin from backdrop.
    cards : ndarray, shape (n, 2, 2)
        Centre and half the extent of each card that lies on the skin or beside it, (y, x) mm.
    first, this : tuple of Camera and Deformation
        The poses of the two photos.
    cloth : Cover, optional
        What is worn on the skin.

    Returns
    -------
    ndarray, shape (..., 2)
        (row, column) in this photo; NaN where that is outside the picture, and for skin that is under cloth here.
    """
    scene = first[0].to_scene(pixels)
    skin = first[1].to_skin(scene)
    is_skin = np.abs(body.across(skin[..., 0], skin[..., 1])) < 1.0
    for centre, half in cards:
        is_skin &= np.any(np.abs(scene - centre) > half, axis=-1)
    if cloth is not None:
        is_skin &= ~cloth.hides(scene)
    now = np.where(is_skin[..., None], this[1].to_scene(skin), scene)
    moved = this[0].to_pixels(now)
    seen = np.all((moved >= -0.5) & (moved <= np.array(this[0].size) - 0.5), axis=-1)
    if cloth is not None:
        seen &= ~(is_skin & cloth.hides(now))
    return np.where(seen[..., None], moved, np.nan)


def measured_skin(body: Body, canvas: Canvas, seen: tuple[float, float]) -> Mask:
    """Return the skin the truth of a thigh is about, shape (H, W) of the canvas.

    It keeps 10 mm from the silhouette and from the edges of the nominal
    picture (`seen`, height and width in mm), and is tilted by less than
    `STEEPEST` degrees.
    """
    across = body.across(canvas.y, canvas.x)
    near = (np.abs(canvas.y) < seen[0] / 2 - _MARGIN) & (np.abs(canvas.x) < seen[1] / 2 - _MARGIN)
    moderate = np.abs(body.slope_across(canvas.y, canvas.x)) < np.tan(np.deg2rad(STEEPEST))
    return np.asarray(near & moderate & ((1.0 - np.abs(across)) * body.half_width > _MARGIN))


def relief_metrics(shading: Field, height: Field, canvas: Canvas, region: Mask) -> dict[str, float]:
    """Return ``relief`` (%, shading) and the height in the dimple band, and ``waviness`` (%, shading in a broader one).

    The height is ``relief_sq_mm``, its standard deviation, and ``relief_sv_mm``, how far its lowest 2 % lie below the
    mean; and ``relief_sdr``, the area of the whole relief over that of its plan, less 1, %.

    Parameters
    ----------
    shading : ndarray, shape (H, W)
        Diffuse shading under the photo's lamp, without albedo, gloss or noise.
    height : ndarray, shape (H, W)
        Height without the broad shape of the body, mm.
    canvas : Canvas
        The grid of both.
    region : ndarray of bool, shape (H, W)
        Skin that counts.
    """
    size = round(canvas.width / _RELIEF_PITCH), round(canvas.height / _RELIEF_PITCH)
    small, tall = (_resized(a, size) for a in (np.log(shading), height))
    counts = _resized(region.astype(np.float32), size) > 0.5
    band = _band(tall, counts)[counts]
    down, across = np.gradient(tall, np.float32(_RELIEF_PITCH))
    return {
        "relief": 100.0 * float(_band(small, counts)[counts].std()),
        "waviness": 100.0 * float(_band(small, counts, WAVINESS_BAND)[counts].std()),
        "relief_sq_mm": float(band.std()),
        "relief_sv_mm": float(band.mean() - np.percentile(band, 2.0)),
        "relief_sdr": 100.0 * float(np.sqrt(1.0 + down**2 + across**2)[counts].mean() - 1.0),
    }


def _resized(values: Field, size: tuple[int, int]) -> Field:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _band(values: NDArray[np.floating], region: Mask, band: tuple[float, float] = DIMPLE_BAND) -> NDArray[np.float64]:
    """Return a band of values under a mask, by normalised convolution."""
    weight = region.astype(np.float64)

    def low_pass(wavelength: float) -> NDArray[np.float64]:
        sigma = AMPLITUDE_HALF * wavelength / _RELIEF_PITCH
        mean = gaussian_filter(values * weight, sigma) / np.maximum(gaussian_filter(weight, sigma), 1e-9)
        return np.asarray(mean)

    return low_pass(band[0]) - low_pass(band[1])


def tone_metrics(colour: Field, canvas: Canvas, region: Mask) -> dict[str, float]:
    """Return ``lightness``, ``a_star``, ``b_star`` and ``ita`` of the median flat-skin colour of a region.

    Like those of `contrast_metrics`, the colours are averaged over half a millimetre first.
    """
    seen, (inside,) = _averaged(colour, canvas, region)
    lightness, a_star, b_star = lab_from_linear(np.median(seen[inside], axis=0)).tolist()
    ita = float(np.rad2deg(np.arctan2(lightness - 50.0, b_star)))
    return {"lightness": lightness, "a_star": a_star, "b_star": b_star, "ita": ita}


def contrast_metrics(colour: Field, canvas: Canvas, region: Mask) -> dict[str, float]:
    """Return ``delta_mi``, ``delta_ei`` and ``delta_a``: medians of a patch minus those of its ring.

    The ring lies 1 to 3 mm outside the region. MI = -100 lg R and
    EI' = 100 (lg R - lg G) - beta MI, with linear sRGB of flat skin averaged
    over half a millimetre, and beta by the tone of the ring, as the metrics
    define them.
    """
    away = distance_transform_edt(~region, sampling=canvas.pitch)
    ring = (away > 1.0) & (away <= 3.0)
    seen, parts = _averaged(colour, canvas, region, ring)
    red, green = np.median(seen[parts[1]], axis=0)[:2]
    beta = float(np.clip(_BETA[0] + _BETA[1] * np.log(red / green), 0.0, _BETA[2]))
    (mi, ei, a_star), (ring_mi, ring_ei, ring_a) = (_medians(seen[part], beta) for part in parts)
    return {"delta_mi": mi - ring_mi, "delta_ei": ei - ring_ei, "delta_a": a_star - ring_a}


def _averaged(colour: Field, canvas: Canvas, *regions: Mask) -> tuple[Field, list[Mask]]:
    """Return the part of the canvas that holds some regions, averaged over half a millimetre, and the regions there."""
    covered = np.any(regions, axis=0)
    rows, columns = (np.flatnonzero(covered.any(axis=axis)) for axis in (1, 0))
    reach = round(4.0 * _MEAN_LIGHT_MM / canvas.pitch)
    where = tuple(slice(max(0, line[0] - reach), line[-1] + reach + 1) for line in (rows, columns))
    return (
        np.asarray(cv2.GaussianBlur(colour[where], (0, 0), _MEAN_LIGHT_MM / canvas.pitch), np.float32),
        [region[where] for region in regions],
    )


def _medians(colours: Field, beta: float) -> tuple[float, float, float]:
    """Return median MI, EI' and a* of colours of shape (n, 3)."""
    red, green = np.log10(colours[:, 0]), np.log10(colours[:, 1])
    mi = -100.0 * red
    ei = 100.0 * (red - green) - beta * mi
    return float(np.median(mi)), float(np.median(ei)), float(np.median(lab_from_linear(colours)[:, 1]))
