"""Pictures for a blinded rater: only the skin that is judged, and nothing that tells one photo from the other.

Both pictures of a pair show the same piece of skin with the same outline, in the same pixels: the reference goes
through the same resampling as the photos that are aligned to it; otherwise its sharpness would give it away.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import PAPER, Alignment
from tracker.clinic import pictures
from tracker.clinic.looking import Gallery
from tracker.clinic.records import StoredPhoto

_RIM_PX = 4
Positions = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of the reference photo, as it is shown.

    Attributes
    ----------
    rows, cols : ndarray, shape (h,) and (w,)
        Centres of the shown pixels, in pixels of the reference photo.
    mask : ndarray, shape (h, w), bool
        True where skin is shown.
    """

    rows: NDArray[np.float64]
    cols: NDArray[np.float64]
    mask: NDArray[np.bool_]


class MaskedGallery(Gallery):
    """Masked pictures of the photos of one record."""

    def masked(self, photo_id: str, partner_id: str, width: int, *, mirrored: bool) -> bytes:
        """A JPEG of the judged skin of a photo, without what its partner does not show.

        Parameters
        ----------
        photo_id, partner_id : str
            Measured photos of one view; the same one beside its own mirror image.
        width : int
            At most so many pixels.
        mirrored : bool
            Left and right exchanged.
        """
        photo, partner = self._photo(photo_id), self._photo(partner_id)
        reference = self._reference(photo)
        tokens = [self._token(each) for each in (photo, partner, reference)]
        name = f"masked-{'-'.join(tokens)}-{width}{'-mirrored' if mirrored else ''}.jpg"

        def make() -> bytes:
            mask = self._mask(reference, tokens[2])
            window = window_of(mask, reference.shape, width, is_marked=self._is_marked(photo))
            at, other = (self._positions(each, window) for each in (photo, partner))
            seen = window.mask & reached(at, photo.shape) & reached(other, partner.shape)
            shown = cut(self._rgb(photo), at, seen)
            return pictures.jpeg(np.ascontiguousarray(shown[:, ::-1]) if mirrored else shown)

        return self._kept(photo, name, make)

    def _positions(self, photo: StoredPhoto, window: Window) -> Positions:
        """Where the shown pixels lie in a photo, (row, column); NaN where it does not reach."""
        if photo.is_reference:
            return np.stack(np.meshgrid(window.rows, window.cols, indexing="ij"), axis=-1)
        alignment: Alignment = self._map(photo, self._token(photo))
        return np.asarray(alignment.dense(window.rows, window.cols), dtype=np.float64)


def window_of(mask: NDArray[np.bool_], shape: tuple[int, int], width: int, *, is_marked: bool) -> Window:
    """The judged skin, and around a marked patch half its width of what surrounds it.

    Parameters
    ----------
    mask : ndarray, bool
        Where is measured, in the frame of the reference photo, of any size.
    shape : tuple of int
        Height and width of the reference photo.
    width : int
        Of the result at most; it is never finer than the reference.
    is_marked : bool
        A patch was marked; otherwise the mask is all of the skin, beside which lies nothing to judge.
    """
    whole = _filled(mask)
    if is_marked:
        half = 0.5 * float(np.sqrt(whole.sum()))
        whole = cv2.distanceTransform((~whole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= half
    top, bottom, left, right = _box(whole)
    scale = np.array(shape) / whole.shape
    size = np.array([bottom - top, right - left]) * scale
    step = max(1.0, size[1] / width)
    height, across = (max(1, round(float(s / step))) for s in size)
    rows = (top * scale[0]) + (np.arange(height) + 0.5) * (size[0] / height) - 0.5
    cols = (left * scale[1]) + (np.arange(across) + 0.5) * (size[1] / across) - 0.5
    part = whole[top:bottom, left:right].astype(np.uint8)
    shown = cv2.resize(part, (across, height), interpolation=cv2.INTER_NEAREST) > 0
    return Window(rows, cols, np.asarray(shown))


def reached(at: Positions, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Where a photo of this height and width has pixels to show, without its rim."""
    with np.errstate(invalid="ignore"):
        inside = np.all((at >= 1) & (at <= np.array(shape) - 2), axis=-1)
    kernel = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    return np.asarray(cv2.erode(inside.astype(np.uint8), kernel) > 0)


def cut(rgb: pictures.Rgb, at: Positions, seen: NDArray[np.bool_]) -> pictures.Rgb:
    """A photo at these positions; paper where nothing is to be seen.

    Parameters
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        Upright photo, sRGB.
    at : ndarray, shape (h, w, 2)
        Row and column of each pixel of the result in `rgb`.
    seen : ndarray, shape (h, w), bool

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
    """
    # Shrunk first, to twice the density of the result: the warp takes single pixels and would alias.
    steps = np.linalg.norm(np.diff(at, axis=1), axis=-1)
    step = float(np.nanmedian(steps)) if np.isfinite(steps).any() else 1.0
    small = pictures.shrunk(rgb, max(1, round(rgb.shape[1] * min(1.0, 2.0 / max(step, 1e-3)))))
    factor = np.array(small.shape[:2]) / rgb.shape[:2]
    place = np.nan_to_num((at + 0.5) * factor - 0.5, nan=-1e4).astype(np.float32)
    warped = cv2.remap(
        small,
        np.ascontiguousarray(place[..., 1]),
        np.ascontiguousarray(place[..., 0]),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.where(seen[..., None], warped, np.array(PAPER, np.uint8)).astype(np.uint8)


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask without holes: what is left out of the measuring within the skin is seen all the same."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    full = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(full, outlines, -1, 1, cv2.FILLED)
    return np.asarray(full > 0)


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """First and behind-last row, first and behind-last column of what is True."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
