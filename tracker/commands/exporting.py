"""`export`: one patient's record as a ZIP, and a locked one opened again."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.audit import LogEntry
from tracker.clinic.exporting import Reports, log_table
from tracker.clinic.importing import patient_with_code
from tracker.clinic.locked import unlocked
from tracker.clinic.report_files import report_pictures
from tracker.commands.printing import print_json
from tracker.errors import RecordError
from tracker.reports import FORMATS

_PAGE = 1000


def export(options: Namespace) -> int:
    """Write the ZIP of a patient, or open a locked one."""
    if options.open is not None:
        with options.open.open("rb") as locked, _whole(options.out) as out:
            for piece in unlocked(locked, _password(options, again=False)):
                out.write(piece)
        print(f"{options.out} is open now: keep it where only the patient can read it.")
        return 0
    password = _password(options, again=True) if options.password or options.password_file else None
    with Clinic.open() as clinic:
        patient = patient_with_code(clinic, options.patient)
        with _whole(options.out) as out:
            further = _further(clinic, patient.id)
            found = clinic.export_patient(patient.id, out, reports=_reports(clinic), further=further, password=password)
            # Before the file has its name: nothing leaves of which the log does not know.
            clinic.audit(Verb.EXPORT, "export_patient", patient_id=patient.id, reason="by the command line")
    if options.json:
        print_json(
            {
                "file": str(options.out),
                "photos": found.photos,
                "rows": found.rows,
                "reports": found.reports,
                "is_locked": password is not None,
            }
        )
        return 0
    print(f"{options.out}: {found.photos} photos, {found.rows} rows of the record, {found.reports} report files.")
    print("The originals may hold the place where they were taken (GPS).")
    if password is None:
        print("The ZIP is not locked: hand it over on a medium of the patient's, or use --password.")
    return 0


def _reports(clinic: Clinic) -> Reports:
    def reports(view_id: str) -> Iterator[tuple[str, bytes]]:
        report = clinic.report(view_id)
        if report is not None:
            pictures = report_pictures(clinic, clinic.view(view_id), report)
            for form in FORMATS:
                yield form.file_name, form.render(report, pictures)

    return reports


def _further(clinic: Clinic, patient_id: str) -> Iterator[tuple[str, bytes]]:
    """Reports as the patient received them, and who looked at what."""
    for number, report in enumerate(reversed(clinic.issued_reports(patient_id)), 1):
        file = clinic.issued_file(report.id)
        yield f"issued/{number:02}-{file.name}", file.data
    yield "who-looked.csv", log_table(asdict(entry) for entry in _log(clinic, patient_id))


def _log(clinic: Clinic, patient_id: str) -> Iterator[LogEntry]:
    before = None
    while entries := clinic.log_of(patient_id, before=before, limit=_PAGE):
        yield from entries
        before = entries[-1].number


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is there completely or not at all, for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _password(options: Namespace, *, again: bool) -> str:
    """From a file, else asked for; never from the command line, where every process can read it."""
    if options.password_file is not None:
        return options.password_file.read_text(encoding="utf-8").rstrip("\r\n")
    if not sys.stdin.isatty():
        raise RecordError(
            "There is no terminal to ask for the password; please give --password-file.", code="no_password"
        )
    password = getpass.getpass("Password of the ZIP: ")
    if again and getpass.getpass("The same again: ") != password:
        raise RecordError("The two passwords are not the same; please try again.", code="no_password")
    return password
