"""The processes that decode: what they have given up, and what becomes of a photo that breaks one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.bad_files import encoded, picture
from tracker.compute import PhotoProcess
from tracker.errors import PhotoRejected
from tracker.photo import Photo, read_photo
from tracker.photo.refusals import MAX_PIXELS, Unfit
from tracker.photo.sandbox import Sandbox, _checked, _Lost

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc or needs the limits of Linux")
PHOTO = encoded(picture())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(most=1)
    yield made
    made.close()


def _pixels(sandbox: Sandbox, data: bytes = PHOTO) -> np.ndarray:
    with sandbox.asking("read", "JPEG", data) as (_, pixels):
        assert pixels is not None
        return pixels.copy()


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ends(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while _is_running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not _is_running(pid)


CONFINED = """
import os, socket, sys
from tracker.photo.child import MEMORY_BYTES, confine
kept = os.memfd_create("kept")
if os.getuid() == 0: os.setuid(65534)  # an administrator is not bound by the limit of processes
confine(threads=False)
def tried(what):
    try: what()
    except (OSError, MemoryError) as error: return type(error).__name__
    return "done"
print(
    tried(lambda: socket.socket()),
    tried(lambda: socket.create_connection(("127.0.0.1", 9))),
    tried(lambda: open(sys.argv[1], "rb")),
    tried(lambda: open(sys.argv[1] + ".new", "wb")),
    tried(lambda: os.posix_spawn("/bin/true", ["true"], {})),
    tried(lambda: bytearray(MEMORY_BYTES)),
    tried(lambda: os.truncate(kept, 1)),
)
"""


@ONLY_LINUX
def test_what_decodes_can_open_no_file_and_no_connection_and_start_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a name")

    done = subprocess.run(
        [sys.executable, "-c", CONFINED, str(secret)],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )

    assert done.stdout.split() == ["OSError"] * 4 + ["BlockingIOError", "MemoryError", "OSError"], done.stderr
    assert not (tmp_path / "secret.new").exists()


@ONLY_LINUX
def test_a_running_child_is_confined_and_knows_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_SECRET", "of the clinic")
    _pixels(sandbox)
    (pid,) = sandbox.pids

    limits = Path(f"/proc/{pid}/limits").read_text()
    wanted = {"Max open files": "0", "Max file size": "0", "Max core file size": "0"}
    assert {name: limits.split(name)[1].split()[0] for name in wanted} == wanted
    assert limits.split("Max address space")[1].split()[0] == "1500000000"
    assert b"TRACKER_SECRET" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert all(  # nothing is open but its pipes, the memory, and nowhere
        os.readlink(entry).startswith(("pipe:", "/memfd:", "/dev/null")) for entry in Path(f"/proc/{pid}/fd").iterdir()
    )


@pytest.mark.parametrize("end", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_photo_whose_decoder_crashes_is_refused_and_the_next_one_is_read(sandbox: Sandbox, end: int) -> None:
    expected = _pixels(sandbox)
    (pid,) = sandbox.pids
    os.kill(pid, signal.SIGSTOP)  # so that the end surely comes in the middle
    threading.Timer(0.3, lambda: (os.kill(pid, end), os.kill(pid, signal.SIGCONT))).start()

    with pytest.raises(Unfit) as fault:
        _pixels(sandbox)

    assert fault.value.key == "decoder_failed"
    assert np.array_equal(_pixels(sandbox), expected)
    assert sandbox.pids != (pid,)


def test_a_photo_whose_decoder_hangs_is_refused_and_the_next_one_is_read() -> None:
    sandbox = Sandbox(limit_seconds=0.5)
    expected = _pixels(sandbox)
    os.kill(sandbox.pids[0], signal.SIGSTOP)
    began = time.monotonic()

    with pytest.raises(Unfit) as fault:
        _pixels(sandbox)

    assert fault.value.key == "too_slow"
    assert time.monotonic() - began < 3
    assert np.array_equal(_pixels(sandbox), expected)
    sandbox.close()


@ONLY_LINUX
def test_a_photo_that_takes_too_much_processor_time_is_too_slow(sandbox: Sandbox) -> None:
    _pixels(sandbox)
    (pid,) = sandbox.pids
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, lambda: (os.kill(pid, signal.SIGXCPU), os.kill(pid, signal.SIGCONT))).start()

    with pytest.raises(Unfit) as fault:
        _pixels(sandbox)

    assert fault.value.key == "too_slow"


def test_a_child_that_died_while_it_was_idle_costs_no_photo(sandbox: Sandbox) -> None:
    expected = _pixels(sandbox)
    os.kill(sandbox.pids[0], signal.SIGKILL)
    time.sleep(0.1)

    assert np.array_equal(_pixels(sandbox), expected)


def test_a_refused_photo_costs_no_child(sandbox: Sandbox) -> None:
    _pixels(sandbox)
    before = sandbox.pids

    with pytest.raises(Unfit):
        _pixels(sandbox, PHOTO[:5000])

    assert sandbox.pids == before


def test_pixels_come_through_a_pipe_where_memory_cannot_be_shared() -> None:
    shared, piped = Sandbox(), Sandbox(share=False)

    assert np.array_equal(_pixels(shared), _pixels(piped))
    with pytest.raises(Unfit):
        _pixels(piped, PHOTO[:5000])
    assert np.array_equal(_pixels(shared), _pixels(piped))
    shared.close()
    piped.close()


def test_photos_read_at_once_are_not_mixed_up() -> None:
    pictures = [np.full((256, 256, 3), (level, 255 - level, 90), np.uint8) for level in range(0, 240, 12)]
    files = [encoded(rgb, "PNG") for rgb in pictures]

    with ThreadPoolExecutor(6) as pool:
        photos: list[Photo] = list(pool.map(read_photo, files))

    assert all(np.array_equal(photo.rgb, rgb) for photo, rgb in zip(photos, pictures, strict=True))


@pytest.mark.slow
def test_a_photo_at_the_limit_of_pixels_fits_into_memory_and_time() -> None:
    side = int(MAX_PIXELS**0.5) - 8
    smooth = np.add.outer(np.arange(side) // 64, np.arange(side) // 64).astype(np.uint8)
    data = encoded(np.dstack([smooth, smooth // 2, 255 - smooth, np.full_like(smooth, 255)]), "PNG", compress_level=1)

    photo = read_photo(data)

    assert photo.rgb[-1, -1].tolist() == [smooth[-1, -1], smooth[-1, -1] // 2, 255 - smooth[-1, -1]]


@ONLY_LINUX
def test_no_child_outlives_a_parent_that_was_killed() -> None:
    program = (
        "import os, sys; from tracker.photo import read_photo; from tracker.photo.sandbox import decoders\n"
        "read_photo(sys.stdin.buffer.read()); print(*decoders().pids, flush=True); os.kill(os.getpid(), 9)"
    )

    done = subprocess.run([sys.executable, "-c", program], input=PHOTO, capture_output=True)

    assert done.returncode == -signal.SIGKILL
    assert _ends(int(done.stdout))


@ONLY_LINUX
def test_a_forked_process_gets_children_of_its_own() -> None:
    program = (
        "import os, sys; from tracker.photo import read_photo; from tracker.photo.sandbox import decoders\n"
        "data = sys.stdin.buffer.read(); read_photo(data); before = decoders().pids; pid = os.fork()\n"
        "if pid == 0:\n    read_photo(data); os._exit(decoders().pids == before)\n"
        "read_photo(data); print(os.waitpid(pid, 0)[1], decoders().pids == before)"
    )

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], input=PHOTO, capture_output=True, check=True, timeout=60
    )

    assert done.stdout.split() == [b"0", b"True"]


@ONLY_LINUX
def test_the_worker_of_the_clinic_reads_photos_in_a_child_of_its_own() -> None:
    with PhotoProcess() as worker:
        photo = worker.submit(read_photo, PHOTO).result()
        lists = Path(f"/proc/{worker.pid}/task").glob("*/children")
        children = [int(pid) for entry in lists for pid in entry.read_text().split()]

    assert np.array_equal(photo.rgb, read_photo(PHOTO).rgb)
    assert [_ends(pid) for pid in children] == [True]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense\n",
        b"[]\n",
        b'{"unfit": "no such reason", "values": {}}\n',
        b'{"unfit": "too_small", "values": {}}\n',
        b'{"unfit": "too_small", "values": {"width": "many", "height": 2}}\n',
        b'{"taken": [], "edited": [], "height": 1, "width": 1, "orientation": 1}\n',
        b'{"taken": [], "edited": [], "height": 99999, "width": 99999, "orientation": 1}\n',
        b'{"taken": [], "edited": [], "height": 300, "width": 300, "orientation": 99}\n',
        b'{"taken": 5, "edited": [], "height": 300, "width": 300, "orientation": 1}\n',
    ],
)
def test_an_answer_of_a_child_that_makes_no_sense_is_not_believed(line: bytes) -> None:
    with pytest.raises(_Lost):
        _checked(line, "read")


def test_words_of_a_child_are_shown_on_one_line() -> None:
    line = (
        b'{"taken": [], "edited": [], "height": 300, "width": 300, "orientation": 1, "has_colour": 1,'
        b'"profile": "p\\u001b[2J\\n", "camera": "' + b"c" * 500 + b'", "notes": ["a\\nb"]}\n'
    )

    answer = _checked(line, "read")

    assert (answer["profile"], len(answer["camera"]), answer["notes"]) == ("p[2J", 80, ["ab"])


def test_the_reason_for_a_crash_is_one_sentence() -> None:
    from tracker.photo.refusals import refused

    for key in ("decoder_failed", "too_slow"):
        assert isinstance(refused(key, "a.jpg"), PhotoRejected)
        assert refused(key, "a.jpg").reason.startswith("a.jpg ")
