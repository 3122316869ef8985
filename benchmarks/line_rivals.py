"""What else is done about lines, on the same aligned photos: none of it is part of the product."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import frangi, threshold_otsu

from tracker.alignment import AlignedImage
from tracker.calibration import srgb_from_linear
from tracker.pipeline import Reference
from tracker.shading import chroma_regressed_shading

RIVALS = ("grey_hessian", "grey_sd", "chroma_contrast")
TITLES = {
    "line_contrast": "ours",
    "grey_hessian": "Hessian (Frangi) on grey, share above a threshold",
    "grey_sd": "standard deviation of grey",
    "chroma_contrast": "our strips, chroma-regressed shading",
}
SIGMAS_CELLS = (1.5, 2.5, 4.0)


def rival_values(reference: Reference, aligned: AlignedImage) -> dict[str, float]:
    """Change of each rival against the reference, in per cent, over the cells that both photos have."""
    both = reference.mask & reference.aligned.valid & aligned.valid
    (before, sd_before), (after, sd_after) = (_read(image, both) for image in (reference.aligned, aligned))
    limit = float(threshold_otsu(before))
    chroma = [_strips(image, both, reference) for image in (reference.aligned, aligned)]
    pairs = {
        "grey_hessian": (float(np.mean(before > limit)), float(np.mean(after > limit))),
        "grey_sd": (sd_before, sd_after),
        "chroma_contrast": (chroma[0], chroma[1]),
    }
    return {name: 100 * (now / max(then, 1e-9) - 1) for name, (then, now) in pairs.items()}


def _read(image: AlignedImage, mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Response of the Hessian filter in each cell of the mask, and the spread of grey."""
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    where = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
    inside = mask[where]
    grey = srgb_from_linear(image.linear[where]).astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    grey = np.where(inside, grey, grey[inside].mean())
    ridges = np.asarray(frangi(grey, sigmas=SIGMAS_CELLS, black_ridges=True), np.float64)
    return ridges[inside], float(grey[inside].std())


def _strips(image: AlignedImage, mask: NDArray[np.bool_], reference: Reference) -> float:
    """Our own strips and flanks, with the colour of each cell regressed away."""
    marks = reference.marks.get("line_contrast")
    mm = image.grid.mm_per_cell
    if marks is None or mm is None:
        return np.nan
    squared = np.square(chroma_regressed_shading(image.linear, mask, mm_per_cell=mm, band_mm=(0.4, 2.0)))
    away = mm * cv2.distanceTransform((marks <= 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    strip, flank = mask & (marks > 0), mask & (away > 0.7) & (away <= 2.5)
    return float(np.sqrt(max(squared[strip].mean() - squared[flank].mean(), 0.0)))
