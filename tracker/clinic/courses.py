"""Courses of patients, and the templates they begin with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from tracker.clinic import register, schema
from tracker.clinic.course_plans import (
    OFFERED,
    CourseTemplate,
    Due,
    Phase,
    as_rows,
    check_phases,
    due,
    notes_of,
    phases_of,
)
from tracker.clinic.entries import compared, one_line, past_day
from tracker.clinic.register import not_found, random_id
from tracker.errors import RecordError

_TEMPLATE, _COURSE, _VISIT = schema.course_template.c, schema.course.c, schema.visit.c
_TREATED = select(schema.treatment.c.visit_id)
_AHEAD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Course:
    """A planned treatment of a patient, with what has been done of it.

    Attributes
    ----------
    id, patient_id, name, indication : str
    phases : tuple of Phase
    started_on : date
    ended_on : date or None
    next_on : date or None
        The appointment, where one was made.
    done : int
        Sessions in which something was given.
    last_on : date or None
        Day of the latest of them.
    """

    id: str
    patient_id: str
    name: str
    indication: str
    phases: tuple[Phase, ...]
    started_on: date
    ended_on: date | None
    next_on: date | None
    done: int
    last_on: date | None

    @property
    def due(self) -> Due | None:
        """The next session as it is proposed; None if the course has ended, or its plan."""
        if self.ended_on is not None:
            return None
        return due(self.phases, started_on=self.started_on, done=self.done, last_on=self.last_on, agreed=self.next_on)


def templates(connection: Connection) -> tuple[CourseTemplate, ...]:
    """The clinic's templates and those offered that it has not changed, by name."""
    own = [_template(row) for row in connection.execute(select(schema.course_template))]
    taken = {compared(each.name) for each in own}
    return tuple(sorted((*own, *(o for o in OFFERED if compared(o.name) not in taken)), key=lambda t: t.name))


def template(connection: Connection, name: str) -> CourseTemplate:
    """The template of a name."""
    found = next((each for each in templates(connection) if compared(each.name) == compared(name)), None)
    if found is None:
        raise not_found("template")
    return found


def save_template(connection: Connection, new: CourseTemplate) -> CourseTemplate:
    """Store a template under its name; it takes the place of the one that has it. Courses that run are not changed.

    Raises
    ------
    RecordError
        It has no name, or its plan cannot be followed.
    """
    name = one_line("name of the template", new.name, most=60, needed=True)
    kept = replace(new, id=random_id(), name=name, phases=check_phases(new.phases))
    remove_template(connection, name, missing_ok=True)
    connection.execute(
        insert(schema.course_template).values(
            id=kept.id, name=name, phases=as_rows(kept.phases), notes=as_rows(kept.notes)
        )
    )
    return kept


def remove_template(connection: Connection, name: str, *, missing_ok: bool = False) -> None:
    """Remove a template of the clinic; an offered one comes back as it was offered."""
    rows = connection.execute(select(_TEMPLATE.id, _TEMPLATE.name)).all()
    gone = [row.id for row in rows if compared(row.name) == compared(name)]
    if not gone and not missing_ok:
        raise not_found("template")
    connection.execute(delete(schema.course_template).where(_TEMPLATE.id.in_(gone)))


def courses(connection: Connection, patient_id: str) -> tuple[Course, ...]:
    """Courses of a patient, the latest first."""
    register.patient(connection, patient_id)
    chosen = _with_sessions().where(_COURSE.patient_id == patient_id).order_by(_COURSE.arrival.desc())
    return tuple(_course(row) for row in connection.execute(chosen))


def course(connection: Connection, course_id: str) -> Course:
    """One course."""
    row = connection.execute(_with_sessions().where(_COURSE.id == course_id)).first()
    if row is None:
        raise not_found("course")
    return _course(row)


def running(connection: Connection, patient_ids: Collection[str] | None = None) -> dict[str, Course]:
    """The course that runs of each patient who has one, in one query."""
    chosen = _with_sessions().where(_COURSE.ended_on.is_(None))
    if patient_ids is not None:
        chosen = chosen.where(_COURSE.patient_id.in_(patient_ids))
    return {row.patient_id: _course(row) for row in connection.execute(chosen)}


