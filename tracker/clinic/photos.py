"""Rows of photos: stored once per view, listed by date, removed without a trace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from tracker.calibration import KnownDistance
from tracker.clinic import schema
from tracker.clinic.distances import distance_of_view
from tracker.clinic.records import PhotoState, StoredPhoto
from tracker.clinic.register import not_found, random_id, view
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.errors import RecordError

_PHOTO = schema.photo.c


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """What is known of a photo when it arrives; `posing` only of one of a repeatability study."""

    view_id: str
    name: str
    taken_on: date
    shape: tuple[int, int]
    posing: int | None = None


class Gone(NamedTuple):
    """A photo whose row is gone: the names of what was made of it and of its blob."""

    photo_id: str
    patient_id: str
    file: str


def photos(connection: Connection, view_id: str) -> tuple[StoredPhoto, ...]:
    """Photos of a view by date, then in order of arrival."""
    chosen = _stored().where(_PHOTO.view_id == view_id).order_by(_PHOTO.taken_on, _PHOTO.arrival)
    secrets = secrets_of(connection)
    return tuple(_photo(row, secrets) for row in connection.execute(chosen))


def photo(connection: Connection, photo_id: str) -> StoredPhoto:
    """One photo."""
    row = connection.execute(_stored().where(_PHOTO.id == photo_id)).first()
    if row is None:
        raise not_found("photo")
    return _photo(row, secrets_of(connection))


def ids(connection: Connection) -> frozenset[str]:
    """Identifiers of all photos."""
    return frozenset(connection.execute(select(_PHOTO.id)).scalars())


def file_of(connection: Connection, photo_id: str) -> str:
    """Name of the file with the original bytes."""
    name = connection.execute(select(_PHOTO.file).where(_PHOTO.id == photo_id)).scalar()
    if name is None:
        raise not_found("photo")
    return str(name)


def patient_of(connection: Connection, photo_id: str) -> str:
    """Identifier of the patient whose skin a photo shows."""
    joined = schema.photo.join(schema.view, _PHOTO.view_id == schema.view.c.id)
    found = connection.execute(select(schema.view.c.patient_id).select_from(joined).where(_PHOTO.id == photo_id))
    patient_id = found.scalar()
    if patient_id is None:
        raise not_found("photo")
    return str(patient_id)


def gone_with(connection: Connection, *where: ColumnElement[bool]) -> list[Gone]:
    """What has to be removed after the photos of some views, asked before their rows go."""
    joined = schema.photo.join(schema.view, _PHOTO.view_id == schema.view.c.id).join(
        schema.patient, schema.view.c.patient_id == schema.patient.c.id
    )
    chosen = select(_PHOTO.id, schema.view.c.patient_id, _PHOTO.file).select_from(joined).where(*where)
    return [Gone(*row) for row in connection.execute(chosen)]


def find(connection: Connection, view_id: str, digest: str) -> StoredPhoto | None:
    """The photo of a view with this content, as `Secrets.digest` says it, if it is there."""
    row = connection.execute(_stored().where(_PHOTO.view_id == view_id, _PHOTO.digest == digest)).first()
    return _photo(row, secrets_of(connection)) if row else None


def reference(connection: Connection, view_id: str) -> StoredPhoto | None:
    """The photo the others of a view are compared with, if there is one yet."""
    row = connection.execute(_stored().where(_PHOTO.view_id == view_id, _PHOTO.is_reference)).first()
    return _photo(row, secrets_of(connection)) if row else None


def add(connection: Connection, new: NewPhoto, file: str, digest: str) -> StoredPhoto:
    """A new row; its file must be safe on the disk already. The digest is that of `Secrets.digest`."""
    photo_id = random_id()
    sealed = secrets_of(connection).seal(view(connection, new.view_id).patient_id, f"photo.name:{photo_id}", new.name)
    connection.execute(
        insert(schema.photo).values(
            id=photo_id,
            view_id=new.view_id,
            digest=digest,
            file=file,
            name=sealed,
            taken_on=new.taken_on,
            received_at=datetime.now(UTC),
            height=new.shape[0],
            width=new.shape[1],
            is_reference=False,
        )
    )
    if new.posing is not None:
        connection.execute(insert(schema.posing).values(photo_id=photo_id, number=new.posing))
    return photo(connection, photo_id)


def remove(connection: Connection, photo_id: str) -> Gone:
    """Remove a row, and say what has to be removed after it.

    Raises
    ------
    RecordError
        It is the reference a region was drawn on, or a distance was given in: in any other photo they would lie
        elsewhere.
    """
    found = photo(connection, photo_id)
    gone = Gone(photo_id, found.patient_id, file_of(connection, photo_id))
    if found.is_reference and _is_marked(connection, found.view_id) and _count(connection, found.view_id) > 1:
        raise RecordError(
            "The region of this view was drawn on this photo. Please clear the region first, then remove the photo.",
            code="is_reference",
        )
    if found.is_reference and distance_of_view(connection, found.view_id) and _count(connection, found.view_id) > 1:
        raise RecordError(
            "The known distance of this view was given in this photo. Please clear the distance first, then remove the "
            "photo.",
            code="is_reference",
        )
    connection.execute(delete(schema.photo).where(_PHOTO.id == photo_id))
    return gone


def check_distance(connection: Connection, view_id: str, distance: KnownDistance | None) -> None:
    """See whether a known distance lies in the reference photo of a view.

    Raises
    ------
    CalibrationFailed
        It does not.
    RecordError
        There is no such view, or no photo in it yet.
    """
    view(connection, view_id)
    if distance is not None:
        found = reference(connection, view_id)
        if found is None:
            raise RecordError("There is no photo yet to measure in; please add one.", code="no_reference")
        distance.check_inside(found.shape)


def make_reference(connection: Connection, photo_id: str) -> None:
    """From now on the photos of its view are compared with this one."""
    connection.execute(update(schema.photo).where(_PHOTO.id == photo_id).values(is_reference=True))


def _is_marked(connection: Connection, view_id: str) -> bool:
    region = select(schema.view.c.region_polygon, schema.view.c.region_mask).where(schema.view.c.id == view_id)
    return any(part is not None for part in connection.execute(region).one())


def _count(connection: Connection, view_id: str) -> int:
    counted = select(func.count()).select_from(schema.photo).where(_PHOTO.view_id == view_id)
    return int(connection.execute(counted).scalar_one())


def _stored() -> Select[Any]:
    now = schema.photo.join(schema.view, _PHOTO.view_id == schema.view.c.id)
    now = now.outerjoin(schema.result, _PHOTO.result_id == schema.result.c.id)
    judged = schema.result.c
    what = (judged.code, judged.reason, judged.status, judged.opposite, judged.lent_to, schema.view.c.patient_id)
    return select(schema.photo, *what).select_from(now)


def _photo(row: Row[Any], secrets: Secrets) -> StoredPhoto:
    state = PhotoState.WAITING
    if row.result_id is not None:
        state = PhotoState.REJECTED if row.code else PhotoState.MEASURED
    return StoredPhoto(
        id=row.id,
        view_id=row.view_id,
        digest=row.digest,
        name=secrets.open(row.patient_id, f"photo.name:{row.id}", row.name),
        taken_on=row.taken_on,
        received_at=row.received_at,
        state=state,
        is_reference=row.is_reference,
        reason=secrets.open(row.patient_id, f"result.reason:{row.id}", row.reason) if row.reason else "",
        code=row.code or "",
        shape=(row.height, row.width),
        status=row.status,
        opposite=row.opposite or "",
        lent_to=row.lent_to or "",
        patient_id=row.patient_id,
    )
