"""A3 Dimples on the height map of a pair with dual light: how many, how much of the skin, how deep.

How many there are and what they cover is found in each photo anew, for dimples come and go. How deep they are is read
in those of the reference, whose outlines are carried to the later photos: were they found anew, the shallow ones would
drop out of the mean as they fade, and the rest would seem deeper.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.measurement.cells import without_rim
from tracker.metrics.dual_relief import Terms, light_of_kappa
from tracker.metrics.heights import heights_mm, slope_of
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import Dimples, find_dimples, height_noise
from tracker.shading.dimples import DIAMETER_MM

LEAST_MM, OF_NOISE = 0.15, 3.0
"""Smallest prominence of a dimple: so many mm, and so many standard deviations of the noise of the height."""
LEAST_SKIN_CM2 = 100.0
_LEAST_OF_KAPPA = 0.2
"""Share of the gain of the light that is left of it at least, however uncertain it is."""
_MM2_PER_100_CM2, _MM2_PER_CM2 = 1e4, 100.0


def dimples_of(image: AlignedImage, place: Place, *, kappa_off: float = 0.0) -> Dimples:
    """The dimples of one photo in the counted skin.

    Parameters
    ----------
    image : AlignedImage
        With a scale, and with the light of a pair that shows the relief gauge.
    place : Place
    kappa_off : float
        By how many of its standard uncertainties the gain of the light is taken to be larger than it was read.
    """
    assert image.grid.mm_per_cell is not None
    assert image.opposite is not None
    assert image.opposite.kappa is not None
    assert image.opposite.azimuth is not None
    kappa, sd = image.opposite.kappa
    steeper = np.float32(1 / max(1 + kappa_off * sd / kappa, _LEAST_OF_KAPPA))
    noise = height_noise(
        slope_of(image, place.skin) / np.float32(kappa), place.skin,
        azimuth=image.opposite.azimuth, mm_per_cell=image.grid.mm_per_cell,
    )  # fmt: skip
    return find_dimples(
        heights_mm(image, place.skin) * steeper, place.skin, place.counted,
        mm_per_cell=image.grid.mm_per_cell, least_mm=max(LEAST_MM, OF_NOISE * noise * float(steeper)),
    )  # fmt: skip


def count_density(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Dimples per 100 cm² in each cell, shape (h, w, 1): every dimple is spread evenly over its counted cells."""
    assert image.grid.mm_per_cell is not None
    shares = _share_of_one(dimples_of(image, place).labels, place)
    return shares[..., None] * np.float32(_MM2_PER_100_CM2 / image.grid.mm_per_cell**2)


