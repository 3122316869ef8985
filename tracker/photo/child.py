"""The process that decodes: it has given up files, network and growth before it sees the first byte of a photo.

What it can still do is compute, answer on one pipe and write pixels into one piece of shared memory. It takes no
pickles and gives none. `tracker.photo.sandbox` starts it and does not believe it.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import signal
import sys
import time
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from tracker.photo import decode
from tracker.photo.metadata import DECODER_FAULTS
from tracker.photo.refusals import MAX_PIXELS, Unfit

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 10
_ALARM_SECONDS = 25


def main(shared: int) -> None:
    """Answer questions until there are no more.

    Parameters
    ----------
    shared : int
        Descriptor of the memory to leave pixels in; −1: they are sent behind the answer.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak in between
    memory = mmap.mmap(shared, 3 * MAX_PIXELS) if shared >= 0 else None
    _rehearse()
    confine(threads=decode.heif is not None)
    answers.write(b"{}\n")
    answers.flush()
    serve(sys.stdin.buffer, answers, memory)


def confine(*, threads: bool) -> None:
    """Give up, for good, what decoding does not need. Where the system knows no limits, nothing happens.

    No further descriptor can be opened, and so no file and no connection, nor a program with its libraries; no file
    can grow; there is no image of the memory after a crash.

    Parameters
    ----------
    threads : bool
        Whether threads may be started. Only the decoder of HEIC cannot do without. If they may, so may processes,
        which have given up the same. A system administrator's account is not bound by this one limit.
    """
    if resource is None:
        return
    limits = {"FSIZE": 0, "CORE": 0, "AS": MEMORY_BYTES, "NOFILE": 0} | ({} if threads else {"NPROC": 0})
    for name, most in limits.items():
        limit = getattr(resource, f"RLIMIT_{name}", None)
        if limit is None:
            continue
        try:
            resource.setrlimit(limit, (most, most))
        except (ValueError, OSError):  # macOS does not know a limit of address space
            continue


def serve(questions: BinaryIO, answers: BinaryIO, memory: mmap.mmap | None) -> None:
    """The loop: one line of JSON and the bytes of a file in, one line of JSON out, and pixels."""
    while line := questions.readline():
        question = json.loads(line)
        data = questions.read(question["size"])
        pixels = _Pixels(memory)
        _start_clock()
        answer = _answer(question["task"], question["kind"], data, pixels)
        _stop_clock()
        try:
            answers.write(json.dumps(answer).encode() + b"\n")
            if memory is None and pixels.rgb is not None and "unfit" not in answer:
                answers.write(pixels.rgb.data)
            answers.flush()
        except BrokenPipeError:  # the parent is gone
            return


class _Pixels:
    """Gives the array to paint on, in shared memory if there is any."""

    def __init__(self, memory: mmap.mmap | None) -> None:
        self._memory = memory
        self.rgb: NDArray[np.uint8] | None = None

    def __call__(self, height: int, width: int) -> NDArray[np.uint8]:
        shape, size = (height, width, 3), 3 * height * width
        if self._memory is None:
            self.rgb = np.empty(shape, np.uint8)
        else:
            self.rgb = np.frombuffer(self._memory, np.uint8, size).reshape(shape)
        return self.rgb


def _answer(task: str, kind: str, data: bytes, pixels: _Pixels) -> dict[str, Any]:
    try:
        return decode.read(data, kind, pixels) if task == "read" else decode.describe(data, kind)
    except Unfit as fault:
        return {"unfit": fault.key, "values": fault.values}
    except MemoryError:
        return {"unfit": "too_complex", "values": {}}
    except DECODER_FAULTS:  # a fault of the file that only shows in the pixels
        return {"unfit": "damaged", "values": {}}


def _start_clock() -> None:
    """Limit the processor time of this photo; the alarm is for the case that nobody is left who watches."""
    if resource is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + CPU_SECONDS, hard))
    signal.setitimer(signal.ITIMER_REAL, _ALARM_SECONDS)


def _stop_clock() -> None:
    if resource is not None:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _rehearse() -> None:
    """Decode one small picture of each kind: what libraries load on first use must be there before the doors close."""
    colours = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        for options in ({"icc_profile": srgb, "exif": exif}, {"compression": "tiff_lzw"} if kind == "TIFF" else {}):
            file = io.BytesIO()
            Image.fromarray(colours).save(file, kind, **options)
            decode.read(file.getvalue(), kind, _Pixels(None))
            _answer("read", kind, file.getvalue()[:500], _Pixels(None))
