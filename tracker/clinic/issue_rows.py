"""Rows of issued reports and of what patients ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from tracker.clinic import register, schema
from tracker.clinic.issue_records import IssuedReport, PatientRequest, Story, Wish, story_from, story_text
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_ISSUED, _REQUEST = schema.issued_report.c, schema.patient_request.c
_STORY = "issued_report.story"


@dataclass(frozen=True, slots=True)
class NewReport:
    """What is known of a report when it is issued; `pictures` are the photos that its page shows."""

    patient_id: str
    view_id: str
    format: str
    file: str
    story: Story
    photos: tuple[str, ...]
    methods: tuple[str, ...]
    pictures: tuple[str, ...]
    issued_by: str


def add(connection: Connection, new: NewReport) -> str:
    """A new row; its identifier. The bytes must be safe already."""
    last = select(func.max(_ISSUED.version)).where(_ISSUED.view_id == new.view_id)
    report_id = random_id()
    connection.execute(
        insert(schema.issued_report).values(
            id=report_id,
            patient_id=new.patient_id,
            view_id=new.view_id,
            version=1 + (connection.execute(last).scalar() or 0),
            format=new.format,
            file=new.file,
            story=secrets_of(connection).seal(new.patient_id, _STORY, story_text(new.story)),
            made_of={"photos": new.photos, "methods": new.methods, "pictures": new.pictures},
            issued_by=new.issued_by,
            issued_at=datetime.now(UTC),
        )
    )
    return report_id


def issued(connection: Connection, report_id: str) -> IssuedReport:
    """One issued report."""
    return _report(connection, _row(connection, report_id))


def file_of(connection: Connection, report_id: str) -> str:
    """Name of the file with its bytes."""
    return str(_row(connection, report_id).file)


def picture_of(connection: Connection, report_id: str, position: int) -> str:
    """The photo that its page shows at a position."""
    pictures = _row(connection, report_id).made_of["pictures"]
    if not 0 <= position < len(pictures):
        raise not_found("picture")
    return str(pictures[position])


def all_issued(connection: Connection, patient_id: str) -> tuple[IssuedReport, ...]:
    """Reports that were issued to a patient, the latest first."""
    register.patient(connection, patient_id)
    chosen = select(schema.issued_report).where(_ISSUED.patient_id == patient_id).order_by(_ISSUED.arrival.desc())
    return tuple(_report(connection, row) for row in connection.execute(chosen).all())


def withdraw(connection: Connection, report_id: str, by: str) -> None:
    """Take a report back; a second time changes nothing."""
    held = _ISSUED.id == report_id, _ISSUED.withdrawn_at.is_(None)
    now = datetime.now(UTC)
    connection.execute(update(schema.issued_report).where(*held).values(withdrawn_at=now, withdrawn_by=by))


def ask(connection: Connection, patient_id: str, wish: Wish) -> PatientRequest:
    """Keep what a patient asks for; what is asked for already is asked once."""
    register.patient(connection, patient_id)
    known = next((each for each in requests(connection, patient_id) if each.wish is wish and not each.done_at), None)
    if known is not None:
        return known
    row = {"id": random_id(), "patient_id": patient_id, "kind": wish, "asked_at": datetime.now(UTC)}
    connection.execute(insert(schema.patient_request).values(**row))
    return requests(connection, patient_id)[0]


def requests(connection: Connection, patient_id: str) -> tuple[PatientRequest, ...]:
    """What a patient asked for, the latest first."""
    chosen = select(schema.patient_request).where(_REQUEST.patient_id == patient_id)
    return tuple(map(_request, connection.execute(chosen.order_by(_REQUEST.arrival.desc()))))


def open_requests(connection: Connection) -> tuple[PatientRequest, ...]:
    """What patients asked for and nobody has answered, the longest waiting first."""
    chosen = select(schema.patient_request).where(_REQUEST.done_at.is_(None)).order_by(_REQUEST.arrival)
    return tuple(map(_request, connection.execute(chosen)))


def settle(connection: Connection, wish_id: str, by: str) -> None:
    """Note that what was asked for is done."""
    held = _REQUEST.id == wish_id, _REQUEST.done_at.is_(None)
    done = update(schema.patient_request).where(*held).values(done_at=datetime.now(UTC), done_by=by)
    if not connection.execute(done).rowcount:
        raise RecordError("There is no such request, or it was answered already.", code="not_found")


def _row(connection: Connection, report_id: str) -> Row[Any]:
    row = connection.execute(select(schema.issued_report).where(_ISSUED.id == report_id)).first()
    if row is None:
        raise not_found("report")
    return row


def _report(connection: Connection, row: Row[Any]) -> IssuedReport:
    return IssuedReport(
        id=row.id,
        patient_id=row.patient_id,
        view_id=row.view_id,
        version=row.version,
        format=row.format,
        story=story_from(secrets_of(connection).open(row.patient_id, _STORY, row.story)),
        photos=tuple(row.made_of["photos"]),
        methods=tuple(row.made_of["methods"]),
        issued_by=row.issued_by,
        issued_at=row.issued_at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by or "",
    )


def _request(row: Row[Any]) -> PatientRequest:
    return PatientRequest(row.id, row.patient_id, Wish(row.kind), row.asked_at, row.done_at)
