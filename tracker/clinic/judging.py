"""A photo judged before it is stored: by itself at once, and beside the reference of its view some seconds later."""

from __future__ import annotations

from datetime import date

from tracker.clinic import gate, photos
from tracker.clinic.files import Files
from tracker.clinic.measuring import Original, judge_photo
from tracker.clinic.originals import is_whole
from tracker.clinic.records import Tile
from tracker.clinic.sealing import secrets_of
from tracker.clinic.standards import Standards
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen
from tracker.clinic.work import Workbench
from tracker.clinic.worker import Worker


class Judging(Standards):
    """The gate of one record; a base of `Clinic`.

    Parameters
    ----------
    store : Store
    files : Files
    chosen : Chosen
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        super().__init__(store, chosen)
        self._files = files
        self._bench = Workbench(store, files, chosen)
        self._worker: Worker | None = None

    def digest_of(self, data: bytes) -> str:
        """What this record calls a file of this content, whether it holds it or not; see `StoredPhoto.digest`."""
        with self._store.reading() as connection:
            return secrets_of(connection).digest(data)

    def check_photo(self, view_id: str, data: bytes, name: str, taken_on: date | None = None) -> Tile:
        """What can be said of a photo in a second, before it is stored; never raises for a bad file."""
        with self._store.reading() as connection:
            wanted, digest = gate.expected(connection, view_id), secrets_of(connection).digest(data)
            known = photos.find(connection, view_id, digest)
        is_stored = known is not None and is_whole(self._store, self._files, known)  # else it is to be sent once more
        return gate.look_at(
            data, name, digest, taken_on=taken_on, wanted=wanted, colours_on=self._colours_on,
            already_stored=is_stored,
        )  # fmt: skip

    def judge_photo(self, view_id: str, data: bytes, name: str, tile: Tile) -> Tile | None:
        """What can be said of a photo beside the reference of its view, in some seconds and before it is stored.

        Parameters
        ----------
        view_id : str
        data : bytes
        name : str
        tile : Tile
            What `check_photo` said of it.

        Returns
        -------
        Tile or None
            The same tile while the view has no photo yet, and of a photo that cannot be used anyway. None while the
            reference is not measured, or if the judging was interrupted: it can be asked again.
        """
        if tile.status == "block" or tile.already_stored:
            return tile
        colours = self._colours_on(tile.taken_on)
        moving = Original(tile.digest, name, tile.taken_on or date.max, data, colours)
        job = self._bench.job_to_judge(view_id, moving)
        if job is None:
            with self._store.reading() as connection:
                return None if photos.reference(connection, view_id) else tile
        worker = self._worker
        judgement = worker.judge(job) if worker is not None else judge_photo(job)
        return None if judgement is None else gate.beside_reference(tile, judgement, job.metrics)
