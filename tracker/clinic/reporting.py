"""Stored results → `Report`: no pixel is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select

from tracker.clinic import register, schema, studies
from tracker.clinic.evidence import colour_of, scale_of
from tracker.clinic.injections import injections
from tracker.clinic.records import View
from tracker.clinic.results import checks_of, opened_refusal, opened_texts
from tracker.clinic.sealing import secrets_of
from tracker.clinic.states import noted
from tracker.measurement import Measurement, Metric
from tracker.pipeline import Basis, Result, summarise
from tracker.quality import Check, SkinState, skin_state
from tracker.region import WHOLE_SKIN
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.report import Rejection, Report, ReportedPhoto
from tracker.timeline import Refused, Schedule

Notes = Mapping[date, frozenset[SkinState]]
_PHOTO, _RESULT = schema.photo.c, schema.result.c


def report(
    connection: Connection,
    view_id: str,
    metrics: Sequence[Metric],
    *,
    with_control: bool = True,
    schedule: Schedule | None = None,
) -> Report | None:
    """Report of a view from what is stored; None while its reference is not measured.

    Parameters
    ----------
    connection : Connection
    view_id : str
    metrics : sequence of Metric
    with_control : bool
        Whether the untreated view is reported too; a control has no control of its own.
    schedule : Schedule, optional
        Of the view that this one is the untreated side of; by default its own.
    """
    view = register.view(connection, view_id)
    rows = _rows(connection, view)
    reference = next((row for row in rows if row.is_reference and not row.code), None)
    if reference is None:
        return None
    control = None
    if with_control and view.control_id is not None:
        control = report(connection, view.control_id, metrics, with_control=False, schedule=_schedule(connection, view))
    return summarise(
        Basis(view.region or WHOLE_SKIN, reference.mm_per_px, reference.colour_evidence),
        _results(
            connection, view, [row for row in rows if not row.code], noted(connection, view_id), reference.taken_on
        ),
        [Rejection(row.digest, row.name, row.taken_on, row.reason, row.code) for row in rows if row.code],
        metrics=metrics,
        repeatability=_repeatability(connection, view, metrics),
        control=control,
        schedule=schedule or _schedule(connection, view),
        title=_title(connection, view),
    )


def _schedule(connection: Connection, view: View) -> Schedule:
    """Injections of a view; two sessions before the first are its baseline."""
    days = injections(connection, view.id)
    return Schedule(days, baseline_sessions=2 if days else 1)


def _repeatability(connection: Connection, view: View, metrics: Sequence[Metric]) -> Repeatability:
    """What the clinic took over from a study of this view; provisional for methods that have changed since."""
    methods = {metric.name: metric.method for metric in metrics}
    known = studies.adopted(connection, view.site, view.pose)
    valid = [each for each in known if methods.get(each.metric) == each.method]
    if not valid:
        return PROVISIONAL
    return Repeatability(
        session_sd={each.metric: each.session_sd for each in valid},
        shot_sd={each.metric: each.shot_sd for each in valid},
        source="study",
        set_up=valid[0].set_up,
    )


def _title(connection: Connection, view: View) -> str:
    """Of the report: what a demonstration shows must not pass for somebody's skin once the file has left the app."""
    rendered = register.patient(connection, view.patient_id).is_demonstration
    return f"{view.title} (demonstration: rendered, not photographed)" if rendered else view.title


def _rows(connection: Connection, view: View) -> list[SimpleNamespace]:
    """Photos of a view that have a result, by date: their columns, with texts opened."""
    joined = schema.photo.join(schema.result, _PHOTO.result_id == _RESULT.id)
    what = (_PHOTO.digest, _PHOTO.name, _PHOTO.taken_on, _PHOTO.is_reference, schema.result)
    chosen = select(*what).select_from(joined).where(_PHOTO.view_id == view.id)
    secrets, owner = secrets_of(connection), view.patient_id
    rows = connection.execute(chosen.order_by(_PHOTO.taken_on, _PHOTO.arrival)).all()
    names = [secrets.open(owner, f"photo.name:{row.photo_id}", row.name) for row in rows]
    return [
        SimpleNamespace(**{**row._mapping, "name": name, **opened_texts(secrets, owner, row)})
        for row, name in zip(rows, names, strict=True)
    ]


def _results(
    connection: Connection, view: View, rows: Sequence[SimpleNamespace], skin: Notes, reference_day: date
) -> list[Result]:
    numbers, secrets = [row.id for row in rows], secrets_of(connection)
    values, refusals = (_by_result(connection, table, numbers) for table in (schema.measurement, schema.refused))
    return [
        Result(
            _reported(row, _skin_check(row, skin, reference_day)),
            tuple(_measurement(value, row) for value in values[row.id]),
            tuple(
                Refused(r.metric, row.digest, row.taken_on, opened_refusal(secrets, view.patient_id, r))
                for r in refusals[row.id]
            ),
            None,
        )
        for row in rows
    ]


def _by_result(connection: Connection, table: Any, numbers: list[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(select(table).where(table.c.result_id.in_(numbers))):
        found[row.result_id].append(row)
    return found


def _skin_check(row: SimpleNamespace, skin: Notes, reference_day: date) -> tuple[Check, ...]:
    """The state of the skin against that of the reference, where either was noted."""
    if row.is_reference or not {row.taken_on, reference_day} & skin.keys():
        return ()
    nothing: frozenset[SkinState] = frozenset()
    return (skin_state(skin.get(reference_day, nothing), skin.get(row.taken_on, nothing)),)


def _reported(row: SimpleNamespace, noted_checks: tuple[Check, ...]) -> ReportedPhoto:
    return ReportedPhoto(
        digest=row.digest,
        name=row.name,
        taken_on=row.taken_on,
        is_reference=row.is_reference,
        checks=(*checks_of(row.checks), *noted_checks),
        overlap=row.overlap,
        error_px=row.error_px,
        error_mm=row.error_mm,
        notes=tuple(row.notes),
        colour=colour_of(row.colour),
        scale=scale_of(row.scale),
        through=row.through or "",
        camera=row.camera or "",
        taken_at=datetime.fromisoformat(row.taken_at) if row.taken_at else None,
        lent=bool(row.lent_to),
    )


def _measurement(value: Row[Any], photo: SimpleNamespace) -> Measurement:
    return Measurement(
        metric=value.metric,
        method=value.method,
        unit=value.unit,
        value=value.value,
        uncertainty=value.uncertainty,
        digest=photo.digest,
        taken_on=photo.taken_on,
        parts=tuple((name, part) for name, part in value.parts),
        draws=tuple(np.frombuffer(value.draws, dtype="<f4").astype(np.float64).tolist()),
        area_share=value.area_share,
        area_mm2=value.area_mm2,
        left_out=tuple((reason, share) for reason, share in value.left_out or ()),
        also_seen=tuple((reason, share) for reason, share in value.also_seen or ()),
    )
