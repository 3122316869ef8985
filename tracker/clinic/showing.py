"""Pictures of the record for looking at: photos, aligned photos, differences, and where a number comes from."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from tracker.clinic import photos, register, results
from tracker.clinic.files import Files
from tracker.clinic.judging import Judging
from tracker.clinic.looking import Gallery
from tracker.clinic.overlays import overlays_of
from tracker.clinic.records import StoredPhoto
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen
from tracker.errors import RecordError
from tracker.measurement import Metric
from tracker.reports.overlays import Legend, legend_of


class Showing(Judging):
    """Pictures of one record; a base of `Clinic`.

    Parameters
    ----------
    store : Store
    files : Files
    chosen : Chosen
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        super().__init__(store, files, chosen)
        self._gallery = Gallery(store, files)
        self._one_overlay = threading.Lock()

    def picture(self, photo_id: str, *, width: int, aligned: bool = False) -> bytes:
        """A JPEG for looking at, in sRGB and without any metadata.

        Parameters
        ----------
        photo_id : str
        width : int
            At most so many pixels; never larger than the photo.
        aligned : bool
            In the frame of the view's reference.

        Raises
        ------
        RecordError
            ``not_found``: there is no such photo, or it is not aligned (yet).
        """
        return self._gallery.aligned(photo_id, width) if aligned else self._gallery.plain(photo_id, width)

    def difference(self, photo_id: str, *, width: int) -> bytes:
        """A JPEG of where the aligned photo is brighter (orange) or darker (blue) than its reference.

        For looking only: the overall exposure is taken out, the light is not.
        """
        return self._gallery.difference(photo_id, width)

    def overlay(self, photo_id: str, metric_name: str, *, width: int) -> bytes:
        """A JPEG of the photo in the frame of its reference that shows where a number comes from.

        Parameters
        ----------
        photo_id : str
        metric_name : str
        width : int
            At most so many pixels.

        Raises
        ------
        RecordError
            ``not_found``: there is no such photo, or it does not give this number.
        """
        self._overlaid(photo_id, metric_name)
        return self._gallery.overlay(photo_id, metric_name, width)

    def overlay_legend(self, photo_id: str, metric_name: str) -> Legend:
        """What the colours and lines of `overlay` mean; parameters and errors are those of it."""
        metric = self._overlaid(photo_id, metric_name)
        return legend_of(self._gallery.overlay_data(photo_id, metric_name), metric)

    def outline(self, photo_id: str, polygon: NDArray[np.float64]) -> list[list[tuple[float, float]]]:
        """Where a polygon of the reference photo, (row, column), lies in a later one: lines in pixels of that photo.

        Raises
        ------
        RecordError
            ``not_found``: there is no such photo, or it is not aligned (yet).
        """
        return self._gallery.outline(photo_id, polygon)

    def proposed_region(self, photo_id: str) -> NDArray[np.float64] | None:
        """Corners (row, column) of a region that the skin in a photo suggests; None where no skin was found."""
        return self._gallery.proposal(photo_id)

    def _overlaid(self, photo_id: str, metric_name: str) -> Metric:
        """The metric, after the overlays of a photo are there: all that the photo gives are made at once."""
        with self._store.reading() as connection:
            photo = photos.photo(connection, photo_id)
            view = register.view(connection, photo.view_id)
            given = results.metrics_of(connection, photo_id)
        metric = next((m for m in self._chosen.metrics(view.indication) if m.name == metric_name), None)
        if metric is None or metric_name not in given:
            raise RecordError(f"{photo.name} does not give this number.", code="not_found")
        with self._one_overlay:
            if not self._gallery.has_overlay(photo_id, metric_name):
                self._make_overlays(photo, given)
        return metric

    def _make_overlays(self, photo: StoredPhoto, given: frozenset[str]) -> None:
        job = self._bench.job_to_show(photo)
        stored = None if photo.is_reference else self._gallery.stored_map(photo.id)
        worker = self._worker
        made = worker.run(overlays_of, job, stored, given) if worker is not None else overlays_of(job, stored, given)
        for name, data in (made or {}).items():
            self._gallery.keep_overlay(photo.id, name, data)
