"""What Today shows of many patients at once: a handful of queries, however many patients there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, case, func, select

from tracker.clinic import courses, schema
from tracker.clinic.course_plans import Due

_VIEW, _PHOTO = schema.view.c, schema.photo.c


@dataclass(frozen=True, slots=True)
class ViewSummary:
    """How far the photos of a view have come.

    Attributes
    ----------
    view_id : str
    site, laterality, pose : str
    is_control : bool
    sessions : int
        Days with photos.
    latest : date or None
    waiting, rejected : int
        Photos.
    """

    view_id: str
    site: str
    laterality: str
    pose: str
    is_control: bool
    sessions: int
    latest: date | None
    waiting: int
    rejected: int


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """What there is to know of a patient before their next session.

    Attributes
    ----------
    patient_id : str
    views : tuple of ViewSummary
        In the order in which they were added.
    last_injection : date or None
        In any view.
    course : str
        Name of the course that runs; empty without one.
    due : Due or None
    """

    patient_id: str
    views: tuple[ViewSummary, ...]
    last_injection: date | None
    course: str
    due: Due | None


def summaries(connection: Connection, patient_ids: Collection[str]) -> dict[str, PatientSummary]:
    """Summaries of some patients, by their id; who is not in the record is missing."""
    known = connection.execute(select(schema.patient.c.id).where(schema.patient.c.id.in_(patient_ids))).scalars()
    ids = set(known)
    views = _views(connection, ids)
    injected = _last_injections(connection, ids)
    running = courses.running(connection, ids)
    found = {}
    for patient_id in ids:
        course = running.get(patient_id)
        found[patient_id] = PatientSummary(
            patient_id=patient_id,
            views=tuple(views.get(patient_id, ())),
            last_injection=injected.get(patient_id),
            course=course.name if course else "",
            due=course.due if course else None,
        )
    return found


def dues(connection: Connection) -> dict[str, Due]:
    """The next session of every patient whose course goes on, by patient."""
    found = {patient_id: course.due for patient_id, course in courses.running(connection).items()}
    return {patient_id: due for patient_id, due in found.items() if due is not None}


def _views(connection: Connection, ids: Collection[str]) -> dict[str, list[ViewSummary]]:
    rejected = case((schema.result.c.code != "", 1), else_=0)
    waiting = case((_PHOTO.id.is_not(None) & _PHOTO.result_id.is_(None), 1), else_=0)
    joined = schema.view.outerjoin(schema.photo, _PHOTO.view_id == _VIEW.id).outerjoin(
        schema.result, _PHOTO.result_id == schema.result.c.id
    )
    columns = _VIEW.id, _VIEW.patient_id, _VIEW.site, _VIEW.laterality, _VIEW.pose, _VIEW.is_control, _VIEW.arrival
    chosen = (
        select(
            *columns,
            func.count(_PHOTO.taken_on.distinct()).label("sessions"),
            func.max(_PHOTO.taken_on).label("latest"),
            func.sum(waiting).label("waiting"),
            func.sum(rejected).label("rejected"),
        )
        .select_from(joined)
        .where(_VIEW.patient_id.in_(ids), _VIEW.id.not_in(select(schema.study_subject.c.view_id)))
        .group_by(*columns)
        .order_by(_VIEW.arrival)
    )
    found: dict[str, list[ViewSummary]] = {}
    for row in connection.execute(chosen):
        found.setdefault(row.patient_id, []).append(_summary(row))
    return found


def _summary(row: Any) -> ViewSummary:
    return ViewSummary(
        row.id, row.site, row.laterality, row.pose, row.is_control, row.sessions, row.latest,
        int(row.waiting or 0), int(row.rejected or 0),
    )  # fmt: skip


def _last_injections(connection: Connection, ids: Collection[str]) -> dict[str, date]:
    known = schema.injection
    chosen = (
        select(_VIEW.patient_id, func.max(known.c.day).label("day"))
        .join_from(known, schema.view, known.c.view_id == _VIEW.id)
        .where(_VIEW.patient_id.in_(ids))
        .group_by(_VIEW.patient_id)
    )
    return {row.patient_id: row.day for row in connection.execute(chosen)}
