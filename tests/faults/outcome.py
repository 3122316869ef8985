"""What a series of faults came to, put together from several lanes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.faults.desk import Told
from tests.faults.examine import Findings, left_after_sweep
from tests.faults.journal import Journal, forked


@dataclass
class Outcome:
    """Figures of a series.

    Attributes
    ----------
    points : int
        Faults that were made.
    acknowledged : int
        Photos that somebody was told are saved.
    damaged : list of str
        What was broken, at most a few per point.
    unworded : list of str
        Failures that were not one sentence but a traceback.
    orphans, parts : int
        Leftovers that a sweep removes.
    times : list of float
        Seconds that something took, where that matters.
    counts : Counter
        Anything else worth a figure.
    """

    points: int = 0
    acknowledged: int = 0
    damaged: list[str] = field(default_factory=list)
    unworded: list[str] = field(default_factory=list)
    orphans: int = 0
    parts: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._last = Findings()

    def figures(self) -> dict[str, Any]:
        """Everything that can be told to another process."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def told(self) -> dict[str, Any]:
        """The same for people: without the single times."""
        return {name: value for name, value in self.figures().items() if name != "times"}

    def add(self, seen: Findings, where: str) -> None:
        """Take in what was found at one point."""
        self.points += 1
        self.damaged += [f"{where}: {text}" for text in seen.damage[:3]]
        self.unworded += [f"{where}: {text}" for text in seen.unworded]
        self._last = seen

    def finish(self, journal: Journal, home: Path | None = None) -> None:
        """Take in what was said about a record that is not used again, and what was left behind there.

        Parameters
        ----------
        journal : Journal
        home : Path, optional
            The record, if its sweeper is to show that it removes that.
        """
        if home is not None:
            self.damaged += [f"at the end: {text}" for text in left_after_sweep(home).damage]
        told = Told.of(journal.events())
        self.acknowledged += told.acknowledged
        self.counts["refused"] += len(told.refused)
        self.orphans += self._last.orphans
        self.parts += self._last.parts
        self._last = Findings()

    def merge(self, other: dict[str, Any]) -> None:
        """Add the figures of another lane."""
        for name in ("points", "acknowledged", "orphans", "parts"):
            setattr(self, name, getattr(self, name) + other[name])
        self.times += other["times"]
        self.damaged += other["damaged"]
        self.unworded += other["unworded"]
        self.counts.update(other["counts"])


def in_lanes(work: Callable[[int, int], Outcome], lanes: int) -> Outcome:
    """Do the share of each lane in a process of its own: ``work(lane, lanes)``."""
    total, running = Outcome(), []
    for lane in range(lanes):
        journal = Journal()

        def share(lane: int = lane, journal: Journal = journal) -> None:
            journal.note("outcome", value=work(lane, lanes).figures())

        running.append((forked(share, journal), journal))
    for child, journal in running:
        os.waitpid(child, 0)
        (event,) = journal.events()
        if event["what"] != "outcome":
            raise RuntimeError(event["trace"])
        total.merge(event["value"])
    return total
