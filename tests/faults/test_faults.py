"""F1 to F5: a record that is broken on purpose is whole, and a program known to lose data is caught losing it.

Each series is a program of its own (``python -m tests.faults``), because it forks, and forks of this process would
inherit its threads. The numbers are those of every run; ``TRACKER_FAULTS=20`` makes twenty times as many.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disks import why_no_disks
from tests.faults.sizes import times

pytestmark = [pytest.mark.faults, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
CONTROLS = ("no_file_sync", "log_without_sync", "no_database_sync", "row_before_photo")


@pytest.fixture
def disks() -> None:
    """Disks of our own; in CI they must be possible."""
    _need(why_no_disks())


@pytest.fixture
def strace() -> None:
    """A tracer; in CI it must be there."""
    _need("" if shutil.which("strace") else "strace is not on this machine")


def test_a_kill_at_any_moment_loses_no_acknowledged_photo(tmp_path: Path) -> None:
    points = times(300)

    came = series(tmp_path, "kills", "--points", points)

    assert whole(came)
    assert came["points"] == points
    assert came["acknowledged"] >= 3 * points, "too little was going on to be interrupted"


def test_a_kill_shows_a_row_that_is_saved_before_its_photo(tmp_path: Path) -> None:
    came = series(tmp_path, "kills", "--points", 120, "--build", "row_before_photo", "--until-damaged")

    assert any("a row without its photo" in text for text in came["damaged"])


def test_no_system_call_that_fails_or_is_the_last_one_breaks_the_record(tmp_path: Path, strace: None) -> None:
    came = series(tmp_path, "syscalls", *(["--all"] if times(1) > 1 else []))

    assert whole(came)
    assert came["points"] >= 500
    assert came["counts"]["fsync error once"] >= 4
    assert came["counts"]["pwrite64 killed"] >= 20
    assert came["counts"]["refused"] >= 100, "faults that nobody notices are none"


def test_a_power_cut_at_any_moment_damages_nothing(tmp_path: Path, disks: None) -> None:
    points = times(60)

    came = series(tmp_path, "cuts", "--points", points)

    assert whole(came)
    assert came["points"] == points
    assert came["acknowledged"] >= 3 * points


@pytest.mark.parametrize("build", CONTROLS)
def test_a_power_cut_shows_a_build_that_is_known_to_lose_data(tmp_path: Path, build: str, disks: None) -> None:
    came = series(tmp_path, "cuts", "--points", 60, "--build", build, "--until-damaged")

    assert came["damaged"], "the harness does not see what it is for"


def test_a_disk_that_is_full_is_said_and_does_no_harm(tmp_path: Path, disks: None) -> None:
    points = times(50)

    came = series(tmp_path, "full", "--points", points)

    assert whole(came)
    assert came["points"] == points
    assert came["counts"]["never full"] <= points // 10
    assert came["counts"]["orphans on a full disk"] == came["parts"] == 0, "what was refused is left lying about"


def test_a_limit_for_the_size_of_files_is_said_and_does_no_harm(tmp_path: Path) -> None:
    came = series(tmp_path, "full", "--points", 20, "--unmounted")

    assert whole(came)
    assert came["counts"]["never full"] <= 2
    assert came["parts"] == 0


def test_a_hundred_processes_write_at_once_and_none_fails(tmp_path: Path) -> None:
    writers = times(100)

    came = series(tmp_path, "writers", "--points", writers)

    assert whole(came)
    assert came["counts"]["refused"] == 0
    assert came["acknowledged"] == 4 * writers + 3
    print(f"p50 {came['counts']['median_ms']} ms, p99 {came['counts']['p99_ms']} ms")  # others may need the machine


def test_processes_that_do_not_wait_for_each_other_are_seen_to_fail(tmp_path: Path) -> None:
    came = series(tmp_path, "writers", "--points", 40, "--build", "no_waiting")

    assert came["counts"]["refused"] > 0


def test_every_bit_that_turns_over_and_changes_something_is_found(tmp_path: Path) -> None:
    flips = times(200)

    came = series(tmp_path, "flips", "--points", flips)

    assert came["damaged"] == []
    assert came["points"] == flips
    assert min(came["counts"][f"in {name}"] for name in ("photos", "clinic.sqlite", "keys.sqlite")) >= flips // 8


def test_the_check_of_the_database_alone_misses_many_bits(tmp_path: Path) -> None:
    came = series(tmp_path, "flips", "--points", 70, "--deaf")

    assert any("clinic.sqlite is not found" in text for text in came["damaged"])


def series(folder: Path, *arguments: object) -> dict[str, Any]:
    """What a series of faults came to; it ends with 1 where it found something."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--folder", str(folder), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def whole(came: dict[str, Any]) -> bool:
    """Whether nothing was broken, and every failure was told in one sentence."""
    assert came["damaged"] == []
    assert came["unworded"] == []
    return True


def _need(missing: str) -> None:
    if missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, and in CI it must be possible")
        pytest.skip(f"{missing}: faults that need it were not made")
