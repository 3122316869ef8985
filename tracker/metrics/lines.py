"""D1 and D2 Lines: how far the lines of the baseline stand out from the skin, and the length of all lines seen now."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Direction, Marks, Metric, Picture, Place, Role, Topic
from tracker.quality import Need
from tracker.region import Reason
from tracker.shading import dark_lines, fine_luminance, numbered_strips, smooth_under_mask

LINE_BAND_MM = (0.4, 2.0)
STRIP_MM = 0.5
"""Half the width of what is called the line: a bright and a dark flank, and room for an alignment off by 0.2 mm."""
FLANK_MM = (1.2, 3.0)
_FLANK_SIGMA_MM = 3.0
_LEAST_FLANK = 0.01
"""Share of skin beside the lines in the Gaussian mean around a cell: with less the cell is compared with nothing."""
_CENTRE_SIGMA_MM, _CENTRE_STEPS = 0.4, 4
_SPREAD_MM = 2.0


def find_lines(image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """Strips along the lines of the reference, numbered, shape (h, w), int32.

    Raises
    ------
    MeasurementDeclined
        No line stands out.
    """
    assert image.grid.mm_per_cell is not None
    lines = dark_lines(image.linear, skin, mm_per_cell=image.grid.mm_per_cell)
    if not lines.any():
        raise MeasurementDeclined(
            "Line contrast needs lines in the reference: none longer than 3 mm stands out from the skin there.",
            code="no_lines",
        )
    return numbered_strips(_centred(lines, image, skin), STRIP_MM / image.grid.mm_per_cell)


def _centred(lines: Marks, image: AlignedImage, skin: NDArray[np.bool_]) -> Marks:
    """The lines moved from their dark flank to the middle of both: to where the contrast around them has its centre."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    energy = np.square(fine_luminance(image.linear, skin, mm_per_cell=mm, band_mm=LINE_BAND_MM)).astype(np.float64)
    around = np.maximum(cv2.GaussianBlur(energy, (0, 0), _CENTRE_SIGMA_MM / mm), 1e-12)
    centroids = [
        np.clip(np.rint(cv2.GaussianBlur(energy * place, (0, 0), _CENTRE_SIGMA_MM / mm) / around), 0, size - 1)
        for place, size in zip(np.indices(energy.shape, dtype=np.float64), energy.shape, strict=True)
    ]
    row, col = np.nonzero(lines)
    number = lines[row, col]
    for _ in range(_CENTRE_STEPS):
        row, col = (centroid[row, col].astype(np.intp) for centroid in centroids)
    centred = np.zeros_like(lines)
    centred[row, col] = number
    return centred


