"""`--repeatability FILE`: what a study of this set-up found, instead of the provisional values."""

from __future__ import annotations

from pathlib import Path

from tracker.metrics import METRICS
from tracker.repeatability import PROVISIONAL, Repeatability, read_study


def known_repeatability(file: Path | None) -> Repeatability:
    """What was found in this set-up, if a file of `repeatability` is given; else provisional values.

    Raises
    ------
    StudyInvalid
        The file is none, or holds nothing that may be used.
    """
    return PROVISIONAL if file is None else read_study(file.read_bytes(), METRICS)
