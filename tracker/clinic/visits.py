"""Sessions of a patient: the days on which they were here, with what was photographed, noted and given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from tracker.clinic import courses, register, schema
from tracker.clinic.entries import one_line, paragraphs, past_day
from tracker.clinic.register import random_id
from tracker.clinic.sealing import secrets_of
from tracker.quality import SkinState

_VISIT, _VIEW, _PHOTO = schema.visit.c, schema.view.c, schema.photo.c


@dataclass(frozen=True, slots=True)
class Visit:
    """What was written down of a day.

    Attributes
    ----------
    id, patient_id : str
    course_id : str or None
        The course it is a session of.
    day : date
    operator, note : str
    """

    id: str
    patient_id: str
    course_id: str | None
    day: date
    operator: str
    note: str


@dataclass(frozen=True, slots=True)
class SessionDay:
    """A day on which a patient was photographed, treated or seen.

    Attributes
    ----------
    day : date
    visit : Visit or None
        None where there are only photos.
    photos : int
    skin : dict of str to frozenset of SkinState
        What was other than usual, by view.
    days_since_injection : int or None
        Since the latest injection before that day, in any view; None before the first.
    """

    day: date
    visit: Visit | None
    photos: int
    skin: dict[str, frozenset[SkinState]]
    days_since_injection: int | None


def visits(connection: Connection, patient_id: str) -> tuple[Visit, ...]:
    """What was written down of a patient's days, the latest first."""
    register.patient(connection, patient_id)
    chosen = select(schema.visit).where(_VISIT.patient_id == patient_id).order_by(_VISIT.day.desc())
    return tuple(_visit(connection, row) for row in connection.execute(chosen))


def note_visit(connection: Connection, patient_id: str, day: date, *, operator: str, note: str, today: date) -> Visit:
    """Write down who treated a patient on a day, and what is to be remembered; it replaces what was there.

    Raises
    ------
    RecordError
        There is no such patient, the day is in the future, or a text cannot be stored.
    """
    past_day("day of the session", day, today=today)
    known = visit_on(connection, patient_id, day, operator="")
    secrets = secrets_of(connection)
    texts = {
        "operator": one_line("name of the operator", operator),
        "note": paragraphs("note", note),
    }
    sealed = {name: secrets.seal(patient_id, f"visit.{name}:{known.id}", text) for name, text in texts.items()}
    connection.execute(update(schema.visit).where(_VISIT.id == known.id).values(**sealed))
    return visit_on(connection, patient_id, day, operator="")


def visit_on(connection: Connection, patient_id: str, day: date, *, operator: str, joins_course: bool = False) -> Visit:
    """What is written down of a day; a row is made if there is none.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    day : date
    operator : str
        Takes the place of the one known, unless it is empty.
    joins_course : bool
        The day becomes a session of the course that runs.
    """
    register.patient(connection, patient_id)
    secrets = secrets_of(connection)
    chosen = select(schema.visit).where(_VISIT.patient_id == patient_id, _VISIT.day == day)
    row = connection.execute(chosen).first()
    if row is None:
        visit_id = random_id()
        empty = {name: secrets.seal(patient_id, f"visit.{name}:{visit_id}", "") for name in ("operator", "note")}
        connection.execute(insert(schema.visit).values(id=visit_id, patient_id=patient_id, day=day, **empty))
        row = connection.execute(chosen).one()
    values: dict[str, Any] = {}
    if operator:
        values["operator"] = secrets.seal(patient_id, f"visit.operator:{row.id}", operator)
    if joins_course and row.course_id is None:
        course = courses.running(connection, [patient_id]).get(patient_id)
        values |= {"course_id": course.id} if course is not None and day >= course.started_on else {}
    if values:
        connection.execute(update(schema.visit).where(_VISIT.id == row.id).values(**values))
        row = connection.execute(chosen).one()
    return _visit(connection, row)


def session_days(connection: Connection, patient_id: str) -> tuple[SessionDay, ...]:
    """Every day on which a patient was here, the latest first; days of a study are not among them."""
    written = {visit.day: visit for visit in visits(connection, patient_id)}
    in_a_study = select(schema.study_subject.c.view_id)
    own = (_VIEW.patient_id == patient_id, _VIEW.id.not_in(in_a_study))
    counted = select(_PHOTO.taken_on, func.count().label("photos")).join_from(
        schema.photo, schema.view, _PHOTO.view_id == _VIEW.id
    )
    photos = {row.taken_on: row.photos for row in connection.execute(counted.where(*own).group_by(_PHOTO.taken_on))}
    skin = _skin(connection, own)
    injected = _injected(connection, own)
    return tuple(
        SessionDay(
            day=day,
            visit=written.get(day),
            photos=photos.get(day, 0),
            skin=skin.get(day, {}),
            days_since_injection=_since(day, injected),
        )
        for day in sorted({*written, *photos, *injected}, reverse=True)
    )


def _skin(connection: Connection, own: tuple[Any, ...]) -> dict[date, dict[str, frozenset[SkinState]]]:
    state = schema.skin_state
    chosen = select(state).join_from(state, schema.view, state.c.view_id == _VIEW.id).where(*own)
    found: dict[date, dict[str, frozenset[SkinState]]] = {}
    for row in connection.execute(chosen):
        found.setdefault(row.day, {})[row.view_id] = frozenset(SkinState(each) for each in row.noted)
    return found


def _injected(connection: Connection, own: tuple[Any, ...]) -> list[date]:
    known = schema.injection
    chosen = select(known.c.day).join_from(known, schema.view, known.c.view_id == _VIEW.id).where(*own)
    return sorted(connection.execute(chosen.distinct()).scalars())


def _since(day: date, injected: list[date]) -> int | None:
    before = [each for each in injected if each < day]
    return (day - before[-1]).days if before else None


def _visit(connection: Connection, row: Row[Any]) -> Visit:
    secrets = secrets_of(connection)
    texts = {
        name: secrets.open(row.patient_id, f"visit.{name}:{row.id}", getattr(row, name))
        for name in ("operator", "note")
    }
    return Visit(row.id, row.patient_id, row.course_id, row.day, **texts)
