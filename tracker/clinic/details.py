"""Details of a patient: the year of birth, the phototype, and what has to be known before anything is injected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from tracker.clinic import register, schema
from tracker.clinic.entries import one_line, paragraphs
from tracker.clinic.records import Patient
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_OLDEST = 120
_TEXTS = ("allergies", "history", "contacts")


class Phototype(StrEnum):
    """Fitzpatrick skin phototype: how skin reacts to the sun (Fitzpatrick, Arch Dermatol 1988;124:869)."""

    I = "I"  # noqa: E741
    II = "II"
    III = "III"
    IV = "IV"
    V = "V"
    VI = "VI"

    @property
    def said(self) -> str:
        """What the sun does to such skin."""
        return _REACTIONS[self]


_REACTIONS = {
    Phototype.I: "always burns, never tans",
    Phototype.II: "usually burns, tans a little",
    Phototype.III: "sometimes burns, tans evenly",
    Phototype.IV: "seldom burns, tans well",
    Phototype.V: "very seldom burns, tans deeply",
    Phototype.VI: "never burns, deeply pigmented",
}


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """What is known of a patient; nothing of it has to be.

    Attributes
    ----------
    birth_year : int or None
    phototype : Phototype or None
    allergies, history, contacts : str
        As typed in.
    """

    birth_year: int | None = None
    phototype: Phototype | None = None
    allergies: str = ""
    history: str = ""
    contacts: str = ""


def details(connection: Connection, patient_id: str) -> PatientDetails:
    """What is known of a patient."""
    register.patient(connection, patient_id)
    known = schema.patient_details
    row = connection.execute(select(known).where(known.c.patient_id == patient_id)).first()
    if row is None:
        return PatientDetails()
    secrets = secrets_of(connection)
    texts = {name: secrets.open(patient_id, f"patient_details.{name}", getattr(row, name)) for name in _TEXTS}
    return PatientDetails(row.birth_year, Phototype(row.phototype) if row.phototype else None, **texts)


def set_details(connection: Connection, patient_id: str, new: PatientDetails, *, today: date) -> PatientDetails:
    """Replace what is known of a patient.

    Raises
    ------
    RecordError
        There is no such patient, the year of birth is impossible, or a text cannot be stored.
    """
    register.patient(connection, patient_id)
    if new.birth_year is not None and not today.year - _OLDEST <= new.birth_year <= today.year:
        raise RecordError(
            f"The year of birth has to be {today.year - _OLDEST} to {today.year}; please check it.", code="bad_year"
        )
    texts = {name: paragraphs(_SAID[name], getattr(new, name)) for name in _TEXTS}
    secrets = secrets_of(connection)
    known = schema.patient_details
    connection.execute(delete(known).where(known.c.patient_id == patient_id))
    connection.execute(
        insert(known).values(
            patient_id=patient_id,
            birth_year=new.birth_year,
            phototype=new.phototype or "",
            changed_at=datetime.now(UTC),
            **{name: secrets.seal(patient_id, f"patient_details.{name}", text) for name, text in texts.items()},
        )
    )
    return PatientDetails(new.birth_year, new.phototype, **texts)


def rename(connection: Connection, patient_id: str, *, name: str, note: str) -> Patient:
    """Correct the name and the note of a patient; the code stays.

    Raises
    ------
    RecordError
        There is no such patient, or a text cannot be stored.
    """
    register.patient(connection, patient_id)
    texts = {"name": one_line("name", name), "note": paragraphs("note", note, most=500)}
    secrets = secrets_of(connection)
    sealed = {what: secrets.seal(patient_id, f"patient.{what}", text) for what, text in texts.items()}
    connection.execute(update(schema.patient).where(schema.patient.c.id == patient_id).values(**sealed))
    return register.patient(connection, patient_id)


_SAID = {"allergies": "list of allergies", "history": "history", "contacts": "contact"}
