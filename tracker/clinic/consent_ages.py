"""Consents that were once given and should be asked for again: too old, or signed for somebody who is of age now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from tracker.clinic import clock, retention, schema
from tracker.clinic.consent_texts import Purpose

OF_AGE = 18


@dataclass(frozen=True, slots=True)
class ExpiredConsent:
    """A consent that holds and should be asked for again.

    Attributes
    ----------
    patient_id, code : str
    purpose : Purpose
    signed_on : date
    why : str
        A few words.
    """

    patient_id: str
    code: str
    purpose: Purpose
    signed_on: date
    why: str


def expired_consents(connection: Connection, today: date | None = None) -> tuple[ExpiredConsent, ...]:
    """Consents that hold and should be asked for again, by code; not those of demonstration patients.

    One to care is not too old by itself, and one for a minor to care is asked for only if they came again of age:
    who stays away need not sign for a record that is merely kept.

    Parameters
    ----------
    connection : Connection
    today : date, optional
    """
    today, years = today or clock.today(), retention.rule(connection).consent_years
    given, people, details = schema.consent.c, schema.patient.c, schema.patient_details.c
    chosen = (
        select(people.id, people.code, given.purpose, given.signed_on, details.birth_year)
        .join_from(schema.consent, schema.patient, given.patient_id == people.id)
        .outerjoin(schema.patient_details, details.patient_id == people.id)
        .where(given.withdrawn_at.is_(None), people.is_demonstration.is_(False))
        .order_by(people.code, given.arrival)
    )
    found = []
    for row in connection.execute(chosen).all():
        purpose = Purpose(row.purpose)
        why = _why(connection, row.id, purpose, row.signed_on, row.birth_year, years, today)
        if why:
            found.append(ExpiredConsent(row.id, row.code, purpose, row.signed_on, why))
    return tuple(found)


def _why(
    connection: Connection, patient_id: str, purpose: Purpose, signed: date, born: int | None, years: int, today: date
) -> str:
    """Why a consent should be asked for again; empty if it should not. Of a birthday only the year is known."""
    was_minor = born is not None and signed.year - born < OF_AGE
    if born is not None and was_minor and today.year - born > OF_AGE:
        last = retention.last_visit(connection, patient_id)
        if purpose is not Purpose.CARE or (last is not None and last.year - born > OF_AGE):
            return "signed for a minor who is of age now"
    if years and purpose is not Purpose.CARE and retention.years_later(signed, years) <= today:
        return f"signed more than {years} years ago" if years > 1 else "signed more than a year ago"
    return ""
