"""`erase`: what would go and what has to stay; then, once confirmed, the end of a patient's record."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator

from tracker.clinic import Clinic
from tracker.clinic.erasing import Preview
from tracker.clinic.importing import patient_with_code
from tracker.commands.printing import print_json, writer
from tracker.errors import RecordError
from tracker.photo import display_name


def erase(options: Namespace) -> int:
    """Say what an erasure would destroy; with `--confirm`, erase; with `--restrict`, keep and use no more."""
    with Clinic.open() as clinic:
        patient = patient_with_code(clinic, options.patient)
        if options.restrict:
            clinic.restrict(patient.id)
            print(f"The record of {display_name(patient.code)} is kept from now on, and used for nothing.")
            return 0
        preview = clinic.erasure_preview(patient.id)
        if not options.confirm:
            if options.json:
                print_json(_document(preview))
            else:
                print("\n".join(_lines(preview)))
            return 0
        _confirmed(patient.code)
        receipt = clinic.erase_at_once(patient.id, despite=options.despite_retention or "")
    if options.receipt is not None:
        is_text = options.receipt.suffix.lower() == ".txt"
        data = receipt.text().encode() if is_text else receipt.pdf()
        writer(options.receipt.parent)(options.receipt.name, data)
    if options.json:
        print_json(
            {
                "erased": receipt.tombstone.patient_id,
                "at": receipt.tombstone.at,
                "key": receipt.tombstone.key,
                "rows": receipt.rows,
                "photos": receipt.photos,
                "backups_gone_on": receipt.backups_gone_on,
            }
        )
    else:
        print(receipt.text(), end="")
    return 0


def _confirmed(code: str) -> None:
    """The code typed once more: from the terminal, or as one line of a script."""
    if sys.stdin.isatty():
        print("This cannot be undone. Type the code of the patient again: ", end="", flush=True)
    if sys.stdin.readline().rstrip("\r\n") != code:
        raise RecordError("That is not the code of the patient; nothing was erased.", code="not_confirmed")


def _document(preview: Preview) -> dict[str, object]:
    return {
        "patient": preview.code,
        "photos": preview.photos,
        "rows": preview.rows,
        "kept_until": preview.kept.until.isoformat() if preview.kept and preview.kept.until else None,
        "kept_because": preview.kept.why if preview.kept else None,
    }


def _lines(preview: Preview) -> Iterator[str]:
    rows = sum(preview.rows.values())
    yield f"Erasing {display_name(preview.code)} destroys {preview.photos} photos and {rows} rows of the record:"
    for name, count in preview.rows.items():
        yield f"  {count:>6}  {name.replace('_', ' ')}"
    yield "What stays: a random number, the moment, the fingerprint of the key, a keyed index of the code, and entries"
    yield "of the log without a name."
    if preview.kept is not None and preview.kept.until is None:
        yield f"{preview.kept.why} It cannot be erased before the owner ends the hold, in the app under Record."
        return
    if preview.kept is not None:
        yield f"{preview.kept.why} Until then it can be restricted (--restrict)."
        yield 'To erase it all the same, add --despite-retention "REASON".'
    yield "Nothing has been changed. To erase, run this again with --confirm."
