"""C2 Bruise: how large the discoloured skin is, and how much it differs in colour from the skin around.

The colour of a bruise runs from red-blue over green to yellow: the colour as a whole counts, not redness. Nothing here
tells its age.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from tracker.alignment import AlignedImage
from tracker.calibration import lab_from_linear
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.quality import Need
from tracker.region import Reason, looks_like_skin
from tracker.shading import log_light, smooth_under_mask

AROUND_MM = (1.0, 12.0)
"""Skin around the marked region that the bruise is compared with."""
LEAST_SDS = 3.0
LEAST_MM2 = 10.0
_AVERAGED_MM = 1.0
LEAST_SD = 0.4
"""Of L*, a* and b*: no skin is known better in a photo."""
_LEAST_AROUND = 0.4


def colour_off(
    image: AlignedImage, skin: NDArray[np.bool_], title: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far the colour of a region is from that of the skin around it.

    Parameters
    ----------
    image : AlignedImage
        With a scale.
    skin : ndarray, shape (h, w), bool
        The region, as far as it can be used.
    title : str
        Of the metric that asks, for what is said where it cannot be had.

    Returns
    -------
    off : ndarray, shape (h, w, 3)
        Differences of L*, a* and b* from a smooth surface through the skin around; 0 outside the two.
    sd : ndarray, shape (3,)
        Robust standard deviation of the skin around.

    Raises
    ------
    MeasurementDeclined
        Too little skin around can be seen.

    Notes
    -----
    Light falls unevenly over a limb, by more than a bruise darkens it. So the logarithm of each channel around the
    region is fitted by a quadratic surface, and the region compared with that.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    region = np.asarray(binary_fill_holes(skin))
    away = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * mm
    band = (away > AROUND_MM[0]) & (away <= AROUND_MM[1])
    around = np.asarray(band & image.valid & looks_like_skin(image.linear))
    if around.sum() < _LEAST_AROUND * max(1, band.sum()):
        raise MeasurementDeclined(
            f"{title} needs {AROUND_MM[1]:.0f} mm of skin all around the marked region; leave more of "
            "it in the picture.",
            code="ring",
        )
    whole = np.asarray(skin | around)
    rows, cols = (np.flatnonzero(whole.any(axis=axis)) for axis in (1, 0))
    window = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
    seen, around = whole[window], around[window]
    light = smooth_under_mask(np.ascontiguousarray(image.linear[window]), seen, max(1.0, _AVERAGED_MM / mm))
    even = np.exp(_surface(log_light(light), around))
    level = np.median(light[around], axis=0)
    off = lab_from_linear(light / even * level) - lab_from_linear(level)
    off -= np.median(off[around], axis=0)
    sd = 1.4826 * np.median(np.abs(off[around]), axis=0)
    found = np.zeros((*whole.shape, 3), np.float32)
    found[window] = np.where(seen[..., None], off, 0.0)
    return found, np.asarray(sd, np.float32)


def _surface(values: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Quadratic surface through values, shape (h, w, 3); a second fit leaves out what lies apart."""
    rows, cols = (np.linspace(-1, 1, size) for size in where.shape)
    terms = [(p, q) for p in range(3) for q in range(3 - p)]
    i, j = np.nonzero(where)
    step = max(1, len(i) // 20000)
    i, j = i[::step], j[::step]
    matrix = np.stack([rows[i] ** p * cols[j] ** q for p, q in terms], axis=1)
    wanted = values[i, j].astype(np.float64)
    fit, *_ = np.linalg.lstsq(matrix, wanted, rcond=None)
    left = np.abs(wanted - matrix @ fit).max(axis=1)
    kept = left <= 3 * np.median(left)
    fit, *_ = np.linalg.lstsq(matrix[kept], wanted[kept], rcond=None)
    planes = [sum(fit[k, c] * np.outer(rows**p, cols**q) for k, (p, q) in enumerate(terms)) for c in range(3)]
    return np.stack(planes, axis=-1).astype(np.float32)


def bruised(image: AlignedImage, skin: NDArray[np.bool_], title: str) -> NDArray[np.bool_]:
    """Where L*, a* or b* is off by more than three robust standard deviations, in parts of at least 10 mm²."""
    off, sd = colour_off(image, skin, title)
    return _parts(off, sd, skin, LEAST_SDS, image)


def _parts(
    off: NDArray[np.float32], sd: NDArray[np.float32], skin: NDArray[np.bool_], sds: float, image: AlignedImage
) -> NDArray[np.bool_]:
    mm = image.grid.mm_per_cell
    assert mm is not None
    differs = (np.abs(off) > sds * np.maximum(sd, LEAST_SD)).any(axis=-1) & skin
    _, labels, stats, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] * mm**2 >= LEAST_MM2
    kept[0] = False
    return np.asarray(kept[labels])


