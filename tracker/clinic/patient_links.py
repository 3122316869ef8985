"""Links to one report for its patient: a token, a PIN told apart from it, and an end in any case.

Of both only digests are kept. A token is exchanged once for a session; looking at where it leads does not use it up, as
programs that read messages do that too.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tracker.clinic import schema
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import has_consent
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of
from tracker.clinic.web_sessions import digest_of, new_token
from tracker.errors import RecordError

LONGEST = timedelta(days=7)
MOST_VIEWS, MOST_WRONG_PINS, PIN_DIGITS = 20, 5, 6
_LINK = schema.patient_link.c


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it is shown once.

    Attributes
    ----------
    id : str
    token : str
        The last part of its address.
    pin : str
        To be told in another way than the link.
    expires_at : datetime
    """

    id: str
    token: str
    pin: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PatientLink:
    """A link in the list of those that were made.

    Attributes
    ----------
    id, report_id, issued_by : str
    issued_at, expires_at : datetime
    used_at, revoked_at : datetime or None
    views, most_views : int
    """

    id: str
    report_id: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    views: int
    most_views: int

    def is_open(self, moment: datetime) -> bool:
        """Whether it can still be exchanged."""
        return self.used_at is None and self.revoked_at is None and moment < self.expires_at


def issue(
    connection: Connection,
    patient_id: str,
    report_id: str,
    issued_by: str,
    moment: datetime,
    *,
    lasts: timedelta,
    most_views: int,
) -> NewLink:
    """A new link to a report.

    Raises
    ------
    RecordError
        ``bad_link``: it would live too long, or show too often.
    """
    if not timedelta(0) < lasts <= LONGEST or not 0 < most_views <= MOST_VIEWS:
        raise RecordError(
            f"A link lasts {LONGEST.days} days and {MOST_VIEWS} views at most; please choose less.", code="bad_link"
        )
    new = NewLink(random_id(), new_token(), f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}", moment + lasts)
    connection.execute(
        insert(schema.patient_link).values(
            id=new.id, digest=digest_of(new.token), pin=_pin(connection, new.id, new.pin), patient_id=patient_id,
            report_id=report_id, issued_by=issued_by, issued_at=moment, expires_at=new.expires_at,
            most_views=most_views, views=0, wrong_pins=0,
        )
    )  # fmt: skip
    return new


def alive(connection: Connection, token: str, moment: datetime) -> Row[Any] | None:
    """The row of a link that can be exchanged; None for every other token.

    It ends with the report being taken back, and with the patient's consent to being shown things online.
    """
    here = _LINK.digest == digest_of(token), _LINK.used_at.is_(None), _LINK.revoked_at.is_(None)
    chosen = select(schema.patient_link).join(schema.issued_report, schema.issued_report.c.id == _LINK.report_id)
    chosen = chosen.where(*here, _LINK.expires_at > moment, schema.issued_report.c.withdrawn_at.is_(None))
    row = connection.execute(chosen).first()
    return row if row is not None and has_consent(connection, row.patient_id, Purpose.PORTAL) else None


def exchange(connection: Connection, link: Row[Any], pin: str, moment: datetime) -> bool:
    """Use a link up, if the PIN fits; the fifth that does not ends it."""
    here = update(schema.patient_link).where(_LINK.id == link.id)
    if hmac.compare_digest(link.pin, _pin(connection, link.id, "".join(pin.split()))):
        connection.execute(here.values(used_at=moment))
        return True
    wrong = link.wrong_pins + 1
    ended = {"revoked_at": moment} if wrong >= MOST_WRONG_PINS else {}
    connection.execute(here.values(wrong_pins=wrong, **ended))
    return False


def count_view(connection: Connection, session_id: str) -> None:
    """Count that the report was shown in the session of a link.

    Raises
    ------
    RecordError
        ``bad_link``: it was shown as often as it may be.
    """
    session = schema.web_session.c
    link = select(session.link_id).where(session.id == session_id).scalar_subquery()
    more = update(schema.patient_link).where(_LINK.id == link, _LINK.views < _LINK.most_views)
    if not connection.execute(more.values(views=_LINK.views + 1)).rowcount:
        raise dead()


def dead() -> RecordError:
    """The one refusal for a link that was never made, was used, was revoked or is too old."""
    return RecordError(
        "This link does not work any more, or never did; please ask the clinic for a new one.", code="bad_link"
    )


def links(connection: Connection, patient_id: str) -> tuple[PatientLink, ...]:
    """Links that were made for a patient, the latest first."""
    rows = connection.execute(
        select(schema.patient_link).where(_LINK.patient_id == patient_id).order_by(_LINK.arrival.desc())
    )
    return tuple(
        PatientLink(
            row.id, row.report_id, row.issued_by, row.issued_at, row.expires_at, row.used_at, row.revoked_at,
            row.views, row.most_views,
        )
        for row in rows
    )  # fmt: skip


def revoke(connection: Connection, link_id: str, moment: datetime) -> str:
    """End a link, and the session it was exchanged for; whose it was."""
    row = connection.execute(select(_LINK.patient_id).where(_LINK.id == link_id)).first()
    if row is None:
        raise not_found("link")
    here = update(schema.patient_link).where(_LINK.id == link_id, _LINK.revoked_at.is_(None))
    connection.execute(here.values(revoked_at=moment))
    return str(row.patient_id)


def _pin(connection: Connection, link_id: str, pin: str) -> str:
    """Keyed: who has the database but not the key cannot try out a million PINs."""
    return secrets_of(connection).index(f"link.pin:{link_id}", pin)
