"""The part of the clinic's record that says where skin was injected, and where that lies in later photos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from sqlalchemy import Connection, select

from tracker.alignment import Alignment
from tracker.clinic import clock, injections, photos, point_rows, register, schema
from tracker.clinic.carrying import carried_points
from tracker.clinic.maps import map_of
from tracker.clinic.point_records import CarriedPattern, CarriedPoint, InjectionPoint, Pattern, check_points
from tracker.clinic.records import StoredPhoto
from tracker.clinic.showing import Showing
from tracker.errors import RecordError

_NOT_FROM = "The photo these points were placed on is not aligned (yet): where they lie here is not known."
_NOT_HERE = "This photo is not aligned (yet): where earlier points lie in it is not known."


class Points(Showing):
    """Injection points of one record; a base of `Clinic`."""

    def set_points(self, photo_id: str, points: Sequence[InjectionPoint], *, day: date | None = None) -> Pattern:
        """Keep where a view was injected on a day, instead of what was kept of that day; nothing takes it back.

        Parameters
        ----------
        photo_id : str
            The photo the points were placed on.
        points : sequence of InjectionPoint
            In pixels of that photo.
        day : date, optional
            Of the treatment; by default that of the photo. It is noted as a day of injection of the view, so that
            photos of the days after it stay out of the course.

        Raises
        ------
        RecordError
            A point cannot be kept, the view is not treated, or the day is in the future; nothing has been changed.
        """
        listed = tuple(points)
        with self._store.writing() as connection:
            photo = photos.photo(connection, photo_id)
            day = day or photo.taken_on
            check_points(listed, photo.shape)
            if register.view(connection, photo.view_id).is_control:
                raise RecordError(
                    "This is the untreated side; points belong on a view that is treated.", code="is_control"
                )
            if day > clock.today():
                raise RecordError("A treatment cannot lie in the future; please check the day.", code="future")
            point_rows.replace_points(connection, photo.view_id, photo_id, day, listed)
            if listed and day not in injections.injections(connection, photo.view_id):
                injections.note_injection(connection, photo.view_id, day)
        return Pattern(photo.view_id, photo_id, day, listed)

    def points(self, view_id: str) -> tuple[Pattern, ...]:
        """Where a view was injected, by day."""
        with self._store.reading() as connection:
            register.view(connection, view_id)
            return point_rows.patterns(connection, view_id)

    def carried_points(self, photo_id: str, *, before: date | None = None) -> tuple[CarriedPattern, ...]:
        """Every pattern of the view that was placed on another photo, as it lies on this one.

        Parameters
        ----------
        photo_id : str
        before : date, optional
            Only patterns of earlier days.

        Returns
        -------
        tuple of CarriedPattern
            By day. A point that this photo, or the one it was placed on, does not show is said to be outside; a
            pattern of a photo that is not aligned has a reason instead of points.
        """
        with self._store.reading() as connection:
            photo = photos.photo(connection, photo_id)
            wanted = [
                (pattern, photos.photo(connection, pattern.photo_id))
                for pattern in point_rows.patterns(connection, photo.view_id)
                if pattern.photo_id != photo_id and (before is None or pattern.day < before)
            ]
            mm_per_px = _mm_per_px(connection, photo.view_id)
        return tuple(self._carried(pattern, placed_on, photo, mm_per_px) for pattern, placed_on in wanted)

    def _carried(
        self, pattern: Pattern, placed_on: StoredPhoto, photo: StoredPhoto, mm_per_px: float | None
    ) -> CarriedPattern:
        ways: list[Alignment | None] = []
        for each, reason in ((photo, _NOT_HERE), (placed_on, _NOT_FROM)):
            try:
                ways.insert(0, None if each.is_reference else map_of(self._gallery.stored_map(each.id)))
            except RecordError:
                return CarriedPattern(pattern.day, pattern.photo_id, (), reason)
        here = np.array([(point.row, point.column) for point in pattern.points], dtype=np.float64)
        found = carried_points(here, ways[0], ways[1], shape=photo.shape, placed_shape=placed_on.shape)
        numbered = zip(pattern.points, found.there.tolist(), found.sd.tolist(), found.inside.tolist(), strict=True)
        return CarriedPattern(
            pattern.day,
            pattern.photo_id,
            tuple(
                _carried_point(number, point, (there[0], there[1]), sd, mm_per_px)
                if inside
                else CarriedPoint(number, None)
                for number, (point, there, sd, inside) in enumerate(numbered, start=1)
            ),
        )


def _carried_point(
    number: int, point: InjectionPoint, there: tuple[float, float], sd: float, mm_per_px: float | None
) -> CarriedPoint:
    placed = InjectionPoint(there[0], there[1], point.depth_mm, point.amount_ml)
    return CarriedPoint(number, placed, sd, None if mm_per_px is None else sd * mm_per_px)


def _mm_per_px(connection: Connection, view_id: str) -> float | None:
    """Scale of the reference of a view; None where it has none."""
    joined = schema.photo.join(schema.result, schema.photo.c.result_id == schema.result.c.id)
    wanted = select(schema.result.c.mm_per_px).select_from(joined)
    found = connection.execute(wanted.where(schema.photo.c.view_id == view_id, schema.photo.c.is_reference)).scalar()
    return None if found is None else float(found)
