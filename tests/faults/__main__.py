"""Make faults at the command line, with any number of them: ``python -m tests.faults kills --points 5000``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # forked processes must not inherit threads
    os.environ.setdefault(_name, "1")

from tests.faults.cuts import power_cuts
from tests.faults.full import full_disks
from tests.faults.kills import kill_points
from tests.faults.known_bad import BUILDS
from tests.faults.syscalls import syscall_points
from tests.faults.writers import writers_at_once


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--folder", type=Path, help="where records are made and broken")
    series = parser.add_subparsers(dest="series", required=True)
    kills = series.add_parser("kills")
    kills.add_argument("--points", type=int, default=300)
    kills.set_defaults(make=lambda asked, folder: kill_points(folder, asked.points))
    syscalls = series.add_parser("syscalls")
    syscalls.set_defaults(make=lambda asked, folder: syscall_points(folder))
    cuts = series.add_parser("cuts")
    cuts.add_argument("--points", type=int, default=60)
    cuts.add_argument("--build", choices=BUILDS, default="sound")
    cuts.add_argument("--until-damaged", action="store_true")
    cuts.set_defaults(
        make=lambda asked, folder: power_cuts(
            folder, asked.points, build=BUILDS[asked.build], until_damaged=asked.until_damaged
        )
    )
    full = series.add_parser("full")
    full.add_argument("--points", type=int, default=50)
    full.set_defaults(make=lambda asked, folder: full_disks(folder, asked.points))
    writers = series.add_parser("writers")
    writers.add_argument("--points", type=int, default=100)
    writers.set_defaults(make=lambda asked, folder: writers_at_once(folder, asked.points))
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=asked.folder) as folder:
        outcome = asked.make(asked, Path(folder))
    print(json.dumps(outcome.figures() | {"seconds": round(time.monotonic() - began, 1)}, indent=1))
    return 1 if outcome.damaged or outcome.unworded else 0


if __name__ == "__main__":
    sys.exit(main())
