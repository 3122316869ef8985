"""Patients and views: who is followed, and what of them is photographed."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tracker.calibration import KnownDistance
from tracker.clinic import distances, schema
from tracker.clinic.records import Patient, View
from tracker.clinic.regions import region_columns, region_of
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.errors import RecordError
from tracker.region import Region

UNREADABLE = "(cannot be read)"
_SIDES = ("left", "right", "")
_VIEWS = select(schema.view, schema.known_distance.c.points, schema.known_distance.c.mm).outerjoin_from(
    schema.view, schema.known_distance
)


def random_id() -> str:
    """An identifier of 128 random bits that nobody can guess, safe in addresses and file names."""
    return token_hex(16)


def not_found(what: str) -> RecordError:
    """The refusal for an identifier that means nothing here."""
    return RecordError(f"This {what} is not in the record; it may have been removed.", code="not_found")


def patients(connection: Connection) -> tuple[Patient, ...]:
    """All patients, by code; not the hosts of studies, which are nobody.

    One whose texts were damaged is listed without them: the others have to be found all the same.
    """
    chosen = select(schema.patient).where(schema.patient.c.id.not_in(select(schema.study.c.host_id)))
    secrets = secrets_of(connection)
    listed = (_listed(row, secrets) for row in connection.execute(chosen.order_by(schema.patient.c.code)))
    return tuple(each for each in listed if each is not None)


def patient(connection: Connection, patient_id: str) -> Patient:
    """One patient."""
    row = connection.execute(select(schema.patient).where(schema.patient.c.id == patient_id)).first()
    if row is None:
        raise not_found("patient")
    return _patient(row, secrets_of(connection))


def add_patient(connection: Connection, *, code: str, name: str, note: str, is_demonstration: bool) -> Patient:
    """A new patient, whose key is safe on the disk before the row that needs it.

    Raises
    ------
    RecordError
        The code is empty or taken, or a text cannot be stored.
    """
    _check_text(code=code, name=name, note=note)
    if not code.strip():
        raise RecordError("A patient needs a code; please give one.", code="no_code")
    taken = select(func.count()).select_from(schema.patient).where(schema.patient.c.code == code)
    if connection.execute(taken).scalar_one():
        raise RecordError(f"There is a patient with the code {code} already; please choose another.", code="code_taken")
    new = Patient(random_id(), code, name, is_demonstration, note)
    sealing = secrets_of(connection)
    sealing.keys.create(new.id)
    connection.execute(
        insert(schema.patient).values(
            id=new.id,
            code=code,
            name=sealing.seal(new.id, "patient.name", name),
            note=sealing.seal(new.id, "patient.note", note),
            is_demonstration=is_demonstration,
        )
    )
    return new


def remove_demonstration(connection: Connection) -> None:
    """Remove the demonstration patients with everything that belongs to them."""
    connection.execute(delete(schema.patient).where(schema.patient.c.is_demonstration))


def views(connection: Connection, patient_id: str) -> tuple[View, ...]:
    """Views of a patient in the order in which they were added; not those of a study that the patient took part in."""
    patient(connection, patient_id)
    own = schema.view.c.patient_id == patient_id, schema.view.c.id.not_in(select(schema.study_subject.c.view_id))
    return tuple(_view(row) for row in connection.execute(_VIEWS.where(*own).order_by(schema.view.c.arrival)))


def view(connection: Connection, view_id: str) -> View:
    """One view."""
    row = connection.execute(_VIEWS.where(schema.view.c.id == view_id)).first()
    if row is None:
        raise not_found("view")
    return _view(row)


def add_view(connection: Connection, new: View) -> View:
    """Store a view; its control has to be another view of the same patient.

    Raises
    ------
    RecordError
        The site is empty, the side is none, or the control does not fit.
    """
    patient(connection, new.patient_id)
    _check_text(site=new.site, pose=new.pose, indication=new.indication)
    if not new.site.strip():
        raise RecordError("A view needs a body site, such as thigh.", code="no_site")
    if new.laterality not in _SIDES:
        raise RecordError("The side is left, right, or empty where there is only one.", code="no_side")
    _check_control(connection, new, new.control_id)
    row: dict[str, Any] = {
        name: getattr(new, name)
        for name in ("id", "patient_id", "site", "laterality", "pose", "indication", "is_control", "control_id")
    }
    connection.execute(insert(schema.view).values(**row, **region_columns(new.region)))
    return new


def set_control(connection: Connection, view_id: str, control_id: str | None) -> None:
    """Change which untreated view a view is compared with."""
    _check_control(connection, view(connection, view_id), control_id)
    connection.execute(update(schema.view).where(schema.view.c.id == view_id).values(control_id=control_id))


def _check_control(connection: Connection, treated: View, control_id: str | None) -> None:
    if control_id is None:
        return
    if control_id == treated.id or view(connection, control_id).patient_id != treated.patient_id:
        raise RecordError("The untreated view has to be another one of the same patient.", code="control")


def store_region(connection: Connection, view_id: str, region: Region | None) -> None:
    """Change where a view is measured."""
    _store_basis(connection, view_id, region, distances.distance_of_view(connection, view_id))


def store_distance(connection: Connection, view_id: str, distance: KnownDistance | None) -> None:
    """Change the known distance in the reference photo of a view."""
    distances.store_distance(connection, view_id, distance)
    _store_basis(connection, view_id, view(connection, view_id).region, distance)


def _store_basis(connection: Connection, view_id: str, region: Region | None, distance: KnownDistance | None) -> None:
    columns = region_columns(region)
    columns["region_hash"] = distances.with_distance(columns["region_hash"], distance)
    connection.execute(update(schema.view).where(schema.view.c.id == view_id).values(**columns))


def region_hash(connection: Connection, view_id: str) -> str:
    """What a result depends on of region and known distance."""
    return str(connection.execute(select(schema.view.c.region_hash).where(schema.view.c.id == view_id)).scalar_one())


def _check_text(**texts: str) -> None:
    for name, text in texts.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RecordError(f"The {name} holds a character that cannot be stored.", code="bad_text") from error


def _listed(row: Row[Any], secrets: Secrets) -> Patient | None:
    """A patient of a row; None if nothing but the row is left of an erased one."""
    try:
        return _patient(row, secrets)
    except RecordError as error:
        if error.code == "erased":
            return None
        return Patient(row.id, row.code, UNREADABLE, row.is_demonstration, error.reason)


def _patient(row: Row[Any], secrets: Secrets) -> Patient:
    name, note = (secrets.open(row.id, f"patient.{what}", getattr(row, what)) for what in ("name", "note"))
    return Patient(row.id, row.code, name, row.is_demonstration, note)


def _view(row: Row[Any]) -> View:
    return View(
        id=row.id,
        patient_id=row.patient_id,
        site=row.site,
        laterality=row.laterality,
        pose=row.pose,
        indication=row.indication,
        is_control=row.is_control,
        control_id=row.control_id,
        region=region_of(row.region_polygon, row.region_mask),
        distance=distances.distance_of(row),
    )