def find_bruise(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """The bruise in the reference, marked 1.

    Raises
    ------
    MeasurementDeclined
        Nothing differs from the skin around.
    """
    marks = bruised(image, skin, BRUISE_CONTRAST.title).astype(np.int32)
    if not marks.any():
        raise MeasurementDeclined(
            f"{BRUISE_CONTRAST.title}: nothing in the marked region differs in colour from the skin around it.",
            code="no_bruise",
        )
    return marks


def _area_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """1 where the skin is discoloured, and the area of the region in mm², shape (h, w, 2)."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    found = bruised(image, place.skin, BRUISE_AREA.title).astype(np.float32)
    return np.stack([found, np.full_like(found, place.counted.sum() * mm**2)], axis=-1)


def _area(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Share of the cells times the area of the region. The cells are all there are, no sample of others: no weights."""
    return float(values[:, 0].mean() * values[0, 1])


def _outline(
    image: AlignedImage, place: Place, field: NDArray[np.float32], value: float
) -> tuple[tuple[str, float], ...]:
    """How far the area depends on where the edge is drawn: half of what 2.5 and 3.5 standard deviations give apart."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    off, sd = colour_off(image, place.skin, BRUISE_AREA.title)
    wide, narrow = (int(_parts(off, sd, place.skin, LEAST_SDS + by, image).sum()) for by in (-0.5, 0.5))
    return (("outline", (wide - narrow) / 2 * mm**2),)


def _contrast_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Squared colour difference from the skin around less that of plain skin, and the difference, shape (h, w, 2)."""
    off, sd = colour_off(image, place.skin, BRUISE_CONTRAST.title)
    squared = np.square(off).sum(axis=-1)
    return np.stack([squared - np.square(sd).sum(), np.sqrt(squared)], axis=-1).astype(np.float32)


def _distance(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Root of the mean square, values of shape (n, 2); 0 where skin around differs from itself as much.

    The length of the mean difference would be that of no bruise where a blue and a yellow part cancel, and the mean of
    lengths would grow with noise.
    """
    return float(np.sqrt(max(0.0, np.average(values[:, 0], weights=weights))))


def _length(image: AlignedImage, place: Place, field: NDArray[np.float32]) -> NDArray[np.float32]:
    return field[..., 1]


_LEFT_OUT = Reason.CLOTH | Reason.HAIR | Reason.SHINE

BRUISE_CONTRAST = Metric(
    name="bruise_contrast",
    title="Bruise contrast",
    plain="the bruise",
    symbol="ΔE bruise",
    unit="CIELAB",
    version=2,
    direction=Direction.LESS,
    multiplicative=False,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.MARKED_REGION, Need.SAME_RENDERING, Need.SAME_LAMP}),
    prepare=_contrast_field,
    reduce=_distance,
    session_sd=0.4,
    surround_mm=AROUND_MM[1] + 4.0,
    leaves_out=_LEFT_OUT,
    topic=Topic.REDNESS,
    role=Role.SECONDARY,
    find=find_bruise,
    picture=Picture.MARKS,
    shown=_length,
)

BRUISE_AREA = Metric(
    name="bruise_area",
    title="Bruise area",
    plain="the bruise",
    symbol="A bruise",
    unit="mm²",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.MARKED_REGION, Need.SAME_RENDERING, Need.SAME_LAMP}),
    prepare=_area_field,
    reduce=_area,
    session_sd=60.0,
    surround_mm=AROUND_MM[1] + 4.0,
    scale_sensitivity=2.0,
    terms=_outline,
    leaves_out=_LEFT_OUT,
    topic=Topic.REDNESS,
    role=Role.SECONDARY,
    picture=Picture.MAP,
)
