"""F1: the program is killed at a random moment of its work, again and again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.desk import work
from tests.faults.examine import seen_in
from tests.faults.journal import Journal, forked
from tests.faults.known_bad import sound
from tests.faults.outcome import Outcome, in_lanes
from tests.faults.pictures import Decoded
from tests.faults.record import Template, warm_up

#: The program has told so many things at most when it is killed, after another moment of at most so many seconds.
MOST_EVENTS, LONGEST_WAIT = 30, 0.02
PER_HOME = 25
#: Every so many kills the program's own doctor looks too, and at the end of a record anyway: that takes longest.
PER_DOCTOR = 5


def kill_points(
    folder: Path,
    points: int,
    *,
    build: Callable[[], None] = sound,
    until_damaged: bool = False,
    seed: int = 1,
    lanes: int = 2,
) -> Outcome:
    """Kill so often, and look at the record after every kill; a new record after every few kills.

    Parameters
    ----------
    folder : Path
    points : int
    build : callable
        Changes the program in the process that works, before it starts.
    until_damaged : bool
        Stop at the first damage: enough to see that it is caught.
    seed, lanes : int
    """
    decoded = Decoded()
    warm_up(folder / "warm", decoded, Journal())
    template = Template(folder / "template", decoded)

    def share(lane: int, of: int) -> Outcome:
        chance, outcome = random.Random(f"{seed} {lane}"), Outcome()
        home = folder / f"lane{lane}" / "home"
        journal = template.copy(home)
        for point in range(lane, points, of):
            if outcome.points and outcome.points % PER_HOME == 0:
                outcome.finish(journal, home)
                journal = template.copy(home)

            def start(life: int = 2 * point + 1, journal: Journal = journal) -> None:
                build()
                work(home, journal, decoded, life=life)

            child = forked(start, journal)
            journal.wait_for(chance.randrange(MOST_EVENTS))
            time.sleep(chance.uniform(0, LONGEST_WAIT))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            is_asked = outcome.points % PER_DOCTOR == 0
            outcome.add(seen_in(home, journal, decoded, number=-point - 1, doctor=is_asked), f"kill {point}")
            if outcome.damaged and until_damaged:
                break
        outcome.finish(journal, home)
        return outcome

    return in_lanes(share, lanes)
