"""The part of the clinic's record that says who is followed, and what of them is photographed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from tracker.clinic import care_team, clock, register
from tracker.clinic import injections as days_of_injection
from tracker.clinic import states as states_of_skin
from tracker.clinic.actors import Role
from tracker.clinic.guarding import Acting
from tracker.clinic.records import Patient, View
from tracker.clinic.store import Store
from tracker.quality import SkinState
from tracker.region import Region

_READ_NOTES = frozenset({Role.SYSTEM, Role.OWNER, Role.PRACTITIONER})


class People(Acting):
    """Patients and views of one record; the base of `Clinic`.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def patients(self) -> tuple[Patient, ...]:
        """All patients, by code; with the note for those only who take care of them."""
        with self._store.reading() as connection:
            return tuple(self._as_shown(each) for each in register.patients(connection))

    def patient(self, patient_id: str) -> Patient:
        """One patient; `RecordError` with code ``not_found`` if there is none. The note is as in `patients`."""
        with self._store.reading() as connection:
            return self._as_shown(register.patient(connection, patient_id))

    def _as_shown(self, patient: Patient) -> Patient:
        """A clinician's words about a patient are not for whoever only adds photos."""
        return patient if self._actor.role in _READ_NOTES else replace(patient, note="")

    def add_patient(self, *, code: str, name: str = "", note: str = "", is_demonstration: bool = False) -> Patient:
        """A new patient, of whose care team is who adds it; `RecordError` if the code is taken."""
        with self._store.writing() as connection:
            new = register.add_patient(connection, code=code, name=name, note=note, is_demonstration=is_demonstration)
            if self._actor.role is Role.PRACTITIONER:
                care_team.join(connection, new.id, self._actor.account_id, clock.now())
            return new

    def views(self, patient_id: str) -> tuple[View, ...]:
        """Views of a patient in the order in which they were added."""
        with self._store.reading() as connection:
            return register.views(connection, patient_id)

    def view(self, view_id: str) -> View:
        """One view; `RecordError` with code ``not_found`` if there is none."""
        with self._store.reading() as connection:
            return register.view(connection, view_id)

    def add_view(
        self,
        patient_id: str,
        *,
        site: str,
        laterality: str = "",
        pose: str = "",
        indication: str = "",
        is_control: bool = False,
        control_id: str | None = None,
        region: Region | None = None,
    ) -> View:
        """A new view of a patient.

        Parameters
        ----------
        patient_id : str
        site : str
            Body site, such as ``"thigh"``.
        laterality : str
            ``"left"``, ``"right"`` or empty.
        pose, indication : str
        is_control : bool
            True for skin that is not treated.
        control_id : str, optional
            The untreated view of the same patient that this one is compared with.
        region : Region, optional
            In pixels of the photo that will be the reference: the earliest usable one.
        """
        new = View(register.random_id(), patient_id, site, laterality, pose, indication, is_control, control_id, region)
        with self._store.writing() as connection:
            return register.add_view(connection, new)

    def note_skin(self, view_id: str, day: date, states: Iterable[SkinState]) -> None:
        """Keep what was noted of the skin of a view on a day; it replaces what was noted before."""
        with self._store.writing() as connection:
            register.view(connection, view_id)
            states_of_skin.note(connection, view_id, day, states)

    def skin_notes(self, view_id: str) -> dict[date, frozenset[SkinState]]:
        """What was noted of the skin of a view, by day; a day without a note is missing."""
        with self._store.reading() as connection:
            return states_of_skin.noted(connection, view_id)

    def note_injection(self, view_id: str, day: date) -> None:
        """Keep a day on which a view was injected, after that day's photos."""
        with self._store.writing() as connection:
            register.view(connection, view_id)
            days_of_injection.note_injection(connection, view_id, day)

    def forget_injection(self, view_id: str, day: date) -> None:
        """Take a day of injection back."""
        with self._store.writing() as connection:
            days_of_injection.forget_injection(connection, view_id, day)

    def injections(self, view_id: str) -> tuple[date, ...]:
        """Days on which a view was injected, in order."""
        with self._store.reading() as connection:
            return days_of_injection.injections(connection, view_id)

    def set_control(self, view_id: str, control_id: str | None) -> None:
        """Choose the untreated view that a view is compared with."""
        with self._store.writing() as connection:
            register.set_control(connection, view_id, control_id)
