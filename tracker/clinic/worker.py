"""The background: one thread that hands waiting photos to another process and stores what comes back."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor
from typing import ParamSpec, TypeVar

from tracker.clinic.measuring import Finding, Job, Judgement, judge_photo, measure_photo
from tracker.clinic.work import FAILED, Workbench
from tracker.errors import RecordError

P = ParamSpec("P")
T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_ATTEMPTS = 2
#: How often to look for photos that another process stored, and how long to wait after a full disk.
_LOOK_SECONDS = 20.0
_DAY_SECONDS = 24 * 3600.0


class Worker:
    """A thread that measures what waits, until it is stopped.

    Parameters
    ----------
    bench : Workbench
    executor : Executor
        Where photos are measured; closed with the worker.
    daily : callable
        Done when nothing waits: soon after the start, and then once a day.
    """

    def __init__(self, bench: Workbench, executor: Executor, *, daily: Callable[[], object]) -> None:
        self._bench, self._executor, self._daily = bench, executor, daily
        self._daily_due = 0.0
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracker-worker", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def judge(self, job: Job) -> Judgement | None:
        """Judge a photo now, between two that are measured; None if that could not be done."""
        return self.run(judge_photo, job)

    def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Run a call where photos are measured, between two of them; None if that could not be done."""
        try:
            future = self._executor.submit(call, *args, **kwargs)
        except RuntimeError:  # what an executor says that has been shut down
            return None
        error = future.exception()
        if error is not None:
            _LOG.error("%s failed", getattr(call, "__name__", "A call"), exc_info=error)
            return None
        return future.result()

    def wake(self) -> None:
        """Photos have come."""
        self._wake.set()

    def stop(self) -> None:
        """Stop at once; a photo that is being measured goes on waiting."""
        atexit.unregister(self.stop)
        self._stopping.set()
        self._wake.set()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._measured_one():
                self._wake.wait(_LOOK_SECONDS)
                self._do_daily()

    def _do_daily(self) -> None:
        if self._stopping.is_set() or self._wake.is_set() or time.monotonic() < self._daily_due:
            return
        self._daily_due = time.monotonic() + _DAY_SECONDS
        try:
            self._daily()
        except RecordError as error:
            _LOG.warning("What is done once a day was put off to the next: %s", error.reason)

    def _measured_one(self) -> bool:
        try:
            return self._bench.measure_next(self._measure)
        except RecordError as error:
            _LOG.warning("A measurement could not be saved and will be repeated: %s", error.reason)
            return False

    def _measure(self, job: Job) -> Finding | None:
        """Measure in the executor; a process that died is given a second chance, a fault of ours is written down."""
        for _ in range(_ATTEMPTS):
            try:
                future = self._executor.submit(measure_photo, job)
            except RuntimeError:  # what an executor says that has been shut down
                if self._stopping.is_set():
                    return None
                raise
            error = future.exception()
            if error is None:
                return future.result()
            if not isinstance(error, BrokenExecutor):
                _LOG.error("Measuring photo %s failed", job.photo.digest, exc_info=error)
                return _failed(job, "because of a fault in the program, which was written to its log")
        return None if self._stopping.is_set() else _failed(job, "because the program that measures ended twice")


def _failed(job: Job, why: str) -> Finding:
    name = job.photo.name
    return Finding(reason=f"{name} could not be measured {why}; the photo is safe. Try again later.", code=FAILED)
