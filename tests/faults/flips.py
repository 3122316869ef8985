"""F8: one bit of one file of the record turns over; whatever that changes is found."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from tests.faults.desk import Told
from tests.faults.examine import complaints
from tests.faults.journal import Journal, answered
from tests.faults.outcome import Outcome, in_lanes
from tests.faults.pictures import Decoded
from tests.faults.record import Template, warm_up
from tracker.clinic import Clinic

#: In this order by turns, so that each kind has its share.
KINDS = ("photos/??/*", "clinic.sqlite", "photos/??/*", "clinic.sqlite", "photos/??/*", "clinic.sqlite", "keys.sqlite")
#: Most bits of a database may change nothing, as those of free space; so many are tried that none would be no chance.
MOST_TRIES = 20_000


def bit_flips(folder: Path, flips: int, *, deaf: bool = False, seed: int = 1, lanes: int = 2) -> Outcome:
    """Turn over so many single bits that change what the record holds, one after the other.

    A bit that is not found although it changed something is damage. ``harmless`` counts bits after which every value of
    every row is what it was, such as those of free space.

    Parameters
    ----------
    folder : Path
    flips : int
    deaf : bool
        Ask only SQLite itself whether its file is sound: the control that has to miss many.
    seed, lanes : int
    """
    decoded = Decoded()
    warm_up(folder / "warm", decoded, Journal())
    template = Template(folder / "template", decoded, photos=6)

    def share(lane: int, of: int) -> Outcome:
        chance, outcome = random.Random(f"{seed} {lane}"), Outcome()
        home = folder / f"lane{lane}" / "home"
        journal = template.copy(home)
        answered(lambda: _fill(home, Told.of(journal.events()), decoded))
        before = _everything(home)
        for flip in range(lane, flips, of):
            kind = KINDS[flip // of % len(KINDS)]
            for _ in range(MOST_TRIES):
                path = chance.choice(sorted(home.glob(kind)))
                if _flip(path, chance, home, before, flip, outcome, deaf=deaf):
                    break
                outcome.counts["harmless"] += 1
            else:
                raise RuntimeError(f"None of {MOST_TRIES} bits of {kind} changes anything.")
            outcome.counts[f"in {kind.split('/')[0]}"] += 1
        assert _everything(home) == before, "a bit was not turned back"
        return outcome

    return in_lanes(share, lanes)


def _fill(home: Path, told: Told, decoded: Decoded) -> None:
    """Put something into more tables than those of photos."""
    decoded.take_over()
    with Clinic.open(home) as clinic:
        for number, (view, patient) in enumerate(told.views.items()):
            clinic.add_patient(code=f"Q{number}", name="Somebody Else", note="A note of some length. " * 20)
            for photo in clinic.photos(view):
                clinic.note_injection(view, photo.taken_on)
            clinic.log_of(patient)


def _flip(
    path: Path, chance: random.Random, home: Path, before: str, flip: int, outcome: Outcome, *, deaf: bool
) -> bool:
    """Turn one bit over, ask, and turn it back; False if it changed nothing."""
    at, bit = chance.randrange(path.stat().st_size), 1 << chance.randrange(8)
    _turn(path, at, bit)
    try:
        if _everything(home) == before:
            return False
        found = answered(lambda: _structure(path) if deaf else complaints(home))
    finally:
        _turn(path, at, bit)
    outcome.points += 1
    if not found:
        outcome.damaged.append(f"flip {flip}: bit {bit} of byte {at} of {path.name} is not found")
    return True


def _turn(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (value,) = file.read(1)
        file.seek(at)
        file.write(bytes([value ^ bit]))


def _everything(home: Path) -> str:
    """Digest of every value of every row of the databases, and of every byte of the other files."""
    digest = sha256()
    for path in sorted(home.rglob("*")):
        if path.suffix == ".sqlite":
            digest.update(_rows(path))
        elif path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _rows(path: Path) -> bytes:
    digest = sha256()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        file.text_factory = bytes
        try:
            tables = [row[0].decode() for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in ("sqlite_master", *sorted(tables)):
                for row in file.execute(f'SELECT * FROM "{table}"'):
                    digest.update(repr(row).encode())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            digest.update(repr(error).encode())
    return digest.digest()


def _structure(path: Path) -> list[str]:
    """What SQLite's own check says of a database; of other files there is none."""
    if path.suffix != ".sqlite":
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        try:
            return [str(row[0]) for row in file.execute("PRAGMA integrity_check") if row[0] != "ok"]
        except (sqlite3.Error, UnicodeDecodeError) as error:  # it quotes damaged text
            return [str(error)]
