"""Photos that were taken elsewhere, taken into a view: by date, each once; an unreadable one costs no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tracker.clinic.archives import Offered
from tracker.clinic.originals import new_photo
from tracker.clinic.records import Patient, View
from tracker.errors import PhotoRejected, RecordError
from tracker.photo import display_name, identify_photo

if TYPE_CHECKING:
    from tracker.clinic.clinic import Clinic

Progress = Callable[[int, int, str], None]
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


class Outcome(StrEnum):
    """What became of an offered file."""

    STORED = "stored"
    TWICE = "twice"  # the same file lies in the import under another name
    KNOWN = "known"  # the view holds it already
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one offered file.

    Attributes
    ----------
    path : str
        Within the folder or ZIP.
    outcome : Outcome
    taken_on : date or None
    reason : str
        One sentence: why it was refused, or where the same file is. Of a stored photo, what is worth knowing; mostly
        empty.
    code : str
        Of a refusal, for scripts.
    digest : str
        SHA-256 of the file; empty if it could not be read.
    known_as : str
        What the record calls such a file; `StoredPhoto.digest`.
    """

    path: str
    outcome: Outcome
    taken_on: date | None
    reason: str = ""
    code: str = ""
    digest: str = ""
    known_as: str = ""


def counted(rows: Iterable[Imported]) -> dict[str, int]:
    """How many files had which outcome; every outcome is there.

    Examples
    --------
    >>> counted([Imported("a.jpg", Outcome.REFUSED, None)])
    {'stored': 0, 'twice': 0, 'known': 0, 'refused': 1}
    """
    found = Counter(row.outcome for row in rows)
    return {str(outcome): found[outcome] for outcome in Outcome}


def patient_with_code(clinic: Clinic, code: str) -> Patient:
    """The patient that the clinic calls so.

    Raises
    ------
    RecordError
        ``not_found``: nobody is called so.
    """
    for patient in clinic.patients():
        if patient.code == code:
            return patient
    raise RecordError(f"There is no patient with the code {display_name(code)}; please check it.", code="not_found")


def view_like(clinic: Clinic, wanted: View) -> View | None:
    """The patient's view of the same site, side and pose, whatever it is treated for; None if there is none yet.

    Parameters
    ----------
    clinic : Clinic
    wanted : View
        Its id does not matter.
    """
    for view in clinic.views(wanted.patient_id):
        if (view.site, view.laterality, view.pose) == (wanted.site, wanted.laterality, wanted.pose):
            return view
    return None


def import_photos(
    clinic: Clinic,
    view_id: str | None,
    files: Sequence[Offered],
    *,
    elsewhere: dict[str, str] | None = None,
    undated: date | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> tuple[Imported, ...]:
    """Take photos into a view, the earliest first. Again does no harm: what is stored already is only reported.

    Parameters
    ----------
    clinic : Clinic
    view_id : str or None
        None in a dry run for a view that would be new.
    files : sequence of Offered
    elsewhere : dict of str to str, optional
        By `StoredPhoto.digest`, the title of another view of the patient that holds the file; it is stored here too,
        and said.
    undated : date, optional
        Day of the files that do not say when they were taken; without it they are refused.
    dry_run : bool
        Read everything, store nothing.
    progress : callable, optional
        Called with (done, total, path) before each file.

    Returns
    -------
    tuple of Imported
        One for each file, by date; files without one come last.

    Raises
    ------
    RecordError
        The record did not take a photo, as on a full disk. What was stored before stays; the import can be repeated.
    """
    known = {photo.digest: photo.name for photo in clinic.photos(view_id)} if view_id is not None else {}
    rows = _in_order([_identified(clinic, offered, undated) for offered in files], known)
    total, waiting = len(rows), {offered.path: offered for offered in files}
    done: list[Imported] = []
    for row in rows:
        if progress:
            progress(len(done), total, row.path)
        if row.outcome is Outcome.KNOWN and not dry_run:
            row = _stored(clinic, view_id, waiting[row.path], row, dry_run)  # put back if it was lost since
        if row.outcome is Outcome.STORED:
            row = _stored(clinic, view_id, waiting[row.path], row, dry_run)
            if row.outcome is Outcome.STORED and row.known_as in (elsewhere or {}):
                row = replace(row, reason=f"The view {(elsewhere or {})[row.known_as]} holds the same file.")
        done.append(row)
    if progress:
        progress(total, total, "")
    return tuple(done)


def _identified(clinic: Clinic, offered: Offered, undated: date | None) -> Imported:
    """Digest and day of a file, or why it cannot be taken; the picture itself is not decoded yet."""
    try:
        data = offered.read()
        file = identify_photo(data, name=offered.name)
    except PhotoRejected as error:
        return Imported(offered.path, Outcome.REFUSED, None, error.reason, error.code)
    day = file.taken_on or _day_of_folder(offered.path) or undated
    return Imported(offered.path, Outcome.STORED, day, digest=file.digest, known_as=clinic.digest_of(data))


def _in_order(rows: list[Imported], known: dict[str, str]) -> list[Imported]:
    """By date, then by path; of equal files the first counts."""
    rows = sorted(rows, key=lambda row: (row.taken_on or date.max, row.path))
    first: dict[str, str] = {}
    found = []
    for row in rows:
        if row.outcome is Outcome.STORED and row.digest in first:
            row = replace(row, outcome=Outcome.TWICE, reason=f"It is the same file as {first[row.digest]}.")
        elif row.outcome is Outcome.STORED and row.known_as in known:
            row = replace(row, outcome=Outcome.KNOWN, reason=f"It is stored already, as {known[row.known_as]}.")
        if row.digest:
            first.setdefault(row.digest, display_name(row.path))
        found.append(row)
    return found


def _stored(clinic: Clinic, view_id: str | None, offered: Offered, row: Imported, dry_run: bool) -> Imported:
    try:
        data = offered.read()
        if dry_run or view_id is None:
            new_photo("", data, offered.name, row.taken_on)  # reads the whole picture, as storing it would
        else:
            clinic.add_photo(view_id, data, offered.name, taken_on=row.taken_on)
    except PhotoRejected as error:
        return replace(row, outcome=Outcome.REFUSED, reason=error.reason, code=error.code)
    return row


def _day_of_folder(path: str) -> date | None:
    """Day in the name of the innermost folder that has one: ``"2026-03-02/IMG_1.jpg"``."""
    for part in reversed(PurePosixPath(path.replace("\\", "/")).parts[:-1]):
        match = _DAY.search(part)
        if match:
            try:
                return date(*map(int, match.groups()))
            except ValueError:
                continue
    return None
