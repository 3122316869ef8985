"""Waiting photos, measured one after another: which is next, and what is done with what was found."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, func, select

from tracker.clinic import photos, register, results, schema
from tracker.clinic.companions import companions_of, companions_on, other_of
from tracker.clinic.files import Files
from tracker.clinic.maps import map_bytes, mask_bytes
from tracker.clinic.measuring import Finding, Job, Original, Stop
from tracker.clinic.originals import read_original
from tracker.clinic.records import PhotoState, StoredPhoto, Work
from tracker.clinic.settling import Task, settle, still_holds, with_companion
from tracker.clinic.standards import colours_on, procedure
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen
from tracker.errors import RecordError
from tracker.pipeline import MOST_DETOURS

#: Code of a photo that could not be measured through no fault of its own.
FAILED = "failed"
Measure = Callable[[Job], Finding | None]


class Workbench:
    """The waiting photos of one record.

    Parameters
    ----------
    store : Store
    files : Files
    chosen : Chosen
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        self._store, self._files, self._chosen = store, files, chosen
        self._one_at_a_time = threading.Lock()
        self._current = ""
        self._done, self._idle = 0, True

    def state(self) -> Work:
        """How far the present batch has come."""
        joined = schema.photo.join(schema.result, schema.photo.c.result_id == schema.result.c.id)
        failed = select(func.count()).select_from(joined).where(schema.result.c.code == FAILED)
        with self._store.reading() as connection:
            lost = int(connection.execute(failed).scalar_one())
        return Work(self._done, self._done + self.waiting(), self._current, lost)

    def waiting(self) -> int:
        """Number of photos that wait."""
        counted = select(func.count()).select_from(schema.photo).where(schema.photo.c.result_id.is_(None))
        with self._store.reading() as connection:
            return int(connection.execute(counted).scalar_one())

    def measure_next(self, measure: Measure) -> bool:
        """Measure the next waiting photo; False if none waits.

        Parameters
        ----------
        measure : callable
            Job → Finding, or None if it was interrupted: the photo then goes on waiting.

        Raises
        ------
        RecordError
            What was found could not be saved.
        """
        with self._one_at_a_time:
            task = self._next()
            if task is None:
                self._idle = True
                return False
            self.photos_came()
            self._current = task.photo.name
            try:
                found = self._found(task, measure)
                if found is not None:
                    self._done += self._keep(task, found)
            finally:
                self._current = ""
            return True

    def photos_came(self) -> None:
        """A batch begins, unless one is under way."""
        if self._idle:
            self._done, self._idle = 0, False

    def _next(self) -> Task | None:
        """In the view with the newest photo, which somebody is waiting for: the reference, then by date."""
        waiting = schema.photo.c.result_id.is_(None)
        newest = select(schema.photo.c.view_id).where(waiting).order_by(schema.photo.c.arrival.desc()).limit(1)
        with self._store.reading() as connection:
            view_id = connection.execute(newest).scalar()
            if view_id is None:
                return None
            view = register.view(connection, view_id)
            reference, listed = photos.reference(connection, view_id), photos.photos(connection, view_id)
            if reference is not None and reference.state is PhotoState.WAITING:
                chosen, reference = reference, None
            else:
                chosen = next(photo for photo in listed if photo.state is PhotoState.WAITING)
            return Task(
                chosen, reference, self._chosen.metrics(view.indication),
                view.region, register.region_hash(connection, view_id),
                self._procedure(connection, chosen, reference), view.distance,
                companions_of(chosen, listed, reference), other_of(reference, listed) if reference else None,
            )  # fmt: skip

    def job_to_judge(self, view_id: str, moving: Original) -> Job | None:
        """The job of judging a photo that is not stored yet; None while its view has no reference that is measured."""
        with self._store.reading() as connection:
            view, reference = register.view(connection, view_id), photos.reference(connection, view_id)
            if reference is None or reference.state is not PhotoState.MEASURED:
                return None
            hashed = register.region_hash(connection, view_id)
            day = moving.taken_on
            metrics = self._chosen.metrics(view.indication)
            way = procedure(connection, metrics, day, reference.taken_on)
            listed = photos.photos(connection, view_id)
        other, companions = other_of(reference, listed), companions_on(day, listed, reference)
        try:
            original, opposite = self._original(reference), self._original(other) if other else None
        except RecordError:
            return None
        key = f"{hashed} {way}"
        between = self._stops(view_id, day)
        beside = self._companions(companions)
        return Job(moving, original, view.region, key, metrics, view.distance, between, beside, opposite)

    def job_to_show(self, photo: StoredPhoto) -> Job:
        """The job of showing where the numbers of a measured photo come from, beside its reference.

        Raises
        ------
        RecordError
            An original cannot be read.
        """
        with self._store.reading() as connection:
            view, reference = register.view(connection, photo.view_id), photos.reference(connection, photo.view_id)
            assert reference is not None
            hashed = register.region_hash(connection, view.id)
            way = self._procedure(connection, photo, reference)
            listed = photos.photos(connection, photo.view_id)
        original, others = self._original(reference), [other_of(each, listed) for each in (reference, photo)]
        beside, of_photo = (self._original(other) if other else None for other in others)
        moving = original if photo.is_reference else self._original(photo)
        metrics = self._chosen.metrics(view.indication)
        job = Job(moving, original, view.region, f"{hashed} {way}", metrics, view.distance, reference_opposite=beside)
        return replace(job, companions=(of_photo,)) if of_photo else job

    def _procedure(self, connection: Connection, photo: StoredPhoto, reference: StoredPhoto | None) -> str:
        metrics = self._chosen.metrics(register.view(connection, photo.view_id).indication)
        return procedure(connection, metrics, photo.taken_on, reference.taken_on if reference else None)

    def _found(self, task: Task, measure: Measure) -> Finding | None:
        if task.reference is not None and task.reference.state is PhotoState.REJECTED:
            return Finding(reason=task.reference.reason, code=task.reference.code)
        try:
            moving = self._original(task.photo)
            reference = self._original(task.reference) if task.reference else None
            opposite = self._original(task.reference_opposite) if task.reference_opposite else None
        except RecordError as error:
            return Finding(reason=error.reason, code=FAILED)
        key = f"{task.region_hash} {task.procedure}"
        between = self._stops(task.photo.view_id, task.photo.taken_on, but=task.photo.id) if reference else ()
        beside = self._companions(task.companions)
        return measure(Job(moving, reference, task.region, key, task.metrics, task.distance, between, beside, opposite))

    def _companions(self, stored: Sequence[StoredPhoto]) -> tuple[Original, ...]:
        found = []
        for each in stored:
            with suppress(RecordError):  # a photo whose file is damaged says so when its own turn comes
                found.append(self._original(each))
        return tuple(found)

    def _stops(self, view_id: str, day: date, *, but: str = "") -> tuple[Stop, ...]:
        """The last accepted photo of each of the latest days up to a day, latest first, without the photo `but`."""
        with self._store.reading() as connection:
            listed = photos.photos(connection, view_id)
            days = sorted({each.taken_on for each in listed})
            accepted = {
                each.taken_on: each
                for each in listed
                if _can_be_passed(each) and each.taken_on <= day and each.id != but
            }
            latest = [accepted[day] for day in sorted(accepted, reverse=True)[:MOST_DETOURS]]
            tokens = [results.token_of(connection, each.id) for each in latest]
        stops = []
        for each, token in zip(latest, tokens, strict=True):
            known = self._files.derived(each, f"map-{token}.npz") if token else None
            with suppress(RecordError):  # an old original that cannot be read is no reason to leave out a new photo
                if known is not None:
                    stops.append(Stop(self._original(each), known, 1 + days.index(each.taken_on)))
        return tuple(stops)

    def _original(self, photo: StoredPhoto) -> Original:
        with self._store.reading() as connection:
            colours = colours_on(connection, photo.taken_on)
        data = read_original(self._store, self._files, photo)
        return Original(photo.digest, photo.name, photo.taken_on, data, colours)

    def _keep(self, task: Task, found: Finding) -> int:
        """Store what was found, and say of how many waiting photos."""
        pair = with_companion(task, found)
        tokens = [self._keep_derived(photo, each) for photo, each in pair]
        outdated = [(photo.id, token) for (photo, _), token in zip(pair, tokens, strict=True)]
        with self._store.writing() as connection:
            now = self._procedure(connection, task.photo, task.reference)
            if still_holds(connection, task, pair) and now == task.procedure:
                outdated = settle(connection, task, pair, tokens)
        for photo_id, old in outdated:
            if old:
                self._files.remove_derived(photo_id, token=old)
        return sum(photo.state is PhotoState.WAITING for photo, _ in pair)

    def _keep_derived(self, photo: StoredPhoto, found: Finding) -> str:
        """Write the map of a photo, or the mask of a reference, before the row that names it."""
        token = secrets.token_hex(8)
        if found.mask is not None:
            self._files.save_derived(photo, f"mask-{token}.npz", mask_bytes(found.mask))
            return token
        if found.result is not None and found.result.alignment is not None:
            self._files.save_derived(photo, f"map-{token}.npz", map_bytes(found.result.alignment))
            return token
        return ""


def _can_be_passed(through: StoredPhoto) -> bool:
    return through.state is PhotoState.MEASURED and not through.is_reference and not through.lent_to
