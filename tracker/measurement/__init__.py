"""`AlignedImage` × `Metric` → `Measurement`: a value with its standard uncertainty, or a refusal by name."""

from __future__ import annotations

from tracker.measurement.cells import usable_cells
from tracker.measurement.exclusions import shared_cells, with_exclusions
from tracker.measurement.metric import Direction, Metric
from tracker.measurement.statistics import weighted_median, weighted_sd
from tracker.measurement.value import Measurement, check_carried, measure, over_the_same_cells

__all__ = [
    "Direction",
    "Measurement",
    "Metric",
    "check_carried",
    "measure",
    "over_the_same_cells",
    "shared_cells",
    "usable_cells",
    "weighted_median",
    "weighted_sd",
    "with_exclusions",
]