def covered_percent(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """100 where a dimple is, else 0, shape (h, w, 1)."""
    return np.float32(100) * (dimples_of(image, place).labels > 0).astype(np.float32)[..., None]


def find_outlines(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """Outlines of the dimples of the reference, in which the depth of every photo is read.

    Raises
    ------
    MeasurementDeclined
        There is no dimple, or too little skin.
    """
    counted = _enough_skin(image, skin)
    outlines = dimples_of(image, Place(skin, counted)).labels
    if not outlines[counted].any():
        raise MeasurementDeclined(
            f"There is no dimple of {LEAST_MM:g} mm or more in the reference, so none has a depth: look at the number "
            "of dimples.",
            code="no_dimple",
        )
    return outlines


def depths_mm(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Depth in the outlines of the reference and their number, each spread over the cells of its outline, (h, w, 2).

    The depth is how far the deepest point lies below the mean height, which is 0: of a dimple that has gone, what the
    skin there still has of hollows.

    Raises
    ------
    MeasurementDeclined
        Too little skin.
    """
    assert place.marks is not None
    _enough_skin(image, place.skin)
    outlines = np.where(place.counted, place.marks, 0).astype(np.int32)
    numbers = np.unique(outlines)
    depth = np.zeros(int(outlines.max()) + 1, np.float32)
    depth[numbers] = -minimum(heights_mm(image, place.skin), outlines, numbers)
    ones = _share_of_one(outlines, place)
    return np.stack([ones * depth[outlines], ones], axis=-1)


def mean_of(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over cells, values of shape (n, 1)."""
    return float(np.average(values[:, 0], weights=weights))


def mean_per_dimple(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over dimples, values of shape (n, 2) as `depths_mm` spreads them."""
    number = float(weights @ values[:, 1])
    return float(weights @ values[:, 0]) / number if number > 0 else 0.0


def count_error(image: AlignedImage, place: Place, field: NDArray[np.float32], value: float) -> Terms:
    """Poisson standard deviation of the count, per 100 cm², of one dimple where none was found; and the light."""
    one = _MM2_PER_100_CM2 / _counted_mm2(image, place)
    return ("counting", sqrt(max(value, one) * one)), ("light", one * _light_of(image, place, _number))


def area_error(image: AlignedImage, place: Place, field: NDArray[np.float32], value: float) -> Terms:
    """The same as a share of the area: each dimple that is or is not there takes its own area along."""
    number = _number(dimples_of(image, place), place)
    least = 100 * pi / 4 * DIAMETER_MM[0] ** 2 / _counted_mm2(image, place)
    counting = value / sqrt(number) if number else least
    return ("counting", counting), ("light", 100 * _light_of(image, place, _cells) / float(place.counted.sum()))


def _light_of(image: AlignedImage, place: Place, size: Callable[[Dimples, Place], float]) -> float:
    """Half of what a gain of the light one standard uncertainty larger and one smaller give apart.

    A height is as uncertain as that gain, and the least prominence of a dimple is one of millimetres.
    """
    fewer, more = (size(dimples_of(image, place, kappa_off=sds), place) for sds in (1.0, -1.0))
    return abs(more - fewer) / 2


def _number(found: Dimples, place: Place) -> float:
    return float(np.count_nonzero(np.bincount(found.labels[place.counted], minlength=1)[1:]))


def _cells(found: Dimples, place: Place) -> float:
    return float(np.count_nonzero(found.labels[place.counted]))


def _counted_mm2(image: AlignedImage, place: Place) -> float:
    assert image.grid.mm_per_cell is not None
    return float(place.counted.sum()) * image.grid.mm_per_cell**2


def _enough_skin(image: AlignedImage, skin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The skin without its rim, of which there must be enough: the outlines alone are no measure of it."""
    inner = without_rim(skin, image, DIMPLE_DEPTH)
    assert image.grid.mm_per_cell is not None
    area = float(inner.sum()) * image.grid.mm_per_cell**2 / _MM2_PER_CM2
    if area < LEAST_SKIN_CM2:
        raise MeasurementDeclined(
            f"{DIMPLE_DEPTH.title} needs at least {LEAST_SKIN_CM2:.0f} cm² of skin; {area:.0f} cm² can be used here: "
            "mark a wider region, and keep cloth off it.",
            code="area",
        )
    return inner


def _share_of_one(labels: NDArray[np.int32], place: Place) -> NDArray[np.float32]:
    """One over the number of counted cells of the dimple a cell belongs to; 0 outside, shape (h, w)."""
    cells = np.bincount(labels[place.counted], minlength=1 + int(labels.max())).astype(np.float64)
    cells[0] = np.inf
    return np.asarray((1 / np.maximum(cells, 1))[labels] * place.counted, dtype=np.float32)


def shown_height(image: AlignedImage, place: Place, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The height in mm that the dimples are found on, shape (h, w)."""
    return heights_mm(image, place.skin)


_NEEDS = frozenset({Need.SCALE, Need.DUAL_LIGHT, Need.RELIEF_GAUGE})

DIMPLE_COUNT = Metric(
    name="dimple_count",
    title="Number of dimples",
    plain="number of dimples",
    symbol="Nd",
    unit="per 100 cm²",
    version=2,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=count_density,
    reduce=mean_of,
    session_sd=0.4,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=LEAST_SKIN_CM2,
    scale_sensitivity=2.0,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.SECONDARY,
    terms=count_error,
    picture=Picture.MAP,
    shown=shown_height,
    shown_unit="mm",
)
DIMPLE_AREA = Metric(
    name="dimple_area",
    title="Area of dimples",
    plain="area of the dimples",
    symbol="Ad",
    unit="% of the skin",
    version=2,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=covered_percent,
    reduce=mean_of,
    session_sd=0.8,
    tolerance_mm=3.0,
    margin_mm=10.0,
    min_area_cm2=LEAST_SKIN_CM2,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.EXPERIMENTAL,
    terms=area_error,
    picture=Picture.MAP,
    shown=shown_height,
    shown_unit="mm",
)
DIMPLE_DEPTH = Metric(
    name="dimple_depth",
    title="Depth of dimples",
    plain="depth of the dimples",
    symbol="Dd",
    unit="mm",
    version=2,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=depths_mm,
    reduce=mean_per_dimple,
    session_sd=0.02,
    tolerance_mm=3.0,
    margin_mm=10.0,
    scale_sensitivity=1.0,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.SECONDARY,
    find=find_outlines,
    terms=light_of_kappa,
    picture=Picture.MAP,
    shown=shown_height,
)
