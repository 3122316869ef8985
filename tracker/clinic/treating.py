"""The part of the clinic's record that says what is planned for a patient, and what was given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tracker.clinic import clock, courses, treatments, visits
from tracker.clinic.course_plans import CourseTemplate, Due, Phase
from tracker.clinic.courses import Course
from tracker.clinic.store import Store
from tracker.clinic.treatment_records import Lot, LotUse, NewTreatment, Treatment
from tracker.clinic.visits import SessionDay, Visit


class Treating:
    """Courses, sessions and treatments of one record; a base of `Clinic`."""

    _store: Store

    def course_templates(self) -> tuple[CourseTemplate, ...]:
        """Templates to begin a course with: the clinic's, and those offered that it has not changed."""
        with self._store.reading() as connection:
            return courses.templates(connection)

    def save_course_template(self, template: CourseTemplate) -> CourseTemplate:
        """Store a template under its name; courses that run are not changed. `RecordError` if it cannot be followed."""
        with self._store.writing() as connection:
            return courses.save_template(connection, template)

    def remove_course_template(self, name: str) -> None:
        """Remove a template of the clinic; one that was offered comes back as it was."""
        with self._store.writing() as connection:
            courses.remove_template(connection, name)

    def courses(self, patient_id: str) -> tuple[Course, ...]:
        """Courses of a patient, the latest first."""
        with self._store.reading() as connection:
            return courses.courses(connection, patient_id)

    def start_course(
        self, patient_id: str, *, template: str, indication: str = "", started_on: date | None = None
    ) -> Course:
        """Begin a course with the plan of a template.

        Parameters
        ----------
        patient_id : str
        template : str
            Its name.
        indication : str
        started_on : date, optional
            By default today.

        Raises
        ------
        RecordError
            There is no such template, or a course runs already.
        """
        today = clock.today()
        with self._store.writing() as connection:
            return courses.start(
                connection,
                patient_id,
                template_name=template,
                indication=indication,
                started_on=started_on or today,
                today=today,
            )

    def change_course(self, course_id: str, phases: Sequence[Phase]) -> Course:
        """Plan a course anew; what has been done stays done. `RecordError` if the plan cannot be followed."""
        with self._store.writing() as connection:
            return courses.change_phases(connection, course_id, phases)

    def agree_next(self, course_id: str, day: date | None) -> Course:
        """Keep the appointment of the next session, or take it back with None."""
        with self._store.writing() as connection:
            return courses.agree_next(connection, course_id, day, today=clock.today())

    def end_course(self, course_id: str, day: date | None = None) -> Course:
        """End a course, by default today."""
        today = clock.today()
        with self._store.writing() as connection:
            return courses.end(connection, course_id, day or today, today=today)

    def next_session(self, patient_id: str) -> Due | None:
        """When the next session of a patient is proposed or agreed; None without a course that goes on."""
        with self._store.reading() as connection:
            course = courses.running(connection, [patient_id]).get(patient_id)
        return course.due if course else None

    def session_days(self, patient_id: str) -> tuple[SessionDay, ...]:
        """Every day on which a patient was here, the latest first."""
        with self._store.reading() as connection:
            return visits.session_days(connection, patient_id)

    def note_visit(self, patient_id: str, day: date, *, operator: str = "", note: str = "") -> Visit:
        """Write down who treated a patient on a day, and what is to be remembered; it replaces what was there."""
        with self._store.writing() as connection:
            return visits.note_visit(connection, patient_id, day, operator=operator, note=note, today=clock.today())

    def treatments(self, patient_id: str) -> tuple[Treatment, ...]:
        """Treatments of a patient, the latest first: the first one is what the next one is copied from."""
        with self._store.reading() as connection:
            return treatments.treatments(connection, patient_id)

    def add_treatment(self, patient_id: str, new: NewTreatment) -> Treatment:
        """Keep what was given on a day; every view that was injected gets its day of injection.

        Raises
        ------
        RecordError
            An untreated side was to be treated, or a number or a day makes no sense; nothing has been changed.
        """
        with self._store.writing() as connection:
            return treatments.add(connection, patient_id, new, today=clock.today())

    def remove_treatment(self, treatment_id: str) -> None:
        """Remove a treatment that was written down by mistake, with the days of injection that it noted."""
        with self._store.writing() as connection:
            treatments.remove(connection, treatment_id)

    def spent(self, patient_id: str) -> dict[str, Decimal]:
        """What a patient's treatments have cost so far, by currency."""
        with self._store.reading() as connection:
            return treatments.spent(connection, patient_id)

    def patients_of_lot(self, lot: str) -> tuple[LotUse, ...]:
        """To whom a lot was given; capitals, spaces and dashes do not matter."""
        with self._store.reading() as connection:
            return treatments.patients_of_lot(connection, lot)

    def lots(self) -> tuple[Lot, ...]:
        """Lots that were used here, the latest first."""
        with self._store.reading() as connection:
            return treatments.lots(connection)
