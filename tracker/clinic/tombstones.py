"""Who was erased, kept beside the master key: a backup made before must not bring anybody back.

A line says nothing of a person: a random identifier, a moment, a fingerprint of the key that was destroyed, how much
went with it, and a keyed index of the code, by which the program sees that it was given once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tracker.clinic.durable import one_at_a_time, replace_with
from tracker.clinic.keys import key_file
from tracker.clinic.masterkey import derived
from tracker.errors import RecordError


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An erased patient.

    Attributes
    ----------
    patient_id : str
        As it was in the record; random.
    at : str
        Moment in UTC, ISO 8601.
    key : str
        Fingerprint of the destroyed key; empty if there was none.
    code : str
        Index of the patient's code (`Secrets.index`): without the keys of the record nobody can read or guess it.
    photos, rows : int
        What was destroyed.
    """

    patient_id: str
    at: str
    key: str
    code: str = ""
    photos: int = 0
    rows: int = 0

    @property
    def moment(self) -> datetime:
        """When the patient was erased."""
        return datetime.fromisoformat(self.at)


def key_fingerprint(key: bytes) -> str:
    """What names a key without saying anything of it."""
    return derived(key, "fingerprint of a patient's key")[:8].hex()


def tombstone_file(home: Path) -> Path:
    """Where the erased patients of a record are listed: beside its master key, outside its folder."""
    return key_file(home).with_suffix(".erased")


def read_tombstones(path: Path) -> tuple[Tombstone, ...]:
    """The erased patients in a file; none if it does not exist.

    Raises
    ------
    RecordError
        ``damaged``: it is not what the program wrote.
    """
    try:
        return tuple(Tombstone(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise RecordError(
            f"The list of erased patients ({path}) cannot be read; please bring it back from a backup.", code="damaged"
        ) from error


def add_tombstones(path: Path, new: tuple[Tombstone, ...]) -> None:
    """Add erased patients to a file, durably; those that are in it stay as they are.

    Raises
    ------
    OSError
        The disk did not take it.
    """
    if not new:
        return
    with one_at_a_time(path):  # of two erasures at once neither may write a list that lacks the other
        known = read_tombstones(path)
        listed = {each.patient_id for each in known}
        added = [each for each in new if each.patient_id not in listed]
        if added:
            lines = [json.dumps(asdict(each), sort_keys=True) for each in (*known, *added)]
            replace_with(path, "".join(f"{line}\n" for line in lines).encode())
