"""F2: every system call that writes fails once, fails from then on, or is the last one before the program is killed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.desk import day
from tests.faults.examine import Findings, seen_in
from tests.faults.journal import Journal, forked
from tests.faults.outcome import Outcome, in_lanes
from tests.faults.pictures import Decoded
from tests.faults.record import Template, warm_up

CALLS = (
    "fsync",
    "fdatasync",
    "/^rename",
    "/^unlink",
    "ftruncate",
    "/^mkdir",
    "/^link",
    "openat",
    "fcntl",
    "write",
    "pwrite64",
)
#: An error once; no space from then on; the end of the program.
FAULTS = {
    "error once": "error=EIO:when={}",
    "full from then on": "error=ENOSPC:when={}+",
    "killed": "signal=KILL:when={}",
}
MOST = 2_000
#: The program's own doctor looks after every so many: that takes longest.
PER_DOCTOR = 4
#: Of calls that are many and alike every so many are tried, on an ordinary and on the first day.
STEPS = {"pwrite64": (7, 29), "fcntl": (13, 41), "openat": (1, 5), "fdatasync": (1, 5)}


@dataclass(frozen=True)
class Series:
    """One kind of fault in one kind of call, at its first, second, third … occurrence."""

    call: str
    fault: str
    is_first_day: bool

    def __str__(self) -> str:
        return f"{self.call.strip('/^')} {self.fault}{' on the first day' if self.is_first_day else ''}"


SERIES = tuple(Series(call, fault, first) for call in reversed(CALLS) for first in (False, True) for fault in FAULTS)


def syscall_points(folder: Path, *, only: str = "", every: bool = False, lanes: int = 2) -> Outcome:
    """Go through all series, each until its fault no longer fires.

    Parameters
    ----------
    folder : Path
    only : str
        Only this call, such as ``"fsync"``; by default all.
    every : bool
        Every single call; otherwise `STEPS` says of which calls only some are tried: there are hundreds, all alike.
    lanes : int
        So many at once.
    """
    decoded = Decoded()
    warm_up(folder / "warm", decoded, Journal())
    template = Template(folder / "template", decoded)
    waiting, asked = os.pipe()
    os.write(asked, bytes(n for n, one in enumerate(SERIES) if only in ("", one.call.strip("/^"))))
    os.close(asked)

    def share(lane: int, _lanes: int) -> Outcome:
        outcome = Outcome()
        while index := os.read(waiting, 1):
            one = SERIES[index[0]]
            step = 1 if every else STEPS.get(one.call, (1, 1))[one.is_first_day]
            for where, found, journal in _points(folder / f"lane{lane}", template, decoded, one, step):
                outcome.add(found, where)
                outcome.finish(journal)
                outcome.counts[str(one)] += 1
        return outcome

    return in_lanes(share, lanes)


def _points(
    folder: Path, template: Template, decoded: Decoded, series: Series, step: int
) -> Iterator[tuple[str, Findings, Journal]]:
    folder.mkdir(exist_ok=True)
    home, log = folder / "home", folder / "strace.log"
    for when in range(1, MOST, step):
        journal = template.none(home) if series.is_first_day else template.copy(home)
        _day_under(
            f"inject={series.call}:{FAULTS[series.fault].format(when)}", series.call, home, journal, decoded, log
        )
        said = log.read_text()
        if "(INJECTED)" not in said and "killed by SIGKILL" not in said:
            return
        if _is_elsewhere(said, folder):
            continue
        found = seen_in(home, journal, decoded, number=-1, doctor=when % PER_DOCTOR == 1)
        yield f"{series} at call {when}", found, journal
    raise RuntimeError(f"{series} still fires after {MOST} calls; the day has no end.")


def _day_under(inject: str, call: str, home: Path, journal: Journal, decoded: Decoded, log: Path) -> None:
    """Do a day's work in a process whose system calls are tampered with."""
    waiting, ready = os.pipe()

    def start() -> None:
        os.close(ready)
        os.read(waiting, 1)
        day(home, journal, decoded)

    child = forked(start, journal)
    os.close(waiting)
    command = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={call}", "-e", inject, "-p", str(child)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if "attached" not in said:
            raise RuntimeError(f"strace cannot follow a process here: {said}")
        os.close(ready)
        os.waitpid(child, 0)
        strace.stderr.read()


def _is_elsewhere(said: str, folder: Path) -> bool:
    """Whether all faults hit something else than a file of the record, such as a pipe or a library."""
    hit = [line for line in said.splitlines() if "(INJECTED)" in line]
    return bool(hit) and not any(str(folder) in line for line in hit)
