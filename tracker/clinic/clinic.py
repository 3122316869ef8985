"""The clinic's record, as the faces see it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker.clinic import body_measures, photos, register, reporting, results, schema
from tracker.clinic.access import Access
from tracker.clinic.actors import Role
from tracker.clinic.aftercare import Aftercare
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.caring import Caring
from tracker.clinic.connecting import Connecting
from tracker.clinic.custody import Custody
from tracker.clinic.files import Files, prepare
from tracker.clinic.guarding import guarded
from tracker.clinic.journal import Journal
from tracker.clinic.leftovers import remove_left_copies
from tracker.clinic.linking import Linking
from tracker.clinic.measuring import Finding, Job, Original, forget_reference, measure_photo
from tracker.clinic.originals import made_whole, new_photo, read_original, store_original
from tracker.clinic.ratings import Ratings
from tracker.clinic.records import StoredPhoto, Work, data_folder
from tracker.clinic.regions import check_region
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.clinic.standards import attach_all
from tracker.clinic.store import Store
from tracker.clinic.studying import Studying
from tracker.clinic.sweeping import GRACE, Swept, sweep
from tracker.clinic.topics import Chosen
from tracker.clinic.treating import Treating
from tracker.clinic.worker import Worker
from tracker.compute import PhotoProcess
from tracker.errors import RecordError
from tracker.measurement import Metric
from tracker.photo import warm_up
from tracker.pipeline import with_typed
from tracker.region import Region
from tracker.report import Report

Progress = Callable[[int, int, str], None]


@guarded
class Clinic(Access, Connecting, Linking, Aftercare, Studying, Ratings, Caring, Treating, Custody):
    """Patients, their photos and what was measured in them; may be used from several threads.

    Open it with `Clinic.open` and close it with `close`, or use it in a ``with`` statement. What `open` gives acts as
    the program itself; for anybody else take `acting_for`: then every method asks whether they may, and refuses with
    ``not_found`` what is somebody else's, with ``not_allowed`` what their role may not, and with ``signed_out`` who is.

    Attributes
    ----------
    home : Path
        Folder that holds everything.
    read_only_reason : str
        Why nothing can be changed, as a sentence; empty as long as the record is whole.
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        super().__init__(store, files, chosen)
        self._journal = Journal(store, Anchor(files.home))
        self._lock = threading.Lock()
        self._close: Callable[[], None] = lambda: None
        self.home = files.home
        self.read_only_reason = store.read_only_reason

    @classmethod
    def open(cls, home: Path | None = None, *, metrics: Sequence[Metric] | None = None) -> Self:
        """Open the record, and create it if there is none.

        Parameters
        ----------
        home : Path, optional
            By default `data_folder`.
        metrics : sequence of Metric, optional
            What is measured in every view; by default what each is treated for decides. Photos measured with other
            metrics, or other versions of them, wait to be measured again.

        Raises
        ------
        RecordError
            The folder cannot be used, or the record in it is damaged or newer than the program. One that something
            else has changed is opened, but nothing can be changed in it.
        """
        home = home or data_folder()
        try:
            return cls._opened(home, metrics)
        except (OSError, sqlite3.Error) as error:
            said = getattr(error, "strerror", None) or error
            raise RecordError(
                f"The record in {home} cannot be opened ({said}). Please check the disk and try again.", code="not_read"
            ) from error

    @classmethod
    def _opened(cls, home: Path, metrics: Sequence[Metric] | None) -> Self:
        prepare(home)
        secrets = Secrets.of_record(home)
        try:
            files, store = Files(home, secrets), Store.of_record(home, secrets)
        except BaseException:
            secrets.close()
            raise
        record = cls(store, files, Chosen.of(metrics))
        record._close = secrets.close
        if not record.read_only_reason:
            record.adopt_methods()
            record.replay_erasures()  # one that was ended half-way
        return record

    def close(self) -> None:
        """Stop the work and close the files."""
        self.stop_worker()
        self._store.close()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def set_region(self, view_id: str, region: Region | None) -> None:
        """Change where a view is measured; its photos wait until they are measured there.

        Raises
        ------
        RegionInvalid
            The region does not fit the reference photo; nothing has been changed.
        """
        with self._store.reading() as connection:
            view = register.view(connection, view_id)
            reference = photos.reference(connection, view_id)
        if reference is not None and region is not None:
            data = read_original(self._store, self._files, reference)
            original = Original(reference.digest, reference.name, reference.taken_on, data)
            check_region(region, original, view.distance)
        with self._store.writing() as connection:
            register.store_region(connection, view_id, region)
            attach_all(connection, self._chosen.metrics(view.indication), schema.photo.c.view_id == view_id)
        self._arrived()

    def photos(self, view_id: str) -> tuple[StoredPhoto, ...]:
        """Photos of a view by date, then in order of arrival."""
        with self._store.reading() as connection:
            register.view(connection, view_id)
            return photos.photos(connection, view_id)

    def photo(self, photo_id: str) -> StoredPhoto:
        """One photo; `RecordError` with code ``not_found`` if there is none."""
        with self._store.reading() as connection:
            return photos.photo(connection, photo_id)

    def add_photo(self, view_id: str, data: bytes, name: str, *, taken_on: date | None = None) -> StoredPhoto:
        """Store a photo; the same file in the same view is stored once.

        Parameters
        ----------
        view_id : str
        data : bytes
            The original file; kept exactly.
        name : str
            Its name, for people.
        taken_on : date, optional
            By default what the photo says.

        Returns
        -------
        StoredPhoto
            On the disk when this returns, and waiting to be measured.

        Raises
        ------
        PhotoRejected
            The file cannot be read or has no date; nothing has been stored.
        RecordError
            It could not be saved; nothing has been changed.
        """
        with self._store.reading() as connection:
            register.view(connection, view_id)
            known = photos.find(connection, view_id, secrets_of(connection).digest(data))
        if known is not None:
            return made_whole(self._store, self._files, known, data)
        stored = store_original(self._store, self._files, new_photo(view_id, data, name, taken_on), data)
        self._arrived()
        return stored

    def original(self, photo_id: str) -> bytes:
        """The bytes of a photo, exactly as they came; `RecordError` if they are damaged or missing."""
        return read_original(self._store, self._files, self.photo(photo_id))

    def remove_photo(self, photo_id: str) -> None:
        """Remove a photo with everything made of it.

        Raises
        ------
        RecordError
            ``is_reference``: a region was drawn on it, which would lie elsewhere in any other photo.
        """
        with self._store.writing() as connection:
            photo = photos.photo(connection, photo_id)
            gone = photos.remove(connection, photo_id)
            results.forget_through(connection, photo.view_id, photo.digest)
            results.forget_pairs_with(connection, photo.view_id, photo.digest)
        self._remove_files([gone])
        self._arrived()

    def remove_demonstration(self) -> None:
        """Remove the demonstration patients with their photos."""
        with self._store.writing() as connection:
            gone = photos.gone_with(connection, schema.patient.c.is_demonstration)
            register.remove_demonstration(connection)
        self._remove_files(gone)

    def report(self, view_id: str) -> Report | None:
        """What was found in a view, with weight and tape as typed; None while its reference is not measured."""
        with self._store.reading() as connection:
            view = register.view(connection, view_id)
            report = reporting.report(connection, view_id, self._chosen.metrics(view.indication))
            typed = body_measures.readings(connection, view_id) if report else ()
            return with_typed(report, typed) if report and typed else report

    def work(self) -> Work:
        """How far the measuring has come; only the owner reads the name of a file, which may be that of any patient."""
        state, actor = self._bench.state(), self.acting()
        knows_all = actor.role in (Role.SYSTEM, Role.OWNER) or actor.is_visitor
        return state if knows_all else replace(state, current="")

    def measure_again(self, photo_id: str) -> None:
        """Forget what was found for a photo, so that it is measured once more."""
        self.photo(photo_id)
        with self._store.writing() as connection:
            results.forget(connection, photo_id)
        self._arrived()

    def measure_waiting(self, *, limit: int | None = None, progress: Progress | None = None) -> int:
        """Measure waiting photos here and now.

        Parameters
        ----------
        limit : int, optional
            At most so many photos.
        progress : callable, optional
            Called with (done, total, name) before each photo.

        Returns
        -------
        int
            Number of photos measured or rejected; a pair with dual light is measured at once, and counts once.
        """
        done = 0

        def measure(job: Job) -> Finding:
            if progress:
                progress(done, done + self._bench.waiting(), job.photo.name)
            return measure_photo(job)

        while (limit is None or done < limit) and self._bench.measure_next(measure):
            done += 1
        forget_reference()
        return done

    def sweep(self, now: datetime | None = None) -> Swept:
        """Set aside the files that no row names, and remove those that have been aside for a month.

        Parameters
        ----------
        now : datetime, optional
            Aware; by default this moment.

        Raises
        ------
        RecordError
            Disk or database did not answer; a later sweep goes on.
        """
        moment = now or datetime.now(UTC)
        with self._store.reading() as connection:
            known = photos.ids(connection)
        remove_left_copies(self.home)
        self._files.sweep_derived(known.__contains__, older_than=(moment - GRACE).timestamp())
        return sweep(self._store, self._files.vault, moment)

    def start_worker(self, executor: Executor | None = None) -> None:
        """Measure in the background from now on; does nothing if that is so already.

        Parameters
        ----------
        executor : Executor, optional
            Where photos are measured; by default a process of its own. It is shut down with the worker.
        """
        with self._lock:
            if self._worker is None and not self.read_only_reason:
                self._worker = Worker(self._bench, executor or PhotoProcess(), daily=self.sweep)
                warm_up()  # the first photo of the day is looked at as quickly as the others

    def stop_worker(self) -> None:
        """Stop measuring in the background, at once; a photo half measured goes on waiting."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()
