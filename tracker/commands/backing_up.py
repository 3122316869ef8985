"""`backup`: a copy of the record while it is used."""

from __future__ import annotations

from argparse import Namespace

from tracker.clinic import Clinic
from tracker.commands.printing import ProgressBar, print_json


def back_up(options: Namespace) -> int:
    """Make a backup; exit code 1 if the record itself had lost files, which are not in it."""
    with Clinic.open() as clinic:
        made = clinic.back_up(options.out, keep=options.keep, progress=ProgressBar("file"))
    if options.json:
        print_json(
            {
                "backup": str(made.folder),
                "files": made.files,
                "copied": made.copied,
                "copied_bytes": made.copied_bytes,
                "missing": list(made.missing),
                "removed": list(made.removed),
                "damaged": list(made.damaged),
                "seconds": round(made.seconds, 3),
            }
        )
        return 1 if made.missing else 0
    print(f"{made.folder}: {made.files} sealed files, {made.copied} of them new, in {made.seconds:.1f} s.")
    if made.removed:
        print(f"Removed older backups: {', '.join(made.removed)}.")
    if made.damaged:
        print(f"Earlier backups are damaged and cannot be restored; this one is whole: {', '.join(made.damaged)}.")
    print("The master key is not in it: keep that, or its recovery sheet, at another place.")
    if made.missing:
        print(f"{len(made.missing)} files are missing in the record itself; run: python -m tracker doctor --full")
    return 1 if made.missing else 0
