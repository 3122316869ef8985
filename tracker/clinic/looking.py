"""Pictures of stored photos: made once, kept beside the record, and made again if they are lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import PAPER, Alignment
from tracker.calibration import calibrate
from tracker.clinic import photos, pictures, register, results
from tracker.clinic.files import Files
from tracker.clinic.maps import map_of, mask_of
from tracker.clinic.originals import read_original
from tracker.clinic.overlays import overlay_from
from tracker.clinic.records import StoredPhoto
from tracker.clinic.regions import carried_outline
from tracker.clinic.store import Store
from tracker.errors import RecordError
from tracker.photo import read_photo
from tracker.region import proposed_polygon
from tracker.report import Overlay
from tracker.reports.overlays import drawn

MIN_WIDTH, MAX_WIDTH = 16, 12_000
_SHOWN_AS = 2
"""Raised whenever the same measurement is shown otherwise: overlays that are kept are then made again."""


class Gallery:
    """Pictures of the photos of one record.

    Parameters
    ----------
    store : Store
    files : Files
    """

    def __init__(self, store: Store, files: Files) -> None:
        self._store, self._files = store, files

    def plain(self, photo_id: str, width: int) -> bytes:
        """The photo as it is, at most `width` pixels wide."""
        width = _checked(width)
        photo = self._photo(photo_id)
        return self._kept(photo, f"plain-{width}.jpg", lambda: pictures.jpeg(pictures.shrunk(self._rgb(photo), width)))

    def aligned(self, photo_id: str, width: int) -> bytes:
        """The photo in the frame of its reference; the reference is in its own."""
        width = _checked(width)
        photo = self._photo(photo_id)
        if photo.is_reference:
            return self.plain(photo_id, width)
        reference = self._reference(photo)
        token = self._token(photo)
        return self._kept(
            photo,
            f"aligned-{token}-{width}.jpg",
            lambda: pictures.jpeg(
                pictures.aligned(self._rgb(photo), self._map(photo, token), reference.shape, width=width, ground=PAPER)
            ),
        )

    def difference(self, photo_id: str, width: int) -> bytes:
        """Where the aligned photo is brighter or darker than its reference."""
        width = _checked(width)
        photo = self._photo(photo_id)
        reference = self._reference(photo)
        token, basis = self._token(photo), self._token(reference)

        def make() -> bytes:
            here = pictures.shrunk(self._rgb(reference), width)
            moved = here
            if not photo.is_reference:
                moved = pictures.aligned(self._rgb(photo), self._map(photo, token), reference.shape, width=width)
            mask = self._mask(reference, basis)
            unchanged = pictures.surroundings(mask) if self._is_marked(photo) else mask
            return pictures.jpeg(pictures.difference(here, moved, mask, unchanged=unchanged))

        return self._kept(photo, f"difference-{token}-{basis}-{width}.jpg", make)

    def overlay(self, photo_id: str, metric_name: str, width: int) -> bytes:
        """The photo in the frame of its reference with an overlay that is there already."""
        width = _checked(width)
        photo = self._photo(photo_id)
        name = f"{self._overlay_name(photo, metric_name)}-{width}.jpg"

        def make() -> bytes:
            picture = pictures.opened(self.aligned(photo_id, width))
            return pictures.jpeg(drawn(picture, self.overlay_data(photo_id, metric_name)))

        return self._kept(photo, name, make)

    def overlay_data(self, photo_id: str, metric_name: str) -> Overlay:
        """An overlay that is there already; `RecordError` if it is not."""
        photo = self._photo(photo_id)
        data = self._files.derived(photo, f"{self._overlay_name(photo, metric_name)}.npz")
        if data is None:
            raise RecordError(f"{photo.name} could not be shown with this number now; try again.", code="not_found")
        return overlay_from(data)

    def has_overlay(self, photo_id: str, metric_name: str) -> bool:
        """Whether an overlay is there."""
        photo = self._photo(photo_id)
        return self._files.derived(photo, f"{self._overlay_name(photo, metric_name)}.npz") is not None

    def keep_overlay(self, photo_id: str, metric_name: str, data: bytes) -> None:
        """Keep an overlay for the next time."""
        photo = self._photo(photo_id)
        self._files.save_derived(photo, f"{self._overlay_name(photo, metric_name)}.npz", data)

    def stored_map(self, photo_id: str) -> bytes:
        """The map of a photo to its reference as it is stored."""
        photo = self._photo(photo_id)
        return self._stored(photo, f"map-{self._token(photo)}.npz")

    def _overlay_name(self, photo: StoredPhoto, metric_name: str) -> str:
        basis = self._token(self._reference(photo))
        return f"overlay-{_SHOWN_AS}-{metric_name}-{self._token(photo)}-{basis}"

    def outline(self, photo_id: str, polygon: NDArray[np.float64]) -> list[list[tuple[float, float]]]:
        """Lines of a region of the reference in a later photo, in pixels of that photo."""
        photo = self._photo(photo_id)
        return carried_outline(polygon, self._map(photo, self._token(photo)), photo.shape)

    def proposal(self, photo_id: str) -> NDArray[np.float64] | None:
        """A region for a photo that nobody has marked yet: the outline of its skin; None where there is none."""
        photo = self._photo(photo_id)
        original = read_original(self._store, self._files, photo)
        return proposed_polygon(calibrate(read_photo(original, name=photo.name)))

    def _kept(self, photo: StoredPhoto, name: str, make: Callable[[], bytes]) -> bytes:
        known = self._files.derived(photo, name)
        if known is not None:
            return known
        made = make()
        with suppress(RecordError):  # a full disk must not keep anybody from looking
            self._files.save_derived(photo, name, made)
        return made

    def _photo(self, photo_id: str) -> StoredPhoto:
        with self._store.reading() as connection:
            return photos.photo(connection, photo_id)

    def _reference(self, photo: StoredPhoto) -> StoredPhoto:
        with self._store.reading() as connection:
            reference = photos.reference(connection, photo.view_id)
        if reference is None:
            raise _not_aligned(photo)
        return reference

    def _is_marked(self, photo: StoredPhoto) -> bool:
        with self._store.reading() as connection:
            return register.view(connection, photo.view_id).region is not None

    def _token(self, photo: StoredPhoto) -> str:
        with self._store.reading() as connection:
            token = results.token_of(connection, photo.id)
        if token is None:
            raise _not_aligned(photo)
        return token

    def _rgb(self, photo: StoredPhoto) -> NDArray[np.uint8]:
        return read_photo(read_original(self._store, self._files, photo), name=photo.name).rgb

    def _map(self, photo: StoredPhoto, token: str) -> Alignment:
        return map_of(self._stored(photo, f"map-{token}.npz"))

    def _mask(self, reference: StoredPhoto, token: str) -> NDArray[np.bool_]:
        return mask_of(self._stored(reference, f"mask-{token}.npz"))

    def _stored(self, photo: StoredPhoto, name: str) -> bytes:
        """A derived file that only measuring can make again: without it the photo waits once more."""
        data = self._files.derived(photo, name)
        if data is None:
            with self._store.writing() as connection:
                results.forget(connection, photo.id)
            raise _not_aligned(photo)
        return data


def _checked(width: int) -> int:
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise RecordError(f"A picture is between {MIN_WIDTH} and {MAX_WIDTH} pixels wide.", code="width")
    return width


def _not_aligned(photo: StoredPhoto) -> RecordError:
    return RecordError(f"{photo.name} is not aligned with its reference (yet).", code="not_found")