def line_energy(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Square of the log-luminance from 0.4 to 2 mm less that of the skin beside the lines, %²; shape (h, w, 2).

    The second quantity is 1 where there is such skin to compare with; both are 0 where there is none.

    Raises
    ------
    MeasurementDeclined
        There is none beside any line.
    """
    mm = image.grid.mm_per_cell
    assert mm is not None
    assert place.marks is not None
    energy = np.square(100 * fine_luminance(image.linear, place.skin, mm_per_cell=mm, band_mm=LINE_BAND_MM))
    distance = mm * cv2.distanceTransform((place.marks <= 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    near, far = (reach - STRIP_MM for reach in FLANK_MM)
    flank = place.skin & (distance > near) & (distance <= far)
    sigma = _FLANK_SIGMA_MM / mm
    beside = smooth_under_mask(energy, flank, sigma)
    known = smooth_under_mask(flank.astype(np.float32), np.ones_like(flank), sigma) > _LEAST_FLANK
    known &= place.skin
    if not (known & place.counted).any():
        raise MeasurementDeclined(
            "Line contrast needs plain skin beside the lines, and none can be used here: leave the skin "
            "around them free.",
            code="no_flank",
        )
    return np.stack([np.where(known, energy - beside, 0), known], axis=-1).astype(np.float32)


def root_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Root of the mean of squares from which a floor was taken, values of shape (n, 2); 0 where none is left."""
    known = max(float(values[:, 1] @ weights), 1e-12)
    return float(np.sqrt(max(0.0, float(values[:, 0] @ weights) / known)))


def line_density(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Length of lines in this photo over area, mm/cm², spread over 2 mm; and the lines, shape (h, w, 2)."""
    mm = image.grid.mm_per_cell
    assert mm is not None
    lines = dark_lines(image.linear, place.skin, mm_per_cell=mm) > 0
    length = _lengths(lines & place.counted) * np.float32(100 / mm)
    return np.stack([spread_within(length, place.counted, _SPREAD_MM / mm), lines.astype(np.float32)], axis=-1)


def mean_density(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean of the first quantity, values of shape (n, 2)."""
    return float(np.average(values[:, 0], weights=weights))


def _lengths(lines: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Length of line that belongs to each cell, in cells: half the way to each of its neighbours on the line."""
    on = lines.astype(np.float32)
    diagonal = np.float32(np.sqrt(0.5))
    kernel = np.array([[diagonal, 0.5, diagonal], [0.5, 0, 0.5], [diagonal, 0.5, diagonal]], np.float32)
    straight = cv2.filter2D(on, cv2.CV_32F, kernel * (kernel == 0.5), borderType=cv2.BORDER_CONSTANT)
    # A diagonal step that two straight ones make as well is no way of its own.
    beside = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
    corner = cv2.filter2D(on, cv2.CV_32F, beside, borderType=cv2.BORDER_CONSTANT)
    slanted = cv2.filter2D(on * (corner < 2), cv2.CV_32F, kernel * (kernel > 0.5), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(on * (straight + slanted), np.float32)


def spread_within(values: NDArray[np.float32], mask: NDArray[np.bool_], sigma: float) -> NDArray[np.float32]:
    """Values spread over their surroundings within a mask; their sum stays."""
    weight = mask.astype(np.float32)
    reach = np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32(1e-6))
    return np.asarray(
        weight * cv2.GaussianBlur(values * weight / reach, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32
    )


def _drawn(image: AlignedImage, place: Place, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lines that were counted, shape (h, w): 1 on a line."""
    return field[..., 1]


def _counting(
    image: AlignedImage, place: Place, field: NDArray[np.float32], value: float
) -> tuple[tuple[str, float], ...]:
    """Where a line ends is a matter of the threshold: one millimetre at either end of each."""
    assert image.grid.mm_per_cell is not None
    lines = (field[..., 1] > 0) & place.counted
    count = cv2.connectedComponents(lines.astype(np.uint8), connectivity=8)[0] - 1
    area = float(place.counted.sum()) * image.grid.mm_per_cell**2 / 100
    return (("ends", float(np.sqrt(2 * count)) / max(area, 1e-9)),)


_NEEDS = frozenset({Need.SCALE, Need.COLOUR, Need.CLOSE_UP, Need.SAME_SHADING})

LINE_CONTRAST = Metric(
    name="line_contrast",
    title="Line contrast",
    plain="how much the lines stand out",
    symbol="Cl",
    unit="% log-luminance",
    version=2,
    direction=Direction.LESS,
    multiplicative=True,
    vanishes=True,
    needs=_NEEDS,
    prepare=line_energy,
    reduce=root_mean,
    session_sd=0.10,
    surround_mm=8.0,
    tolerance_mm=0.2,
    scale_sensitivity=0.5,
    leaves_out=Reason.CLOTH,
    topic=Topic.LINES,
    role=Role.PRIMARY,
    find=find_lines,
    least_cells=200,
    picture=Picture.MARKS,
)

LINE_LENGTH = Metric(
    name="line_length",
    title="Length of lines",
    plain="how many lines are seen",
    symbol="Dl",
    unit="mm/cm²",
    version=1,
    direction=Direction.LESS,
    multiplicative=False,
    needs=_NEEDS,
    prepare=line_density,
    reduce=mean_density,
    session_sd=0.3,
    surround_mm=8.0,
    tolerance_mm=0.5,
    min_area_cm2=2.0,
    scale_sensitivity=1.0,
    terms=_counting,
    leaves_out=Reason.CLOTH,
    topic=Topic.LINES,
    role=Role.SECONDARY,
    picture=Picture.MAP,
    shown=_drawn,
)
