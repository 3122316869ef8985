"""Did this skin measurably change, by how much, and how sure are we?

The journey of a photo, and the modules in its order::

    photo → calibration → region → alignment → shading → quality → measurement → metrics
          → agreement → trend → repeatability → reader_study → timeline → report → reports → pipeline

`track` is the product in one function.
"""

from __future__ import annotations

from tracker.alignment import AlignedImage, Alignment
from tracker.calibration import CalibratedImage, ColourLevel, KnownColours, calibrate, read_batch
from tracker.errors import (
    AlignmentFailed,
    CalibrationFailed,
    MeasurementDeclined,
    PhotoRejected,
    RecordError,
    RegionInvalid,
    SeriesInvalid,
    StudyInvalid,
    TrackerError,
)
from tracker.measurement import Measurement, Metric
from tracker.metrics import METRICS
from tracker.photo import Photo, read_photo
from tracker.pipeline import track
from tracker.region import Region, read_region
from tracker.repeatability import Repeatability
from tracker.report import Rejection, Report
from tracker.timeline import Change, Timeline, Verdict

__all__ = [
    "METRICS",
    "AlignedImage",
    "Alignment",
    "AlignmentFailed",
    "CalibratedImage",
    "CalibrationFailed",
    "Change",
    "ColourLevel",
    "KnownColours",
    "Measurement",
    "MeasurementDeclined",
    "Metric",
    "Photo",
    "PhotoRejected",
    "RecordError",
    "Region",
    "RegionInvalid",
    "Rejection",
    "Repeatability",
    "Report",
    "SeriesInvalid",
    "StudyInvalid",
    "Timeline",
    "TrackerError",
    "Verdict",
    "calibrate",
    "read_batch",
    "read_photo",
    "read_region",
    "track",
]
