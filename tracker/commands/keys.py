"""`keys`: where the master key of the record is taken from, and replacing it; the key itself is never shown."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.keys import MasterKey, key_place, master_key, read_key, record_id, rotate_master_key
from tracker.clinic.records import data_folder
from tracker.clinic.tombstones import tombstone_file
from tracker.commands.printing import print_json
from tracker.errors import RecordError

_ACTION = "rotate_master_key"


def keys(options: Namespace) -> int:
    """Show where the master key is, or replace it."""
    home = options.home or data_folder()
    record_id(home)  # a sentence where there is no record: none is made here
    return _rotate(home, options) if options.doing == "rotate" else _show(home, options)


def _show(home: Path, options: Namespace) -> int:
    place = key_place(home)  # before the key is read: that may finish a change of keys
    master = master_key(home)
    anchor, erased = Anchor(home).path, tombstone_file(home)
    if options.json:
        print_json(
            {
                "record": record_id(home),
                "from": place.said,
                "fingerprint": master.id,
                "unfinished": place.is_changing,
                "former": [str(path) for path in place.former],
                "anchor": str(anchor),
                "erased": str(erased),
            }
        )
        return 0
    print(f"Record       {record_id(home)} in {home}")
    print(f"Master key   {place.said}")
    print(f"Fingerprint  {master.id} (says nothing of the key)")
    for path in place.former:
        print(f"Earlier key  {path}, for copies of backups from before")
    print(f"Beside it    {anchor} (the end of the log), {erased} (who was erased)")
    if place.is_changing:
        print("A change of the master key was begun and not finished: python -m tracker keys rotate")
    return 0


def _rotate(home: Path, options: Namespace) -> int:
    place, given = key_place(home), _given(home, options.new_key)
    if place.is_given and not _opens(home):  # refused if the new key does not fit either
        return _said(home, options, "", rotate_master_key(home, given), "The record is wrapped with this key already.")
    if place.is_changing:
        return _said(
            home, options, "", _finished(home, given), "The change that was begun has been brought to its end."
        )
    with Clinic.open(home) as clinic:  # nothing is changed of which the log does not know
        clinic.audit(Verb.RUN, _ACTION)
    before = master_key(home).id
    new = rotate_master_key(home, given, keeps_old=True)
    done = "The record is wrapped with this key already." if new.id == before else "The master key has been replaced."
    return _said(home, options, before, new, done)


def _finished(home: Path, given: bytes | None) -> MasterKey:
    """The key after a change that was begun: in use already, or still to be taken into use."""
    found = master_key(home)
    return rotate_master_key(home, given, keeps_old=True) if key_place(home).is_changing else found


def _given(home: Path, file: Path | None) -> bytes | None:
    if file is not None:
        return read_key(file)
    place = key_place(home)
    if place.is_given:
        raise RecordError(
            f"The master key is given from outside this program ({place.said}). Write a new one into a file, such as "
            "with: openssl rand -base64 32 > FILE; and name it: keys rotate --new-key FILE.",
            code="key_needed",
        )
    return None


def _opens(home: Path) -> bool:
    try:
        master_key(home)
    except RecordError as error:
        if error.code != "key_wrong":
            raise
        return False
    return True


def _said(home: Path, options: Namespace, before: str, new: MasterKey, done: str) -> int:
    place = key_place(home)
    if options.json:
        former = [str(path) for path in place.former]
        print_json({"done": done, "before": before or None, "fingerprint": new.id, "former": former})
        return 0
    print(f"{done} Its fingerprint is {new.id}{f'; it was {before}' if before not in ('', new.id) else ''}.")
    for number, step in enumerate(_next(place.is_given, place.former), start=1):
        print(f"{number}. {step}")
    return 0


def _next(is_given: bool, former: tuple[Path, ...]) -> list[str]:
    """What is left to do, in its order."""
    steps = ["Set the new key where the old one is set now; without that nothing opens any more."] if is_given else []
    steps += [
        "Start the app anew: one that was running when the key was replaced can open nothing any more.",
        "Make a backup now: until then the keys in the backup folder are wrapped with the old master key.",
        "Print a new recovery sheet, and mark the old one.",
    ]
    where = f": {former[-1]}" if former else " (in the keyring, or where you set it)"
    steps.append(
        f"Copies of backups that were made before open with the old key only{where}. Keep it with them, not here, and "
        "destroy it together with the last of them; at once if somebody has seen it and no such copy is needed."
    )
    return steps
