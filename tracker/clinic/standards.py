"""What of known colour or size lies in the clinic's photos: printed cards, a ColorChecker, a known distance in a view.

A table of measured values holds for photos from a day on, until the next table's day. After a change the photos that it
concerns are measured again; results under other standards are kept, so that a change that is undone costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, true

from tracker.calibration import Edition, KnownColours, KnownDistance, read_batch
from tracker.clinic import photos, register, results, schema
from tracker.clinic.measuring import methods
from tracker.clinic.people import People
from tracker.clinic.records import CardValues
from tracker.clinic.register import random_id
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen
from tracker.errors import RecordError
from tracker.measurement import Metric

_EDITION, _PRINTED = "chart_edition", "printed_card"
_VALUES = schema.card_values.c


class Standards(People):
    """Standards of one record; a base of `Clinic`.

    Parameters
    ----------
    store : Store
    chosen : Chosen
        Which metrics are measured in which view.
    """

    def __init__(self, store: Store, chosen: Chosen) -> None:
        super().__init__(store)
        self._chosen = chosen

    def card_values(self) -> tuple[CardValues, ...]:
        """Tables of measured colours, by the day from which they hold."""
        with self._store.reading() as connection:
            return _listed(connection)

    def add_card_values(self, data: bytes, name: str, *, since: date) -> CardValues:
        """Keep the measured colours of a batch of cards.

        Parameters
        ----------
        data : bytes
            The table (CSV), as `tracker.calibration.read_batch` takes it.
        name : str
            Of the file, for people.
        since : date
            The first day on which the cards of this batch lay in the photos.

        Raises
        ------
        CalibrationFailed
            The table cannot be used; nothing has been changed.
        RecordError
            ``day_taken``: another table begins on that day.
        """
        batch = read_batch(Path(name), data)
        new = CardValues(random_id(), batch.name, since)
        row = {"id": new.id, "batch": new.batch, "since": since, "content": data, "received_at": datetime.now(UTC)}
        with self._store.writing() as connection:
            if any(known.since == since for known in _listed(connection)):
                raise RecordError(
                    f"Another table of card values begins on {since:%Y-%m-%d}; remove it first, or give another day.",
                    code="day_taken",
                )
            connection.execute(insert(schema.card_values).values(**row))
            self._measure_again(connection)
        self._arrived()
        return new

    def remove_card_values(self, values_id: str) -> None:
        """Remove a table; photos it held for go back to the table before it, or to the greys of the card."""
        with self._store.writing() as connection:
            connection.execute(delete(schema.card_values).where(_VALUES.id == values_id))
            self._measure_again(connection)
        self._arrived()

    def printed_card(self) -> str | None:
        """Batch of the card that was printed last from here; None if none was."""
        with self._store.reading() as connection:
            return connection.execute(select(schema.about.c.value).where(schema.about.c.name == _PRINTED)).scalar()

    def note_printed_card(self, batch: str) -> None:
        """Remember the batch of a card that is printed: the table of its colours will be asked for on another day."""
        if self.printed_card() == batch:
            return
        with self._store.writing() as connection:
            connection.execute(delete(schema.about).where(schema.about.c.name == _PRINTED))
            connection.execute(insert(schema.about).values(name=_PRINTED, value=batch))

    def chart_edition(self) -> Edition:
        """When the clinic's ColorChecker was made."""
        with self._store.reading() as connection:
            return _edition(connection)

    def set_chart_edition(self, edition: Edition) -> None:
        """Say when the clinic's ColorChecker was made."""
        here = schema.about.c.name == _EDITION
        with self._store.writing() as connection:
            connection.execute(delete(schema.about).where(here))
            connection.execute(insert(schema.about).values(name=_EDITION, value=edition.value))
            self._measure_again(connection)
        self._arrived()

    def set_distance(self, view_id: str, distance: KnownDistance | None) -> None:
        """Give a known length in the reference photo of a view, or take it back; its photos are measured again.

        Raises
        ------
        CalibrationFailed
            It does not lie in the reference photo; nothing has been changed.
        RecordError
            ``no_reference``: there is no photo yet in which it could lie.
        """
        with self._store.writing() as connection:
            photos.check_distance(connection, view_id, distance)
            register.store_distance(connection, view_id, distance)
            metrics = self._chosen.metrics(register.view(connection, view_id).indication)
            attach_all(connection, metrics, schema.photo.c.view_id == view_id)
        self._arrived()

    def adopt_methods(self) -> None:
        """Measure with the present methods and standards: what was measured otherwise waits."""
        with self._store.reading() as connection:
            if results.adopted(connection, self._chosen.signature):
                return
        with self._store.writing() as connection:
            results.adopt(connection, self._chosen.signature)
            self._measure_again(connection)

    def _colours_on(self, day: date | None) -> KnownColours:
        """Of card and chart in a photo of a day; one without a day is most likely of today."""
        with self._store.reading() as connection:
            return colours_on(connection, day or date.max)

    def _measure_again(self, connection: Connection) -> None:
        for metrics, where in self._chosen.by_view(connection):
            attach_all(connection, metrics, where)

    def _arrived(self) -> None:
        """Photos may wait now."""


