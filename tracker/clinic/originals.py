"""Original photos: taken in so that they are stored once and completely, and read back as they came."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from tracker.clinic import photos, register
from tracker.clinic.files import Files
from tracker.clinic.records import StoredPhoto
from tracker.clinic.sealing import secrets_of
from tracker.clinic.store import Store
from tracker.clinic.sweeping import is_named
from tracker.clinic.vault import ORIGINAL
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
    return photos.NewPhoto(view_id, shown, day, photo.shape, posing)


def store_original(store: Store, files: Files, new: photos.NewPhoto, data: bytes) -> StoredPhoto:
    """Store a photo once: the blob first, then the row that makes it count.

    Raises
    ------
    RecordError
        Not saved; nothing was changed.
    """
    store.expect_writable()
    with store.reading() as connection:
        patient_id, digest = register.view(connection, new.view_id).patient_id, secrets_of(connection).digest(data)
    file = files.vault.put(patient_id, ORIGINAL, data)
    try:
        with store.writing() as connection:
            register.view(connection, new.view_id)
            known = photos.find(connection, new.view_id, digest)  # another thread may have been faster
            stored = known or photos.add(connection, new, file, digest)
            files.vault.ensure(patient_id, ORIGINAL, file, data)
    except RecordError:
        with suppress(RecordError):  # where it cannot be told it stays: litter is better than loss
            remove_originals(store, files, [photos.Gone("", patient_id, file)])
        raise
    return stored


def is_whole(store: Store, files: Files, photo: StoredPhoto) -> bool:
    """Whether the bytes of a stored photo are there, and are what was stored."""
    try:
        read_original(store, files, photo)
    except RecordError as error:
        if error.code not in ("original_missing", "original_damaged"):
            raise
        return False
    return True


def made_whole(store: Store, files: Files, photo: StoredPhoto, data: bytes) -> StoredPhoto:
    """A photo that is given once more: whoever is told that it is stored has to find it there.

    Parameters
    ----------
    store : Store
    files : Files
    photo : StoredPhoto
        As the record knows it.
    data : bytes
        Its bytes; they take the place of what was lost or damaged since.

    Raises
    ------
    RecordError
        It was lost or damaged, and could not be saved.
    """
    if not is_whole(store, files, photo):
        store.expect_writable()
        files.vault.put(photo.patient_id, ORIGINAL, data)
    return photo


def remove_originals(store: Store, files: Files, gone: Iterable[photos.Gone]) -> None:
    """Remove blobs whose rows are gone, but for those that another row names.

    Raises
    ------
    RecordError
        ``not_removed``: the disk did not let go of one.
    """
    for each in gone:
        with store.writing() as connection:  # so that nobody names it between the question and the removal
            if not is_named(connection, each.file):
                files.vault.remove(each.patient_id, each.file)


def read_original(store: Store, files: Files, photo: StoredPhoto) -> bytes:
    """The bytes of a photo, exactly as they came.

    Raises
    ------
    RecordError
        The blob is missing or no longer what was stored, or the patient was erased.
    """
    with store.reading() as connection:
        file, secrets = photos.file_of(connection, photo.id), secrets_of(connection)
    data = files.vault.get(photo.patient_id, ORIGINAL, file)
    if secrets.digest(data) != photo.digest:
        raise RecordError(
            f"The stored file of {photo.name} is that of another photo; please restore the record from a backup.",
            code="original_damaged",
        )
    return data
