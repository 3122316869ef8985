"""Rows of treatments: what was given to a patient on a day, and to whom a lot was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from tracker.clinic import register, schema, visits
from tracker.clinic.entries import amount, compared, one_line, paragraphs, past_day
from tracker.clinic.injections import forget_injection, injections, note_injection
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.clinic.treatment_records import (
    BlendLine,
    Device,
    IngredientKind,
    Lot,
    LotUse,
    NewTreatment,
    Treatment,
)
from tracker.errors import RecordError

_TREATMENT, _VISIT, _LINE = schema.treatment.c, schema.visit.c, schema.blend_line.c
_TREATED = schema.treated_view.c
MOST_LINES = 20
MOST_COST = Decimal(1_000_000)
_EXPIRY = (date(2000, 1, 1), date(2100, 1, 1))


def treatments(connection: Connection, patient_id: str) -> tuple[Treatment, ...]:
    """Treatments of a patient, the latest first."""
    register.patient(connection, patient_id)
    chosen = _with_visits().where(_VISIT.patient_id == patient_id)
    rows = connection.execute(chosen.order_by(_VISIT.day.desc(), _TREATMENT.arrival.desc())).all()
    return _treatments(connection, rows)


def treatment(connection: Connection, treatment_id: str) -> Treatment:
    """One treatment."""
    row = connection.execute(_with_visits().where(_TREATMENT.id == treatment_id)).first()
    if row is None:
        raise not_found("treatment")
    return _treatments(connection, [row])[0]


def add(connection: Connection, patient_id: str, new: NewTreatment, *, today: date) -> Treatment:
    """Keep what was given on a day; that day becomes a session of the running course.

    A treatment that injects notes the day of injection of every view that it treated.

    Raises
    ------
    RecordError
        There is no such patient or view, an untreated side was to be treated, or a number or day makes no sense;
        nothing has been changed.
    """
    new = _checked(new, today)
    views = {view.id: view for view in register.views(connection, patient_id)}
    for view_id in new.view_ids:
        if view_id not in views:
            raise not_found("view")
        if views[view_id].is_control:
            raise RecordError(
                f"“{views[view_id].title}” is the untreated side that others are compared with, so nothing can be "
                "given there. If it is treated now, please make a new view of it.",
                code="control_treated",
            )
    visit = visits.visit_on(connection, patient_id, new.day, operator=new.operator, joins_course=True)
    treatment_id, secrets = random_id(), secrets_of(connection)
    connection.execute(
        insert(schema.treatment).values(
            id=treatment_id,
            visit_id=visit.id,
            device=new.device,
            depth_mm=new.depth_mm,
            spacing_mm=new.spacing_mm,
            points=new.points,
            numbing=secrets.seal(patient_id, f"treatment.numbing:{treatment_id}", new.numbing),
            cost=None if new.cost is None else int(new.cost * 100),
            currency=new.currency,
            note=secrets.seal(patient_id, f"treatment.note:{treatment_id}", new.note),
        )
    )
    _add_views(connection, treatment_id, new)
    _add_lines(connection, treatment_id, new.blend)
    return treatment(connection, treatment_id)


def remove(connection: Connection, treatment_id: str) -> None:
    """Remove a treatment that was written down by mistake, with the days of injection that it noted."""
    known = treatment(connection, treatment_id)
    noted = select(_TREATED.view_id).where(_TREATED.treatment_id == treatment_id, _TREATED.noted_injection)
    for view_id in connection.execute(noted).scalars().all():
        heir = _other_injection(connection, treatment_id, view_id, known.given.day)
        if heir is None:
            forget_injection(connection, view_id, known.given.day)
        else:
            own = (_TREATED.treatment_id == heir, _TREATED.view_id == view_id)
            connection.execute(schema.treated_view.update().where(*own).values(noted_injection=True))
    connection.execute(delete(schema.treatment).where(_TREATMENT.id == treatment_id))


def spent(connection: Connection, patient_id: str) -> dict[str, Decimal]:
    """What the treatments of a patient have cost so far, by currency."""
    register.patient(connection, patient_id)
    chosen = (
        select(_TREATMENT.currency, func.sum(_TREATMENT.cost).label("cost"))
        .join_from(schema.treatment, schema.visit, _TREATMENT.visit_id == _VISIT.id)
        .where(_VISIT.patient_id == patient_id, _TREATMENT.cost.is_not(None))
        .group_by(_TREATMENT.currency)
        .order_by(_TREATMENT.currency)
    )
    return {row.currency: Decimal(int(row.cost)) / 100 for row in connection.execute(chosen)}


def patients_of_lot(connection: Connection, lot: str) -> tuple[LotUse, ...]:
    """To whom a lot was given, in one query; the latest first.

    Parameters
    ----------
    connection : Connection
    lot : str
        Capitals, spaces and kinds of dashes do not matter.
    """
    key = compared(lot)
    if not key:
        return ()
    person = schema.patient
    joined = (
        schema.blend_line.join(schema.treatment, _LINE.treatment_id == _TREATMENT.id)
        .join(schema.visit, _TREATMENT.visit_id == _VISIT.id)
        .join(person, _VISIT.patient_id == person.c.id)
    )
    chosen = (
        select(schema.blend_line, _VISIT.day, person.c.id.label("patient_id"), person.c.code)
        .select_from(joined)
        .where(_LINE.lot_key == key)
        .order_by(_VISIT.day.desc(), person.c.code, _LINE.position)
    )
    return tuple(
        LotUse(row.patient_id, row.code, row.treatment_id, row.day, _line(row)) for row in connection.execute(chosen)
    )


def lots(connection: Connection) -> tuple[Lot, ...]:
    """Lots that were used here, the latest first."""
    joined = schema.blend_line.join(schema.treatment, _LINE.treatment_id == _TREATMENT.id).join(
        schema.visit, _TREATMENT.visit_id == _VISIT.id
    )
    chosen = (
        select(
            func.min(_LINE.lot).label("lot"),
            func.min(_LINE.ingredient).label("ingredient"),
            func.min(_LINE.supplier).label("supplier"),
            func.min(_LINE.expires_on).label("expires_on"),
            func.count(_VISIT.patient_id.distinct()).label("patients"),
            func.max(_VISIT.day).label("last_on"),
        )
        .select_from(joined)
        .where(_LINE.lot_key != "")
        .group_by(_LINE.lot_key, _LINE.ingredient)
        .order_by(func.max(_VISIT.day).desc(), func.min(_LINE.lot))
    )
    return tuple(
        Lot(row.lot, row.ingredient, row.supplier, row.expires_on, row.patients, row.last_on)
        for row in connection.execute(chosen)
    )


def _checked(new: NewTreatment, today: date) -> NewTreatment:
    """The treatment as it is stored, or a refusal."""
    if len(new.blend) > MOST_LINES:
        raise RecordError(f"A blend has at most {MOST_LINES} lines; please split the record.", code="too_many")
    cost = new.cost
    if cost is not None and not (cost.is_finite() and 0 <= cost <= MOST_COST):
        raise RecordError(f"The cost has to be 0 to {MOST_COST:,}; please check it.", code="bad_number")
    currency = one_line("currency", new.currency, most=3).upper()
    if cost is not None and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise RecordError("The currency has to be three letters, such as USD.", code="bad_currency")
    return replace(
        new,
        day=past_day("day of the treatment", new.day, today=today),
        view_ids=tuple(dict.fromkeys(new.view_ids)),
        blend=tuple(_checked_line(line) for line in new.blend),
        depth_mm=amount("depth", new.depth_mm, least=0.1, most=13, unit=" mm"),
        spacing_mm=amount("spacing", new.spacing_mm, least=0.5, most=100, unit=" mm"),
        points=_whole("number of points", new.points, most=5000),
        numbing=one_line("numbing", new.numbing),
        cost=None if cost is None else cost.quantize(Decimal("0.01")),
        currency=currency if cost is not None else "",
        operator=one_line("name of the operator", new.operator),
        note=paragraphs("note", new.note),
    )


def _checked_line(line: BlendLine) -> BlendLine:
    if line.expires_on is not None and not _EXPIRY[0] <= line.expires_on <= _EXPIRY[1]:
        raise RecordError(f"The expiry of {line.ingredient} cannot be right; please check its year.", code="bad_day")
    return replace(
        line,
        ingredient=one_line("ingredient", line.ingredient, needed=True),
        concentration=one_line("concentration", line.concentration, most=40),
        amount_ml=amount(f"amount of {line.ingredient}", line.amount_ml, least=0.001, most=500, unit=" ml"),
        lot=one_line("lot", line.lot, most=60),
        supplier=one_line("supplier", line.supplier),
    )


def _whole(what: str, number: int | None, *, most: int) -> int | None:
    checked = amount(what, number, least=1, most=most, unit="")
    return None if checked is None else int(checked)


def _add_views(connection: Connection, treatment_id: str, new: NewTreatment) -> None:
    for view_id in new.view_ids:
        notes = new.device.injects and new.day not in injections(connection, view_id)
        if notes:
            note_injection(connection, view_id, new.day)
        row = {"treatment_id": treatment_id, "view_id": view_id, "noted_injection": notes}
        connection.execute(insert(schema.treated_view).values(**row))


def _add_lines(connection: Connection, treatment_id: str, blend: Sequence[BlendLine]) -> None:
    for position, line in enumerate(blend):
        connection.execute(
            insert(schema.blend_line).values(
                treatment_id=treatment_id,
                position=position,
                ingredient=line.ingredient,
                kind=line.kind,
                concentration=line.concentration,
                amount_ml=line.amount_ml,
                lot=line.lot,
                lot_key=compared(line.lot),
                expires_on=line.expires_on,
                supplier=line.supplier,
            )
        )


def _other_injection(connection: Connection, treatment_id: str, view_id: str, day: date) -> str | None:
    """Another treatment of the day that injected this view as well."""
    joined = schema.treated_view.join(schema.treatment, _TREATED.treatment_id == _TREATMENT.id).join(
        schema.visit, _TREATMENT.visit_id == _VISIT.id
    )
    chosen = select(_TREATMENT.id, _TREATMENT.device).select_from(joined)
    others = chosen.where(_TREATED.view_id == view_id, _VISIT.day == day, _TREATMENT.id != treatment_id)
    return next((row.id for row in connection.execute(others) if Device(row.device).injects), None)


def _with_visits() -> Select[Any]:
    columns = _VISIT.patient_id, _VISIT.course_id, _VISIT.day, _VISIT.operator
    return select(schema.treatment, *columns).join_from(
        schema.treatment, schema.visit, _TREATMENT.visit_id == _VISIT.id
    )


def _treatments(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Treatment, ...]:
    """Treatments with their views and lines: two queries for all of them."""
    ids, secrets = [row.id for row in rows], secrets_of(connection)
    blends: dict[str, list[BlendLine]] = {treatment_id: [] for treatment_id in ids}
    lines = select(schema.blend_line).where(_LINE.treatment_id.in_(ids)).order_by(_LINE.position)
    for row in connection.execute(lines):
        blends[row.treatment_id].append(_line(row))
    views: dict[str, list[str]] = {treatment_id: [] for treatment_id in ids}
    joined = schema.treated_view.join(schema.view, _TREATED.view_id == schema.view.c.id)
    treated = select(schema.treated_view).select_from(joined).where(_TREATED.treatment_id.in_(ids))
    for row in connection.execute(treated.order_by(schema.view.c.arrival)):
        views[row.treatment_id].append(row.view_id)
    return tuple(_treatment(secrets, row, tuple(views[row.id]), tuple(blends[row.id])) for row in rows)


def _treatment(secrets: Secrets, row: Row[Any], view_ids: tuple[str, ...], blend: tuple[BlendLine, ...]) -> Treatment:
    given = NewTreatment(
        day=row.day,
        view_ids=view_ids,
        device=Device(row.device),
        blend=blend,
        depth_mm=row.depth_mm,
        spacing_mm=row.spacing_mm,
        points=row.points,
        numbing=secrets.open(row.patient_id, f"treatment.numbing:{row.id}", row.numbing),
        cost=None if row.cost is None else Decimal(row.cost) / 100,
        currency=row.currency,
        operator=secrets.open(row.patient_id, f"visit.operator:{row.visit_id}", row.operator),
        note=secrets.open(row.patient_id, f"treatment.note:{row.id}", row.note),
    )
    return Treatment(row.id, row.patient_id, row.visit_id, row.course_id, given)


def _line(row: Row[Any]) -> BlendLine:
    return BlendLine(
        row.ingredient, IngredientKind(row.kind), row.concentration, row.amount_ml, row.lot, row.expires_on,
        row.supplier,
    )  # fmt: skip
