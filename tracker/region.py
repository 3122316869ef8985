"""Where to measure: a region of interest in the reference photo, the skin in it, and what to leave out.

A mask is True where we measure.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tracker.calibration import CalibratedImage, ColourLevel, srgb_from_linear
from tracker.errors import RegionInvalid
from tracker.photo import display_name

MIN_REGION_CELLS = 64
MARKER_MARGIN = 1.5
CARD_MARGIN = 1.05  # of what is known to its edge
_MAX_REGION_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A region of interest, in pixels of the upright reference photo.

    Attributes
    ----------
    polygon : ndarray, shape (n, 2), or None
        Corners as (row, column).
    mask : ndarray, shape (H, W), bool, or None
        True = measured; the size of the reference photo.

    Notes
    -----
    Without polygon and mask the region is *the whole skin*.
    """

    polygon: NDArray[np.float64] | None = None
    mask: NDArray[np.bool_] | None = None

    @property
    def is_whole_skin(self) -> bool:
        """True when nothing was marked."""
        return self.polygon is None and self.mask is None

    def as_json(self) -> dict[str, object]:
        """The region in the form of a region file; a mask is stated by its size and area."""
        if self.polygon is not None:
            return {"polygon": self.polygon.round(2).tolist()}
        if self.mask is not None:
            return {"mask_shape": list(self.mask.shape), "mask_pixels": int(self.mask.sum())}
        return {"whole_skin": True}


WHOLE_SKIN = Region()


def read_region(source: Path | str | bytes) -> Region:
    """Read a region file: JSON ``{"polygon": [[row, col], …]}``, or a PNG mask of the reference's size.

    Raises
    ------
    RegionInvalid
        The file is neither, or the polygon is not one.
    """
    data = _region_bytes(source)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _mask_region(data)
    try:
        document = json.loads(data.decode("utf-8"))
        corners = np.asarray(document["polygon"], dtype=np.float64)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise RegionInvalid(
            'The region file is not readable: it must be JSON of the form {"polygon": [[row, col], …]}, or a PNG mask.'
        ) from error
    return polygon_region(corners)


def polygon_region(corners: NDArray[np.float64]) -> Region:
    """Region inside a polygon of at least three (row, column) corners.

    Raises
    ------
    RegionInvalid
        Fewer than three corners, or a corner that is not two numbers.
    """
    if corners.ndim != 2 or corners.shape[1:] != (2,) or len(corners) < 3 or not np.isfinite(corners).all():
        raise RegionInvalid("The region needs at least three corners, each a row and a column; please draw it again.")
    return Region(polygon=corners)


def _region_bytes(source: Path | str | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        if Path(source).stat().st_size > _MAX_REGION_BYTES:
            raise RegionInvalid(f"The region file {display_name(Path(source).name)} is too large to be one.")
        return Path(source).read_bytes()
    except OSError as error:
        raise RegionInvalid(
            f"The region file {display_name(Path(source).name)} could not be opened ({error.strerror or error})."
        ) from error


def _mask_region(data: bytes) -> Region:
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG"])
        if picture.size[0] * picture.size[1] > 60_000_000:
            raise RegionInvalid("The region mask is larger than any photo we read.")
        mask = _marked(picture)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise RegionInvalid("The region mask is damaged; please save it again as a PNG.") from error
    if not mask.any():
        raise RegionInvalid("The region mask marks nothing; please paint white what is to be measured.")
    return Region(mask=mask)


def _marked(picture: Image.Image) -> NDArray[np.bool_]:
    """What a mask marks: white, or the label 1, or what was painted on a transparent ground."""
    levels = np.asarray(picture.convert("L"))
    if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
        rgba = np.asarray(picture.convert("RGBA"))
        solid = rgba[..., 3] > 127
        if not solid.all():
            return solid if _is_one_colour(rgba[solid, :3]) else solid & (levels > 127)
    if levels.max() == 1 or (picture.mode == "P" and levels.max() <= 127):  # labels, or the dark colours of labels
        return levels > 0
    return levels > 127


def _is_one_colour(colours: NDArray[np.uint8]) -> bool:
    # Programs that store colours multiplied by alpha bring them back with a small error.
    return len(colours) == 0 or bool((np.ptp(colours.astype(np.int16), axis=0) <= 8).all())


def region_mask(region: Region, reference: CalibratedImage) -> NDArray[np.bool_]:
    """The region on the analysis grid of the reference.

    Parameters
    ----------
    region : Region
    reference : CalibratedImage

    Returns
    -------
    ndarray, shape (h, w), bool
        True = to be measured. For *the whole skin* this is the skin found by colour, without markers.

    Raises
    ------
    RegionInvalid
        The region lies outside the picture, is too small, or no skin was found.
    """
    if region.is_whole_skin:
        mask = skin_mask(reference)
        if mask.sum() < MIN_REGION_CELLS:
            raise RegionInvalid(
                f"No skin was found in {reference.photo.name}; please mark the region to measure.", code="no_skin"
            )
        return mask
    mask = _rasterise(region, reference) & ~marker_mask(reference)
    if mask.sum() < MIN_REGION_CELLS:
        raise RegionInvalid(
            f"The region lies outside {reference.photo.name} or is too small to measure; please draw it again.",
            code="region_outside",
        )
    return mask


def _rasterise(region: Region, reference: CalibratedImage) -> NDArray[np.bool_]:
    height, width = reference.grid.shape
    if region.mask is not None:
        if region.mask.shape != reference.photo.shape:
            raise RegionInvalid(
                f"The region mask is {region.mask.shape[1]} × {region.mask.shape[0]} pixels, but the reference photo "
                f"is {reference.photo.shape[1]} × {reference.photo.shape[0]}; both must be the same.",
                code="region_size",
            )
        small = cv2.resize(region.mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small > 127)
    assert region.polygon is not None
    inside = (region.polygon >= -0.5) & (region.polygon <= np.array(reference.photo.shape) - 0.5)
    if not inside.all():
        raise RegionInvalid(
            f"The region reaches outside {reference.photo.name} ({reference.photo.shape[1]} × "
            f"{reference.photo.shape[0]} pixels); please draw it inside the picture.",
            code="region_outside",
        )
    fine = 16  # sub-cell resolution of the polygon's corners
    corners = np.rint(reference.grid.from_photo(region.polygon)[:, ::-1] * fine).astype(np.int32)
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [corners], 1, shift=4)
    return canvas.astype(np.bool_)


