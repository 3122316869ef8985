"""What the clinic owes its patients as keeper of their record: a copy for them, and the end of it."""

from __future__ import annotations

from typing import BinaryIO

from tracker.clinic.exporting import Exported, Exporter, Further, Reports
from tracker.clinic.files import Files
from tracker.clinic.showing import Showing
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen


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
        self._exporter = Exporter(store, files)

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
