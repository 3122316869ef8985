"""How long the lists of a full clinic take: 1,000 patients with 6 views and 15 sessions each (DESIGN.md §6).

    python -m benchmarks.lists [patients]

Prints the median of server time per list, on the wall and of the processor. Rows are written straight into the tables,
without photos.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from tracker.clinic import Clinic, schema
from tracker.clinic.course_plans import MESOTHERAPY, as_rows
from tracker.clinic.register import random_id
from tracker.clinic.sealing import secrets_of

VIEWS, SESSIONS, REPEATS = 6, 15, 7
SHOWN = 20
START = date(2026, 1, 5)


def filled(connection: Connection, patient_id: str, number: int) -> None:
    """Everything that one patient of a busy clinic has, but the pixels."""
    secrets, days = secrets_of(connection), [START + timedelta(10 * n) for n in range(SESSIONS)]
    views, course_id = [random_id() for _ in range(VIEWS)], random_id()
    _add(
        connection, "view",
        [
            {
                "id": view, "patient_id": patient_id, "site": f"site {n}", "laterality": "left", "pose": "standing",
                "indication": "cellulite", "is_control": n == 1, "region_hash": "",
            }
            for n, view in enumerate(views)
        ],
    )  # fmt: skip
    _add(
        connection, "photo",
        [
            {
                "id": random_id(), "view_id": view, "digest": f"{number}-{n}-{day}", "file": random_id(),
                "name": secrets.seal(patient_id, "photo.name", "photo.jpg"), "taken_on": day,
                "received_at": datetime.now(UTC), "height": 3000, "width": 4000, "is_reference": day == days[0],
            }
            for n, view in enumerate(views) for day in days
        ],
    )  # fmt: skip
    _add(connection, "injection", [{"view_id": view, "day": day} for view in views[:1] for day in days])
    _add(
        connection, "course",
        [
            {
                "id": course_id, "patient_id": patient_id, "name": "Mesotherapy", "indication": "cellulite",
                "phases": as_rows(MESOTHERAPY.phases), "started_on": START,
            }
        ],
    )  # fmt: skip
    visits = [random_id() for _ in days]
    _add(
        connection, "visit",
        [
            {
                "id": visit, "patient_id": patient_id, "course_id": course_id, "day": day,
                "operator": secrets.seal(patient_id, f"visit.operator:{visit}", "Dr. Mix"),
                "note": secrets.seal(patient_id, f"visit.note:{visit}", ""),
            }
            for visit, day in zip(visits, days, strict=True)
        ],
    )  # fmt: skip
    ids = [random_id() for _ in visits]
    given = [
        {
            "id": each, "visit_id": visit, "device": "gun", "currency": "",
            "numbing": secrets.seal(patient_id, f"treatment.numbing:{each}", ""),
            "note": secrets.seal(patient_id, f"treatment.note:{each}", ""),
        }
        for each, visit in zip(ids, visits, strict=True)
    ]  # fmt: skip
    _add(connection, "treatment", given)
    _add(
        connection, "blend_line",
        [
            {
                "treatment_id": each["id"], "position": 0, "ingredient": "Vitamin C", "kind": "vitamin",
                "concentration": "10 %", "lot": f"L-{number % 50}", "lot_key": f"l-{number % 50}", "supplier": "",
            }
            for each in given
        ],
    )  # fmt: skip


def _add(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(schema.metadata.tables[table]), rows)


def seconds(what: Callable[[], object]) -> tuple[float, float]:
    """Median time of a call on the wall and of the processor, after one call that is not counted."""
    what()
    walls, works = [], []
    for _ in range(REPEATS):
        wall, work = time.perf_counter(), time.process_time()
        what()
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return statistics.median(walls), statistics.median(works)


def lists(clinic: Clinic) -> dict[str, Callable[[], object]]:
    """What is timed: everything that Today asks for, and the searches."""
    ids = [patient.id for patient in clinic.patients()][:SHOWN]

    def today() -> None:
        clinic.patients()
        clinic.dues()
        clinic.summaries(ids)
        clinic.rejected(ids)

    return {
        "all of Today": today,
        "patients": clinic.patients,
        "dues": clinic.dues,
        f"summaries of {SHOWN}": lambda: clinic.summaries(ids),
        f"rejected of {SHOWN}": lambda: clinic.rejected(ids),
        "patients of a lot": lambda: clinic.patients_of_lot("L-7"),
        "lots": clinic.lots,
        "sessions of a patient": lambda: clinic.session_days(ids[0]),
        "treatments of a patient": lambda: clinic.treatments(ids[0]),
    }


def main(patients: int) -> None:
    """Fill a clinic, and print what its lists take."""
    with tempfile.TemporaryDirectory() as folder, Clinic.open(Path(folder) / "clinic") as clinic:
        for first in range(0, patients, 50):
            added = [
                clinic.add_patient(code=f"P-{n:04}", name=f"Name {n}") for n in range(first, min(first + 50, patients))
            ]
            with clinic._store.writing() as connection:
                for number, patient in enumerate(added, first):
                    filled(connection, patient.id, number)
        print(f"{patients} patients, {patients * VIEWS} views, {patients * VIEWS * SESSIONS} photos")
        for name, what in lists(clinic).items():
            wall, work = seconds(what)
            print(f"{name:28} {wall:.3f} s, of which the processor {work:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
