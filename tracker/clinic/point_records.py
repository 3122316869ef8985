"""Where skin was injected, as values: points on a photo, and where they lie on another one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from tracker.errors import RecordError

MOST_POINTS = 200
DEPTH_MM = (0.1, 20.0)
AMOUNT_ML = (0.001, 20.0)


@dataclass(frozen=True, slots=True)
class InjectionPoint:
    """One point of a treatment.

    Attributes
    ----------
    row, column : float
        In pixels of the upright photo it was placed on.
    depth_mm, amount_ml : float or None
        As far as they were noted.
    """

    row: float
    column: float
    depth_mm: float | None = None
    amount_ml: float | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """The points of one view on one day, in the order in which they were placed.

    Attributes
    ----------
    view_id : str
    photo_id : str
        The photo they were placed on.
    day : date
        Of the treatment.
    points : tuple of InjectionPoint
    """

    view_id: str
    photo_id: str
    day: date
    points: tuple[InjectionPoint, ...]


@dataclass(frozen=True, slots=True)
class CarriedPoint:
    """A point of one photo as it lies on another one.

    Attributes
    ----------
    number : int
        From 1, as it was placed.
    point : InjectionPoint or None
        In pixels of the other photo; None: outside what both photos show.
    error_px, error_mm : float or None
        Claimed standard uncertainty along each axis, in pixels of the view's reference and in millimetres; the second
        only where the view has a scale. None for a point outside.
    """

    number: int
    point: InjectionPoint | None
    error_px: float | None = None
    error_mm: float | None = None

    @property
    def is_outside(self) -> bool:
        """Whether the other photo does not show where it lies."""
        return self.point is None


@dataclass(frozen=True, slots=True)
class CarriedPattern:
    """A pattern as another photo shows it.

    Attributes
    ----------
    day : date
        Of the treatment.
    photo_id : str
        The photo the points were placed on.
    points : tuple of CarriedPoint
        Empty where the whole pattern could not be carried.
    reason : str
        Why it could not; empty otherwise.
    """

    day: date
    photo_id: str
    points: tuple[CarriedPoint, ...]
    reason: str = ""


def check_points(points: tuple[InjectionPoint, ...], shape: tuple[int, int]) -> None:
    """See whether points can be kept.

    Parameters
    ----------
    points : tuple of InjectionPoint
    shape : tuple of int
        Height and width of the photo they lie on.

    Raises
    ------
    RecordError
        ``bad_point``: one lies beside the photo, or its depth or amount is none; ``many_points``: more than a person
        places.
    """
    if len(points) > MOST_POINTS:
        raise RecordError(f"At most {MOST_POINTS} points are kept for one photo; please use fewer.", code="many_points")
    for number, point in enumerate(points, start=1):
        if not (-0.5 <= point.row <= shape[0] - 0.5 and -0.5 <= point.column <= shape[1] - 0.5):
            raise RecordError(f"Point {number} lies beside the photo; please place it again.", code="bad_point")
        _check_amount(number, "depth", point.depth_mm, DEPTH_MM, "mm")
        _check_amount(number, "amount", point.amount_ml, AMOUNT_ML, "ml")


def _check_amount(number: int, name: str, value: float | None, limits: tuple[float, float], unit: str) -> None:
    if value is not None and not (math.isfinite(value) and limits[0] <= value <= limits[1]):
        raise RecordError(
            f"The {name} of point {number} has to be between {limits[0]:g} and {limits[1]:g} {unit}; "
            "please give it again or leave it empty.",
            code="bad_point",
        )
