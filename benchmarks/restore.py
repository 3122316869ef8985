"""How long a backup and its restore take: ``python -m benchmarks.restore [photos] [kilobytes] [folder]``.

The photos are sealed noise of the given size, put into the vault and the database as the program does it, but without
decoding them, which a restore does not do either.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tracker.clinic import Clinic, photos
from tracker.clinic.doctor import examine
from tracker.clinic.examining import State
from tracker.clinic.restore import restore, settle
from tracker.clinic.sealing import secrets_of
from tracker.clinic.vault import ORIGINAL


def filled(clinic: Clinic, count: int, size: int) -> None:
    """Add photos that nobody will look at."""
    view = clinic.add_view(clinic.add_patient(code="P-1").id, site="thigh")
    for start in range(0, count, 500):
        batch = [secrets.token_bytes(size) for _ in range(min(500, count - start))]
        names = [clinic._files.vault.put(view.patient_id, ORIGINAL, data) for data in batch]
        with clinic._store.writing() as connection:
            for number, (data, name) in enumerate(zip(batch, names, strict=True), start):
                new = photos.NewPhoto(view.id, f"{number}.jpg", date(2026, 1, 1), (3000, 4000))
                photos.add(connection, new, name, secrets_of(connection).digest(data))


def main(count: int = 10_000, kilobytes: int = 150, folder: str | None = None) -> int:
    """Fill a record, back it up twice, restore it, examine it; print one line of JSON."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        base = Path(place)
        os.environ["TRACKER_KEYS"] = str(base / "keys")
        with Clinic.open(base / "home") as clinic:
            filled(clinic, count, kilobytes * 1000)
            first = clinic.back_up(base / "backups")
            again = clinic.back_up(base / "backups")
        began = time.monotonic()
        restored = restore(base / "backups", base / "new")
        copied = time.monotonic()
        settle(restored)
        found = examine(base / "new")
        ended = time.monotonic()
        damaged = [each.name for each in found if each.state is State.DAMAGE]
    figures = {
        "photos": count,
        "kilobytes": kilobytes,
        "backup_s": round(first.seconds, 1),
        "backup_mb_per_s": round(first.copied_bytes / 1e6 / first.seconds, 1),
        "second_backup_s": round(again.seconds, 1),
        "restore_s": round(copied - began, 1),
        "restore_mb_per_s": round(restored.bytes / 1e6 / (copied - began), 1),
        "open_and_examine_s": round(ended - copied, 1),
        "total_s": round(ended - began, 1),
        "damaged": damaged,
    }
    print(json.dumps(figures))
    return 1 if damaged else 0


if __name__ == "__main__":
    given = [*sys.argv[1:], *("10000", "150", "")[len(sys.argv) - 1 :]]
    sys.exit(main(int(given[0]), int(given[1]), given[2] or None))
