"""What an alignment is: a map from the reference photo into the moving photo, with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment.opposite import OppositeLight
from tracker.calibration import CalibratedImage, ColourCalibration, Grid
from tracker.calibration.gauge import read_gauge
from tracker.region import Bits, Reason, is_left_out, marker_mask

LEAST_KAPPA = 0.1
"""With less, light is as good as frontal: its gain is no number to divide by."""
BLACK, PAPER = (0, 0, 0), (228, 231, 235)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Where each point of the reference photo lies in the moving photo.

    Attributes
    ----------
    rows, cols : ndarray, shape (h,) and (w,), float64
        Nodes in pixels of the upright reference photo; at most 1 % of the width apart.
    moving : ndarray, shape (h, w, 2), float32
        Position (row, column) of each node in pixels of the upright moving photo; NaN where it is not covered.
    sd : ndarray, shape (h, w), float32
        Standard uncertainty of that position, in pixels of the reference photo.
    usable : ndarray, shape (h, w), bool
        True where the two photos agree well enough to be measured.
    overlap : float
        Share of the region (of the skin, without one) that is usable, in [0, 1].
    error_px : float
        Claimed median error over the usable region, in pixels of the reference photo.
    correlation : float
        Mean local correlation of the aligned skin, in [-1, 1].
    scale : float
        Size of the skin in the moving photo relative to the reference, in pixels per pixel.
    rotation : float
        In-plane rotation of the moving photo against the reference, in degrees, counter-clockwise.
    area_change : (float, float) or None
        Smallest and largest local area of the usable skin in the moving photo over that in the reference, after the
        global scale; None where that is not known, as in maps that were stored before it was.
    by_hand : bool
        True when a person showed where to begin.
    """

    rows: NDArray[np.float64]
    cols: NDArray[np.float64]
    moving: NDArray[np.float32]
    sd: NDArray[np.float32]
    usable: NDArray[np.bool_]
    overlap: float
    error_px: float
    correlation: float
    scale: float
    rotation: float
    area_change: tuple[float, float] | None = None
    by_hand: bool = False

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions in the moving photo of reference points; both (n, 2) as (row, column) pixels."""
        return _interpolate(self.moving.astype(np.float64), self._node_index(points))

    def sd_at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard uncertainty at reference points (n, 2), in reference pixels, shape (n,)."""
        return self.plane_at(self.sd, points)

    def plane_at(self, values: NDArray[np.float32 | np.bool_], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """A node quantity, shape (h, w), at reference points (n, 2), shape (n,)."""
        return _interpolate(values.astype(np.float64)[..., None], self._node_index(points))[:, 0]

    def _node_index(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        row = np.interp(points[:, 0], self.rows, np.arange(len(self.rows)))
        col = np.interp(points[:, 1], self.cols, np.arange(len(self.cols)))
        return np.stack([row, col], axis=-1)

    def dense(self, rows: NDArray[np.float64], cols: NDArray[np.float64]) -> NDArray[np.float32]:
        """Positions on a finer lattice of the reference, shape (len(rows), len(cols), 2); NaN outside."""
        row = np.interp(rows, self.rows, np.arange(len(self.rows))).astype(np.float32)
        col = np.interp(cols, self.cols, np.arange(len(self.cols))).astype(np.float32)
        map_col, map_row = np.meshgrid(col, row)
        planes = [_remap(np.ascontiguousarray(self.moving[..., axis]), map_row, map_col) for axis in (0, 1)]
        return np.stack(planes, axis=-1)

    def plane(self, values: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
        """A node quantity, shape (h, w), on the analysis grid of the reference."""
        rows, cols = _grid_lines(grid)
        row = np.interp(rows, self.rows, np.arange(len(self.rows))).astype(np.float32)
        col = np.interp(cols, self.cols, np.arange(len(self.cols))).astype(np.float32)
        map_col, map_row = np.meshgrid(col, row)
        return _remap(np.ascontiguousarray(values, dtype=np.float32), map_row, map_col)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedImage:
    """Linear light of one photo in the frame of the reference.

    Attributes
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear camera sRGB on the analysis grid of the reference; 0 where not covered.
    valid : ndarray, shape (h, w), bool
        True where the light is known: covered, not clipped, no marker. How well the place is known is in `sd`.
    sd : ndarray, shape (h, w), float32
        Standard uncertainty of the position, in cells.
    grid : Grid
    digest : str
    taken_on : date or None
    colour : ColourCalibration
        For the metrics that state absolute tone; contrasts are always taken from the uncorrected light, so that a
        chart in one session only cannot look like a change.
    has_colour : bool
    scale_uncertainty : float
        Relative standard uncertainty of the pitch of the grid; 0 without a scale.
    excluded : ndarray, shape (h, w), uint8, or None
        Why cells are left out, as `Reason`; at least wherever `valid` is False. None is nothing.
    light_gain : (float, float) or None
        Gain of relief shading under the lamp of this photo over that of the reference, by the relief gauge in both, and
        its relative standard uncertainty. None where a gauge is missing, and in the reference itself.
    opposite : OppositeLight or None
        Of a second photo taken at once, with the lamp on the opposite side.
    own : CalibratedImage or None
        The photo as it is, for what an alignment would change: outlines.
    by : Alignment or None
        How it was brought here; None for the reference itself.
    """

    linear: NDArray[np.float32]
    valid: NDArray[np.bool_]
    sd: NDArray[np.float32]
    grid: Grid
    digest: str
    taken_on: date | None
    colour: ColourCalibration
    has_colour: bool
    scale_uncertainty: float
    excluded: Bits | None = None
    light_gain: tuple[float, float] | None = None
    opposite: OppositeLight | None = None
    own: CalibratedImage | None = None
    by: Alignment | None = None

    def without(self, reasons: Reason) -> NDArray[np.bool_]:
        """Cells whose light is known and that are not left out for one of the reasons, shape (h, w)."""
        return self.valid if self.excluded is None else np.asarray(self.valid & ~is_left_out(self.excluded, reasons))

    def window(self, down: slice, across: slice) -> AlignedImage:
        """Some rows and columns of it, without `own` and `by`, which tell of the whole grid."""
        linear, opposite = self.linear[down, across], self.opposite
        if opposite is not None:
            opposite = replace(opposite, linear=opposite.linear[down, across], valid=opposite.valid[down, across])
        return replace(
            self,
            linear=np.ascontiguousarray(linear),
            valid=self.valid[down, across],
            sd=self.sd[down, across],
            grid=replace(self.grid, shape=linear.shape[:2]),
            excluded=None if self.excluded is None else self.excluded[down, across],
            opposite=opposite,
            own=None,
            by=None,
        )


def in_own_frame(image: CalibratedImage) -> AlignedImage:
    """The reference itself: nothing is moved, and its position is exact by definition."""
    excluded = _bits((Reason.CLIPPED, image.clipped), (Reason.MARKER, marker_mask(image)))
    return AlignedImage(
        linear=image.linear,
        valid=excluded == 0,
        sd=np.zeros(image.grid.shape, np.float32),
        grid=image.grid,
        digest=image.photo.digest,
        taken_on=image.photo.taken_on,
        colour=image.colour,
        has_colour=image.photo.has_colour,
        scale_uncertainty=image.scale.relative_uncertainty if image.scale else 0.0,
        excluded=excluded,
        own=image,
    )


def _bits(*masks: tuple[Reason, NDArray[np.bool_]]) -> Bits:
    bits = np.zeros(masks[0][1].shape, np.uint8)
    for reason, mask in masks:
        bits[mask] |= np.uint8(reason)
    return bits


def resample(moving: CalibratedImage, alignment: Alignment, reference: CalibratedImage) -> AlignedImage:
    """Bring the light of the moving photo into the frame of the reference.

    Parameters
    ----------
    moving, reference : CalibratedImage
    alignment : Alignment
        Of `moving` to `reference`.

    Returns
    -------
    AlignedImage
        On the analysis grid of the reference. Linear light is interpolated (bicubic), never sRGB bytes.
    """
    map_row, map_col, inside = _cells(alignment, moving.grid, reference.grid)
    linear = np.maximum(_remap(moving.linear, map_row, map_col, cv2.INTER_CUBIC, border=cv2.BORDER_CONSTANT), 0)
    markers = marker_mask(moving)
    lit, marked = (
        _remap(mask.astype(np.float32), map_row, map_col, border=cv2.BORDER_CONSTANT)
        for mask in (~moving.clipped & ~markers, markers)
    )
    known = lit > np.float32(0.99)
    on_marker = np.asarray(marker_mask(reference) | (inside & (marked > np.float32(0.01))))
    excluded = _bits(
        (Reason.UNSEEN, ~inside), (Reason.MARKER, on_marker), (Reason.CLIPPED, inside & ~known & ~on_marker)
    )
    return AlignedImage(
        linear=linear,
        valid=np.asarray(inside & known & ~marker_mask(reference)),
        sd=alignment.plane(alignment.sd, reference.grid) / np.float32(reference.grid.px_per_cell),
        grid=reference.grid,
        digest=moving.photo.digest,
        taken_on=moving.photo.taken_on,
        colour=moving.colour,
        has_colour=moving.photo.has_colour,
        scale_uncertainty=reference.scale.relative_uncertainty if reference.scale else 0.0,
        excluded=excluded,
        light_gain=_light_gain(reference, moving),
        own=moving,
        by=alignment,
    )


def _light_gain(reference: CalibratedImage, moving: CalibratedImage) -> tuple[float, float] | None:
    """Gain of relief shading over the reference, and its relative uncertainty, by the relief gauges in both photos."""
    then, now = (read_gauge(image.photo.rgb, image.markers) for image in (reference, moving))
    if then is None or now is None or min(then.kappa, now.kappa) < LEAST_KAPPA:
        return None
    doubt = np.hypot(then.kappa_uncertainty / then.kappa, now.kappa_uncertainty / now.kappa)
    return now.kappa / then.kappa, float(doubt)


def carry(values: NDArray[np.float32], alignment: Alignment, moving: Grid, reference: Grid) -> NDArray[np.float32]:
    """A quantity on the analysis grid of the moving photo, (h, w), on that of the reference; 0 where not covered."""
    map_row, map_col, _ = _cells(alignment, moving, reference)
    return _remap(values, map_row, map_col, border=cv2.BORDER_CONSTANT)


def _cells(
    alignment: Alignment, moving: Grid, reference: Grid
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Row and column in the moving grid of each cell of the reference, and whether it is covered."""
    position = alignment.dense(*_grid_lines(reference))
    inside = np.asarray(np.isfinite(position).all(axis=-1))
    on_grid = moving.from_photo(np.where(inside[..., None], position, -1e4)).astype(np.float32)
    return np.ascontiguousarray(on_grid[..., 0]), np.ascontiguousarray(on_grid[..., 1]), inside


def warp_photo(
    rgb: NDArray[np.uint8],
    alignment: Alignment,
    shape: tuple[int, int],
    *,
    out_shape: tuple[int, int] | None = None,
    ground: tuple[int, int, int] = BLACK,
) -> NDArray[np.uint8]:
    """The moving photo in the pixel frame of the reference, for looking at; never measured.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright moving photo, sRGB.
    alignment : Alignment
    shape : tuple of int
        Height and width of the reference photo.
    out_shape : tuple of int, optional
        Size of the result; by default that of the reference.
    ground : tuple of int
        sRGB colour where the moving photo does not reach; `PAPER` for people.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
        sRGB.
    """
    height, width = out_shape or shape
    rows = (np.arange(height, dtype=np.float64) + 0.5) * (shape[0] / height) - 0.5
    cols = (np.arange(width, dtype=np.float64) + 0.5) * (shape[1] / width) - 0.5
    position = np.nan_to_num(alignment.dense(rows, cols), nan=-1e4)
    return np.asarray(
        cv2.remap(
            rgb,
            np.ascontiguousarray(position[..., 1]),
            np.ascontiguousarray(position[..., 0]),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=ground,
        ),
        dtype=np.uint8,
    )


def _grid_lines(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Photo rows and columns of the cell centres."""
    rows, cols = ((np.arange(n, dtype=np.float64) + 0.5) * grid.px_per_cell - 0.5 for n in grid.shape)
    return rows, cols


def _interpolate(values: NDArray[np.float64], index: NDArray[np.float64]) -> NDArray[np.float64]:
    corner = np.minimum(index.astype(int), np.array(values.shape[:2]) - 2)
    (i, j), (a, b) = corner.T, (index - corner).T[..., None]
    top = (1 - b) * values[i, j] + b * values[i, j + 1]
    bottom = (1 - b) * values[i + 1, j] + b * values[i + 1, j + 1]
    return (1 - a) * top + a * bottom


def _remap(
    values: NDArray[np.float32],
    map_row: NDArray[np.float32],
    map_col: NDArray[np.float32],
    interpolation: int = cv2.INTER_LINEAR,
    *,
    border: int = cv2.BORDER_REPLICATE,
) -> NDArray[np.float32]:
    return np.asarray(cv2.remap(values, map_col, map_row, interpolation, borderMode=border), dtype=np.float32)
