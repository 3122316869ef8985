"""Make faults at the command line, with any number of them: ``python -m tests.faults kills --points 5000``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.cuts import power_cuts
from tests.faults.flips import bit_flips
from tests.faults.full import full_disks
from tests.faults.kills import kill_points
from tests.faults.known_bad import BUILDS
from tests.faults.outcome import Outcome
from tests.faults.syscalls import syscall_points
from tests.faults.writers import writers_at_once

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _kills(asked: argparse.Namespace, folder: Path) -> Outcome:
    return kill_points(folder, asked.points, build=BUILDS[asked.build], until_damaged=asked.until_damaged)


def _syscalls(asked: argparse.Namespace, folder: Path) -> Outcome:
    return syscall_points(folder, only=asked.only, every=asked.all)


def _cuts(asked: argparse.Namespace, folder: Path) -> Outcome:
    return power_cuts(folder, asked.points, build=BUILDS[asked.build], until_damaged=asked.until_damaged)


def _full(asked: argparse.Namespace, folder: Path) -> Outcome:
    return full_disks(folder, asked.points, mounted=not asked.unmounted)


def _writers(asked: argparse.Namespace, folder: Path) -> Outcome:
    return writers_at_once(folder, asked.points, build=BUILDS[asked.build])


def _flips(asked: argparse.Namespace, folder: Path) -> Outcome:
    return bit_flips(folder, asked.points, deaf=asked.deaf)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--folder", type=Path, help="where records are made and broken")
    series = parser.add_subparsers(dest="series", required=True)
    for name, points, make in (
        ("kills", 300, _kills),
        ("syscalls", 0, _syscalls),
        ("cuts", 60, _cuts),
        ("full", 50, _full),
        ("writers", 100, _writers),
        ("flips", 200, _flips),
    ):
        one = series.add_parser(name)
        one.add_argument("--points", type=int, default=points)
        one.add_argument("--build", choices=BUILDS, default="sound", help="a program that is known to lose data")
        one.add_argument("--until-damaged", action="store_true")
        one.add_argument("--all", action="store_true", help="every call, also of the first day")
        one.add_argument("--unmounted", action="store_true", help="no full disk, only a limit for the size of files")
        one.add_argument("--only", default="", help="one system call")
        one.add_argument("--deaf", action="store_true", help="ask only SQLite whether its file is sound")
        one.set_defaults(make=make)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=asked.folder) as folder:
        outcome = asked.make(asked, Path(folder))
    times = {"seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(sum(os.times()[:4]), 1)}
    print(json.dumps(outcome.told() | times, indent=1))
    return 1 if outcome.damaged or outcome.unworded else 0


if __name__ == "__main__":
    if not os.environ.keys() >= _ONE_THREAD.keys():  # what is forked here must not inherit threads
        os.execve(sys.executable, [sys.executable, "-m", "tests.faults", *sys.argv[1:]], os.environ | _ONE_THREAD)
    sys.exit(main())
