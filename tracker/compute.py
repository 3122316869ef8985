"""Where heavy work runs: anything that is a `concurrent.futures.Executor`; by default one process of our own.

`PhotoProcess` is not a `ProcessPoolExecutor` for three reasons, each of them seen: a spawned pool runs the main
module again in its child, and inside Streamlit the main module is the page that is being drawn; its workers
outlive a parent that was killed; and at exit it waits for the running task.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, BinaryIO, ParamSpec, TypeVar

import cv2

P = ParamSpec("P")
T = TypeVar("T")

LIMIT_SECONDS = 600.0
_NICENESS = 5
#: What opens the record, its database and its object store, which whoever decodes photos of strangers need not know.
_SECRET = ("TRACKER_MASTER_KEY", "TRACKER_KEYS", "TRACKER_DATABASE", "TRACKER_VAULT", "TRACKER_OIDC", "AWS_", "PGPASS")
_LOST = (EOFError, OSError, pickle.UnpicklingError)


class PhotoProcess(Executor):
    """One child process that runs one call at a time.

    Parameters
    ----------
    limit_seconds : float
        A call that takes longer is ended.

    Notes
    -----
    The child starts with the first call and again after it died. A call whose child dies gets a
    `BrokenProcessPool`; it is up to the caller to try again. The child ends by itself when this process does,
    however that comes about.
    """

    def __init__(self, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._limit = limit_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Number of the child process; None before the first call."""
        process = self._process
        return process.pid if process else None

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a call in the child and wait for it; the future that is returned is finished."""
        future: Future[T] = Future()
        call = pickle.dumps((fn, args, kwargs))
        with self._lock:
            if self._closed:
                raise RuntimeError("The process has been shut down.")
            try:
                value, error = self._ask(call)
            except _LOST as lost:
                self._discard()
                error, value = BrokenProcessPool(f"The process that measures photos ended: {lost!r}"), None
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the child at once, with whatever it is doing."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._discard()

    def _ask(self, call: bytes) -> tuple[Any, BaseException | None]:
        process = self._process = self._process or _start()
        if self._closed:  # shut down in this very moment
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(self._limit, process.kill)
        watch.daemon = True
        watch.start()
        try:
            process.stdin.write(call)
            process.stdin.flush()
            return pickle.load(process.stdout)  # noqa: S301 - from our own child, over a pipe nobody else has
        finally:
            watch.cancel()

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _close(stream)


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Run calls as they come in until there are no more; the main loop of the child."""
    cv2.setNumThreads(1)
    with ThreadPoolExecutor(1) as pool:
        while True:
            try:
                fn, args, kwargs = pickle.load(calls)  # noqa: S301 - from our own parent
            except EOFError:
                return
            future: Future[Any] = pool.submit(fn, *args, **kwargs)
            error = future.exception()
            answer = pickle.dumps((None, error) if error else (future.result(), None))
            try:
                answers.write(answer)
                answers.flush()
            except BrokenPipeError:  # the parent is gone
                return


def _start() -> subprocess.Popen[bytes]:
    """A child with the same import path that neither runs our main module nor hears our keyboard's Ctrl-C."""
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SECRET)}
    path = os.pathsep.join(part or os.getcwd() for part in sys.path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tracker.compute"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**kept, **alone, "PYTHONPATH": path},
        start_new_session=True,
    )


def _close(stream: Any) -> None:
    try:
        stream.close()
    except OSError:  # what was still to be written has nobody left to read it
        return


def _main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak in between
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the pages come first
    with answers:
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