def start(
    connection: Connection,
    patient_id: str,
    *,
    template_name: str,
    indication: str,
    started_on: date,
    today: date,
) -> Course:
    """Begin a course with the plan of a template; what was given since its first day counts as its sessions.

    Raises
    ------
    RecordError
        There is no such patient or template, or a course runs already.
    """
    register.patient(connection, patient_id)
    plan = template(connection, template_name)
    past_day("first day of the course", min(started_on, today), today=today)
    _check_ahead("first day of the course", started_on, today)
    if running(connection, [patient_id]):
        raise RecordError("A course of this patient runs already; please end it first.", code="course_runs")
    course_id = random_id()
    connection.execute(
        insert(schema.course).values(
            id=course_id,
            patient_id=patient_id,
            name=plan.name,
            indication=one_line("indication", indication, most=60),
            phases=as_rows(plan.phases),
            started_on=started_on,
        )
    )
    # The first treatment is often written down before the course is begun.
    since = _VISIT.patient_id == patient_id, _VISIT.course_id.is_(None), _VISIT.day >= started_on
    connection.execute(update(schema.visit).where(*since, _VISIT.id.in_(_TREATED)).values(course_id=course_id))
    return course(connection, course_id)


def change_phases(connection: Connection, course_id: str, phases: Sequence[Phase]) -> Course:
    """Plan a course anew; what has been done stays done."""
    course(connection, course_id)
    _set(connection, course_id, phases=as_rows(check_phases(phases)))
    return course(connection, course_id)


def agree_next(connection: Connection, course_id: str, day: date | None, *, today: date) -> Course:
    """Keep the appointment of the next session, or take it back.

    Raises
    ------
    RecordError
        The day is before today, or years ahead.
    """
    course(connection, course_id)
    if day is not None and day < today:
        raise RecordError("The next appointment is in the past; please choose a day to come.", code="past")
    if day is not None:
        _check_ahead("next appointment", day, today)
    _set(connection, course_id, next_on=day)
    return course(connection, course_id)


def end(connection: Connection, course_id: str, day: date, *, today: date) -> Course:
    """End a course.

    Raises
    ------
    RecordError
        The day is in the future, or before the course began.
    """
    known = course(connection, course_id)
    past_day("last day of the course", day, today=today)
    if day < known.started_on:
        raise RecordError("The course cannot end before it began; please check the day.", code="too_early")
    _set(connection, course_id, ended_on=day)
    return course(connection, course_id)


def _check_ahead(what: str, day: date, today: date) -> None:
    if day > today + _AHEAD:
        raise RecordError(f"The {what} is more than two years ahead; please check the year.", code="too_late")


def _set(connection: Connection, course_id: str, **values: Any) -> None:
    connection.execute(update(schema.course).where(_COURSE.id == course_id).values(**values))


def _with_sessions() -> Select[Any]:
    """Courses with the number and the latest day of their sessions, in one query."""
    done = (
        select(_VISIT.course_id, func.count().label("done"), func.max(_VISIT.day).label("last_on"))
        .where(_VISIT.id.in_(_TREATED), _VISIT.course_id.is_not(None))
        .group_by(_VISIT.course_id)
        .subquery()
    )
    joined = schema.course.outerjoin(done, _COURSE.id == done.c.course_id)
    return select(schema.course, done.c.done, done.c.last_on).select_from(joined)


def _course(row: Row[Any]) -> Course:
    return Course(
        id=row.id,
        patient_id=row.patient_id,
        name=row.name,
        indication=row.indication,
        phases=phases_of(row.phases),
        started_on=row.started_on,
        ended_on=row.ended_on,
        next_on=row.next_on,
        done=row.done or 0,
        last_on=row.last_on,
    )


def _template(row: Row[Any]) -> CourseTemplate:
    return CourseTemplate(row.id, row.name, phases_of(row.phases), notes_of(row.notes))
