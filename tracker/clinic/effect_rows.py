"""Rows of side effects and of what is expected of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from tracker.clinic import register, schema
from tracker.clinic.effect_records import (
    OFFERED,
    Advice,
    EffectKind,
    ExpectedWindow,
    Level,
    SideEffect,
    answer_to,
)
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of

_EFFECT, _LEVEL, _WINDOW = schema.side_effect.c, schema.side_effect_level.c, schema.effect_window.c
_NOTE = "side_effect.note"


def windows(connection: Connection) -> tuple[ExpectedWindow, ...]:
    """What is expected of every kind: the clinic's own where it has one."""
    own = {
        row.kind: ExpectedWindow(EffectKind(row.kind), Advice(row.advice), row.days, row.source, is_own=True)
        for row in connection.execute(select(schema.effect_window))
    }
    return tuple(own.get(offered.kind, offered) for offered in OFFERED)


def set_window(connection: Connection, window: ExpectedWindow) -> None:
    """Keep what the clinic expects instead of what is offered."""
    reset_window(connection, window.kind)
    connection.execute(
        insert(schema.effect_window).values(
            kind=window.kind,
            advice=window.advice,
            days=window.days,
            source=window.source,
            changed_at=datetime.now(UTC),
        )
    )


def reset_window(connection: Connection, kind: EffectKind) -> None:
    """Expect what is offered again."""
    connection.execute(delete(schema.effect_window).where(_WINDOW.kind == kind))


def add(
    connection: Connection,
    patient_id: str,
    kind: EffectKind,
    noticed_on: date,
    *,
    view_id: str | None,
    note: str,
    told_by: str,
) -> str:
    """A new row; its identifier."""
    new_id, now = random_id(), datetime.now(UTC)
    connection.execute(
        insert(schema.side_effect).values(
            id=new_id,
            patient_id=patient_id,
            view_id=view_id,
            kind=kind,
            noticed_on=noticed_on,
            note=secrets_of(connection).seal(patient_id, _NOTE, note),
            told_by=told_by,
            told_at=now,
            seen_at=None if told_by == "patient" else now,
        )
    )
    return new_id


def note_level(connection: Connection, effect_id: str, day: date, level: int) -> None:
    """Keep how strong it was on a day, instead of what was kept of that day."""
    here = _LEVEL.effect_id == effect_id, _LEVEL.day == day
    connection.execute(delete(schema.side_effect_level).where(*here))
    row = {"effect_id": effect_id, "day": day, "level": level, "told_at": datetime.now(UTC)}
    connection.execute(insert(schema.side_effect_level).values(**row))


def change(connection: Connection, effect_id: str, **values: Any) -> None:
    """Change columns of a row."""
    connection.execute(update(schema.side_effect).where(_EFFECT.id == effect_id).values(**values))


def effect(connection: Connection, effect_id: str, today: date) -> SideEffect:
    """One side effect."""
    rows = connection.execute(select(schema.side_effect).where(_EFFECT.id == effect_id)).all()
    if not rows:
        raise not_found("side effect")
    return _effects(connection, rows, today)[0]


def effects(connection: Connection, patient_id: str, today: date) -> tuple[SideEffect, ...]:
    """Side effects of a patient, the latest first."""
    register.patient(connection, patient_id)
    chosen = select(schema.side_effect).where(_EFFECT.patient_id == patient_id)
    rows = connection.execute(chosen.order_by(_EFFECT.noticed_on.desc(), _EFFECT.arrival.desc())).all()
    return _effects(connection, rows, today)


def open_effects(connection: Connection, today: date) -> tuple[SideEffect, ...]:
    """Side effects of all patients that last, the latest first."""
    chosen = select(schema.side_effect).where(_EFFECT.resolved_on.is_(None))
    rows = connection.execute(chosen.order_by(_EFFECT.noticed_on.desc(), _EFFECT.arrival.desc())).all()
    return _effects(connection, rows, today)


def _effects(connection: Connection, rows: Sequence[Row[Any]], today: date) -> tuple[SideEffect, ...]:
    if not rows:
        return ()
    known = {window.kind: window for window in windows(connection)}
    levels = _levels(connection, [row.id for row in rows])
    injected = _injected(connection, {row.patient_id for row in rows})
    secrets = secrets_of(connection)
    found = []
    for row in rows:
        kind = EffectKind(row.kind)
        day = _last_before(row, injected[row.patient_id])
        answer = answer_to(known[kind], levels[row.id], injected_on=day, resolved_on=row.resolved_on, today=today)
        found.append(
            SideEffect(
                id=row.id,
                patient_id=row.patient_id,
                view_id=row.view_id,
                kind=kind,
                noticed_on=row.noticed_on,
                resolved_on=row.resolved_on,
                levels=levels[row.id],
                note=secrets.open(row.patient_id, _NOTE, row.note),
                told_by=row.told_by,
                told_at=row.told_at,
                seen_at=row.seen_at,
                injected_on=day,
                answer=answer,
            )
        )
    return tuple(found)


def _levels(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Level, ...]]:
    found: dict[str, list[Level]] = defaultdict(list)
    chosen = select(schema.side_effect_level).where(_LEVEL.effect_id.in_(ids)).order_by(_LEVEL.day)
    for row in connection.execute(chosen):
        found[row.effect_id].append(Level(row.day, row.level))
    return {each: tuple(found[each]) for each in ids}


def _injected(connection: Connection, patients: set[str]) -> dict[str, list[tuple[date, str]]]:
    """Days of injection of patients, each with its view."""
    joined = schema.injection.join(schema.view, schema.injection.c.view_id == schema.view.c.id)
    chosen = select(schema.view.c.patient_id, schema.injection.c.view_id, schema.injection.c.day).select_from(joined)
    found: dict[str, list[tuple[date, str]]] = {patient_id: [] for patient_id in patients}
    for row in connection.execute(chosen.where(schema.view.c.patient_id.in_(patients))):
        found[row.patient_id].append((row.day, row.view_id))
    return found


def _last_before(row: Row[Any], injected: Sequence[tuple[date, str]]) -> date | None:
    days = [day for day, view_id in injected if day <= row.noticed_on and row.view_id in (None, view_id)]
    return max(days, default=None)
