"""A4 Broad waviness: shading of the skin with wavelengths of 50 to 120 mm, folds and the shape of the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Metric, Picture, Place, Role, Topic, weighted_sd
from tracker.metrics.relief import light_terms, relief_field
from tracker.quality import Need
from tracker.region import Reason

WAVINESS_BAND_MM = (50.0, 120.0)
LEAST_EXTENT_MM = 180.0
"""One and a half of the longest waves must fit along one side of what is counted."""


def waviness_field(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Shading of the relief in the broad band and how far it is directed, as `relief_field`, shape (h, w, 5).

    Raises
    ------
    MeasurementDeclined
        The region is too short for such waves.
    """
    assert image.grid.mm_per_cell is not None
    extent = image.grid.mm_per_cell * max(1 + int(np.ptp(at)) for at in np.nonzero(place.counted))
    if extent < LEAST_EXTENT_MM:
        raise MeasurementDeclined(
            f"Broad waviness needs skin that is {LEAST_EXTENT_MM:.0f} mm long inside its rim, and {extent:.0f} mm can "
            "be used here: mark a longer region, or photograph more of the body.",
            code="area",
        )
    return relief_field(image, place, WAVINESS_BAND_MM)


def waviness(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Standard deviation of the broad shading, values as of `relief_field`; so few waves show no share of relief."""
    return weighted_sd(values[:, 0], weights)


WAVINESS = Metric(
    name="waviness",
    title="Broad waviness",
    plain="broad waves of the skin",
    symbol="Wsh",
    unit="% log-luminance",
    version=1,
    direction=Direction.LESS,
    multiplicative=True,
    needs=frozenset({Need.SCALE, Need.COLOUR, Need.OBLIQUE_LIGHT}),
    prepare=waviness_field,
    reduce=waviness,
    session_sd=0.20,
    tolerance_mm=4.0,
    margin_mm=15.0,
    min_area_cm2=200.0,
    scale_sensitivity=0.3,
    leaves_out=Reason.CLOTH,
    topic=Topic.RELIEF,
    role=Role.EXPERIMENTAL,
    picture=Picture.MAP,
    terms=light_terms,
)
