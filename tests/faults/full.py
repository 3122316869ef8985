"""F4: the disk is full, or a file may not grow any further, at a random moment; then somebody makes room."""

from __future__ import annotations

import os
import random
import resource
from contextlib import ExitStack
from pathlib import Path

from tests.faults.desk import Told, work
from tests.faults.disks import small_disk
from tests.faults.examine import seen_in
from tests.faults.journal import Journal, forked
from tests.faults.outcome import Outcome, in_lanes
from tests.faults.pictures import Decoded
from tests.faults.record import Template, warm_up

DISK_KB = 6_000
PATIENCE = 6


def full_disks(folder: Path, runs: int, *, mounted: bool = True, seed: int = 1, lanes: int = 2) -> Outcome:
    """Let the space end so often: on a disk that is full, and every other time by a limit for the size of files.

    After each run there is space again. The record must then be whole and go on by itself. On a full disk nothing may
    be left lying about of what was refused (``orphans on a full disk``); with a limit below the size of the database,
    it can no longer be asked whether a file is needed, and one may stay until the next sweep. Runs in which nothing
    was refused are counted as ``never full``.

    Parameters
    ----------
    folder : Path
    runs : int
    mounted : bool
        False where disks cannot be mounted: then all runs are by the limit.
    seed, lanes : int
    """
    decoded = Decoded()
    warm_up(folder / "warm", decoded, Journal())
    template = Template(folder / "template", decoded)

    def share(lane: int, of: int) -> Outcome:
        chance, outcome = random.Random(f"{seed} {lane}"), Outcome()
        for run in range(lane, runs, of):
            with ExitStack() as stack:
                is_disk = mounted and run // of % 2 == 0
                at = folder / f"full{lane}"
                at.mkdir(exist_ok=True)
                if is_disk:
                    stack.enter_context(small_disk(at, kilobytes=DISK_KB))
                journal = template.copy(at / "home")
                _work_until_full(at, journal, decoded, run, chance, is_disk)
                before = outcome.orphans
                _see(at / "home", journal, decoded, run, outcome)
                outcome.counts["orphans on a full disk"] += (outcome.orphans - before) * is_disk
        return outcome

    return in_lanes(share, lanes)


def _work_until_full(
    at: Path, journal: Journal, decoded: Decoded, run: int, chance: random.Random, is_disk: bool
) -> None:
    ballast = at / "ballast"
    size = os.path.getsize(at / "home" / "clinic.sqlite")
    limit = chance.randrange(1_000, size + 60_000)
    if is_disk:
        status = os.statvfs(at)
        free = status.f_bavail * status.f_bsize
        ballast.write_bytes(bytes(max(0, free - chance.randrange(0, 700_000))))

    def start() -> None:
        if not is_disk:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        work(at / "home", journal, decoded, life=2 * run + 1, most=150, patience=PATIENCE)

    os.waitpid(forked(start, journal), 0)
    ballast.unlink(missing_ok=True)


def _see(home: Path, journal: Journal, decoded: Decoded, run: int, outcome: Outcome) -> None:
    refused = Told.of(journal.events()).refused
    outcome.counts["never full"] += not refused
    outcome.add(seen_in(home, journal, decoded, number=-run - 1), f"run {run}")
    outcome.finish(journal)
