"""The part of the clinic's record that is given to patients: issued reports, and what patients ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tracker.clinic import issue_rows, photos, register
from tracker.clinic.actors import SYSTEM, Actor, Role
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import check_consent, has_consent
from tracker.clinic.course_plans import Due
from tracker.clinic.files import Files
from tracker.clinic.issue_records import IssuedReport, PatientRequest, Wish, story_of
from tracker.clinic.records import StoredPhoto
from tracker.clinic.register import not_found
from tracker.clinic.report_files import ReportFile, render_report, suffix_of
from tracker.clinic.showing import Showing
from tracker.clinic.vault import REPORT
from tracker.errors import RecordError
from tracker.report import Report
from tracker.reports import FORMATS

if TYPE_CHECKING:
    from tracker.clinic.clinic import Clinic


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """What a patient is told of the course.

    Attributes
    ----------
    due : Due or None
        The next session; None without a course that runs.
    spent : tuple of (str, str)
        Currency and amount so far.
    """

    due: Due | None
    spent: tuple[tuple[str, str], ...]


class Issuing(Showing):
    """What of one record is given to patients; a base of `Clinic`."""

    _actor: Actor = SYSTEM
    _files: Files

    def issue_report(self, view_id: str, report_format: str = "pdf") -> IssuedReport:
        """Give the present report of a view to its patient: the bytes are kept as they are given.

        Parameters
        ----------
        view_id : str
        report_format : str
            Ending of its file, such as ``"pdf"``.

        Raises
        ------
        RecordError
            ``no_consent``: the patient has not consented to results being shared; ``no_report``: nothing is measured
            yet, or there is no such format; ``is_control``. Nothing has been issued.
        """
        clinic = cast("Clinic", self)
        self._store.expect_writable()
        with self._store.reading() as connection:
            view = register.view(connection, view_id)
            check_consent(connection, view.patient_id, Purpose.PORTAL, site=view.site)
        report = clinic.report(view_id)
        file = render_report(clinic, view_id, report_format) if report is not None else None
        if report is None or file is None:
            raise RecordError("There is no report to share yet: wait until the photos are measured.", code="no_report")
        shown = self._pictures_of(view_id, report)
        name = self._files.vault.put(view.patient_id, REPORT, file.data)
        new = issue_rows.NewReport(
            patient_id=view.patient_id,
            view_id=view_id,
            format=report_format,
            file=name,
            story=story_of(report, view.title, shown),
            photos=tuple(photo.digest for photo in report.photos),
            methods=tuple(sorted({line.metric.method for line in report.timeline.metrics})),
            pictures=tuple(photo.id for photo in shown),
            issued_by=self._actor.account_id,
        )
        with self._store.writing() as connection:
            check_consent(connection, view.patient_id, Purpose.PORTAL, site=view.site)  # it may have ended meanwhile
            self._files.vault.ensure(view.patient_id, REPORT, name, file.data)
            report_id = issue_rows.add(connection, new)
            return issue_rows.issued(connection, report_id)

    def issued_reports(self, patient_id: str) -> tuple[IssuedReport, ...]:
        """Reports that a patient was given, the latest first; a patient sees those that hold."""
        with self._store.reading() as connection:
            found = issue_rows.all_issued(connection, patient_id)
            if not self._is_patient():
                return found
            sites = {r.view_id: register.view(connection, r.view_id).site for r in found}
            return tuple(
                report
                for report in found
                if not report.is_withdrawn
                and has_consent(connection, patient_id, Purpose.PORTAL, site=sites[report.view_id])
            )

    def issued(self, report_id: str) -> IssuedReport:
        """What is known of one issued report; to a patient one that was taken back is not there.

        Raises
        ------
        RecordError
            ``not_found``
        """
        with self._store.reading() as connection:
            report = issue_rows.issued(connection, report_id)
            if self._is_patient():
                site = register.view(connection, report.view_id).site
                if report.is_withdrawn or not has_consent(connection, report.patient_id, Purpose.PORTAL, site=site):
                    raise not_found("report")
        return report

    def issued_report(self, report_id: str) -> bytes:
        """The bytes of an issued report, as the patient received it; errors as of `issued` and of the vault."""
        report = self.issued(report_id)
        with self._store.reading() as connection:
            name = issue_rows.file_of(connection, report_id)
        return self._files.vault.get(report.patient_id, REPORT, name)

    def issued_file(self, report_id: str) -> ReportFile:
        """An issued report to take away, under a name that says nothing of a person."""
        report, data = self.issued(report_id), self.issued_report(report_id)
        known = next(each for each in FORMATS if suffix_of(each) == report.format)
        return ReportFile(f"report-{report.issued_at:%Y-%m-%d}.{report.format}", known.media_type, data)

    def issued_picture(self, report_id: str, position: int, *, width: int) -> bytes:
        """A JPEG of the first (0) or the latest (1) photo of an issued report, in the frame of the first.

        Raises
        ------
        RecordError
            ``not_found``: as of `issued`, or that photo is no longer in the record.
        """
        self.issued(report_id)
        with self._store.reading() as connection:
            photo_id = issue_rows.picture_of(connection, report_id, position)
        return self._gallery.aligned(photo_id, width)

    def withdraw_report(self, report_id: str) -> None:
        """Take an issued report back: the patient no longer sees it, the clinic keeps what was given."""
        with self._store.writing() as connection:
            issue_rows.issued(connection, report_id)
            issue_rows.withdraw(connection, report_id, self._actor.account_id)

    def own_course(self, patient_id: str) -> OwnCourse:
        """What a patient is told of the course: the next session, and the cost so far."""
        clinic = cast("Clinic", self)
        due = next((course.due for course in clinic.courses(patient_id) if course.ended_on is None), None)
        spent = tuple((currency, f"{amount:,.2f}") for currency, amount in sorted(clinic.spent(patient_id).items()))
        return OwnCourse(due, spent)

    def ask_for(self, patient_id: str, wish: Wish) -> PatientRequest:
        """Keep that a patient asks for a copy or the erasure of everything; the clinic answers within a month."""
        with self._store.writing() as connection:
            return issue_rows.ask(connection, patient_id, wish)

    def requests(self, patient_id: str) -> tuple[PatientRequest, ...]:
        """What a patient asked for, the latest first."""
        with self._store.reading() as connection:
            register.patient(connection, patient_id)
            return issue_rows.requests(connection, patient_id)

    def open_requests(self) -> tuple[PatientRequest, ...]:
        """What patients asked for and nobody has answered, the longest waiting first."""
        with self._store.reading() as connection:
            return issue_rows.open_requests(connection)

    def settle_request(self, wish_id: str) -> None:
        """Note that what a patient asked for is done; `RecordError` with ``not_found`` if it was done already."""
        with self._store.writing() as connection:
            issue_rows.settle(connection, wish_id, self._actor.account_id)

    def _is_patient(self) -> bool:
        return self._actor.role is Role.PATIENT

    def _pictures_of(self, view_id: str, report: Report) -> tuple[StoredPhoto, ...]:
        """The first photo and the latest that the headline rests on: no other may stand beside it."""
        with self._store.reading() as connection:
            listed = photos.photos(connection, view_id)
        first = next((photo for photo in listed if photo.is_reference), None)
        later = [photo for photo in listed if photo.digest == report.shown and not photo.is_reference]
        return (first, later[-1]) if first is not None and later else ()
