"""The part of the clinic's record that a patient keeps at home: weight, tape, words, and photos of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, cast

from tracker.clinic import body_measures, clock, diary_rows, photos, register
from tracker.clinic.diary_records import DiaryDay, Reading, by_day
from tracker.clinic.entries import paragraphs, past_day
from tracker.clinic.files import Files
from tracker.clinic.originals import made_whole, new_photo, read_original, store_original
from tracker.clinic.records import StoredPhoto, View
from tracker.clinic.sealing import secrets_of
from tracker.clinic.showing import Showing
from tracker.errors import RecordError

if TYPE_CHECKING:
    from tracker.clinic.clinic import Clinic


class Diary(Showing):
    """Home diaries of one record; a base of `Clinic`."""

    _files: Files

    def keep_diary(
        self, patient_id: str, *, day: date | None = None, text: str = "", readings: Sequence[Reading] = ()
    ) -> None:
        """Keep what a patient tells of a day, all of it or nothing.

        Parameters
        ----------
        patient_id : str
        day : date, optional
            By default today.
        text : str
        readings : sequence of Reading
            Weight and tape; a second one of a day is averaged with the first.

        Raises
        ------
        RecordError
            ``empty``: nothing was told; or a text, a number or a day makes no sense. Nothing has been changed.
        """
        today, text = clock.today(), paragraphs("diary entry", text, most=2000)
        day = past_day("day", day or today, today=today)
        if not text and not readings:
            raise RecordError("There is nothing to keep yet; please fill in a line.", code="empty")
        with self._store.writing() as connection:
            register.patient(connection, patient_id)
            if text:
                diary_rows.add_text(connection, patient_id, day, text)
            for reading in readings:
                body_measures.add(
                    connection,
                    patient_id,
                    quantity=reading.quantity,
                    value=reading.value,
                    unit=reading.unit,
                    day=day,
                    view_id=reading.view_id,
                    level=reading.level,
                    by_patient=True,
                    today=today,
                )

    def diary(self, patient_id: str) -> tuple[DiaryDay, ...]:
        """What a patient told, the latest day first: words, readings and photos."""
        with self._store.reading() as connection:
            register.patient(connection, patient_id)
            texts = diary_rows.texts(connection, patient_id)
            readings = [each for each in body_measures.measures(connection, patient_id) if each.by_patient]
            homes = diary_rows.home_views(connection, patient_id)
            taken = [photo for view in homes for photo in photos.photos(connection, view.id)]
        return by_day(texts, readings, taken)

    def remove_diary_entry(self, entry_id: str) -> None:
        """Take words of the diary back."""
        with self._store.writing() as connection:
            diary_rows.remove_text(connection, entry_id)

    def diary_areas(self, patient_id: str) -> tuple[View, ...]:
        """What of a patient is photographed in the clinic: one view for each body site and side."""
        with self._store.reading() as connection:
            homes = {view.id for view in diary_rows.home_views(connection, patient_id)}
            views = [view for view in register.views(connection, patient_id) if view.id not in homes]
        first = {(view.site, view.laterality): view for view in reversed(views)}
        return tuple(view for view in views if first[view.site, view.laterality] is view)

    def home_views(self, patient_id: str) -> tuple[View, ...]:
        """The views of a patient that hold what was photographed at home."""
        with self._store.reading() as connection:
            return diary_rows.home_views(connection, patient_id)

    def add_home_photo(self, view_id: str, data: bytes, name: str, *, taken_on: date | None = None) -> StoredPhoto:
        """Store a photo that a patient took at home of the area of a view; it is no part of that view's course.

        Parameters
        ----------
        view_id : str
            Of the clinic: the area that is photographed.
        data : bytes
        name : str
        taken_on : date, optional
            By default what the photo says.

        Returns
        -------
        StoredPhoto
            In a view of its own, *at home*.

        Raises
        ------
        PhotoRejected
            The file cannot be read or has no date; nothing has been stored.
        RecordError
            ``future``: it says it was taken on a day to come; or it could not be saved.
        """
        new = new_photo(view_id, data, name, taken_on)  # what is no photo makes no view either
        past_day("day of the photo", new.taken_on, today=clock.today())
        with self._store.writing() as connection:
            home = diary_rows.home_view(connection, register.view(connection, view_id))
        return self._stored_in(home.id, data, name, new.taken_on)

    def move_home_photo(self, photo_id: str, view_id: str) -> StoredPhoto:
        """Put a photo that was taken at home into a view of the clinic: from now on it is part of its course.

        Raises
        ------
        RecordError
            ``not_home``: it was not taken at home; ``other_patient``: the view is somebody else's.
        """
        with self._store.reading() as connection:
            photo = photos.photo(connection, photo_id)
            patient_id = register.view(connection, photo.view_id).patient_id
            homes = {view.id for view in diary_rows.home_views(connection, patient_id)}
            wanted = register.view(connection, view_id)
        if photo.view_id not in homes or view_id in homes:
            raise RecordError(
                "Only a photo that was taken at home can be moved, and only into a view of the clinic.", code="not_home"
            )
        if wanted.patient_id != patient_id:
            raise RecordError("This view belongs to somebody else; please choose another.", code="other_patient")
        data = read_original(self._store, self._files, photo)
        moved = self._stored_in(view_id, data, photo.name, photo.taken_on)
        cast("Clinic", self).remove_photo(photo_id)
        return moved

    def _stored_in(self, view_id: str, data: bytes, name: str, day: date) -> StoredPhoto:
        with self._store.reading() as connection:
            known = photos.find(connection, view_id, secrets_of(connection).digest(data))
        if known is not None:
            return made_whole(self._store, self._files, known, data)
        stored = store_original(self._store, self._files, new_photo(view_id, data, name, day), data)
        self._arrived()
        return stored
