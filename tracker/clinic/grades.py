"""Grades that a clinician gave: records beside the photos, never mixed with what was measured in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from tracker.clinic import register, schema
from tracker.clinic.entries import one_line, paragraphs, past_day
from tracker.clinic.grading_scales import Scale, scale
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of

_GRADE, _VIEW = schema.grade.c, schema.view.c


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade of one view.

    Attributes
    ----------
    id, view_id : str
    scale : Scale
    score : float
    day : date
    grader, note : str
    """

    id: str
    view_id: str
    scale: Scale
    score: float
    day: date
    grader: str
    note: str


def grades(connection: Connection, view_id: str) -> tuple[Grade, ...]:
    """Grades of a view by day, then in order of arrival."""
    register.view(connection, view_id)
    chosen = _with_patients().where(_GRADE.view_id == view_id).order_by(_GRADE.day, _GRADE.arrival)
    return tuple(_grade(connection, row) for row in connection.execute(chosen))


def grades_of(connection: Connection, patient_id: str) -> tuple[Grade, ...]:
    """Grades of all views of a patient, the latest first."""
    register.patient(connection, patient_id)
    chosen = _with_patients().where(_VIEW.patient_id == patient_id)
    rows = connection.execute(chosen.order_by(_GRADE.day.desc(), _GRADE.arrival.desc()))
    return tuple(_grade(connection, row) for row in rows)


def add(
    connection: Connection,
    view_id: str,
    *,
    scale_name: str,
    score: float,
    day: date,
    grader: str,
    note: str,
    today: date,
) -> Grade:
    """Keep a grade.

    Raises
    ------
    RecordError
        There is no such view or scale, the scale has no such score, or the day is in the future.
    """
    patient_id = register.view(connection, view_id).patient_id
    chosen, grade_id, secrets = scale(scale_name), random_id(), secrets_of(connection)
    texts = {
        "grader": one_line("name of the person who graded", grader, needed=True),
        "note": paragraphs("note", note),
    }
    connection.execute(
        insert(schema.grade).values(
            id=grade_id,
            view_id=view_id,
            scale=chosen.name,
            score=chosen.check(score),
            day=past_day("day of the grade", day, today=today),
            received_at=datetime.now(UTC),
            **{name: secrets.seal(patient_id, f"grade.{name}:{grade_id}", text) for name, text in texts.items()},
        )
    )
    return _grade(connection, connection.execute(_with_patients().where(_GRADE.id == grade_id)).one())


def remove(connection: Connection, grade_id: str) -> None:
    """Remove a grade that was written down by mistake."""
    if not connection.execute(delete(schema.grade).where(_GRADE.id == grade_id)).rowcount:
        raise not_found("grade")


def _with_patients() -> Any:
    return select(schema.grade, _VIEW.patient_id).join_from(schema.grade, schema.view, _GRADE.view_id == _VIEW.id)


def _grade(connection: Connection, row: Row[Any]) -> Grade:
    secrets = secrets_of(connection)
    texts = {
        name: secrets.open(row.patient_id, f"grade.{name}:{row.id}", getattr(row, name)) for name in ("grader", "note")
    }
    return Grade(row.id, row.view_id, scale(row.scale), row.score, row.day, **texts)
