"""What the clinic owes its patients as keeper of their record: a copy for them, and the end of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, insert

from tracker.clinic import codes, register, retention, schema
from tracker.clinic.backup import LAST_RESTORE, BackedUp, Backup, Progress
from tracker.clinic.erasing import Eraser, Preview, was_given
from tracker.clinic.exporting import Exported, Exporter, Further, Reports
from tracker.clinic.files import Files
from tracker.clinic.receipts import Receipt
from tracker.clinic.report_files import ReportFile
from tracker.clinic.retention import RetentionRule
from tracker.clinic.sealing import secrets_of
from tracker.clinic.showing import Showing
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen
from tracker.clinic.vault import NOT_OWNER


class Custody(Showing):
    """Export and erasure of one record; a base of `Clinic`.

    Parameters
    ----------
    store : Store
    files : Files
    chosen : Chosen
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        super().__init__(store, files, chosen)
        self._files = files
        self._exporter, self._eraser = Exporter(store, files), Eraser(store, files)

    def proposed_code(self) -> str:
        """The next code of a patient, in the clinic's own pattern; never that of somebody who was erased.

        Empty if there is no pattern yet.
        """
        with self._store.reading() as connection:
            erased, secrets = self._eraser.tombstones(), secrets_of(connection)
            return codes.next_code(codes.given_codes(connection), lambda code: was_given(secrets, erased, code))

    def export_patient(
        self,
        patient_id: str,
        out: BinaryIO,
        *,
        reports: Reports = lambda view_id: (),
        further: Further = (),
        password: str | None = None,
    ) -> Exported:
        """Write everything that is stored of a patient as one ZIP; see `tracker.clinic.exporting`.

        Parameters
        ----------
        patient_id : str
        out : BinaryIO
            Is only written to, from its beginning to its end.
        reports : callable, optional
            The reports of a view, by its id, as (file name, bytes).
        further : iterable of (str, bytes), optional
            Further files of the patient, by their place in the ZIP.
        password : str, optional
            The file is locked with it (`tracker.clinic.locked`), at least 12 characters.

        Raises
        ------
        RecordError
            ``not_found``, ``weak_password``, or an original is damaged or missing.
        """
        return self._exporter.write(patient_id, out, reports=reports, further=further, password=password)

    def erasure_preview(self, patient_id: str) -> Preview:
        """What an erasure would destroy, and what stands against it."""
        return self._eraser.preview(patient_id)

    def begin_erasure(self, patient_id: str) -> Preview:
        """Begin an erasure, which somebody else, or some time, has to confirm."""
        return self._eraser.begin(patient_id, self._actor.account_id)

    def give_up_erasure(self, patient_id: str) -> None:
        """Take back that an erasure was begun."""
        self._eraser.give_up(patient_id)

    def erase_patient(self, patient_id: str, *, despite: str = "") -> Receipt:
        """Erase a patient for good: the key, every row, every file. There is no way back.

        Whoever began it cannot carry it out as well before the clinic's time to wait has passed.

        Parameters
        ----------
        patient_id : str
        despite : str
            Why although the record has to be kept longer.

        Raises
        ------
        RecordError
            ``kept``: there is a legal hold, or the record has to be kept and nobody said why it is erased despite that.
            ``not_begun``, ``wait``: nobody confirmed it yet. Nothing has been changed. ``not_saved``: it was begun and
            will be carried to its end when the record is opened next.
        """
        return self._eraser.erase(patient_id, self._actor.account_id, despite=despite)

    def erase_at_once(self, patient_id: str, *, despite: str = "") -> Receipt:
        """Erase a patient without waiting; only for who holds the key and has typed the code of the patient again.

        Parameters and errors are those of `erase_patient`.
        """
        return self._eraser.erase(patient_id, self._actor.account_id, despite=despite, at_once=True)

    def replay_erasures(self) -> tuple[str, ...]:
        """Carry out what was erased once and is here still, as after a restore; identifiers of who that was."""
        return self._eraser.replay()

    def waiting_erasures(self) -> tuple[Preview, ...]:
        """The erasures that were begun and wait for somebody to confirm them, the longest waiting first."""
        return self._eraser.waiting()

    def erasures(self) -> tuple[Receipt, ...]:
        """A receipt of every erasure of this record, the latest first; see `Eraser.receipts`."""
        return self._eraser.receipts()

    def receipt_file(self, erased: str) -> ReportFile:
        """The receipt of an erasure as a document.

        Parameters
        ----------
        erased : str
            Random number of who was erased, as the receipt says it.

        Raises
        ------
        RecordError
            ``not_found``: nobody with this number was erased.
        """
        for receipt in self._eraser.receipts():
            if receipt.tombstone.patient_id == erased:
                return ReportFile(f"receipt-{erased[:8]}.pdf", "application/pdf", receipt.pdf())
        raise register.not_found("receipt")

    def back_up(self, out: Path, *, keep: int | None = None, progress: Progress | None = None) -> BackedUp:
        """Make a backup while the record is used; see `tracker.clinic.backup`.

        Parameters
        ----------
        out : Path
            Folder of all backups of this record, on another disk.
        keep : int, optional
            How many to keep, this one among them; by default all.
        progress : callable, optional
            Called with (done, total, what) as files are copied.

        Raises
        ------
        RecordError
            ``backup_in_record``, ``busy``, ``not_saved``, ``not_read``.
        """
        return Backup(self._store, self._files, out).make(keep=keep, progress=progress)

    def take_over_vault(self) -> None:
        """Make the photos in the bucket this copy's; any other copy of this record only reads them from now on."""
        self._files.vault.take_over()

    def vault_notice(self) -> str:
        """What has to be known of the place of the photos before work begins, as a sentence; mostly empty."""
        return NOT_OWNER if self._files.vault.belongs_to_another_copy() else ""

    def note_restore(self) -> None:
        """Keep that a backup of this record was restored, or tried, today."""
        with self._store.writing() as connection:
            connection.execute(delete(schema.about).where(schema.about.c.name == LAST_RESTORE))
            connection.execute(insert(schema.about).values(name=LAST_RESTORE, value=datetime.now(UTC).isoformat()))

    def retention_rule(self) -> RetentionRule:
        """How long this clinic keeps records."""
        with self._store.reading() as connection:
            return retention.rule(connection)

    def set_retention_rule(self, rule: RetentionRule) -> None:
        """Change how long this clinic keeps records."""
        with self._store.writing() as connection:
            retention.set_rule(connection, rule)

    def due_records(self) -> tuple[str, ...]:
        """Patients, by id, whose record has been kept as long as it has to be."""
        with self._store.reading() as connection:
            return retention.due(connection)

    def legal_hold(self, patient_id: str) -> str | None:
        """Why a record must not be erased whatever its age; None if it may."""
        with self._store.reading() as connection:
            return retention.legal_hold(connection, patient_id)

    def set_legal_hold(self, patient_id: str, reason: str | None) -> None:
        """Begin a legal hold with its reason, or end it with None."""
        with self._store.writing() as connection:
            retention.set_legal_hold(connection, patient_id, reason)

    def is_restricted(self, patient_id: str) -> bool:
        """Whether a record is only kept, and used for nothing."""
        with self._store.reading() as connection:
            return retention.restricted_since(connection, patient_id) is not None

    def restrict(self, patient_id: str, *, is_restricted: bool = True) -> None:
        """Keep a record and use it for nothing, or use it again."""
        with self._store.writing() as connection:
            register.patient(connection, patient_id)
            change = retention.restrict if is_restricted else retention.lift_restriction
            change(connection, patient_id)
