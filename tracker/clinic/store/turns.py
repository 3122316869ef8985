"""Writers of several processes take turns in the order in which they came.

SQLite lets those who wait try again after a while, the longer the rarer: with many of them, some wait very long.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(path: Path, seconds: float) -> Iterator[None]:
    """The turn of this process; it ends with the block, or with the process.

    Parameters
    ----------
    path : Path
        A file that stands for what is written; made if there is none, and always empty.
    seconds : float

    Raises
    ------
    TimeoutError
        Others kept it for so long.
    """
    file = os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _wait(file, seconds)
    try:
        yield
    finally:
        os.close(file)


def _wait(file: int, seconds: float) -> None:
    """Wait in a thread of its own: the system wakes those who wait in order, but knows no limit."""
    told, given_up = threading.Condition(), False
    is_ours = False

    def wait() -> None:
        nonlocal is_ours
        fcntl.flock(file, fcntl.LOCK_EX)
        with told:
            is_ours = True
            if given_up:
                os.close(file)
            told.notify()

    with told:
        threading.Thread(target=wait, name="turn", daemon=True).start()
        if not told.wait_for(lambda: is_ours, seconds):
            given_up = True
            raise TimeoutError
