"""D4 Pores: how many small dark round blobs are seen, less as many bright ones as the fine relief draws."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic
from tracker.metrics.lines import spread_within
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import Blobs, dark_and_bright_blobs

LEAST_CONTRAST = 0.2
"""In log-luminance. Fainter ones are more and more the work of the fine relief."""
MOST_HAIR = 0.15
"""Share of the skin. Up to there it took an eighth of the pores on rendered skin; leaving its cells out took more."""
_SPREAD_MM = 2.0
_MM2_PER_CM2 = 100.0


def pore_density(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Dark less bright blobs and all of them, per cm², spread over 2 mm; and discs in their place, 1 dark, −1 bright.

    Shape (h, w, 3).

    Raises
    ------
    MeasurementDeclined
        Hair lies on the skin: bright gaps between hairs are taken off as if the fine relief had drawn them.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    _check_hair(image, place)
    dark, bright = dark_and_bright_blobs(image.linear, place.skin, mm_per_cell=mm, least=LEAST_CONTRAST)
    counts = [_counted(blobs, place) * np.float32(_MM2_PER_CM2 / mm**2) for blobs in (dark, bright)]
    of_dark, of_bright = (spread_within(count, place.counted, _SPREAD_MM / mm) for count in counts)
    drawn = np.zeros(place.skin.shape, np.float32)
    for blobs, value in ((bright, -1.0), (dark, 1.0)):
        for (row, col), width in zip(blobs.cell.tolist(), blobs.width_mm, strict=True):
            if place.counted[row, col]:
                cv2.circle(drawn, (col, row), max(1, round(width / 2 / mm)), value, cv2.FILLED)
    return np.stack([of_dark - of_bright, of_dark + of_bright, drawn], axis=-1)


def mean_density(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean of the first quantity, values of shape (n, 3); 0 where there are more bright blobs than dark ones."""
    return max(0.0, float(np.average(values[:, 0], weights=weights)))


def counting_error(
    image: AlignedImage, place: Place, field: NDArray[np.float32], value: float
) -> tuple[tuple[str, float], ...]:
    """Poisson standard deviation of the two counts, per cm²; of one blob where none was found."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    area = max(float(place.counted.sum()) * mm**2 / _MM2_PER_CM2, 1e-9)
    found = area * float(field[place.counted, 1].mean())
    return (("counting", float(np.sqrt(max(found, 1.0))) / area),)


def _check_hair(image: AlignedImage, place: Place) -> None:
    if image.excluded is None or not place.counted.any():
        return
    share = float(np.mean((image.excluded[place.counted] & Reason.HAIR) > 0))
    if share > MOST_HAIR:
        raise MeasurementDeclined(
            f"Density of pores needs bare skin; hair lies on {100 * share:.0f} % of it: mark a region without hair.",
            code="hair",
        )


def _counted(blobs: Blobs, place: Place) -> NDArray[np.float32]:
    """1 in each counted cell with the middle of a blob, shape (h, w)."""
    found = np.zeros(place.counted.shape, np.float32)
    found[tuple(blobs.cell.T)] = 1
    return found * place.counted


def _drawn(image: AlignedImage, place: Place, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """What was counted, shape (h, w)."""
    return field[..., 2]


PORES = Metric(
    name="pores",
    title="Density of pores",
    plain="how many pores are seen",
    symbol="Np",
    unit="per cm²",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.CLOSE_UP, Need.SAME_SHADING}),
    prepare=pore_density,
    reduce=mean_density,
    session_sd=1.5,
    surround_mm=8.0,
    tolerance_mm=0.5,
    margin_mm=0.6,
    min_area_cm2=2.0,
    scale_sensitivity=2.0,
    leaves_out=Reason.CLOTH,
    topic=Topic.LINES,
    role=Role.EXPERIMENTAL,
    terms=counting_error,
    picture=Picture.MAP,
    shown=_drawn,
    shown_unit="bright or dark",
)
