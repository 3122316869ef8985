"""Repeatability studies of one record: run in the clinic, and taken over into its reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tracker.clinic import studies
from tracker.clinic.files import Files
from tracker.clinic.originals import made_whole, new_photo, remove_originals, store_original
from tracker.clinic.photos import Gone
from tracker.clinic.records import StoredPhoto
from tracker.clinic.register import random_id
from tracker.clinic.sealing import secrets_of
from tracker.clinic.showing import Showing
from tracker.clinic.store import Store
from tracker.clinic.study_records import AdoptedValue, Place, Study, Subject, Tone
from tracker.clinic.topics import Chosen
from tracker.errors import RecordError
from tracker.repeatability import MetricStudy, Reading, study_metrics


class Studying(Showing):
    """Repeatability studies of one record; a base of `Clinic`.

    Parameters
    ----------
    store : Store
    files : Files
    chosen : Chosen
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        super().__init__(store, files, chosen)
        self._files = files

    def studies(self) -> tuple[Study, ...]:
        """All studies, the latest first."""
        with self._store.reading() as connection:
            return studies.studies(connection)

    def study(self, study_id: str) -> Study:
        """One study; `RecordError` with code ``not_found`` if there is none."""
        with self._store.reading() as connection:
            return studies.study(connection, study_id)

    def start_study(
        self,
        *,
        place: Place,
        equipment: str,
        site: str,
        pose: str = "",
        indication: str = "",
        started_on: date,
    ) -> Study:
        """Begin a study of a set-up and a body view.

        Parameters
        ----------
        place : Place
        equipment : str
            Camera, lamp and room, in words.
        site, pose : str
            As in the views that the values will be used for.
        indication : str
            What is measured is what a view treated for this is measured for.
        started_on : date

        Raises
        ------
        RecordError
            Something is missing, or there is a study of this set-up and view.
        """
        new = Study(random_id(), place, equipment, site, pose, indication, started_on)
        with self._store.writing() as connection:
            return studies.add_study(connection, new)

    def study_subjects(self, study_id: str) -> tuple[Subject, ...]:
        """People of a study in the order in which they were added."""
        with self._store.reading() as connection:
            return studies.subjects(connection, study_id)

    def add_subject(
        self,
        study_id: str,
        *,
        code: str,
        tone: Tone | None = None,
        has_other_operator: bool = False,
        patient_id: str | None = None,
    ) -> Subject:
        """Add a person to a study: a volunteer of whom only a code is known, or a patient of the record.

        Raises
        ------
        RecordError
            The code is empty, too long or taken in this study.
        """
        with self._store.writing() as connection:
            return studies.add_subject(
                connection,
                study_id,
                code=code,
                tone=tone,
                has_other_operator=has_other_operator,
                patient_id=patient_id,
            )

    def note_subject(self, view_id: str, *, tone: Tone | None, has_other_operator: bool) -> None:
        """Change what is noted of a person of a study."""
        with self._store.writing() as connection:
            studies.note_subject(connection, view_id, tone=tone, has_other_operator=has_other_operator)

    def remove_subject(self, view_id: str) -> None:
        """Remove a person from a study, with all photos and what was measured in them."""
        with self._store.writing() as connection:
            gone = studies.remove_subject(connection, view_id)
        self._remove_files(gone)
        self._arrived()

    def add_study_photo(
        self, view_id: str, data: bytes, name: str, *, posing: int, taken_on: date | None = None
    ) -> StoredPhoto:
        """Store a photo of a posing; the same file in the same posing is stored once.

        Parameters
        ----------
        view_id : str
            The view that holds the photos of a person.
        data : bytes
            The original file; kept exactly.
        name : str
        posing : int
            From 1.
        taken_on : date, optional
            By default what the photo says.

        Raises
        ------
        PhotoRejected
            The file cannot be read or has no date; nothing has been stored.
        RecordError
            It could not be saved, or is known as a photo of another posing or person; nothing has been changed.
        """
        with self._store.reading() as connection:
            known = studies.check_new_photo(connection, view_id, secrets_of(connection).digest(data), posing)
        if known is not None:
            return made_whole(self._store, self._files, known, data)
        new = new_photo(view_id, data, name, taken_on, posing)
        stored = store_original(self._store, self._files, new, data)
        self._arrived()
        return stored

    def study_results(self, study_id: str) -> tuple[MetricStudy, ...]:
        """How well each metric repeats, from what has been measured so far; in display order."""
        with self._store.reading() as connection:
            own = studies.study(connection, study_id)
            rows, refused = studies.readings(connection, study_id), studies.refusals(connection, study_id)
            codes = {each.view_id: each.code for each in studies.subjects(connection, study_id)}
        metrics = self._chosen.metrics(own.indication)
        found = {
            metric.name: [
                Reading(codes[row.view_id], str(row.number), row.value)
                for row in rows
                if (row.metric, row.method) == (metric.name, metric.method)
            ]
            for metric in metrics
        }
        return study_metrics(metrics, found, refused)

    def adopt_study(self, study_id: str) -> tuple[AdoptedValue, ...]:
        """Use what a study found in the reports of its view, from now on.

        Raises
        ------
        RecordError
            ``too_small``: no metric has enough people and posings yet.
        """
        own, results = self.study(study_id), self.study_results(study_id)
        values = [
            AdoptedValue(
                each.metric.name, each.metric.method, each.usable.session_sd, each.usable.shot_sd, each.usable.used,
                each.people, own.set_up,
            )
            for each in results
            if each.usable is not None
        ]  # fmt: skip
        if not values:
            raise RecordError(
                "This study is too small for its values to be used; please add people first.", code="too_small"
            )
        with self._store.writing() as connection:
            studies.adopt(connection, own, values)
        return tuple(values)

    def adopted_values(self, site: str, pose: str) -> tuple[AdoptedValue, ...]:
        """What the reports of a view use; empty while they use provisional values."""
        with self._store.reading() as connection:
            return studies.adopted(connection, site, pose)

    def forget_adopted(self, site: str, pose: str) -> None:
        """From now on the reports of a view use provisional values."""
        with self._store.writing() as connection:
            studies.forget_adopted(connection, site, pose)

    def studied_views(self) -> Sequence[tuple[str, str]]:
        """Site and pose of the views of patients, the most frequent first."""
        with self._store.reading() as connection:
            return studies.sites_and_poses(connection)

    def _arrived(self) -> None:
        self._bench.photos_came()
        worker = self._worker
        if worker is not None:
            worker.wake()

    def _remove_files(self, gone: list[Gone]) -> None:
        """After the rows: a file without a row is litter, a row without its file is a loss."""
        for each in gone:
            self._files.remove_derived(each.photo_id)
        remove_originals(self._store, self._files, gone)
