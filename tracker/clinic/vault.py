"""The vault: what a patient's originals and issued reports are sealed in, each stored once."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tracker.clinic.blobs import Area, Blobs, Lying, blob_name, open_blob, seal_blob
from tracker.clinic.buckets import Bucket
from tracker.clinic.folders import Folder
from tracker.clinic.keys import copy_id, record_id
from tracker.clinic.keystore import KeyStore
from tracker.clinic.store.store import of_folder
from tracker.errors import RecordError

ORIGINAL, REPORT = "original", "report"
NOT_OWNER = (
    "The photos in the bucket belong to another copy of this record, and this copy only reads them. To go on with this "
    "one, please stop the other for good, then run: python -m tracker doctor --take-over"
)
_ASKED_EVERY = 60.0
_CALLED = {ORIGINAL: "original of this photo", REPORT: "issued report"}


class Vault:
    """Sealed blobs of patients; may be used from several threads and processes.

    Parameters
    ----------
    blobs : Blobs
        Where they lie.
    keys : KeyStore
    record_id : str
        Whose place it is: `claim` says so there. Empty: nobody else can come to it.
    copy_id : str
        Which copy of the record comes: of several only one may change what lies there.
    """

    def __init__(self, blobs: Blobs, keys: KeyStore, record_id: str = "", copy_id: str = "") -> None:
        self.blobs = blobs
        self._keys = keys
        self._record_id, self._copy_id = record_id, copy_id
        self._asked, self._is_own = -math.inf, False

    def is_own(self, *, now: bool = False) -> bool:
        """Whether this copy of the record may change what lies there; it becomes its own if it was nobody's.

        Asked again every minute, and with `now` at once: another copy may have taken it over.

        Raises
        ------
        RecordError
            ``other_vault``: it is another record's. ``not_saved``, ``not_read``: it does not answer.
        """
        if not self._record_id:
            return True
        if now or time.monotonic() - self._asked > _ASKED_EVERY:
            self._is_own = self.blobs.claim(self._record_id, self._copy_id)
            self._asked = time.monotonic()
        return self._is_own

    def claim(self, *, now: bool = False) -> None:
        """Refuse what would be kept or removed in a place that is not this copy's; parameters are those of `is_own`.

        Raises
        ------
        RecordError
            As of `is_own`, or ``not_owner``: the place belongs to another copy of this record.
        """
        if not self.is_own(now=now):
            raise RecordError(NOT_OWNER, code="not_owner")

    def take_over(self) -> None:
        """Make the place this copy's, whichever copy of the record owned it; that one only reads from now on."""
        if self._record_id:
            self.blobs.claim(self._record_id, self._copy_id, take_over=True)
            self._asked = -math.inf

    def belongs_to_another_copy(self) -> bool:
        """Whether another copy of this record owns the place; nothing is changed by asking."""
        record, copy = self.blobs.owner() if self._record_id else ("", "")
        return record == self._record_id and copy != self._copy_id and bool(record)

    def put(self, patient_id: str, kind: str, data: bytes) -> str:
        """Keep bytes of a patient, and say under which name; the same bytes are kept once.

        Parameters
        ----------
        patient_id : str
        kind : str
            `ORIGINAL`, `REPORT` or another word.
        data : bytes

        Returns
        -------
        str
            Keyed hash of the content. The blob has reached the disk; a row has to name it within a day.

        Raises
        ------
        RecordError
            ``not_saved``, or ``erased`` or ``no_key``: the patient has no key (any more).
        """
        name = blob_name(self._keys.derive(patient_id, "names"), kind, data)
        self._keep(patient_id, kind, name, data)
        return name

    def ensure(self, patient_id: str, kind: str, name: str, data: bytes) -> None:
        """Put bytes back that somebody removed since `put`; to be called in the transaction that names them.

        Whoever removes a blob looks in a transaction of its own whether a row names it, so that one of the two sees
        what the other did.
        """
        if self.blobs.find(name) is None:
            self._keep(patient_id, kind, name, data)

    def get(self, patient_id: str, kind: str, name: str) -> bytes:
        """The bytes that were kept.

        Raises
        ------
        RecordError
            ``original_missing``, ``original_damaged``, ``not_read``, ``erased`` or ``no_key``.
        """
        key = self._keys.derive(patient_id, "blobs")
        sealed = self.blobs.read(name)
        if sealed is None and self.bring_back(name):
            sealed = self.blobs.read(name)
        if sealed is None:
            raise RecordError(
                f"The {_CALLED.get(kind, kind)} is not where it was stored; please restore it from a backup.",
                code="original_missing",
            )
        data = open_blob(key, patient_id, kind, name, sealed)
        if data is None:
            raise RecordError(
                f"The {_CALLED.get(kind, kind)} has been damaged; please restore it from a backup.",
                code="original_damaged",
            )
        return data

    def bring_back(self, name: str) -> bool:
        """Bring back a blob that was set aside although it is needed; False if it is not there, or not ours to move."""
        return not self.belongs_to_another_copy() and self.blobs.move(name, Area.KEPT)

    def remove(self, patient_id: str, name: str) -> None:
        """Remove a blob that no row names any more; it may be gone already.

        What another copy of the record owns stays: that one may need it, and removes it in its turn.

        Raises
        ------
        RecordError
            ``not_removed``: the disk did not let go of it.
        """
        try:
            if not self.is_own(now=True):
                return
            for area in Area:
                self.blobs.remove(name, area)
        except RecordError as error:
            raise RecordError(
                f"This is no longer in the record, but its file could not be deleted yet ({error.reason})",
                code="not_removed",
            ) from error

    def names(self) -> Iterator[Lying]:
        """All blobs that are kept."""
        return self.blobs.listed()

    def _keep(self, patient_id: str, kind: str, name: str, data: bytes) -> None:
        self.claim()
        key = self._keys.derive(patient_id, "blobs")
        sealed = seal_blob(key, patient_id, kind, name, data)
        if self.blobs.create(name, sealed):
            return
        known = self.blobs.read(name)
        if known is not None and open_blob(key, patient_id, kind, name, known) == data:
            self.blobs.touch(name, sealed)
        else:  # torn or damaged: what has just been given is whole
            self.blobs.replace(name, sealed)


def vault_of(home: Path, keys: KeyStore) -> Vault:
    """The vault of a record: in its folder, or where ``TRACKER_VAULT`` says.

    Raises
    ------
    RecordError
        ``no_vault``: that place cannot be used.
    """
    bucket = bucket_of(home)
    return Vault(Folder(home), keys) if bucket is None else Vault(bucket, keys, record_id(home), copy_id(home))


def bucket_of(home: Path) -> Bucket | None:
    """The bucket that ``TRACKER_VAULT`` names for the record of a folder; None if it names none.

    As in ``TRACKER_DATABASE``, ``{folder}`` stands for what tells the records of several folders apart.

    Raises
    ------
    RecordError
        ``no_vault``: it cannot be used.
    """
    address = of_folder(os.environ.get("TRACKER_VAULT", ""), home)
    return Bucket(address) if address else None
