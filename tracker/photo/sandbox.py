"""The pool of processes that decode photos, seen from the process that wants one.

A decoder is the one place where bytes of a stranger meet a great deal of C. So it runs in a child that has given up
what decoding does not need (`tracker.photo.child`), and its answer is checked like any other input. A child that
crashes or hangs costs one photo: it is replaced by the next call.

Like `tracker.compute.PhotoProcess`, and for its reasons, this is not a `ProcessPoolExecutor`. It moreover takes no
pickle from a child, because unpickling would hand this process to whoever has taken over that one.
"""

from __future__ import annotations

import atexit
import json
import mmap
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.photo.refusals import MAX_PIXELS, MAX_SIDE, MIN_SIDE, REFUSALS, Unfit

LIMIT_SECONDS = 20.0
MOST_CHILDREN = 2

_LONGEST_ANSWER = 1 << 20
#: The child is given stand-ins for these packages, because importing ours would load alignment and half of SciPy.
_PROGRAM = """
import sys, types
for name, place in (("tracker", sys.argv[1]), ("tracker.photo", sys.argv[2])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [place]
from tracker.photo.child import main
main(int(sys.argv[3]))
"""
#: What of the environment a decoder may need to find its libraries. The rest is nobody's business there.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT", "LANG")

Answer = dict[str, Any]


class _Lost(Exception):
    """The child ended, or what it said makes no sense."""


class _Child:
    """One process and the memory that is shared with it."""

    def __init__(self, *, share: bool) -> None:
        self._memory = _memory() if share else -1
        here = Path(__file__).resolve().parent
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        path = os.pathsep.join(part or os.getcwd() for part in sys.path)
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own program
            [sys.executable, "-P", "-c", _PROGRAM, str(here.parent), str(here), str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**kept, **single, "PYTHONPATH": path},
            pass_fds=(self._memory,) if self._memory >= 0 else (),
            start_new_session=True,
        )
        self._ready = False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait for the first sign of life. If there is none, it is our fault and not that of a photo."""
        assert self.process.stdout is not None
        if not self._ready and self.process.stdout.readline(_LONGEST_ANSWER) != b"{}\n":
            raise RuntimeError("The process that reads photos does not start; please check the installation.")
        self._ready = True

    def ask(self, task: str, kind: str, data: bytes) -> tuple[Answer, NDArray[np.uint8] | None]:
        """Answer and pixels, which are valid until the next question; the answer has been checked."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        question = {"task": task, "kind": kind, "size": len(data)}
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.write(data)
        self.process.stdin.flush()
        answer = _checked(self.process.stdout.readline(_LONGEST_ANSWER), task)
        return answer, self._pixels(answer["height"], answer["width"]) if task == "read" else None

    def _pixels(self, height: int, width: int) -> NDArray[np.uint8]:
        size = 3 * height * width
        if self._memory >= 0:
            return np.frombuffer(mmap.mmap(self._memory, size), np.uint8).reshape(height, width, 3)
        assert self.process.stdout is not None
        sent = self.process.stdout.read(size)
        if len(sent) != size:
            raise _Lost
        return np.frombuffer(sent, np.uint8).reshape(height, width, 3)

    def forget(self) -> None:
        """Give the pixels' memory back to the machine; a photo should not linger there."""
        if self._memory >= 0:
            os.ftruncate(self._memory, 0)
            os.ftruncate(self._memory, 3 * MAX_PIXELS)

    def end(self) -> int:
        """End the process at once; returns its exit code."""
        self.process.kill()
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was still to be written has nobody left to read it
                    stream.close()
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1
        return code


