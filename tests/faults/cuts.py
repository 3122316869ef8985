"""F3: the power is cut at a random moment of the work, and comes back."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.desk import work
from tests.faults.disks import Disk
from tests.faults.examine import Findings, seen_in
from tests.faults.journal import Journal, forked
from tests.faults.kills import LONGEST_WAIT, MOST_EVENTS
from tests.faults.known_bad import sound
from tests.faults.outcome import Outcome, in_lanes
from tests.faults.pictures import Decoded
from tests.faults.record import Template, warm_up

PER_DISK = 10


def power_cuts(
    folder: Path,
    cuts: int,
    *,
    build: Callable[[], None] = sound,
    until_damaged: bool = False,
    seed: int = 1,
    lanes: int = 2,
) -> Outcome:
    """Cut the power so often, and look at the record after each cut; a new disk after every few cuts.

    Parameters
    ----------
    folder : Path
    cuts : int
    build : callable
        Changes the program in the process that works, before it starts.
    until_damaged : bool
        Stop at the first damage: enough to see that it is caught.
    seed, lanes : int
    """
    decoded = Decoded()
    warm_up(folder / "warm", decoded, Journal())
    template = Template(folder / "template", decoded)
    blank = Disk.blank(folder / "blank.img", folder / "blank")

    def share(lane: int, of: int) -> Outcome:
        chance, outcome = random.Random(f"{seed} {lane}"), Outcome()
        disk, journal = _fresh(blank, template, folder / f"disk{lane}")
        for cut in range(lane, cuts, of):
            if outcome.points and outcome.points % PER_DISK == 0:
                outcome.finish(journal)
                disk, journal = _fresh(blank, template, folder / f"disk{lane}")
            outcome.add(_cut(disk, journal, decoded, build, cut, chance), f"cut {cut}")
            if outcome.damaged and until_damaged:
                break
        outcome.finish(journal)
        return outcome

    return in_lanes(share, lanes)


def _fresh(blank: Disk, template: Template, at: Path) -> tuple[Disk, Journal]:
    disk = blank.copy(at.with_suffix(".img"), at)
    disk.mount()
    journal = template.copy(at / "home")
    disk.unmount()
    return disk, journal


def _cut(
    disk: Disk, journal: Journal, decoded: Decoded, build: Callable[[], None], cut: int, chance: random.Random
) -> Findings:
    home = disk.at / "home"

    def start() -> None:
        build()
        work(home, journal, decoded, life=2 * cut + 1)

    disk.mount()
    try:
        child = forked(start, journal)
        journal.wait_for(chance.randrange(MOST_EVENTS))
        time.sleep(chance.uniform(0, LONGEST_WAIT))
        disk.lose_power()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    finally:
        disk.unmount()
    disk.mount()
    try:
        return seen_in(home, journal, decoded, number=-cut - 1)
    finally:
        disk.unmount()
