"""Some of the clinic's own tests once more, in another program, with their records on a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Their subject is the work beside the record, or what a process that is killed leaves.
_BESIDE = ("worker", "killed", "process", "program")


def passed_again(plugin: str, files: Sequence[str], settings: Mapping[str, str], *, without: Sequence[str] = ()) -> int:
    """How many tests of some files pass with a plugin and settings of the environment; they all have to.

    Parameters
    ----------
    plugin : str
        Module that prepares records there.
    files : sequence of str
        Names of files of tests, without their ending.
    settings : mapping of str to str
    without : sequence of str
        Parts of names of tests that are left out, in addition to those about processes.
    """
    left_out = " and ".join(f"not {part}" for part in (*_BESIDE, *without))
    options = ["-q", "-p", plugin, "-m", "not slow and not browser", "-k", left_out]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/{name}.py" for name in files)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return int(re.findall(r"(\d+) passed", done.stdout)[-1])
