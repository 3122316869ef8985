"""What somebody at the desk was told, kept where no crash of the program can reach it, and the processes that crash."""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_HEAD = struct.Struct("<Q")
_PROJECT = Path(__file__).resolve().parents[2]


class Journal:
    """Events in memory that is shared with forked processes; writing one needs no system call that could be faulted.

    Parameters
    ----------
    size : int
        Bytes; memory is taken from the machine only where something is written.
    """

    def __init__(self, size: int = 1 << 24) -> None:
        self._memory = mmap.mmap(-1, size)

    def note(self, what: str, **facts: Any) -> None:
        """Add an event; one that was half written when its process died does not count."""
        line = json.dumps({"what": what, **facts}).encode() + b"\n"
        end = self._end()
        self._memory[_HEAD.size + end : _HEAD.size + end + len(line)] = line
        self._memory[: _HEAD.size] = _HEAD.pack(end + len(line))

    def events(self) -> list[dict[str, Any]]:
        """Everything that was noted, in order."""
        text = self._memory[_HEAD.size : _HEAD.size + self._end()]
        return [json.loads(line) for line in text.splitlines()]

    def wait_for(self, more: int, seconds: float = 5.0) -> None:
        """Return as soon as so many more things are noted, or when nothing more seems to come."""
        begun, until = self._memory[: self._end()].count(b"\n"), time.monotonic() + seconds
        while self._memory[: self._end()].count(b"\n") < begun + more and time.monotonic() < until:
            time.sleep(0.001)

    def _end(self) -> int:
        return int(_HEAD.unpack(self._memory[: _HEAD.size])[0])


def forked(work: Callable[[], object], journal: Journal) -> int:
    """Number of a new process that does some work and ends; what it did not expect is noted as ``crashed``."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # whatever it was, it must neither be lost nor run the parent's program on
        journal.note("crashed", trace=_brief(*sys.exc_info()))
    finally:
        os._exit(code)


def _brief(_kind: object, error: BaseException | None, at: TracebackType | None) -> str:
    """An exception in one line, with the innermost places of this project that it came through."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(at) if _is_ours(frame)]
    return f"{error!r:.300} at {' > '.join(places[-4:])}"


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return Path(frame.filename).is_relative_to(_PROJECT)


def answered(work: Callable[[], Any]) -> Any:
    """What some work in a process of its own returns: a record that is opened there leaves no threads here.

    Raises
    ------
    RuntimeError
        The process did not survive it.
    """
    journal = Journal()
    os.waitpid(forked(lambda: journal.note("answer", value=work()), journal), 0)
    events = journal.events()
    if not events or events[-1]["what"] != "answer":
        raise RuntimeError(events[-1]["trace"] if events else "The process ended without a word.")
    return events[-1]["value"]
