"""Everybody who may act in a clinic, and for each kind of object one of theirs, one of somebody else's, and none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Date, Float, Integer, LargeBinary, Table, insert, select

from tracker.clinic import Clinic, care_team, register, schema, web_sessions
from tracker.clinic.actors import Actor, Role
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import WHOLE, Channel
from tracker.clinic.register import random_id
from tracker.clinic.schema import Instant
from tracker.clinic.sealing import secrets_of

#: Tables of parameters that are not called after their table.
TABLES = {
    "control_id": "view",
    "session_id": "rating_session",
    "link_id": "patient_link",
    "report_id": "issued_report",
    "measure_id": "body_measure",
    "effect_id": "side_effect",
    "entry_id": "diary_entry",
    "wish_id": "patient_request",
}


def table_of(parameter: str) -> Table:
    """The table whose rows a parameter names."""
    name = TABLES.get(parameter, parameter.removesuffix("_id"))
    found = schema.metadata.tables.get(name)
    assert found is not None, f"no table is called {name}: please say in TABLES of tests/cast.py what {parameter} names"
    return found


def row(connection: Connection, table: Table, patient_id: str) -> str:
    """Identifier of a new row that belongs to a patient, with whatever it needs to stand on."""
    if table.name == "patient":
        return patient_id
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in ("arrival", "number") or (column.nullable and column.name != "patient_id"):
            continue
        target = next((key.column.table for key in column.foreign_keys), None)
        if column.name == "host_id":  # stands for the volunteers of a study, who are nobody's
            values["host_id"] = add_patient(connection)
        elif target is not None:
            values[column.name] = row(connection, target, patient_id)
        elif column.name == "id":
            values["id"] = random_id()
        else:
            values[column.name] = _value(column.type)
    connection.execute(insert(table).values(**values))
    return str(values.get("id") or next(iter(values.values())))


def _value(kind: object) -> Any:
    match kind:
        case Instant():
            return datetime.now(UTC)
        case Date():
            return date(2026, 1, 1)
        case Boolean():
            return False
        case Integer():
            return 1
        case Float():
            return 1.0
        case JSON():
            return {}
        case LargeBinary():
            return b""
    return random_id()


@dataclass(frozen=True)
class Cast:
    """A clinic with somebody of every kind.

    Attributes
    ----------
    clinic : Clinic
        Acting as the program itself.
    own, other, erased : str
        Patients: of the practitioner and of the account of a patient; of somebody else; and one who is gone.
    actors : dict
        By what they are called in the tables of tests.
    """

    clinic: Clinic
    own: str
    other: str
    erased: str
    actors: dict[str, Actor]

    def signed_in(self, role: Role, patient_id: str | None = None) -> Actor:
        """A new account, and a session of it."""
        account = _account(self.clinic, role, patient_id)
        return _session(self.clinic, account)

    def ids(self, parameters: list[str], whose: str) -> dict[str, str]:
        """One object for each parameter: all of one patient."""
        patient_id = {"own": self.own, "other": self.other}.get(whose)
        with self.clinic._store.writing() as connection:
            if whose == "missing":
                return {name: random_id() for name in parameters}
            if whose == "erased":
                new = add_patient(connection)
                made = {name: row(connection, table_of(name), new) for name in parameters}
                connection.execute(schema.patient.delete().where(schema.patient.c.id == new))
                hosts = select(schema.study.c.host_id).where(schema.study.c.id == made.get("study_id"))
                connection.execute(schema.patient.delete().where(schema.patient.c.id.in_(hosts)))
                return made
            assert patient_id is not None
            return {name: row(connection, table_of(name), patient_id) for name in parameters}


def add_patient(connection: Connection) -> str:
    """A new patient, with a key."""
    new = register.add_patient(connection, code=random_id(), name="", note="", is_demonstration=False).id
    secrets_of(connection).keys.create(new)
    return new


@contextmanager
def cast(home: Path) -> Iterator[Cast]:
    """A clinic with somebody of every kind, closed afterwards."""
    with Clinic.open(home) as clinic:
        with clinic._store.writing() as connection:
            own, other, erased = (add_patient(connection) for _ in range(3))
            connection.execute(schema.patient.delete().where(schema.patient.c.id == erased))
        for patient_id in (own, other):
            consent(clinic, patient_id)
        here = Cast(clinic, own, other, erased, {})
        now = datetime.now(UTC)
        for role in (Role.OWNER, Role.PRACTITIONER, Role.ASSISTANT, Role.RATER, Role.AUDITOR):
            here.actors[str(role)] = here.signed_in(role)
        here.actors["practitioner off the team"] = here.signed_in(Role.PRACTITIONER)
        here.actors["practitioner by breaking the glass"] = here.signed_in(Role.PRACTITIONER)
        here.actors["practitioner whose emergency is over"] = here.signed_in(Role.PRACTITIONER)
        here.actors["rater not invited"] = here.signed_in(Role.RATER)
        here.actors["patient"] = here.signed_in(Role.PATIENT, own)
        with clinic._store.writing() as connection:
            care_team.join(connection, own, here.actors["practitioner"].account_id, now)
            glass = here.actors["practitioner by breaking the glass"].account_id
            care_team.break_glass(connection, own, glass, now)
            over = here.actors["practitioner whose emergency is over"].account_id
            care_team.break_glass(connection, own, over, now - timedelta(hours=9))
        yield here


def consent(clinic: Clinic, patient_id: str) -> None:
    """A patient's consent to being shown results online."""
    today = date(2026, 1, 1)
    clinic.give_consent(patient_id, Purpose.PORTAL, given_by="Ada", signed_on=today, channel=Channel.PAPER, scope=WHOLE)


def _account(clinic: Clinic, role: Role, patient_id: str | None) -> str:
    name = random_id()
    clinic.add_account(role, name, patient_id)
    with clinic._store.writing() as connection:
        newest = select(schema.account.c.id).order_by(schema.account.c.arrival.desc()).limit(1)
        return str(connection.execute(newest).scalar_one())


def _session(clinic: Clinic, account_id: str) -> Actor:
    with clinic._store.writing() as connection:
        token, _ = web_sessions.begin(connection, datetime.now(UTC), account_id=account_id)
    actor = clinic.session_of(token)
    assert actor is not None
    return actor