class Sandbox:
    """A few child processes that decode.

    Parameters
    ----------
    limit_seconds : float
        A photo that takes longer is refused.
    most : int
        So many photos may be decoded at once; further callers wait.
    share : bool
        Whether pixels come by shared memory, which only Linux knows as it is needed here, or through a pipe.
    """

    def __init__(
        self,
        *,
        limit_seconds: float = LIMIT_SECONDS,
        most: int = MOST_CHILDREN,
        share: bool = hasattr(os, "memfd_create"),
    ) -> None:
        self._limit, self._share = limit_seconds, share
        self._free = threading.BoundedSemaphore(most)
        self._idle: list[_Child] = []
        self._all: list[_Child] = []
        self._lock = threading.Lock()

    @property
    def pids(self) -> tuple[int, ...]:
        """Numbers of the processes that run."""
        return tuple(child.process.pid for child in self._all)

    def start(self) -> None:
        """Start the first child, without waiting for it."""
        with self._lock:
            if not self._all:
                self._idle.append(self._new())

    @contextmanager
    def asking(self, task: str, kind: str, data: bytes) -> Iterator[tuple[Answer, NDArray[np.uint8] | None]]:
        """Have a file decoded (``"read"``) or only its dates read (``"describe"``).

        The pixels, shape (H, W, 3), as stored and in sRGB, are valid inside the ``with`` block only.

        Raises
        ------
        Unfit
            With the reason; the child that did not survive has been replaced.
        """
        with self._free:
            child = self._take()
            try:
                child.wait_until_ready()
                yield self._ask(child, task, kind, data)
            except Unfit:
                if child.alive:
                    self._put_back(child)
                raise
            except BaseException:  # such as Ctrl-C: half an answer may still be in the pipe
                self._remove(child)
                raise
            self._put_back(child)

    def _ask(self, child: _Child, task: str, kind: str, data: bytes) -> tuple[Answer, NDArray[np.uint8] | None]:
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.process.kill()

        watch = threading.Timer(self._limit, stop)
        watch.daemon = True
        watch.start()
        try:
            return child.ask(task, kind, data)
        except (_Lost, OSError) as lost:
            code = self._remove(child)
            exhausted = late.is_set() or -code in (getattr(signal, "SIGXCPU", None), getattr(signal, "SIGALRM", None))
            raise Unfit("too_slow" if exhausted else "decoder_failed") from lost
        finally:
            watch.cancel()

    def close(self) -> None:
        """End all children."""
        with self._lock:
            children, self._idle, self._all = self._all, [], []
        for child in children:
            child.end()

    def _new(self) -> _Child:
        child = _Child(share=self._share)
        self._all.append(child)
        return child

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    return child
                self._all.remove(child)
                child.end()
            return self._new()

    def _put_back(self, child: _Child) -> None:
        try:
            child.forget()
        except OSError:
            self._remove(child)
            return
        with self._lock:
            self._idle.append(child)

    def _remove(self, child: _Child) -> int:
        with self._lock:
            if child in self._all:
                self._all.remove(child)
        return child.end()


_lock = threading.Lock()
_ours: tuple[int, Sandbox] | None = None


def decoders() -> Sandbox:
    """The sandbox of this process, made when it is first needed. A forked process gets its own."""
    global _ours
    with _lock:
        if _ours is None or _ours[0] != os.getpid():
            made = Sandbox()
            atexit.register(made.close)
            _ours = os.getpid(), made
        return _ours[1]


def _memory() -> int:
    """Descriptor of memory for the largest photo, taken from the machine only where it is written to; −1: refused."""
    made = os.memfd_create("photo")
    try:
        os.ftruncate(made, 3 * MAX_PIXELS)
    except OSError:  # this process may not make files of such a size, and the limit holds for memory too
        os.close(made)
        return -1
    return made


def _checked(line: bytes, task: str) -> Answer:
    """An answer that has the right form. Its words are still the child's: names are made printable and cut."""
    try:
        answer = json.loads(line)
        if "unfit" in answer:
            key, values = answer["unfit"], {str(k): int(v) for k, v in answer["values"].items()}
            REFUSALS[key].text.format(**values)
            raise Unfit(key, **values)
        dates = {part: [_words(text) for text in answer[part]][:4] for part in ("taken", "edited")}
        if task == "describe":
            return dates
        height, width, orientation = (int(answer[part]) for part in ("height", "width", "orientation"))
        if not (min(height, width) >= MIN_SIDE and max(height, width) <= MAX_SIDE and height * width <= MAX_PIXELS):
            raise _Lost
        if orientation not in range(1, 9):
            raise _Lost
        return dates | {
            "height": height,
            "width": width,
            "orientation": orientation,
            "has_colour": bool(answer["has_colour"]),
            "profile": _words(answer["profile"]),
            "camera": _words(answer["camera"]),
            "notes": [_words(note, 300) for note in answer["notes"]][:12],
        }
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _Lost from error


def _words(text: object, most: int = 80) -> str:
    return "".join(c for c in str(text) if c.isprintable())[:most]
