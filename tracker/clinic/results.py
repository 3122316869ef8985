"""Rows of results: what measuring a photo gave, kept as a cache of digest, region and methods."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, not_, or_, select, update

from tracker.clinic import photos, schema
from tracker.clinic.evidence import colour_stored, scale_stored
from tracker.clinic.measuring import Finding
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.measurement import Measurement
from tracker.pipeline import Result
from tracker.quality import Check, Comparability, Status

COLOURS = " colours:"
"""Between the methods and the colour standards that a result was made with."""
_PHOTO, _RESULT = schema.photo.c, schema.result.c


def keep(
    connection: Connection, photo_id: str, reference_id: str | None, found: Finding, *, key: tuple[str, str], token: str
) -> list[str]:
    """Store what was found for a photo, and make it hold.

    Parameters
    ----------
    connection : Connection
    photo_id : str
    reference_id : str or None
        What it was compared with; None if it was judged as a baseline.
    found : Finding
    key : tuple of str
        Methods and hash of the region.
    token : str
        Names the derived files of the result; empty if there are none.

    Returns
    -------
    list of str
        Tokens of outdated results, whose files can go.
    """
    outdated = and_(
        _RESULT.photo_id == photo_id,
        or_(
            not_(_same_methods(key[0])),
            and_(_RESULT.methods == key[0], _RESULT.region_hash == key[1], _RESULT.reference_id == reference_id),
        ),
    )
    old = [row.derived for row in connection.execute(select(_RESULT.derived).where(outdated)) if row.derived]
    connection.execute(delete(schema.result).where(outdated))
    patient_id = photos.patient_of(connection, photo_id)
    row = _rejected(found) if found.result is None else _measured(found.result)
    row |= _sealed(secrets_of(connection), patient_id, photo_id, row)
    row |= {"photo_id": photo_id, "reference_id": reference_id, "methods": key[0], "region_hash": key[1]}
    row |= {"measured_at": datetime.now(UTC), "derived": token}
    row |= {"opposite": found.opposite or None, "lent_to": found.lent_to or None}
    row |= {
        "mm_per_px": found.basis.mm_per_px if found.basis else None,
        "colour_evidence": found.basis.colour_evidence if found.basis else "",
    }
    number = connection.execute(insert(schema.result).values(**row).returning(_RESULT.id)).scalar_one()
    if found.result is not None:
        _store_values(connection, number, found.result, patient_id)
    connection.execute(update(schema.photo).where(_PHOTO.id == photo_id).values(result_id=number))
    return old


def _same_methods(key: str) -> ColumnElement[bool]:
    """Results of the same methods, under whatever colour standards: one that is undone need not be measured again."""
    plain = key.split(COLOURS)[0]
    return or_(_RESULT.methods == plain, _RESULT.methods.startswith(plain + COLOURS, autoescape=True))


def adopted(connection: Connection, methods: str) -> bool:
    """Whether these are the methods of the record."""
    known = select(schema.about.c.value).where(schema.about.c.name == "methods")
    return connection.execute(known).scalar() == methods


def adopt(connection: Connection, methods: str) -> None:
    """Make the methods those of the record."""
    connection.execute(delete(schema.about).where(schema.about.c.name == "methods"))
    connection.execute(insert(schema.about).values(name="methods", value=methods))


def attach(connection: Connection, methods: str, *where: ColumnElement[bool]) -> None:
    """Give each photo the stored result that holds for its view as it is now; photos without one wait.

    A result holds if methods and region are the same, and it was made against the present reference, or as a
    baseline: by the reference itself, or by a photo that cannot be one.
    """
    other = schema.photo.alias()
    reference = (
        select(other.c.id).where(other.c.view_id == _PHOTO.view_id, other.c.is_reference).correlate(schema.photo)
    ).scalar_subquery()
    region = (
        select(schema.view.c.region_hash).where(schema.view.c.id == _PHOTO.view_id).correlate(schema.photo)
    ).scalar_subquery()
    as_baseline = and_(_RESULT.reference_id.is_(None), or_(_PHOTO.is_reference, _RESULT.code != ""))
    holds = (
        select(func.max(_RESULT.id))
        .where(
            _RESULT.photo_id == _PHOTO.id,
            _RESULT.methods == methods,
            _RESULT.region_hash == region,
            or_(_RESULT.reference_id == reference, as_baseline),
        )
        .correlate(schema.photo)
    ).scalar_subquery()
    connection.execute(update(schema.photo).where(*where).values(result_id=holds))


def forget(connection: Connection, photo_id: str) -> None:
    """Remove the result that holds for a photo: it waits again."""
    current = select(_PHOTO.result_id).where(_PHOTO.id == photo_id).scalar_subquery()
    connection.execute(delete(schema.result).where(_RESULT.id == current))


def forget_through(connection: Connection, view_id: str, digest: str) -> None:
    """Forget what was found for photos of a view that were aligned through one that is gone, and through these."""
    joined = schema.photo.join(schema.result, _PHOTO.result_id == _RESULT.id)
    rows = select(_PHOTO.id, _PHOTO.digest).select_from(joined)
    gone = [digest]
    while gone:
        found = connection.execute(rows.where(_PHOTO.view_id == view_id, _RESULT.through == gone.pop())).all()
        for row in found:
            forget(connection, row.id)
            gone.append(row.digest)


def forget_against(connection: Connection, reference_id: str, *, but: Collection[str] = ()) -> None:
    """Forget what holds of photos that were compared with a reference: there is more, or less, of it now.

    Parameters
    ----------
    connection : Connection
    reference_id : str
    but : collection of str
        Photos whose results stay.
    """
    holding = select(_PHOTO.result_id).where(_PHOTO.result_id.is_not(None), _PHOTO.id.not_in(but))
    against = and_(_RESULT.reference_id == reference_id, _RESULT.id.in_(holding))
    connection.execute(delete(schema.result).where(against))


def forget_pairs_with(connection: Connection, view_id: str, digest: str) -> None:
    """Forget what was found for photos of a view together with one that is gone, under whatever region or standards.

    If that was of the reference, so is what was compared with it.
    """
    joined = schema.photo.join(schema.result, _PHOTO.id == _RESULT.photo_id)
    named = or_(_RESULT.opposite == digest, _RESULT.lent_to == digest)
    chosen = select(_RESULT.id, _PHOTO.id.label("photo_id"), _PHOTO.is_reference).select_from(joined)
    for row in connection.execute(chosen.where(_PHOTO.view_id == view_id, named)).all():
        gone = _RESULT.id == row.id
        if row.is_reference:
            gone = or_(gone, _RESULT.reference_id == row.photo_id)
        connection.execute(delete(schema.result).where(gone))


def token_of(connection: Connection, photo_id: str) -> str | None:
    """Token of the derived files of a measured photo; None if it has none."""
    joined = schema.photo.join(schema.result, _PHOTO.result_id == _RESULT.id)
    token = connection.execute(select(_RESULT.derived).select_from(joined).where(_PHOTO.id == photo_id)).scalar()
    return token or None


def metrics_of(connection: Connection, photo_id: str) -> frozenset[str]:
    """Names of the metrics that a photo gives now."""
    joined = schema.measurement.join(schema.photo, _PHOTO.result_id == schema.measurement.c.result_id)
    found = select(schema.measurement.c.metric).select_from(joined).where(_PHOTO.id == photo_id)
    return frozenset(connection.execute(found).scalars())


def checks_of(stored: list[dict[str, Any]]) -> tuple[Check, ...]:
    """Quality checks of their JSON."""
    return tuple(Check(**{**check, "status": Status(check["status"])}) for check in stored)


def _rejected(found: Finding) -> dict[str, Any]:
    return {"code": found.code, "reason": found.reason, "status": "block", "checks": [], "notes": []}


def _measured(result: Result) -> dict[str, Any]:
    photo = result.photo
    return {
        "code": "",
        "reason": "",
        "status": str(Comparability(photo.checks).status),
        "checks": [_check(check) for check in photo.checks],
        "notes": list(photo.notes),
        "overlap": photo.overlap,
        "error_px": photo.error_px,
        "error_mm": photo.error_mm,
        "colour": colour_stored(photo.colour),
        "scale": scale_stored(photo.scale),
        "through": photo.through or None,
        "camera": photo.camera or None,
        "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "check": check.check,
        "value": float(check.value),
        "limit": check.limit,
        "status": str(check.status),
        "advice": check.advice,
        "blocks": str(check.blocks),
        "unit": check.unit,
    }


def _sealed(secrets: Secrets, patient_id: str, photo_id: str, row: dict[str, Any]) -> dict[str, str]:
    """What of a result was said by a file or by somebody, as it may be stored."""
    texts = {name: row.get(name) for name in ("reason", "camera", "taken_at")} | {"notes": json.dumps(row["notes"])}
    return {name: secrets.seal(patient_id, f"result.{name}:{photo_id}", text) for name, text in texts.items() if text}


def opened_texts(secrets: Secrets, patient_id: str, row: Row[Any]) -> dict[str, Any]:
    """The texts of a row of results, opened: None where there is none."""
    sealed = {name: getattr(row, name) for name in ("reason", "camera", "taken_at", "notes")}
    texts: dict[str, Any] = {
        name: secrets.open(patient_id, f"result.{name}:{row.photo_id}", text) if text else text
        for name, text in sealed.items()
    }
    return texts | {"notes": json.loads(texts["notes"])}


def opened_refusal(secrets: Secrets, patient_id: str, row: Row[Any]) -> str:
    """Why a photo did not give a metric."""
    return secrets.open(patient_id, f"refused.reason:{row.result_id}", row.reason)


def _store_values(connection: Connection, number: int, result: Result, patient_id: str) -> None:
    if result.measurements:
        connection.execute(insert(schema.measurement), [_value(number, m) for m in result.measurements])
    if result.refused:
        secrets = secrets_of(connection)
        rows = [
            {
                "result_id": number,
                "metric": r.metric,
                "reason": secrets.seal(patient_id, f"refused.reason:{number}", r.reason),
            }
            for r in result.refused
        ]
        connection.execute(insert(schema.refused), rows)


def _value(number: int, m: Measurement) -> dict[str, Any]:
    return {
        "result_id": number,
        "metric": m.metric,
        "method": m.method,
        "unit": m.unit,
        "value": m.value,
        "uncertainty": m.uncertainty,
        "area_share": m.area_share,
        "area_mm2": m.area_mm2,
        "left_out": [list(each) for each in m.left_out],
        "also_seen": [list(each) for each in m.also_seen],
        "parts": [list(part) for part in m.parts],
        "draws": np.asarray(m.draws, dtype="<f4").tobytes(),
    }