def procedure(connection: Connection, metrics: Sequence[Metric], day: date, reference_day: date | None) -> str:
    """Everything whose change makes the stored result of a photo outdated: the methods, and its colour standards.

    Parameters
    ----------
    connection : Connection
    metrics : sequence of Metric
    day : date
        Of the photo.
    reference_day : date or None
        Of the photo it is compared with; None for one that is judged as a reference.
    """
    listed, edition = _listed(connection), _edition(connection)
    return _named(methods(metrics), edition, _in_force(listed, day), _in_force(listed, reference_day or day))


def _named(known: str, edition: Edition, *tables: CardValues | None) -> str:
    said = " ".join(values.id if values else "none" for values in tables) if any(tables) else ""
    said += edition.value if edition is not Edition.AFTER_2014 else ""
    return f"{known}{results.COLOURS}{hashlib.sha256(said.encode()).hexdigest()[:12]}" if said else known


def _in_force(listed: Sequence[CardValues], day: date) -> CardValues | None:
    held = [values for values in listed if values.since <= day]
    return held[-1] if held else None


def attach_all(connection: Connection, metrics: Sequence[Metric], *where: ColumnElement[bool]) -> None:
    """Give each photo the stored result that holds for it now; only those whose standards changed wait."""
    listed, edition = _listed(connection), _edition(connection)
    periods = [None, *listed]
    ends = [values.since for values in listed] + [None]
    for own, own_end in zip(periods, ends, strict=True):
        for other, other_end in zip(periods, ends, strict=True):
            held = _within(schema.photo.c.taken_on, own, own_end)
            compared = _within(_day_of_reference(), other, other_end)
            results.attach(connection, _named(methods(metrics), edition, own, other), held, compared, *where)


def _day_of_reference() -> ColumnElement[Any]:
    """Day of the reference of a photo's view; without one, its own."""
    other = schema.photo.alias()
    same_view = and_(other.c.view_id == schema.photo.c.view_id, other.c.is_reference)
    found = select(other.c.taken_on).where(same_view).correlate(schema.photo).scalar_subquery()
    return func.coalesce(found, schema.photo.c.taken_on)


def _within(day: ColumnElement[Any], values: CardValues | None, end: date | None) -> ColumnElement[bool]:
    """Whether a day lies in the time for which a table, or none, holds."""
    after = day >= values.since if values else true()
    return and_(after, day < end) if end else and_(after, true())


def colours_on(connection: Connection, day: date) -> KnownColours:
    """What is known about card and chart in a photo of a day."""
    newest = select(_VALUES.content, _VALUES.batch).where(_VALUES.since <= day).order_by(_VALUES.since.desc()).limit(1)
    row = connection.execute(newest).first()
    batch = read_batch(Path(row.batch), row.content) if row else None
    return KnownColours(batch=batch, edition=_edition(connection))


def _listed(connection: Connection) -> tuple[CardValues, ...]:
    rows = connection.execute(select(_VALUES.id, _VALUES.batch, _VALUES.since).order_by(_VALUES.since))
    return tuple(CardValues(row.id, row.batch, row.since) for row in rows)


def _edition(connection: Connection) -> Edition:
    found = connection.execute(select(schema.about.c.value).where(schema.about.c.name == _EDITION)).scalar()
    return Edition(found) if found else Edition.AFTER_2014
