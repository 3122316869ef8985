"""What a metric is: a measurand with its measurement procedure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.quality import Need
from tracker.region import Reason


class Direction(StrEnum):
    """Which change of a quantity is called better."""

    LESS = "less"
    TOWARDS_ZERO = "towards zero"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Metric:
    """A measurand with its measurement procedure.

    Attributes
    ----------
    name : str
        Stable identifier, such as ``"relief"``.
    title : str
        For people, such as ``"Relief roughness"``.
    plain : str
        What a patient would call it, such as ``"smoothness"``.
    symbol, unit : str
    version : int
        Raised whenever the same photo would give another number.
    direction : Direction
        Which change is called better.
    multiplicative : bool
        True if changes are ratios: they are computed in logarithms and stated in per cent.
    needs : frozenset of Need
    prepare : callable
        ``(AlignedImage, skin, counted) -> ndarray (h, w, k)``: the quantity in each cell. `skin` may be used to
        filter, `counted` (a part of it) is what the statistic sees.
    reduce : callable
        ``(values (n, k), weights (n,)) -> float``: its statistic over weighted cells.
    session_sd : float
        Provisional standard deviation between repeated sessions of unchanged skin (MEASUREMENT.md §9), in the
        unit of the metric, or as a logarithm if it is multiplicative.
    tolerance_mm : float
        Largest position uncertainty at which a cell is still used.
    margin_mm : float
        Width of the rim of the region that is used to filter but not counted: a wide filter is one-sided there.
    min_area_cm2 : float
        Smallest area that carries the statistic.
    scale_sensitivity : float
        Relative change of the value per relative error of the scale.
    leaves_out : Reason
        What is found in the picture and not measured, beside what is never measured. Each reason is one that
        brings the value nearer to the truth on rendered skin.
    """

    name: str
    title: str
    plain: str
    symbol: str
    unit: str
    version: int
    direction: Direction
    multiplicative: bool
    needs: frozenset[Need]
    prepare: Callable[[AlignedImage, NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float32]]
    reduce: Callable[[NDArray[np.float64], NDArray[np.float64]], float]
    session_sd: float
    tolerance_mm: float = 2.0
    margin_mm: float = 0.0
    min_area_cm2: float = 0.0
    scale_sensitivity: float = 0.0
    leaves_out: Reason = Reason.CLOTH

    @property
    def method(self) -> str:
        """Name and version of the procedure, such as ``"relief@2"``."""
        return f"{self.name}@{self.version}"

    @property
    def is_contrast(self) -> bool:
        """Whether the value is the region minus the skin around it."""
        return Need.MARKED_REGION in self.needs
