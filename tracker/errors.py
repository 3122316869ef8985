"""Everything that can be wrong with what we were given, and nothing else.

::

    TrackerError
    ├── PhotoRejected        this file is not a photo we can measure
    ├── CalibrationFailed    what colour or scale are to rest on, as the table of a card, cannot be used
    ├── RegionInvalid        the region to measure does not fit the photo
    ├── AlignmentFailed      the two photos do not show the same skin well enough
    ├── MeasurementDeclined  this number would not mean anything in this photo
    ├── SeriesInvalid        these photos do not make a series
    ├── StudyInvalid         these repeated readings or ratings cannot carry the number that was asked for
    └── RecordError          the clinic's record cannot do what was asked

Each carries one complete sentence for the practitioner: what happened and what to do next. A *code* names the
class of failure for scripts. Anything else that is raised is a fault of ours and is not caught.
"""

from __future__ import annotations


class TrackerError(Exception):
    """A problem with the input, said in one sentence.

    Parameters
    ----------
    reason : str
        One or two complete sentences: what happened, and what to do next.
    code : str
        Short stable identifier for scripts, such as ``"different_area"``.
    """

    default_code = "error"

    def __init__(self, reason: str, *, code: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code or self.default_code


class PhotoRejected(TrackerError):
    """The file is not a photo we can measure."""

    default_code = "unreadable"


class CalibrationFailed(TrackerError):
    """What colour or scale are to rest on, such as the measured values of a card, cannot be used."""

    default_code = "calibration"


class RegionInvalid(TrackerError):
    """The region does not fit the photo."""

    default_code = "region"


class AlignmentFailed(TrackerError):
    """The two photos could not be brought together."""

    default_code = "different_area"


class MeasurementDeclined(TrackerError):
    """The number would not mean anything in this photo."""

    default_code = "declined"


class SeriesInvalid(TrackerError):
    """The photos do not make a series."""

    default_code = "series"


class StudyInvalid(TrackerError):
    """Repeated readings or ratings cannot carry the number that was asked for."""

    default_code = "study"


class RecordError(TrackerError):
    """The clinic's record cannot do what was asked."""

    default_code = "record"
