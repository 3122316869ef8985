"""Whose patients somebody's are: the care team, and for some hours who broke the glass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, or_, select, update

from tracker.clinic import schema

EMERGENCY_LASTS = timedelta(hours=8)
_TEAM, _EMERGENCY = schema.care_team.c, schema.emergency.c


@dataclass(frozen=True, slots=True)
class Emergency:
    """Somebody broke the glass, and no owner has read of it yet.

    Attributes
    ----------
    account_id, patient_id : str
        Who saw whom.
    since, until : datetime
    """

    account_id: str
    patient_id: str
    since: datetime
    until: datetime


def join(connection: Connection, patient_id: str, account_id: str, moment: datetime) -> None:
    """Put somebody on the care team of a patient; who is on it already stays."""
    here = _TEAM.patient_id == patient_id, _TEAM.account_id == account_id
    if connection.execute(select(_TEAM.since).where(*here)).first() is None:
        connection.execute(insert(schema.care_team).values(patient_id=patient_id, account_id=account_id, since=moment))


def leave(connection: Connection, patient_id: str, account_id: str) -> None:
    """Take somebody off the care team of a patient."""
    connection.execute(delete(schema.care_team).where(_TEAM.patient_id == patient_id, _TEAM.account_id == account_id))


def members(connection: Connection, patient_id: str) -> tuple[str, ...]:
    """Accounts on the care team of a patient, the longest first."""
    chosen = select(_TEAM.account_id).where(_TEAM.patient_id == patient_id).order_by(_TEAM.since, _TEAM.account_id)
    return tuple(connection.execute(chosen).scalars())


def break_glass(connection: Connection, patient_id: str, account_id: str, moment: datetime) -> datetime:
    """Let somebody see a patient for some hours; until when."""
    until = moment + EMERGENCY_LASTS
    connection.execute(
        insert(schema.emergency).values(account_id=account_id, patient_id=patient_id, since=moment, until=until)
    )
    return until


def unread_emergencies(connection: Connection) -> tuple[Emergency, ...]:
    """Who broke the glass since an owner said that they had read of it, the latest first."""
    chosen = select(schema.emergency).where(_EMERGENCY.read_at.is_(None)).order_by(_EMERGENCY.arrival.desc())
    return tuple(Emergency(r.account_id, r.patient_id, r.since, r.until) for r in connection.execute(chosen))


def read_emergencies(connection: Connection, up_to: datetime, moment: datetime) -> None:
    """An owner has read who broke the glass up to a moment."""
    here = _EMERGENCY.read_at.is_(None), _EMERGENCY.since <= up_to
    connection.execute(update(schema.emergency).where(*here).values(read_at=moment))


def patients_of(connection: Connection, account_id: str, moment: datetime) -> frozenset[str]:
    """Patients somebody takes care of, or sees in an emergency, at this moment."""
    team = select(_TEAM.patient_id).where(_TEAM.account_id == account_id)
    glass = select(_EMERGENCY.patient_id).where(
        _EMERGENCY.account_id == account_id, _EMERGENCY.since <= moment, _EMERGENCY.until > moment
    )
    return frozenset(connection.execute(team.union(glass)).scalars())


def takes_care(connection: Connection, account_id: str, patient_id: str, moment: datetime) -> bool:
    """Whether a patient is somebody's, or is seen in an emergency, at this moment."""
    team = select(_TEAM.since).where(_TEAM.account_id == account_id, _TEAM.patient_id == patient_id)
    if connection.execute(team).first() is not None:
        return True
    chosen = select(_EMERGENCY.until).where(_EMERGENCY.account_id == account_id, _EMERGENCY.patient_id == patient_id)
    chosen = chosen.where(_EMERGENCY.since <= moment, _EMERGENCY.until > moment)
    return connection.execute(chosen).first() is not None


def is_on_team(connection: Connection, account_id: str, patient_id: str) -> bool:
    """Whether somebody takes care of a patient for good, and not in an emergency only."""
    team = select(_TEAM.since).where(_TEAM.account_id == account_id, _TEAM.patient_id == patient_id)
    return connection.execute(team).first() is not None


def everybodys(connection: Connection) -> frozenset[str]:
    """Rows among the patients that are all practitioners': the demonstration, and the hosts of studies."""
    hosts = select(schema.study.c.host_id)
    rows = schema.patient.c
    return frozenset(
        connection.execute(select(rows.id).where(or_(rows.is_demonstration, rows.id.in_(hosts)))).scalars()
    )
