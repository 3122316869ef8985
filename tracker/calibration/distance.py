"""A known distance in the reference photo, given by hand: a scale where nothing printed is in the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tracker.errors import CalibrationFailed

LEAST_PX = 100.0
LEAST_MM, MOST_MM = 5.0, 2000.0
HAND_UNCERTAINTY = 0.02
"""Relative, k = 1.

Each end is pointed at to 2 pixels of the screen, which over 300 of them is 1 %; the line lies a tilt of up to 10°
from the plane of the photo (at most 1.5 %, evenly spread: 0.5 %); what lies off the middle of the picture is nearer or
farther (1 %); and skin gives way under a ruler (1 %).
"""
_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
_FORM = re.compile(rf"{_NUMBER},{_NUMBER}\s{_NUMBER},{_NUMBER}\s{_NUMBER}(?:mm)?\s*")


@dataclass(frozen=True, slots=True)
class KnownDistance:
    """Two points of a photo, and how far they are apart on the skin.

    Attributes
    ----------
    start, end : tuple of float
        Photo pixels (row, column).
    mm : float
        Millimetres between them.

    Raises
    ------
    CalibrationFailed
        ``bad_distance``: the points are too close, or the length is none of a body.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    mm: float

    def __post_init__(self) -> None:
        if not LEAST_MM <= self.mm <= MOST_MM:
            raise CalibrationFailed(
                f"A known distance of {self.mm:g} mm cannot be used; give one of {LEAST_MM:g} to {MOST_MM:g} mm.",
                code="bad_distance",
            )
        if not self.px >= LEAST_PX:
            raise CalibrationFailed(
                f"The two points of the known distance are {self.px:.0f} pixels apart; choose points that are at least "
                f"{LEAST_PX:.0f} pixels apart.",
                code="bad_distance",
            )

    @property
    def px(self) -> float:
        """Photo pixels between the points."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))

    def check_inside(self, shape: tuple[int, int]) -> None:
        """Raise `CalibrationFailed` if a point lies outside a photo of this height and width."""
        for row, column in (self.start, self.end):
            if not (0 <= row <= shape[0] - 1 and 0 <= column <= shape[1] - 1):
                raise CalibrationFailed(
                    f"The point ({row:g}, {column:g}) of the known distance lies outside the photo, which has "
                    f"{shape[0]} rows and {shape[1]} columns; give both points as (row, column) of this photo.",
                    code="bad_distance",
                )


def read_distance(text: str) -> KnownDistance:
    """Known distance written as ``row,column row,column millimetres``.

    Raises
    ------
    CalibrationFailed
        It is not written so, or cannot be used.

    Examples
    --------
    >>> read_distance("120,340 120,940 100")
    KnownDistance(start=(120.0, 340.0), end=(120.0, 940.0), mm=100.0)
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise CalibrationFailed(
            f"“{text}” is no known distance; write both points and the length as row,column row,column millimetres, "
            "such as 120,340 120,940 100.",
            code="bad_distance",
        )
    row, column, other_row, other_column, mm = (float(number) for number in found.groups())
    return KnownDistance((row, column), (other_row, other_column), mm)
