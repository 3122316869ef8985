"""Copies of a record beside it, left by a restore or a drill that was killed: with keys, and known to no erasure."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

#: Names of the folders in which a copy is put together, and in which it is tried.
RESTORING, DRILL = ".restoring-", ".drill-"
#: A younger one may still be worked on.
LEFT_AFTER_SECONDS = 24 * 3600.0


def left_copies(home: Path) -> tuple[Path, ...]:
    """Folders beside a record that nobody works on any more.

    Parameters
    ----------
    home : Path
        Folder of the record.
    """
    limit, here = time.time() - LEFT_AFTER_SECONDS, home.absolute()
    found = (path for prefix in (RESTORING, DRILL) for path in here.parent.glob(f"{prefix}*"))
    return tuple(sorted(path for path in found if path != here and path.is_dir() and _since(path) < limit))


def remove_left_copies(home: Path) -> int:
    """Remove them; their number."""
    found = left_copies(home)
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)


def _since(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # it was just finished
        return time.time()
