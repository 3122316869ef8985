"""The vault: what a patient's originals and issued reports are sealed in, each stored once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tracker.clinic.blobs import Area, Blobs, Lying, blob_name, open_blob, seal_blob
from tracker.clinic.buckets import Bucket
from tracker.clinic.folders import Folder
from tracker.clinic.keys import record_id
from tracker.clinic.keystore import KeyStore
from tracker.clinic.store.store import of_folder
from tracker.errors import RecordError

ORIGINAL, REPORT = "original", "report"
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
    """

    def __init__(self, blobs: Blobs, keys: KeyStore, record_id: str = "") -> None:
        self.blobs = blobs
        self._keys = keys
        self._unclaimed = record_id

    def claim(self) -> None:
        """See, once, that the place is this record's; before anything is kept or removed in it.

        Raises
        ------
        RecordError
            ``other_vault``: it is another record's. ``not_saved``: it does not answer.
        """
        if self._unclaimed:
            self.blobs.claim(self._unclaimed)
            self._unclaimed = ""

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
        if sealed is None and self.blobs.move(name, Area.KEPT):  # it was set aside although it is needed
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

    def remove(self, patient_id: str, name: str) -> None:
        """Remove a blob that no row names any more; it may be gone already.

        Raises
        ------
        RecordError
            ``not_removed``: the disk did not let go of it.
        """
        try:
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
    return Vault(Folder(home), keys) if bucket is None else Vault(bucket, keys, record_id(home))


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
