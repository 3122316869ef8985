"""Real photos of charts: how far their patches are from the published colours, before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracker.calibration import ColourLevel
from tracker.calibration.chart import calibrate_colour, read_patches, reference_xyz
from tracker.calibration.colour import ColourCalibration, undo_tone
from tracker.calibration.fit import delta_e00
from tracker.calibration.linear import XYZ_FROM_LINEAR
from tracker.errors import TrackerError
from tracker.photo import read_photo

REAL: Final = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "colour"
"""Where the photos are, if they are at hand; they are no part of this repository."""

Row = dict[str, Any]


def real_charts() -> list[Row]:
    """Real photos of charts: ΔE00 of the readable patches from their published colours, before and after."""
    if not REAL.is_dir():
        return []
    rows = []
    for path in sorted([*REAL.glob("*.png"), *REAL.glob("plantcv/*.png"), *REAL.glob("plantcv/*.jpg")]):
        try:
            photo = read_photo(path)
        except TrackerError as error:
            rows.append({"photo": path.name, "level": error.code, "evidence": error.reason})
            continue
        found = calibrate_colour(photo.rgb)
        row: Row = {"photo": path.name, "level": str(found.level), "evidence": found.evidence}
        if found.level is ColourLevel.CHART and found.corners is not None:
            row |= _residual(photo.rgb, found)
        rows.append(row)
    return rows


def _residual(rgb: NDArray[np.uint8], found: ColourCalibration) -> Row:
    assert found.corners is not None
    patches = read_patches(rgb, found.corners)
    known, xyz = patches.known, reference_xyz()
    before = delta_e00(patches.camera @ XYZ_FROM_LINEAR.T, xyz)[known]
    corrected = found.apply(patches.camera.astype(np.float32)).astype(np.float64)
    after = delta_e00(corrected @ XYZ_FROM_LINEAR.T, xyz)[known]
    light = undo_tone(patches.camera, found.tone)[known]
    plain, *_ = np.linalg.lstsq(light, xyz[known], rcond=None)
    return {
        "patches": int(known.sum()), "left_out": found.delta_e, "grey_residual": found.grey_residual,
        "before": float(np.median(before)), "before_mean": float(before.mean()),
        "after": float(np.median(after)), "after_mean": float(after.mean()),
        "after_plain": float(np.median(delta_e00(light @ plain, xyz[known]))),
    }  # fmt: skip
