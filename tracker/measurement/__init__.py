"""`AlignedImage` × `Metric` → `Measurement`: a value with its standard uncertainty, or a refusal by name."""

from __future__ import annotations

from tracker.measurement.cells import usable_cells
from tracker.measurement.exclusions import shared_cells, with_exclusions
from tracker.measurement.metric import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.measurement.statistics import weighted_median, weighted_sd
from tracker.measurement.value import (
    Measurement,
    check_carried,
    find_marks,
    measure,
    measure_part,
    over_the_same_cells,
    place_of,
)

__all__ = [
    "Direction",
    "Marks",
    "Measurement",
    "Metric",
    "Picture",
    "Place",
    "Role",
    "Topic",
    "check_carried",
    "find_marks",
    "measure",
    "measure_part",
    "over_the_same_cells",
    "place_of",
    "shared_cells",
    "usable_cells",
    "weighted_median",
    "weighted_sd",
    "with_exclusions",
]
