"""The known distance of a view as the record keeps it: a scale where no printed marker is in the picture."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from tracker.calibration import KnownDistance
from tracker.clinic import schema

_TABLE = schema.known_distance


def store_distance(connection: Connection, view_id: str, distance: KnownDistance | None) -> None:
    """Keep the distance of a view, or forget it."""
    connection.execute(delete(_TABLE).where(_TABLE.c.view_id == view_id))
    if distance is not None:
        points = [list(distance.start), list(distance.end)]
        connection.execute(insert(_TABLE).values(view_id=view_id, points=points, mm=distance.mm))


def distance_of_view(connection: Connection, view_id: str) -> KnownDistance | None:
    """Distance of a view, in pixels of its reference photo; None if nobody gave one."""
    row = connection.execute(select(_TABLE).where(_TABLE.c.view_id == view_id)).first()
    return None if row is None else distance_of(row)


def distance_of(row: Row[Any]) -> KnownDistance | None:
    """Distance of the columns ``points`` and ``mm``."""
    if row.points is None:
        return None
    start, end = ((float(row), float(column)) for row, column in row.points)
    return KnownDistance(start, end, row.mm)


def with_distance(region_hash: str, distance: KnownDistance | None) -> str:
    """What a result depends on of the region and the distance: without one, the hash of the region alone."""
    return region_hash if distance is None else hashlib.sha256(f"{region_hash} {distance}".encode()).hexdigest()
