"""Consents of patients: to what, to which words, given when and how, and withdrawn when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from tracker.clinic import register, schema
from tracker.clinic.consent_texts import ConsentText, Purpose, current_text, keep
from tracker.clinic.entries import compared, one_line, past_day
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_CONSENT = schema.consent.c
_TEXT_COLUMNS = ("version", "text", "hash")


class Channel(StrEnum):
    """How a consent was given or withdrawn."""

    CLINIC = "in the clinic"
    PAPER = "on paper"
    ONLINE = "on the patient's page"
    LETTER = "by letter or mail"


class Pictures(StrEnum):
    """Which pictures a consent is about."""

    REGION = "only the measured area"
    ALL = "whole photos"


class Masking(StrEnum):
    """What is covered before a picture is shown to anybody but those who treat."""

    IDENTIFYING = "face, tattoos, jewellery and marks covered"
    FACE = "face covered"
    NONE = "nothing covered"


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a consent goes.

    Attributes
    ----------
    pictures : Pictures
    masking : Masking
    sites : tuple of str
        Body sites; empty = all that are photographed.
    """

    pictures: Pictures = Pictures.REGION
    masking: Masking = Masking.IDENTIFYING
    sites: tuple[str, ...] = ()

    def holds_for(self, site: str) -> bool:
        """Whether a body site is within it."""
        return not self.sites or compared(site) in {compared(each) for each in self.sites}


WHOLE = Scope(Pictures.ALL, Masking.NONE)
"""What care and the patient's own page need: the photos as they are."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent, as it was given.

    Attributes
    ----------
    id, patient_id : str
    purpose : Purpose
    scope : Scope
    text : ConsentText
        The words consented to.
    given_by, taken_by : str
        Who signed, and who asked.
    signed_on : date
    given_at : datetime
        When it was written into the record.
    channel : Channel
    withdrawn_at : datetime or None
    withdrawn_channel : Channel or None
    """

    id: str
    patient_id: str
    purpose: Purpose
    scope: Scope
    text: ConsentText
    given_by: str
    taken_by: str
    signed_on: date
    given_at: datetime
    channel: Channel
    withdrawn_at: datetime | None
    withdrawn_channel: Channel | None

    @property
    def holds(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_at is None


def consents(connection: Connection, patient_id: str) -> tuple[Consent, ...]:
    """Every consent that a patient ever gave, the latest first."""
    register.patient(connection, patient_id)
    chosen = _with_texts().where(_CONSENT.patient_id == patient_id).order_by(_CONSENT.arrival.desc())
    return tuple(_consent(connection, row) for row in connection.execute(chosen))


def has_consent(connection: Connection, patient_id: str, purpose: Purpose, *, site: str = "") -> bool:
    """Whether a consent holds now; with a site, whether it holds for that site.

    A demonstration patient is nobody and consents to everything.
    """
    if register.patient(connection, patient_id).is_demonstration:
        return True
    chosen = select(_CONSENT.pictures, _CONSENT.masking, _CONSENT.sites).where(*_live(patient_id, purpose))
    row = connection.execute(chosen).first()
    return row is not None and (not site or _scope(row).holds_for(site))


def check_consent(connection: Connection, patient_id: str, purpose: Purpose, *, site: str = "") -> None:
    """Refuse what a patient has not consented to.

    Raises
    ------
    RecordError
        ``no_consent``
    """
    if not has_consent(connection, patient_id, purpose, site=site):
        raise RecordError(
            f"There is no consent of this patient to “{purpose.said}”"
            f"{f' for this site ({site})' if site else ''}. Ask for it first; nothing was shared.",
            code="no_consent",
        )


def give(
    connection: Connection,
    patient_id: str,
    purpose: Purpose,
    *,
    given_by: str,
    signed_on: date,
    channel: Channel,
    scope: Scope,
    taken_by: str,
    today: date,
) -> Consent:
    """Keep a consent to the present wording; one to the same purpose that held until now ends with it.

    Raises
    ------
    RecordError
        There is no such patient, nobody has signed, or the day lies in the future.
    """
    register.patient(connection, patient_id)
    given_by = one_line("name of the person who signs", given_by, needed=True)
    taken_by = one_line("name of the person who asks", taken_by)
    past_day("day of the signature", signed_on, today=today)
    sites = tuple(one_line("body site", site, most=80, needed=True) for site in scope.sites)
    if has_row(connection, patient_id, purpose):
        withdraw(connection, patient_id, purpose, channel=channel)
    text = keep(connection, current_text(connection, purpose))
    secrets, consent_id = secrets_of(connection), register.random_id()
    connection.execute(
        insert(schema.consent).values(
            id=consent_id,
            patient_id=patient_id,
            purpose=purpose,
            text_id=text.id,
            pictures=scope.pictures,
            sites=list(sites),
            masking=scope.masking,
            given_by=secrets.seal(patient_id, f"consent.given_by:{consent_id}", given_by),
            taken_by=secrets.seal(patient_id, f"consent.taken_by:{consent_id}", taken_by),
            signed_on=signed_on,
            given_at=datetime.now(UTC),
            channel=channel,
        )
    )
    row = connection.execute(_with_texts().where(_CONSENT.id == consent_id)).one()
    return _consent(connection, row)


def withdraw(connection: Connection, patient_id: str, purpose: Purpose, *, channel: Channel) -> None:
    """End a consent from this moment on; what was given stays written down.

    Raises
    ------
    RecordError
        ``no_consent``: there is none to withdraw.
    """
    ended = (
        update(schema.consent)
        .where(*_live(patient_id, purpose))
        .values(withdrawn_at=datetime.now(UTC), withdrawn_channel=channel)
    )
    if not connection.execute(ended).rowcount:
        raise RecordError(f"There is no consent to “{purpose.said}” that could be withdrawn.", code="no_consent")


def has_row(connection: Connection, patient_id: str, purpose: Purpose) -> bool:
    """Whether a consent is written down and not withdrawn, of a demonstration patient too."""
    return connection.execute(select(_CONSENT.id).where(*_live(patient_id, purpose))).first() is not None


def _live(patient_id: str, purpose: Purpose) -> tuple[Any, ...]:
    return _CONSENT.patient_id == patient_id, _CONSENT.purpose == purpose, _CONSENT.withdrawn_at.is_(None)


def _with_texts() -> Select[Any]:
    asked = schema.consent_text
    words = [asked.c[name] for name in _TEXT_COLUMNS]
    return select(schema.consent, *words).join_from(schema.consent, asked, _CONSENT.text_id == asked.c.id)


def _scope(row: Any) -> Scope:
    return Scope(Pictures(row.pictures), Masking(row.masking), tuple(row.sites))


def _consent(connection: Connection, row: Row[Any]) -> Consent:
    secrets, purpose = secrets_of(connection), Purpose(row.purpose)
    return Consent(
        id=row.id,
        patient_id=row.patient_id,
        purpose=purpose,
        scope=_scope(row),
        text=ConsentText(row.text_id, purpose, row.version, row.text, row.hash),
        given_by=secrets.open(row.patient_id, f"consent.given_by:{row.id}", row.given_by),
        taken_by=secrets.open(row.patient_id, f"consent.taken_by:{row.id}", row.taken_by),
        signed_on=row.signed_on,
        given_at=row.given_at,
        channel=Channel(row.channel),
        withdrawn_at=row.withdrawn_at,
        withdrawn_channel=Channel(row.withdrawn_channel) if row.withdrawn_channel else None,
    )