def marker_mask(image: CalibratedImage) -> NDArray[np.bool_]:
    """Printed markers and the colour chart with a margin, on the analysis grid of the image."""
    canvas = np.zeros(image.grid.shape, np.uint8)
    outlines = [(m.corners, MARKER_MARGIN) for m in image.markers]
    if image.colour.corners is not None:
        margin = MARKER_MARGIN if image.colour.level is ColourLevel.CHART else CARD_MARGIN
        outlines.append((image.colour.corners, margin))
    for outline, margin in outlines:
        middle = outline.mean(axis=0)
        wider = image.grid.from_photo(middle + (outline - middle) * margin)
        cv2.fillConvexPoly(canvas, np.rint(wider[:, ::-1]).astype(np.int32), 1)
    return canvas.astype(np.bool_)


def skin_mask(image: CalibratedImage) -> NDArray[np.bool_]:
    """Skin found by colour, on the analysis grid of the image.

    Parameters
    ----------
    image : CalibratedImage

    Returns
    -------
    ndarray, shape (h, w), bool

    Notes
    -----
    A gate in YCrCb (Chai & Ngan 1999, widened for warm light) proposes skin; the chroma of the largest proposed
    part then decides for the whole picture, so that the result follows this patient's tone and this room's light.
    In a picture without colour everything that is neither black nor white counts as skin.
    """
    encoded = (srgb_from_linear(image.linear) * 255).astype(np.uint8)
    usable = ~marker_mask(image) & (encoded.max(axis=2) > 12)
    if not image.photo.has_colour:
        return usable & (encoded.max(axis=2) < 245)
    proposed = _skin_coloured(encoded) & usable
    if not proposed.any():
        return proposed
    chroma = cv2.cvtColor(encoded, cv2.COLOR_RGB2LAB)[..., 1:].astype(np.float64)
    core = _largest_part(proposed)
    centre = np.median(chroma[core], axis=0)
    spread = np.cov(chroma[core].T) + 9.0 * np.eye(2)
    offset = chroma - centre
    distance = np.einsum("hwi,ij,hwj->hw", offset, np.linalg.inv(spread), offset)
    likely = usable & (distance < 12.0) & _skin_coloured(encoded, tolerance=6)
    return _tidy(likely, image)


def _skin_coloured(encoded: NDArray[np.uint8], tolerance: int = 0) -> NDArray[np.bool_]:
    luma, cr, cb = cv2.split(cv2.cvtColor(encoded, cv2.COLOR_RGB2YCrCb))
    inside = (cr > 132 - tolerance) & (cr < 185 + tolerance) & (cb > 70 - tolerance) & (cb < 128 + tolerance)
    return np.asarray(inside & (luma > 25))


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _tidy(mask: NDArray[np.bool_], image: CalibratedImage) -> NDArray[np.bool_]:
    """Close pores and moles, drop crumbs, and stay away from the outline, where shape and not skin is seen."""
    size = max(3, round(max(image.grid.shape) / 100)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc)
    whole = _filled(_large_parts(opened.astype(np.bool_)))
    return np.asarray(cv2.erode(whole.astype(np.uint8), disc, borderValue=0).astype(np.bool_) & ~marker_mask(image))


def _large_parts(mask: NDArray[np.bool_], share: float = 0.1) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.isin(labels, 1 + np.flatnonzero(areas >= share * areas.max()))


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill enclosed holes smaller than 2 % of the skin: spots and moles are skin."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    holes = 1 + np.flatnonzero(stats[1:count, cv2.CC_STAT_AREA] < 0.02 * mask.sum())
    return np.asarray(mask | np.isin(labels, holes))


def looks_like_skin(linear: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cells whose colour skin can have in ordinary light, cell by cell; wider than `skin_mask`.

    Parameters
    ----------
    linear : ndarray, shape (h, w, 3), float32
        Linear sRGB.

    Returns
    -------
    ndarray, shape (h, w), bool
    """
    return _skin_coloured((srgb_from_linear(linear) * 255).astype(np.uint8), tolerance=8)
