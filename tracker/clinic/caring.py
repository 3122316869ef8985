"""The part of the clinic's record that says who a patient is, what they consent to, and what a clinician judged."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from tracker.clinic import body_measures, clock, consent_texts, consents, grades, overview
from tracker.clinic import details as details_of_patient
from tracker.clinic.actors import SYSTEM, Actor, Role
from tracker.clinic.body_measures import BodyMeasure
from tracker.clinic.consent_texts import ConsentText, Purpose
from tracker.clinic.consents import Channel, Consent, Scope
from tracker.clinic.details import PatientDetails
from tracker.clinic.grades import Grade
from tracker.clinic.overview import PatientDue, PatientRejections, PatientSummary
from tracker.clinic.records import Patient
from tracker.clinic.store import Store
from tracker.measurement.typed import TypedQuantity


class Caring:
    """Details, consents, grades and typed measures of one record; a base of `Clinic`."""

    _store: Store
    _actor: Actor = SYSTEM

    def details(self, patient_id: str) -> PatientDetails:
        """What is known of a patient; `RecordError` with code ``not_found`` if there is none."""
        with self._store.reading() as connection:
            return details_of_patient.details(connection, patient_id)

    def set_details(self, patient_id: str, new: PatientDetails) -> PatientDetails:
        """Replace what is known of a patient; `RecordError` if a year or a text makes no sense."""
        with self._store.writing() as connection:
            return details_of_patient.set_details(connection, patient_id, new, today=clock.today())

    def rename_patient(self, patient_id: str, *, name: str, note: str = "") -> Patient:
        """Correct the name and the note of a patient; `RecordError` if a text cannot be stored."""
        with self._store.writing() as connection:
            return details_of_patient.rename(connection, patient_id, name=name, note=note)

    def consents(self, patient_id: str) -> tuple[Consent, ...]:
        """Every consent that a patient ever gave, withdrawn or not, the latest first."""
        with self._store.reading() as connection:
            return consents.consents(connection, patient_id)

    def has_consent(self, patient_id: str, purpose: Purpose, *, site: str = "") -> bool:
        """Whether a consent holds now; with a site, whether it holds for that site."""
        with self._store.reading() as connection:
            return consents.has_consent(connection, patient_id, purpose, site=site)

    def give_consent(
        self,
        patient_id: str,
        purpose: Purpose,
        *,
        given_by: str,
        signed_on: date,
        channel: Channel = Channel.CLINIC,
        scope: Scope = Scope(),  # noqa: B008  # frozen
        taken_by: str = "",
    ) -> Consent:
        """Keep a consent to the wording that is asked with now.

        Parameters
        ----------
        patient_id : str
        purpose : Purpose
        given_by : str
            Who signed.
        signed_on : date
        channel : Channel
        scope : Scope
        taken_by : str
            Who asked.

        Raises
        ------
        RecordError
            Nobody has signed, or the day lies in the future.
        """
        with self._store.writing() as connection:
            return consents.give(
                connection,
                patient_id,
                purpose,
                given_by=given_by,
                signed_on=signed_on,
                channel=channel,
                scope=scope,
                taken_by=taken_by,
                today=clock.today(),
            )

    def withdraw_consent(self, patient_id: str, purpose: Purpose, *, channel: Channel = Channel.CLINIC) -> None:
        """End a consent at once; `RecordError` with code ``no_consent`` if none holds."""
        with self._store.writing() as connection:
            consents.withdraw(connection, patient_id, purpose, channel=channel)

    def consent_text(self, purpose: Purpose) -> ConsentText:
        """The wording that is asked with now."""
        with self._store.reading() as connection:
            return consent_texts.current_text(connection, purpose)

    def set_consent_text(self, purpose: Purpose, text: str) -> ConsentText:
        """Ask with another wording from now on; consents given before keep theirs."""
        with self._store.writing() as connection:
            return consent_texts.set_text(connection, purpose, text)

    def grades(self, view_id: str) -> tuple[Grade, ...]:
        """Grades of a view by day."""
        with self._store.reading() as connection:
            return grades.grades(connection, view_id)

    def grades_of_patient(self, patient_id: str) -> tuple[Grade, ...]:
        """Grades of all views of a patient, the latest first."""
        with self._store.reading() as connection:
            return grades.grades_of(connection, patient_id)

    def add_grade(self, view_id: str, *, scale: str, score: float, day: date, grader: str, note: str = "") -> Grade:
        """Keep what a clinician judged.

        Parameters
        ----------
        view_id : str
        scale : str
            Name of one of `tracker.clinic.grading_scales.SCALES`.
        score : float
        day : date
        grader, note : str

        Raises
        ------
        RecordError
            The scale has no such score, nobody graded, or the day lies in the future.
        """
        with self._store.writing() as connection:
            return grades.add(
                connection,
                view_id,
                scale_name=scale,
                score=score,
                day=day,
                grader=grader,
                note=note,
                today=clock.today(),
            )

    def remove_grade(self, grade_id: str) -> None:
        """Remove a grade that was written down by mistake."""
        with self._store.writing() as connection:
            grades.remove(connection, grade_id)

    def body_measures(self, patient_id: str) -> tuple[BodyMeasure, ...]:
        """Weight and tape of a patient as they were typed, by day."""
        with self._store.reading() as connection:
            return body_measures.measures(connection, patient_id)

    def body_readings(self, view_id: str) -> tuple[TypedQuantity, ...]:
        """The weight of a patient and the tape of a view, as reports take them."""
        with self._store.reading() as connection:
            return body_measures.readings(connection, view_id)

    def add_body_measure(
        self,
        patient_id: str,
        *,
        quantity: str,
        value: float,
        unit: str,
        day: date,
        view_id: str | None = None,
        level: str = "",
        by_patient: bool = False,
    ) -> BodyMeasure:
        """Keep a reading of scale or tape.

        Parameters
        ----------
        patient_id : str
        quantity : str
            ``"weight"`` or ``"tape"``.
        value : float
        unit : str
            ``"kg"`` or ``"lb"``; ``"cm"``, ``"mm"`` or ``"in"``.
        day : date
        view_id : str, optional
            Of a tape: the view whose site it lay around.
        level : str
            Of a tape: where exactly; the same each time.
        by_patient : bool
            True for one of the home diary.

        Raises
        ------
        RecordError
            The number or the unit makes no sense, or the tape lay elsewhere before.
        """
        with self._store.writing() as connection:
            return body_measures.add(
                connection,
                patient_id,
                quantity=quantity,
                value=value,
                unit=unit,
                day=day,
                view_id=view_id,
                level=level,
                by_patient=by_patient,
                today=clock.today(),
            )

    def remove_body_measure(self, measure_id: str) -> None:
        """Remove a reading that was typed by mistake."""
        with self._store.writing() as connection:
            body_measures.remove(connection, measure_id, only_by_patient=self._actor.role is Role.PATIENT)

    def summaries(self, patient_ids: Collection[str]) -> tuple[PatientSummary, ...]:
        """What Today shows of some patients."""
        with self._store.reading() as connection:
            return overview.summaries(connection, patient_ids)

    def rejected(self, patient_ids: Collection[str]) -> tuple[PatientRejections, ...]:
        """How many photos of the views of some patients are not comparable."""
        with self._store.reading() as connection:
            return overview.rejected(connection, patient_ids)

    def dues(self) -> tuple[PatientDue, ...]:
        """The next session of every patient whose course goes on, the earliest first."""
        with self._store.reading() as connection:
            return overview.dues(connection)
