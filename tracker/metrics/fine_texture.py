"""D3 Fine roughness: shading of the skin's own relief with wavelengths of 1 to 4 mm, beside its lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import beside_lines, fine_luminance, waves
from tracker.shading.directed import FINE_BAND_MM

_PERCENT = 100.0


def skin_beside_lines(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """The skin at least 1.5 mm away from the lines of the reference: 1, else 0; shape (h, w), int32.

    Raises
    ------
    MeasurementDeclined
        There is none.
    """
    assert image.grid.mm_per_cell is not None
    beside = beside_lines(image.linear, skin, mm_per_cell=image.grid.mm_per_cell)
    if not beside.any():
        raise MeasurementDeclined("Fine roughness needs skin beside the lines: mark a wider region.", code="area")
    return beside.astype(np.int32)


def directed_shading(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Square of the Riesz transform of the fine log-luminance, real and imaginary part, %²; and the shading itself, %.

    Shape (h, w, 3).
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    assert place.marks is not None
    mask = place.skin & (place.marks > 0)
    squared = np.square(_PERCENT * waves(image.linear, mask, mm_per_cell=mm))
    seen = _PERCENT * fine_luminance(image.linear, mask, mm_per_cell=mm, band_mm=FINE_BAND_MM)
    return np.stack([squared.real, squared.imag, seen], axis=-1).astype(np.float32)


def directed_roughness(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation of the directed shading: √(2 |mean r²|), values of shape (n, 3)."""
    real, imaginary = (np.average(values[:, k], weights=weights) for k in (0, 1))
    return float(np.sqrt(2 * np.hypot(real, imaginary)))


def _seen(image: AlignedImage, place: Place, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The shading that is shown, shape (h, w)."""
    return field[..., 2]


FINE_ROUGHNESS = Metric(
    name="fine_roughness",
    title="Fine roughness",
    plain="fine texture",
    symbol="Rf",
    unit="% log-luminance",
    version=1,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.CLOSE_UP}),
    prepare=directed_shading,
    reduce=directed_roughness,
    session_sd=0.12,
    surround_mm=8.0,
    tolerance_mm=0.5,
    margin_mm=1.5,
    min_area_cm2=4.0,
    scale_sensitivity=0.5,
    leaves_out=Reason.CLOTH | Reason.HAIR,
    topic=Topic.LINES,
    role=Role.SECONDARY,
    find=skin_beside_lines,
    picture=Picture.MAP,
    shown=_seen,
)
