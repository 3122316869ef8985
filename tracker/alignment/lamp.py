"""How far the lamp has pulled the map, and back.

Relief that is lit from another side looks shifted, by a fraction of its wavelength and consistently: neither the way
back nor the residuals notice it. Pigment does not move with the lamp, but is coarser. Where a map made from luma
drifts as a whole when it is refined on pigment, the lamp had pulled it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracker.alignment.field import Field, Warp
from tracker.alignment.planes import Points
from tracker.alignment.pyramid import Pyramid
from tracker.alignment.refinement import Level, refine
from tracker.alignment.search import cell_weight

UNKNOWN = 0.3
"""What is assumed where pigment tells nothing, in thousandths: the same room and lamp."""
_LEVEL = (Level(500, cells=20, iterations=5),)
_MIN_SHARE = 0.03
_NOISE = 0.1  # drift that the noise of pigment alone can cause, in thousandths
# Colour is stored at half size, and encoders differ by up to half a pixel in where they put it. A drift that this alone
# can cause moves the map by at most a fifth of it; in a photo of many pixels the drift of a lamp is far larger.
_CHROMA_PX = 1.0


def without_lamp(here: Pyramid, there: Pyramid, warp: Warp) -> tuple[Warp, float]:
    """The warp where pigment has it on average, and how far the lamp had pulled it, in thousandths.

    Parameters
    ----------
    here, there : Pyramid
    warp : Warp
        The refined map, from luma.
    """
    drift = _drift(here, there, warp)
    if drift is None:
        return warp, UNKNOWN
    pull = 1000 * float(np.hypot(*drift))
    doubt = max(_NOISE, 1000 * _CHROMA_PX / min(max(here.shape), max(there.shape)))
    certain = pull**2 / (pull**2 + doubt**2)
    # The basis functions add up to one everywhere: the same change of all coefficients moves the whole field.
    return replace(warp, field=Field(warp.field.extent, warp.field.coefficients + certain * drift)), pull


def _drift(here: Pyramid, there: Pyramid, warp: Warp) -> Points | None:
    """Mean displacement of the map on pigment against luma, (row, column) in units; None if pigment is too faint."""
    if here.pigment is None or there.pigment is None:
        return None
    seen = refine(here.stained(), there.stained(), warp, _LEVEL)[-1]
    weight = cell_weight(here.weight, seen) * np.clip((seen.correlation - 0.15) / 0.3, 0, 1)
    if weight.mean() < _MIN_SHARE:
        return None
    rows, cols = (_centres(n, float(side)) for n, side in zip(weight.shape, here.extent, strict=True))
    drift = seen.warp.field.on_lines(rows, cols) - warp.field.on_lines(rows, cols)
    return np.asarray((drift * weight[..., None]).sum(axis=(0, 1)) / weight.sum(), dtype=np.float64)


def _centres(count: int, side: float) -> Points:
    return (np.arange(count, dtype=np.float64) + 0.5) * side / count
