"""F5: many processes write into one record at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.faults.desk import Desk, Told
from tests.faults.examine import seen_in
from tests.faults.journal import Journal, forked
from tests.faults.known_bad import sound
from tests.faults.outcome import Outcome
from tests.faults.pictures import Decoded
from tests.faults.record import Template, warm_up
from tracker.clinic import Clinic

PHOTOS_EACH = 3


def writers_at_once(folder: Path, writers: int, *, build: Callable[[], None] = sound) -> Outcome:
    """Let so many processes, all running already, add photos at the same moment.

    ``p99_ms`` is how long one photo took, with the waiting for others.
    """
    decoded = Decoded()
    warm_up(folder / "warm", decoded, Journal())
    template = Template(folder / "template", decoded)
    home = folder / "writers" / "home"
    journal = template.copy(home)
    view = next(iter(Told.of(journal.events()).views))
    waiting, go = os.pipe()
    listening, ready = os.pipe()
    running = []
    for writer in range(1, writers + 1):
        told = Journal(1 << 16)

        def start(writer: int = writer, told: Journal = told) -> None:
            build()
            os.close(go)
            _write(home, told, decoded, view, writer, waiting, ready)

        running.append((forked(start, told), told))
    os.close(waiting)
    os.close(ready)
    while os.read(listening, 1):  # until everybody has said so, or died
        pass
    os.close(go)  # everybody starts now
    outcome = Outcome(points=writers - 1)
    for child, told in running:
        os.waitpid(child, 0)
        for event in told.events():
            journal.note(**event) if event["what"] != "took" else outcome.times.append(event["seconds"])
    outcome.add(seen_in(home, journal, decoded, number=-1), "writers")
    outcome.finish(journal, home)
    outcome.counts["p99_ms"] = round(1000 * float(np.percentile(outcome.times, 99)))
    outcome.counts["median_ms"] = round(1000 * float(np.median(outcome.times)))
    return outcome


def _write(home: Path, told: Journal, decoded: Decoded, view: str, writer: int, waiting: int, ready: int) -> None:
    """Start, wait for the others, and add photos as quickly as the record takes them."""
    decoded.take_over()
    with Clinic.open(home) as clinic:
        desk = Desk(clinic, told, writer * 100_000)
        desk.add_photo(view)
        os.close(ready)
        os.read(waiting, 1)
        for _ in range(PHOTOS_EACH):
            began = time.monotonic()
            desk.add_photo(view)
            told.note("took", seconds=time.monotonic() - began)
