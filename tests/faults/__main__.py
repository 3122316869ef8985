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

from tests.faults.kills import kill_points
from tests.faults.syscalls import syscall_points


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--folder", type=Path, help="where records are made and broken")
    series = parser.add_subparsers(dest="series", required=True)
    kills = series.add_parser("kills")
    kills.add_argument("--points", type=int, default=300)
    kills.set_defaults(make=lambda asked, folder: kill_points(folder, asked.points))
    syscalls = series.add_parser("syscalls")
    syscalls.set_defaults(make=lambda asked, folder: syscall_points(folder))
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=asked.folder) as folder:
        outcome = asked.make(asked, Path(folder))
    print(json.dumps(outcome.figures() | {"seconds": round(time.monotonic() - began, 1)}, indent=1))
    return 1 if outcome.damaged else 0


if __name__ == "__main__":
    sys.exit(main())
