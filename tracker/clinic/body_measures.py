"""Weight and tape of a patient, as they were typed, and as the readings that reports are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select

from tracker.clinic import register, schema
from tracker.clinic.entries import one_line, past_day
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError
from tracker.measurement.typed import TAPE, TypedQuantity, in_metric_unit

_MEASURE = schema.body_measure.c
_MOST_READINGS = 9


@dataclass(frozen=True, slots=True)
class BodyMeasure:
    """One reading.

    Attributes
    ----------
    id, patient_id : str
    view_id : str or None
        Of a tape: the view whose site it lay around.
    day : date
    quantity : str
        ``"tape"`` or ``"weight"``.
    value : float
    unit : str
        As typed.
    reading : int
        From 1: readings of one day are averaged.
    level : str
        Where the tape lay.
    by_patient : bool
        True for one of the home diary.
    """

    id: str
    patient_id: str
    view_id: str | None
    day: date
    quantity: str
    value: float
    unit: str
    reading: int
    level: str
    by_patient: bool


def measures(connection: Connection, patient_id: str) -> tuple[BodyMeasure, ...]:
    """Everything that was typed of a patient, by day and reading."""
    register.patient(connection, patient_id)
    chosen = select(schema.body_measure).where(_MEASURE.patient_id == patient_id)
    rows = connection.execute(chosen.order_by(_MEASURE.day, _MEASURE.arrival))
    return tuple(_measure(connection, row) for row in rows)


def readings(connection: Connection, view_id: str) -> tuple[TypedQuantity, ...]:
    """The weight of a patient and the tape of a view, as reports take them: in kilograms and centimetres."""
    patient_id = register.view(connection, view_id).patient_id
    chosen = select(schema.body_measure).where(
        _MEASURE.patient_id == patient_id, or_(_MEASURE.view_id == view_id, _MEASURE.view_id.is_(None))
    )
    rows = connection.execute(chosen.order_by(_MEASURE.day, _MEASURE.arrival))
    return tuple(_typed(_measure(connection, row)) for row in rows)


def add(
    connection: Connection,
    patient_id: str,
    *,
    quantity: str,
    value: float,
    unit: str,
    day: date,
    view_id: str | None,
    level: str,
    by_patient: bool,
    today: date,
) -> BodyMeasure:
    """Keep a reading; a second one of the day is averaged with the first.

    Raises
    ------
    RecordError
        There is no such patient or view, the number or the unit makes no sense, or the tape lay elsewhere before: only
        one level can be followed.
    """
    register.patient(connection, patient_id)
    unit, level = unit.strip().lower(), one_line("level of the tape", level)
    try:
        in_metric_unit(quantity, value, unit)
    except ValueError as error:
        raise RecordError(f"{str(error)[:1].upper()}{str(error)[1:]}.", code="bad_measure") from error
    past_day("day of the measurement", day, today=today)
    if quantity == TAPE.name:
        _check_place(connection, patient_id, view_id, level)
    else:
        view_id, level = None, ""
    same_day = (_MEASURE.patient_id == patient_id, _MEASURE.day == day, _MEASURE.quantity == quantity)
    place = _MEASURE.view_id.is_(None) if view_id is None else _MEASURE.view_id == view_id
    reading = 1 + (connection.execute(select(func.max(_MEASURE.reading)).where(*same_day, place)).scalar() or 0)
    if reading > _MOST_READINGS:
        raise RecordError(f"There are {_MOST_READINGS} readings of that day already; that is enough.", code="too_many")
    new_id = random_id()
    connection.execute(
        insert(schema.body_measure).values(
            id=new_id,
            patient_id=patient_id,
            view_id=view_id,
            day=day,
            quantity=quantity,
            value=value,
            unit=unit,
            reading=reading,
            level=secrets_of(connection).seal(patient_id, f"body_measure.level:{new_id}", level),
            by_patient=by_patient,
            received_at=datetime.now(UTC),
        )
    )
    return _measure(connection, connection.execute(select(schema.body_measure).where(_MEASURE.id == new_id)).one())


def remove(connection: Connection, measure_id: str, *, only_by_patient: bool = False) -> None:
    """Remove a reading that was typed by mistake; a patient only one of their own."""
    chosen = delete(schema.body_measure).where(_MEASURE.id == measure_id)
    if only_by_patient:
        chosen = chosen.where(_MEASURE.by_patient)
    if not connection.execute(chosen).rowcount:
        raise not_found("measure")


def _check_place(connection: Connection, patient_id: str, view_id: str | None, level: str) -> None:
    if view_id is None or register.view(connection, view_id).patient_id != patient_id:
        raise RecordError("A tape measures a site of the patient; please choose the view.", code="no_view")
    chosen = select(schema.body_measure).where(_MEASURE.view_id == view_id).limit(1)
    row = connection.execute(chosen).first()
    before = _measure(connection, row).level if row is not None else level
    if before != level:
        raise RecordError(
            f"The tape lay at “{before}” before; only one level can be followed. Measure there again.", code="level"
        )


def _measure(connection: Connection, row: Row[Any]) -> BodyMeasure:
    level = secrets_of(connection).open(row.patient_id, f"body_measure.level:{row.id}", row.level)
    return BodyMeasure(
        row.id, row.patient_id, row.view_id, row.day, row.quantity, row.value, row.unit, row.reading, level,
        row.by_patient,
    )  # fmt: skip


def _typed(measure: BodyMeasure) -> TypedQuantity:
    value = in_metric_unit(measure.quantity, measure.value, measure.unit)
    return TypedQuantity(measure.day, measure.quantity, value, measure.reading, measure.level)
