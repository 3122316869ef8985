"""`restore`: a backup made into a record again, or only tried."""

from __future__ import annotations

import secrets
import shutil
from argparse import Namespace
from pathlib import Path

from tracker.clinic import Clinic
from tracker.clinic.audit import Head
from tracker.clinic.backup_form import read_manifest
from tracker.clinic.doctor import examine
from tracker.clinic.examining import CODES, Examined, State, worst
from tracker.clinic.leftovers import DRILL
from tracker.clinic.records import data_folder
from tracker.clinic.restore import Restored, Settled, restore, settle
from tracker.clinic.vault import NOT_OWNER
from tracker.commands.doctor import lines_of
from tracker.commands.printing import ProgressBar, print_json
from tracker.errors import RecordError


def restore_record(options: Namespace) -> int:
    """Put a record back and examine it; exit code as of `doctor`."""
    if options.drill:
        return _drill(options)
    if options.home is None:
        raise RecordError("Please name a new folder with --home, or only try it with --drill.", code="no_home")
    restored = restore(options.backup, options.home, take_over=options.take_over, progress=ProgressBar("file"))
    settled = settle(restored)
    found = examine(options.home, full=options.full)
    _say(options, restored, settled, found)
    return CODES[worst(each for each in found if each.state is State.DAMAGE)]


def _drill(options: Namespace) -> int:
    """Restore into a folder that is removed again, look at every photo, and note in the record that it was tried."""
    home = (options.home or data_folder()).absolute()
    place = home.parent / f"{DRILL}{secrets.token_hex(8)}"
    try:
        restored = restore(options.backup, place, is_drill=True, progress=ProgressBar("file"))
        log = read_manifest(restored.backup)["log"]
        found = examine(place, full=True, drill=Head(log["number"], log["mac"]))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    state = worst(each for each in found if each.state is State.DAMAGE)
    if state is not State.DAMAGE and (data_folder() / "record.id").is_file():
        with Clinic.open() as clinic:
            clinic.note_restore()
    _say(options, restored, Settled((), 0), found)
    return CODES[state]


def _say(options: Namespace, restored: Restored, settled: Settled, found: tuple[Examined, ...]) -> None:
    rate = restored.bytes / 1e6 / max(restored.seconds, 1e-9)
    if options.json:
        print_json(
            {
                "home": None if options.drill else str(restored.home),
                "backup": str(restored.backup),
                "files": restored.files,
                "bytes": restored.bytes,
                "missing": list(restored.missing),
                "damaged": list(restored.damaged),
                "reads_only": restored.reads_only,
                "seconds": round(restored.seconds, 3),
                "erased_again": list(settled.erased),
                "log_entries_lost": settled.log_entries_lost,
                "links_ended": settled.links_ended,
                "checks": [each.document() for each in found],
            }
        )
        return
    where = "A copy, removed again" if options.drill else _where(restored.home)
    print(f"{where}: {restored.files} sealed files in {restored.seconds:.1f} s ({rate:.0f} MB/s).")
    if restored.reads_only:
        print(NOT_OWNER)
    if restored.missing:
        when = "or are not in the bucket" if restored.reads_only else "already when the backup was made"
        print(f"{len(restored.missing)} files were missing {when}.")
    if restored.damaged:
        print(f"{len(restored.damaged)} files are damaged in this backup and were left out; try an older or newer one.")
    if settled.erased:
        print(f"{len(settled.erased)} patients who were erased since have been erased again.")
    if settled.log_entries_lost:
        print(f"{settled.log_entries_lost} entries of the log were written after this backup and are lost.")
    if not options.drill:
        print(f"Everybody signs in anew; {settled.links_ended} links of patients and all invitations have ended.")
        print("Look through accounts and consents: what was disabled or withdrawn since the backup is as it was then.")
    for line in lines_of(found, only_bad=True):
        print(line)


def _where(home: Path) -> str:
    return f"The record is in {home}; start the app with TRACKER_HOME={home}"
