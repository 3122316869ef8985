"""What Today shows of many patients at once: a handful of queries, however many patients there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, case, func, select

from tracker.clinic import courses, schema
from tracker.clinic.course_plans import Due
from tracker.clinic.records import View

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
    waiting : int
        Photos that are not measured yet.
    """

    view_id: str
    site: str
    laterality: str
    pose: str
    is_control: bool
    sessions: int
    latest: date | None
    waiting: int

    @property
    def title(self) -> str:
        """Name for people, with the untreated side marked."""
        title = View(self.view_id, "", self.site, self.laterality, self.pose, "", self.is_control, None, None).title
        return f"{title} (untreated)" if self.is_control else title


@dataclass(frozen=True, slots=True)
class PatientRejections:
    """Photos of a view that are not comparable.

    Attributes
    ----------
    patient_id, view_id : str
    photos : int
    """

    patient_id: str
    view_id: str
    photos: int


@dataclass(frozen=True, slots=True)
class PatientDue:
    """The next session of a patient.

    Attributes
    ----------
    patient_id : str
    due : Due
    """

    patient_id: str
    due: Due


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


def summaries(connection: Connection, patient_ids: Collection[str]) -> tuple[PatientSummary, ...]:
    """Summaries of some patients; who is not in the record is missing."""
    known = connection.execute(select(schema.patient.c.id).where(schema.patient.c.id.in_(patient_ids))).scalars()
    ids = set(known)
    views = _views(connection, ids)
    injected = _last_injections(connection, ids)
    running = courses.running(connection, ids)
    return tuple(
        PatientSummary(
            patient_id=patient_id,
            views=tuple(views.get(patient_id, ())),
            last_injection=injected.get(patient_id),
            course=running[patient_id].name if patient_id in running else "",
            due=running[patient_id].due if patient_id in running else None,
        )
        for patient_id in dict.fromkeys(patient_ids)
        if patient_id in ids
    )


def dues(connection: Connection) -> tuple[PatientDue, ...]:
    """The next session of every patient whose course goes on, the earliest first."""
    found = [
        PatientDue(patient_id, course.due)
        for patient_id, course in courses.running(connection).items()
        if course.due is not None
    ]
    return tuple(sorted(found, key=lambda each: each.due.day))


def rejected(connection: Connection, patient_ids: Collection[str]) -> tuple[PatientRejections, ...]:
    """How many photos of each view of some patients are not comparable; views without one are missing."""
    joined = schema.photo.join(schema.view, _PHOTO.view_id == _VIEW.id).join(
        schema.result, _PHOTO.result_id == schema.result.c.id
    )
    chosen = (
        select(_VIEW.patient_id, _VIEW.id, func.count().label("photos"))
        .select_from(joined)
        .where(_VIEW.patient_id.in_(patient_ids), schema.result.c.code != "")
        .group_by(_VIEW.patient_id, _VIEW.id)
    )
    return tuple(PatientRejections(row.patient_id, row.id, row.photos) for row in connection.execute(chosen))


def _views(connection: Connection, ids: Collection[str]) -> dict[str, list[ViewSummary]]:
    waiting = case((_PHOTO.id.is_not(None) & _PHOTO.result_id.is_(None), 1), else_=0)
    joined = schema.view.outerjoin(schema.photo, _PHOTO.view_id == _VIEW.id)
    columns = _VIEW.id, _VIEW.patient_id, _VIEW.site, _VIEW.laterality, _VIEW.pose, _VIEW.is_control, _VIEW.arrival
    chosen = (
        select(
            *columns,
            func.count(_PHOTO.taken_on.distinct()).label("sessions"),
            func.max(_PHOTO.taken_on).label("latest"),
            func.sum(waiting).label("waiting"),
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
        int(row.waiting or 0),
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
