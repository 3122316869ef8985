"""How long the record of a patient is kept: the clinic's rule, and what stands against erasing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from tracker.clinic import schema
from tracker.clinic.belongings import owned
from tracker.clinic.register import patient
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_REASON = "legal_hold.reason"
#: Least and most of each part of a rule.
LIMITS = {
    "years": (0, 100),
    "minors_until": (0, 100),
    "wait_hours": (24, 24 * 90),
    "backup_days": (1, 3650),
    "consent_years": (0, 100),
}


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What the clinic keeps, and for how long. The defaults follow common law; every clinic has to check its own.

    Attributes
    ----------
    years : int
        After the last visit.
    minors_until : int
        Age at which the record of somebody who was a minor at the last visit may go at the earliest.
    wait_hours : int
        How long after it was begun an erasure may be carried out by the same person.
    backup_days : int
        After how many days the last copy of a backup is destroyed, wherever it is kept.
    consent_years : int
        How long after its signature a consent to more than care is asked for anew; 0 = never. No law names a number.
    """

    years: int = 10
    minors_until: int = 28
    wait_hours: int = 24
    backup_days: int = 35
    consent_years: int = 5

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise RecordError(
                    f"The rule of how long records are kept has {name} from {least} to {most}.", code="rule"
                )


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a record may not be erased yet.

    Attributes
    ----------
    until : date or None
        First day on which it may; None: not as long as the hold lasts.
    why : str
        One sentence.
    """

    until: date | None
    why: str


def rule(connection: Connection) -> RetentionRule:
    """The rule of this clinic."""
    names = {f"retention_{name}": name for name in RetentionRule.__dataclass_fields__}
    chosen = select(schema.about.c.name, schema.about.c.value).where(schema.about.c.name.in_(list(names)))
    return RetentionRule(**{names[row.name]: int(row.value) for row in connection.execute(chosen)})


def set_rule(connection: Connection, new: RetentionRule) -> None:
    """Change the rule of this clinic."""
    for name in RetentionRule.__dataclass_fields__:
        connection.execute(delete(schema.about).where(schema.about.c.name == f"retention_{name}"))
        connection.execute(insert(schema.about).values(name=f"retention_{name}", value=str(getattr(new, name))))


def last_visit(connection: Connection, patient_id: str) -> date | None:
    """The last day on which a patient was in the clinic, as far as the record knows."""
    mine = owned(patient_id)
    days = (schema.photo.c.taken_on, schema.injection.c.day, schema.skin_state.c.day, schema.visit.c.day)
    found = [connection.execute(select(func.max(day)).where(mine[day.table])).scalar() for day in days]
    return max((day for day in found if day is not None), default=None)


def kept(connection: Connection, patient_id: str, today: date | None = None) -> Kept | None:
    """What stands against erasing a patient today; None if nothing does.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    today : date, optional
    """
    today = today or datetime.now(UTC).date()
    if patient(connection, patient_id).is_demonstration:
        return None
    hold = legal_hold(connection, patient_id)
    if hold is not None:
        return Kept(None, f"There is a legal hold on this record: {hold}")
    last = last_visit(connection, patient_id)
    if last is None:
        return None
    until = _until(last, birth_year(connection, patient_id), rule(connection))
    if until <= today:
        return None
    return Kept(until, f"The last visit was on {last}; records of the clinic are kept until {until}.")


def _until(last: date, born: int | None, rule: RetentionRule) -> date:
    """The first day on which a record may go. Of a birthday only the year is known: the latest one is taken."""
    until = years_later(last, rule.years)
    if born is not None and last.year - born <= 18:
        until = max(until, date(born + rule.minors_until, 12, 31) + timedelta(days=1))
    return until


def years_later(day: date, years: int) -> date:
    """The same day some years later; of the 29th of February the day after."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return date(day.year + years, 3, 1)


def birth_year(connection: Connection, patient_id: str) -> int | None:
    """Year of birth of a patient, where it was noted."""
    details = schema.patient_details.c
    return connection.execute(select(details.birth_year).where(details.patient_id == patient_id)).scalar()


def legal_hold(connection: Connection, patient_id: str) -> str | None:
    """Why the record of a patient must not be erased whatever its age; None if it may."""
    held = schema.legal_hold.c
    sealed = connection.execute(select(held.reason).where(held.patient_id == patient_id)).scalar()
    return None if sealed is None else secrets_of(connection).open(patient_id, _REASON, sealed)


def set_legal_hold(connection: Connection, patient_id: str, reason: str | None) -> None:
    """Begin a hold with its reason, or end it with None."""
    patient(connection, patient_id)
    if reason is not None and not reason.strip():
        raise RecordError("A legal hold needs a reason; please give one.", code="no_reason")
    connection.execute(delete(schema.legal_hold).where(schema.legal_hold.c.patient_id == patient_id))
    if reason is not None:
        sealed = secrets_of(connection).seal(patient_id, _REASON, reason)
        now = datetime.now(UTC)
        connection.execute(insert(schema.legal_hold).values(patient_id=patient_id, since=now, reason=sealed))


def restricted_since(connection: Connection, patient_id: str) -> datetime | None:
    """Since when a record is only kept and not used; None if it is used."""
    since = schema.restriction.c
    return connection.execute(select(since.since).where(since.patient_id == patient_id)).scalar()


def restrict(connection: Connection, patient_id: str) -> None:
    """From now on keep a record and use it for nothing else."""
    if restricted_since(connection, patient_id) is None:
        connection.execute(insert(schema.restriction).values(patient_id=patient_id, since=datetime.now(UTC)))


def lift_restriction(connection: Connection, patient_id: str) -> None:
    """Use a record again."""
    connection.execute(delete(schema.restriction).where(schema.restriction.c.patient_id == patient_id))


def due(connection: Connection, today: date | None = None) -> tuple[str, ...]:
    """Patients, by id, whose record has been kept as long as it has to be."""
    chosen = select(schema.patient.c.id).where(
        schema.patient.c.is_demonstration.is_(False), schema.patient.c.id.not_in(select(schema.study.c.host_id))
    )
    found = connection.execute(chosen.order_by(schema.patient.c.arrival)).scalars().all()
    return tuple(p for p in found if last_visit(connection, p) is not None and kept(connection, p, today) is None)
