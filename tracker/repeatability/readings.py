"""Readings of a study: who, which re-posed set, which value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.errors import StudyInvalid

#: Subject and place → re-posed set → its photos' values, shape (shots,), on the scale in which the spread is even.
Sets = Mapping[str, Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric from one photo of a repeatability study.

    Attributes
    ----------
    subject : str
        Who, under a code.
    posing : str
        Which re-posed set of this subject, such as ``"1"``: the person stepped away, and light and camera were set up
        anew. Photos of one set share it.
    value : float
        In the unit of the metric.
    operator, tone, site : str
        Who took the photo, the skin tone group and the place on the body; empty where not noted. Two places of one
        person are two subjects to the statistics, because their values differ.
    """

    subject: str
    posing: str
    value: float
    operator: str = ""
    tone: str = ""
    site: str = ""

    @property
    def place(self) -> str:
        """The skin that is read again and again: the subject, and the place on the body if it is noted."""
        return f"{self.subject}, {self.site}" if self.site else self.subject


def sets_of(readings: Iterable[Reading], *, multiplicative: bool) -> Sets:
    """Values by subject and place, and re-posed set, in logarithms if the metric is multiplicative.

    Raises
    ------
    StudyInvalid
        If a value is not a number, or not above zero where ratios are judged.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for reading in readings:
        value = _scaled(reading, multiplicative=multiplicative)
        found.setdefault(reading.place, {}).setdefault(reading.posing, []).append(value)
    return {
        place: {posing: np.array(sets[posing]) for posing in sorted(sets, key=in_order)}
        for place, sets in found.items()
    }


def in_order(posing: str) -> tuple[int, str]:
    """Sort key: the tenth set comes after the ninth."""
    return (int(posing), "") if posing.isdecimal() else (10**9, posing)


def _scaled(reading: Reading, *, multiplicative: bool) -> float:
    where = f"of {reading.place}, set {reading.posing},"
    if not math.isfinite(reading.value):
        raise StudyInvalid(f"The value {where} is not a number; please leave this photo out.")
    if multiplicative and reading.value <= 0.0:
        raise StudyInvalid(
            f"The value {where} is {reading.value:g}; ratios need values above zero. Please leave this photo out."
        )
    return math.log(reading.value) if multiplicative else reading.value
