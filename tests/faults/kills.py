"""F1: the program is killed at a random moment of its work, again and again."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import asdict
from pathlib import Path

from tests.faults.desk import work
from tests.faults.examine import examine
from tests.faults.journal import answered, forked
from tests.faults.outcome import Outcome, in_lanes
from tests.faults.pictures import Decoded
from tests.faults.record import Template

LONGEST_LIFE = 0.06
#: Every so often the program is killed while it starts, otherwise when it has begun to write.
AT_START = 6
PER_HOME = 25


def kill_points(folder: Path, points: int, *, seed: int = 1, lanes: int = 2) -> Outcome:
    """Kill so often, and look at the record after every kill; a new record after every few kills."""
    decoded = Decoded()
    template = Template(folder, decoded)

    def share(lane: int, of: int) -> Outcome:
        chance, outcome = random.Random(f"{seed} {lane}"), Outcome()
        home = folder / f"home{lane}"
        journal = template.copy(home)
        for point in range(lane, points, of):
            if outcome.points and outcome.points % PER_HOME == 0:
                outcome.finish(journal)
                journal = template.copy(home)
            child = forked(lambda life=point: work(home, journal, decoded, life=2 * life + 1), journal)
            if point % AT_START:
                journal.wait_for_more()
            time.sleep(chance.uniform(0, LONGEST_LIFE))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            outcome.add(answered(lambda p=point: asdict(examine(home, journal, decoded, number=-p - 1))), f"kill {point}")
        outcome.finish(journal)
        return outcome

    return in_lanes(share, lanes)
