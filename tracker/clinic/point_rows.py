"""Rows of injection points."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from sqlalchemy import Connection, delete, insert, select

from tracker.clinic import schema
from tracker.clinic.point_records import InjectionPoint, Pattern

_POINT = schema.injection_point.c


def patterns(connection: Connection, view_id: str) -> tuple[Pattern, ...]:
    """What was placed on photos of a view, by day."""
    chosen = select(schema.injection_point).where(_POINT.view_id == view_id).order_by(_POINT.day, _POINT.number)
    return tuple(
        Pattern(view_id, listed[0].photo_id, day, tuple(_point(row) for row in listed))
        for day, rows in groupby(connection.execute(chosen), key=lambda row: row.day)
        if (listed := list(rows))
    )


def replace_points(
    connection: Connection, view_id: str, photo_id: str, day: date, points: tuple[InjectionPoint, ...]
) -> None:
    """Keep the points of a view on a day instead of those that were there."""
    connection.execute(delete(schema.injection_point).where(_POINT.view_id == view_id, _POINT.day == day))
    rows = [
        {
            "view_id": view_id,
            "day": day,
            "number": number,
            "photo_id": photo_id,
            "row_px": point.row,
            "column_px": point.column,
            "depth_mm": point.depth_mm,
            "amount_ml": point.amount_ml,
        }
        for number, point in enumerate(points, start=1)
    ]
    if rows:
        connection.execute(insert(schema.injection_point), rows)


def _point(row: object) -> InjectionPoint:
    return InjectionPoint(row.row_px, row.column_px, row.depth_mm, row.amount_ml)  # type: ignore[attr-defined]
