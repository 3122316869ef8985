"""Original photos: taken in so that they are stored once and completely, and read back as they came."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import date

from tracker.clinic import photos, register
from tracker.clinic.files import Files
from tracker.clinic.records import StoredPhoto
from tracker.clinic.store import Store
from tracker.errors import PhotoRejected, RecordError
from tracker.photo import read_photo


def new_photo(
    view_id: str, data: bytes, name: str, taken_on: date | None, posing: int | None = None
) -> photos.NewPhoto:
    """What has to be known of a photo before it is stored; `posing` only of one of a repeatability study.

    Raises
    ------
    PhotoRejected
        It cannot be read, or nobody says when it was taken.
    """
    shown = name.encode(errors="replace").decode()  # a name that is not text must not cost the photo
    photo = read_photo(data, name=shown)
    day = taken_on or photo.taken_on
    if day is None:
        raise PhotoRejected(
            f"{shown} has no date; please give the day it was taken, or send the camera's own file.", code="no_date"
        )
    return photos.NewPhoto(view_id, photo.digest, shown, day, photo.shape, posing)


def store_original(store: Store, files: Files, new: photos.NewPhoto, data: bytes) -> StoredPhoto:
    """Store a photo once: the file first, then the row that makes it count.

    Raises
    ------
    RecordError
        Not saved; nothing was changed.
    """
    file = files.save_original(data)
    try:
        with store.writing() as connection:
            register.view(connection, new.view_id)
            known = photos.find(connection, new.view_id, new.digest)  # another thread may have been faster
            stored = known or photos.add(connection, new, file)
    except RecordError:
        _discard(store, files, file)
        raise
    if known is not None:
        files.remove_original(file)
    return stored


def _discard(store: Store, files: Files, file: str) -> None:
    """Remove a file whose row was refused. Where that is not certain it stays: litter is better than loss."""
    with suppress(RecordError):
        with store.reading() as connection:
            needed = photos.is_needed(connection, file)
        if not needed:
            files.remove_original(file)


def read_original(store: Store, files: Files, photo: StoredPhoto) -> bytes:
    """The bytes of a photo, exactly as they came.

    Raises
    ------
    RecordError
        The file is missing or no longer what was stored.
    """
    with store.reading() as connection:
        file = photos.file_of(connection, photo.id)
    data = files.original(file)
    if hashlib.sha256(data).hexdigest() != photo.digest:
        raise RecordError(
            f"The stored file of {photo.name} has been damaged; please restore it from a backup.",
            code="original_damaged",
        )
    return data
