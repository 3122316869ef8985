"""Sessions of browsers: an opaque token there, its digest here, and whether it still lives asked every time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from tracker.clinic import schema
from tracker.clinic.actors import Actor, Role
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import has_consent
from tracker.clinic.register import random_id

IDLE, ABSOLUTE = timedelta(minutes=15), timedelta(hours=8)
#: How stale the moment of the last sign of life may be: it is not worth a write at every message.
SEEN_EVERY = timedelta(seconds=60)
_AHEAD = timedelta(minutes=5)
_SESSION, _ACCOUNT, _LINK = schema.web_session.c, schema.account.c, schema.patient_link.c
_REPORT = schema.issued_report.c


@dataclass(frozen=True, slots=True)
class WebSession:
    """A signed-in browser, for the list of them.

    Attributes
    ----------
    id : str
    created_at, seen_at : datetime
    """

    id: str
    created_at: datetime
    seen_at: datetime


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    """256 random bits, safe in addresses and cookies."""
    return secrets.token_urlsafe(32)


def begin(
    connection: Connection,
    moment: datetime,
    *,
    account_id: str | None = None,
    link_id: str | None = None,
    is_enrolling: bool = False,
) -> tuple[str, str]:
    """A new session of an account, of a patient's link, or of a visitor; its token and its identifier."""
    token, session_id = new_token(), random_id()
    connection.execute(
        insert(schema.web_session).values(
            id=session_id, digest=digest_of(token), account_id=account_id, link_id=link_id, is_enrolling=is_enrolling,
            created_at=moment, seen_at=moment,
        )
    )  # fmt: skip
    return token, session_id


def actor_by_token(connection: Connection, token: str, moment: datetime) -> tuple[Actor | None, bool]:
    """Who holds a token now, and whether the session should be marked as seen."""
    row = _found(connection, _SESSION.digest == digest_of(token))
    actor = _actor(connection, row, moment)
    return actor, actor is not None and row is not None and moment - row.seen_at >= SEEN_EVERY


def time_left(connection: Connection, token: str, moment: datetime) -> timedelta | None:
    """How long a session lives if nothing is done; None if it has ended."""
    row = _found(connection, _SESSION.digest == digest_of(token))
    if row is None or _actor(connection, row, moment) is None:
        return None
    ends = row.created_at + ABSOLUTE
    is_visitor = row.account_id is None and row.link_id is None
    return (ends if is_visitor else min(ends, row.seen_at + IDLE)) - moment


def actor_now(connection: Connection, actor: Actor, moment: datetime) -> Actor | None:
    """The actor as things are at this moment: None if the session ended, or the account is disabled.

    A role that was changed is the new one in what is returned.
    """
    if actor.session_id:
        return _actor(connection, _found(connection, _SESSION.id == actor.session_id), moment)
    row = connection.execute(select(schema.account).where(_ACCOUNT.id == actor.account_id)).first()
    if row is None or row.disabled_at is not None:
        return None
    return Actor(row.id, Role(row.role), patient_id=row.patient_id or "", is_enrolling=actor.is_enrolling)


def seen(connection: Connection, session_id: str, moment: datetime) -> None:
    """Note a sign of life."""
    connection.execute(update(schema.web_session).where(_SESSION.id == session_id).values(seen_at=moment))


def revoke(connection: Connection, moment: datetime, *where: ColumnElement[bool]) -> int:
    """End sessions; the number of those that had not ended."""
    done = update(schema.web_session).where(_SESSION.revoked_at.is_(None), *where).values(revoked_at=moment)
    return int(connection.execute(done).rowcount)


def of_account(connection: Connection, account_id: str, moment: datetime) -> tuple[WebSession, ...]:
    """Live sessions of an account, the latest first."""
    chosen = select(schema.web_session).where(_SESSION.account_id == account_id, _SESSION.revoked_at.is_(None))
    rows = connection.execute(chosen.order_by(_SESSION.arrival.desc()))
    return tuple(WebSession(r.id, r.created_at, r.seen_at) for r in rows if _is_young(r, moment))


def is_demonstration_open(connection: Connection) -> bool:
    """Whether anybody may look around: there is no account yet, and no patient but those of the demonstration."""
    hosts = select(schema.study.c.host_id)
    real = select(func.count()).select_from(schema.patient)
    real = real.where(schema.patient.c.is_demonstration.is_(False), schema.patient.c.id.not_in(hosts))
    accounts = select(func.count()).select_from(schema.account)
    return not connection.execute(accounts).scalar_one() and not connection.execute(real).scalar_one()


def _found(connection: Connection, where: ColumnElement[bool]) -> Row[Any] | None:
    chosen = (
        select(
            schema.web_session,
            _ACCOUNT.role,
            _ACCOUNT.patient_id,
            _ACCOUNT.disabled_at,
            _LINK.patient_id.label("link_patient_id"),
            _LINK.report_id,
            _LINK.expires_at,
            _LINK.revoked_at.label("link_revoked_at"),
            _REPORT.withdrawn_at.label("report_withdrawn_at"),
        )
        .outerjoin(schema.account, _ACCOUNT.id == _SESSION.account_id)
        .outerjoin(schema.patient_link, _LINK.id == _SESSION.link_id)
        .outerjoin(schema.issued_report, _REPORT.id == _LINK.report_id)
    )
    return connection.execute(chosen.where(where)).first()


def _is_young(row: Row[Any], moment: datetime) -> bool:
    """Within both limits; one that begins in the future is of a clock that was wrong."""
    if row.revoked_at is not None or row.created_at > moment + _AHEAD:
        return False
    is_visitor = row.account_id is None and row.link_id is None
    return moment - row.created_at < ABSOLUTE and (is_visitor or moment - row.seen_at < IDLE)


def _actor(connection: Connection, row: Row[Any] | None, moment: datetime) -> Actor | None:
    if row is None or not _is_young(row, moment):
        return None
    if row.link_id is not None:
        is_over = row.link_revoked_at is not None or row.expires_at <= moment or row.report_withdrawn_at is not None
        if is_over or not has_consent(connection, row.link_patient_id, Purpose.PORTAL):
            return None
        scope = frozenset({f"report:{row.report_id}"})
        return Actor("", Role.PATIENT, row.id, row.link_patient_id, scope)
    if row.account_id is None:
        is_open = is_demonstration_open(connection)
        return Actor("", Role.PRACTITIONER, row.id, is_visitor=True) if is_open else None
    if row.disabled_at is not None:
        return None
    return Actor(row.account_id, Role(row.role), row.id, row.patient_id or "", is_enrolling=row.is_enrolling)
