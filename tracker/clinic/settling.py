"""What was found for a waiting photo becomes what the record says of it, and what contradicts it is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from tracker.calibration import KnownDistance
from tracker.clinic import photos, register, results, schema
from tracker.clinic.companions import contradicted, lender_to
from tracker.clinic.measuring import Finding
from tracker.clinic.records import StoredPhoto
from tracker.measurement import Metric
from tracker.region import Region


@dataclass(frozen=True, slots=True)
class Task:
    """A waiting photo and what it is to be compared with."""

    photo: StoredPhoto
    reference: StoredPhoto | None
    metrics: tuple[Metric, ...]
    region: Region | None
    region_hash: str
    procedure: str
    distance: KnownDistance | None
    companions: tuple[StoredPhoto, ...]
    reference_opposite: StoredPhoto | None

    @property
    def base(self) -> StoredPhoto:
        """What the photos of the view are compared with, if this one can be the reference."""
        return self.reference or self.photo


def with_companion(task: Task, found: Finding) -> list[tuple[StoredPhoto, Finding]]:
    """What was found for the photo, and for the other one of its pair."""
    if found.other is None:
        return [(task.photo, found)]
    other = next(each for each in task.companions if each.digest in (found.opposite, found.lent_to))
    return [(task.photo, found), (other, found.other)]


def still_holds(connection: Connection, task: Task, pair: Sequence[tuple[StoredPhoto, Finding]]) -> bool:
    """Whether photo, companion, region and reference are what they were when measuring began."""
    ids = [photo.id for photo, _ in pair]
    known = select(func.count()).select_from(schema.photo).where(schema.photo.c.id.in_(ids))
    if connection.execute(known).scalar_one() < len(ids):
        return False
    if register.region_hash(connection, task.photo.view_id) != task.region_hash:
        return False
    reference = photos.reference(connection, task.photo.view_id)
    if task.reference is not None:
        then = task.reference.id, task.reference.opposite
        return reference is not None and (reference.id, reference.opposite) == then
    return (reference.id if reference else None) == (task.photo.id if task.photo.is_reference else None)


def settle(
    connection: Connection, task: Task, pair: Sequence[tuple[StoredPhoto, Finding]], tokens: Sequence[str]
) -> list[tuple[str, str]]:
    """Store what was found, and forget what it contradicts; photos with the tokens of files that can go."""
    listed, outdated = photos.photos(connection, task.photo.view_id), []
    for (photo, each), token in zip(pair, tokens, strict=True):
        compared = None if photo.id == task.base.id else task.base.id
        key = (task.procedure, task.region_hash)
        old = results.keep(connection, photo.id, compared, each, key=key, token=token)
        outdated += [(photo.id, gone) for gone in old]
    if task.reference is None:
        _settle_reference(connection, task, pair[0][1])
    for wrong in contradicted(listed, {photo.digest for photo, _ in pair}):
        results.forget(connection, wrong.id)
        if wrong.is_reference:
            results.forget_against(connection, wrong.id, but=[photo.id for photo, _ in pair])
    of_base = next((each for photo, each in pair if photo.id == task.base.id and each.result is not None), None)
    if of_base is not None and of_base.opposite != (task.base.opposite or lender_to(task.base, listed)):
        results.forget_against(connection, task.base.id, but=[photo.id for photo, _ in pair])
    return outdated


def _settle_reference(connection: Connection, task: Task, found: Finding) -> None:
    """The first photo that can be the reference is it; one that no longer can gives way, unless it bears a mark."""
    if found.result is not None:
        photos.make_reference(connection, task.photo.id)
    elif task.photo.is_reference and task.region is None and task.distance is None:
        here = schema.photo.c.id == task.photo.id
        connection.execute(update(schema.photo).where(here).values(is_reference=False))
