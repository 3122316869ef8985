"""What a metric is: a measurand with its measurement procedure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.claims import check_quantity
from tracker.quality import Need
from tracker.region import Reason


class Direction(StrEnum):
    """Which change of a quantity is called better."""

    LESS = "less"
    TOWARDS_ZERO = "towards zero"
    NONE = "none"


class Topic(StrEnum):
    """What a quantity is about, as a practitioner would ask for it."""

    RELIEF = "cellulite"
    PIGMENT = "pigmentation"
    REDNESS = "redness"
    TONE = "tone"
    LINES = "lines"
    HAIR = "hair"
    CONTOUR = "contour"


class Role(StrEnum):
    """How much a quantity may carry.

    A verdict rests on one primary quantity per topic, declared before anything is measured. Where a topic has two, what
    decides is only whether a patch is marked: see `tracker.metrics.primary_among`.
    """

    PRIMARY = "primary"
    SECONDARY = "secondary"
    EXPERIMENTAL = "experimental"


class Picture(StrEnum):
    """How the place a number comes from is shown."""

    REGION = "region"
    """The outline of the region, and of the skin it is compared with."""
    MAP = "map"
    """The quantity in each cell, as colours."""
    MARKS = "marks"
    """The outlines of what was found in the reference."""


Marks = NDArray[np.int32]
"""What was found in the reference, shape (h, w): 0 = nothing, 1, 2, … = the marks, −1 = what they are compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a metric looks in one photo; all arrays of shape (h, w) on the grid of the reference.

    Attributes
    ----------
    skin : ndarray, bool
        What may be used to filter: the cells of the region that can be used.
    counted : ndarray, bool
        What the statistic sees, a part of `skin`.
    compared : ndarray, bool, or None
        What it is compared with: the ring around a marked patch, or the cells the finding says.
    marks : ndarray, int32, or None
        What was found in the reference; None for a metric that does not look for anything.
    """

    skin: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    compared: NDArray[np.bool_] | None = None
    marks: Marks | None = None


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
    vanishes : bool
        True for a ratio of something that can be gone, and whose logarithm therefore tells nothing near zero: its
        changes are computed as shares of the baseline.
    needs : frozenset of Need
    prepare : callable
        ``(AlignedImage, Place) -> ndarray (h, w, k)``: the quantity in each cell.
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
    topic : Topic
    role : Role
    witness : bool
        It was not asked about: it is measured because a change of another metric is only judged beside it.
    find : callable or None
        ``(AlignedImage, skin) -> Marks``: what is looked for once, in the reference, and carried to the later photos by
        the alignment. Raises `MeasurementDeclined` if there is nothing.
    terms : callable or None
        ``(AlignedImage, Place, field, value) -> tuple of (str, float)``: further terms of the uncertainty, in `unit`,
        such as that of a count.
    least_cells : int
        Smallest number of cells that carries the statistic.
    surround_mm : float or None
        How far around its region the metric looks; cells further away do not change its value. None is the whole photo.
    picture : Picture
    shown : callable or None
        ``(AlignedImage, Place, field) -> ndarray (h, w)``: what a map shows, if it is not the first quantity of the
        field.
    shown_unit : str
        What a map shows is in, if not in `unit`: a unit, or a key of `tracker.report.overlay.WORDS`.
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
    prepare: Callable[[AlignedImage, Place], NDArray[np.float32]]
    reduce: Callable[[NDArray[np.float64], NDArray[np.float64]], float]
    session_sd: float
    tolerance_mm: float = 2.0
    margin_mm: float = 0.0
    min_area_cm2: float = 0.0
    scale_sensitivity: float = 0.0
    leaves_out: Reason = Reason.CLOTH
    topic: Topic = Topic.RELIEF
    role: Role = Role.SECONDARY
    witness: bool = False
    find: Callable[[AlignedImage, NDArray[np.bool_]], Marks] | None = None
    terms: Callable[[AlignedImage, Place, NDArray[np.float32], float], tuple[tuple[str, float], ...]] | None = None
    least_cells: int = 64
    surround_mm: float | None = None
    vanishes: bool = False
    picture: Picture = Picture.REGION
    shown: Callable[[AlignedImage, Place, NDArray[np.float32]], NDArray[np.float32]] | None = None
    shown_unit: str = ""

    def __post_init__(self) -> None:
        """Refuse what must not be stated."""
        check_quantity((self.title, self.plain, self.name, self.symbol), self.unit, self.needs)

    @property
    def method(self) -> str:
        """Name and version of the procedure, such as ``"relief@2"``."""
        return f"{self.name}@{self.version}"

    @property
    def is_contrast(self) -> bool:
        """Whether the value is the region minus the skin around it."""
        return Need.MARKED_REGION in self.needs
