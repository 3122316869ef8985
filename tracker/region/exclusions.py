"""What is left out of a region, cell by cell, and for which reason.

Some of it is known for certain: what the photo does not show, what is clipped, and what lies under a marker. The
rest is found in the picture: hair, shine, cloth, and what is out of focus. Which of it a metric leaves out is the
metric's own decision; all of it is counted.
"""

from __future__ import annotations

from enum import IntFlag

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.region.cloth import disc, find_cloth
from tracker.region.focus import find_blur
from tracker.region.shine import find_shine

#: How much skin around the region is looked at too, mm: what contrasts are taken against lies there.
AROUND_MM = 6.0
#: Pitch that is assumed where the photo has no scale: that of a picture of a forearm.
ASSUMED_MM_PER_CELL = 0.3
#: Shine, cloth and focus are looked for at no finer pitch than this, mm.
FINEST_MM = 0.25
BESIDE_MM = 2.0
_MOSTLY = 0.5


class Reason(IntFlag):
    """Why a cell is left out; a cell may have several."""

    UNSEEN = 1
    CLIPPED = 2
    MARKER = 4
    HAIR = 8
    SHINE = 16
    CLOTH = 32
    BLUR = 64
    UNSURE = 128

    @property
    def word(self) -> str:
        """What people call it, such as ``"shine"``."""
        return _WORDS[self]


_WORDS = {
    Reason.UNSEEN: "not in the picture",
    Reason.CLIPPED: "too bright or too dark",
    Reason.MARKER: "markers",
    Reason.HAIR: "hair",
    Reason.SHINE: "shine",
    Reason.CLOTH: "covered",
    Reason.BLUR: "out of focus",
    Reason.UNSURE: "place not known",
}
#: What is never measured: there is no light of skin.
UNKNOWN = Reason.UNSEEN | Reason.CLIPPED | Reason.MARKER

Bits = NDArray[np.uint8]


def find_exclusions(
    linear: NDArray[np.float32],
    region: NDArray[np.bool_],
    known: Bits,
    *,
    mm_per_cell: float | None,
    has_colour: bool,
    reference: NDArray[np.float32] | None = None,
) -> Bits:
    """Shine, cloth and what is out of focus, in and around a region.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear camera sRGB on the grid of the region.
    region : ndarray, shape (h, w), bool
        True = to be measured.
    known : ndarray, shape (h, w), uint8
        What is known to be left out: `Reason.UNSEEN`, `Reason.CLIPPED` and `Reason.MARKER`.
    mm_per_cell : float or None
    has_colour : bool
        Without colour, shine and cloth cannot be told from skin and are not looked for.
    reference : ndarray, shape (h, w, 3), float32, optional
        The reference photo on the same grid, for its focus.

    Returns
    -------
    ndarray, shape (h, w), uint8
        That, and `Reason.SHINE`, `Reason.CLOTH` and `Reason.BLUR`.
    """
    bits = known.copy()
    pitch = mm_per_cell or ASSUMED_MM_PER_CELL
    if not region.any():
        return bits
    where = _window(region, round(AROUND_MM / pitch))
    inside = region[where]
    seen, bare = (~is_left_out(bits[where], reasons) for reasons in (UNKNOWN, Reason.UNSEEN | Reason.MARKER))
    shape = tuple(max(1, round(size * min(1.0, pitch / FINEST_MM))) for size in inside.shape)
    pitch *= inside.shape[1] / shape[1]
    photos = [image[where] for image in (linear, reference) if image is not None]
    light, *then = (_resized(image, shape) for image in photos)
    inside, seen, bare = (_resized(mask.astype(np.float32), shape) > _MOSTLY for mask in (inside, seen, bare))
    found = np.zeros(shape, np.uint8)
    if has_colour:
        cloth = find_cloth(light, seen, inside, mm_per_cell=pitch)
        found[cloth] |= np.uint8(Reason.CLOTH)
        # The white of a card shines into the cells beside it.
        bare = cv2.erode((bare & ~cloth).astype(np.uint8), disc(BESIDE_MM / pitch), borderValue=1) > 0
        found[find_shine(light, seen & bare, mm_per_cell=pitch)] |= np.uint8(Reason.SHINE)
        seen &= ~cloth
    blurred = find_blur(light, seen & inside, mm_per_cell=pitch, reference=then[0] if then else None)
    found[blurred] |= np.uint8(Reason.BLUR)
    size = bits[where].shape[::-1]
    bits[where] |= np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    return bits


def _resized(values: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if values.shape[:2] == shape:
        return values
    return np.asarray(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32)


def is_left_out(bits: Bits, reasons: Reason) -> NDArray[np.bool_]:
    """Cells that are left out for one of the reasons, shape (h, w)."""
    return np.asarray((bits & np.uint8(reasons)) != 0)


def shares_left_out(bits: Bits, region: NDArray[np.bool_], reasons: Reason) -> tuple[tuple[Reason, float], ...]:
    """Share of a region that each reason takes, in [0, 1]; the largest first, and nothing that takes nothing.

    Parameters
    ----------
    bits : ndarray, shape (h, w), uint8
    region : ndarray, shape (h, w), bool
    reasons : Reason
        Those that are asked for.

    Returns
    -------
    tuple of (Reason, float)
        A cell with several reasons counts for the first of them in the order of `Reason`, so that the shares add up.
    """
    inside = bits[region] & np.uint8(reasons)
    total = max(1, len(inside))
    first = inside & (~inside + np.uint8(1))  # its lowest bit
    counts = {reason: int((first == reason).sum()) for reason in Reason if reason & reasons}
    kept = [(reason, count / total) for reason, count in counts.items() if count]
    return tuple(sorted(kept, key=lambda each: -each[1]))


def _window(region: NDArray[np.bool_], around: int) -> tuple[slice, slice]:
    rows, cols = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return tuple(  # type: ignore[return-value]
        slice(max(0, int(line[0]) - around), min(size, int(line[-1]) + around + 1))
        for line, size in zip((rows, cols), region.shape, strict=True)
    )
