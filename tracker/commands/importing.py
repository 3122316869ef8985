"""`import`: a folder or ZIP of photos → a view of a patient."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from tracker.clinic import Clinic
from tracker.clinic.archives import offered_files
from tracker.clinic.importing import Imported, Outcome, counted, import_photos, patient_with_code, view_like
from tracker.clinic.records import Patient, View
from tracker.commands.printing import ProgressBar, print_json
from tracker.errors import RecordError
from tracker.photo import display_name


def import_folder(options: Namespace) -> int:
    """Store the photos of a folder or ZIP, and say of each file what became of it."""
    with Clinic.open() as clinic, offered_files(options.source) as files:
        patient = _patient(clinic, options)
        wanted = View(
            "", patient.id, options.site, options.side, options.pose, options.indication, False, None, None
        )  # fmt: skip
        view = view_like(clinic, wanted) if patient.id else None
        elsewhere = _elsewhere(clinic, patient, view)
        if view is None and not options.dry_run:
            view = clinic.add_view(
                patient.id,
                site=options.site,
                laterality=options.side,
                pose=options.pose,
                indication=options.indication,
            )
        rows = import_photos(
            clinic,
            view.id if view else None,
            files,
            elsewhere=elsewhere,
            undated=options.undated,
            dry_run=options.dry_run,
            progress=ProgressBar(),
        )
    title = (view or wanted).title
    if options.json:
        print_json(_document(rows, options, title))
    else:
        for line in _lines(rows, options, title):
            print(line)
    return 0


def _patient(clinic: Clinic, options: Namespace) -> Patient:
    try:
        return patient_with_code(clinic, options.patient)
    except RecordError:
        if not options.new_patient:
            raise RecordError(
                f"There is no patient with the code {display_name(options.patient)}; please check it, or add "
                "--new-patient.",
                code="not_found",
            ) from None
    if options.dry_run:
        return Patient("", options.patient, "", False, "")
    return clinic.add_patient(code=options.patient)


def _elsewhere(clinic: Clinic, patient: Patient, view: View | None) -> dict[str, str]:
    """Files that another view of the patient holds, by digest."""
    if not patient.id:
        return {}
    others = [each for each in clinic.views(patient.id) if view is None or each.id != view.id]
    return {photo.digest: each.title for each in others for photo in clinic.photos(each.id)}


def _document(rows: Sequence[Imported], options: Namespace, title: str) -> dict[str, object]:
    return {
        "patient": options.patient,
        "view": title,
        "dry_run": options.dry_run,
        "counts": counted(rows),
        "files": [
            {
                "path": row.path,
                "outcome": str(row.outcome),
                "taken_on": row.taken_on.isoformat() if row.taken_on else None,
                "reason": row.reason or None,
                "code": row.code or None,
                "digest": row.digest or None,
            }
            for row in rows
        ],
    }


def _lines(rows: Sequence[Imported], options: Namespace, title: str) -> Iterator[str]:
    words = {
        Outcome.STORED: "would be stored" if options.dry_run else "stored",
        Outcome.TWICE: "twice",
        Outcome.KNOWN: "already there",
        Outcome.REFUSED: "refused",
    }
    yield f"{display_name(options.patient)}, {title}:"
    width = max((len(word) for word in words.values()), default=0)
    for row in rows:
        day = row.taken_on.isoformat() if row.taken_on else "no date   "
        remark = f"  {row.reason}" if row.reason else ""
        yield f"  {day}  {words[row.outcome]:<{width}}  {display_name(row.path)}{remark}"
    found = counted(rows)
    yield ", ".join(f"{found[outcome]} {words[outcome]}" for outcome in Outcome) + "."
