"""What `doctor` looks at outside the record: the disk, who may read the files, the clock, the versions of libraries."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from tracker.clinic.examining import Examined, State, good
from tracker.clinic.keys import key_file
from tracker.errors import RecordError

LEAST_FREE_BYTES = 2 * 10**9
LEAST_FREE_SHARE = 0.1
#: Below these versions there are known holes that concern us; see the table of them in docs/operations.md.
FLOORS = {
    "streamlit": (1, 67),
    "starlette": (1, 1),
    "pillow": (13, 0, 0),
    "python-multipart": (0, 0, 27),
    "pillow-heif": (1, 8),
}
SAFE_LOG_VERSION = (3, 51, 3)
_LISTED = 20


def examine_system(home: Path, *, newest: datetime | None = None) -> Iterator[Examined]:
    """All checks of this module.

    Parameters
    ----------
    home : Path
    newest : datetime, optional
        When the record was last written to, as it says itself.
    """
    yield _space(home)
    yield _modes(home)
    yield _temporary()
    yield _clock(newest)
    yield _sqlite()
    yield _versions()


def _space(home: Path) -> Examined:
    usage = shutil.disk_usage(home)
    share = usage.free / usage.total if usage.total else 0.0
    what = f"{usage.free / 10**9:.1f} GB are free on the disk of the record ({share:.0%})."
    if usage.free < LEAST_FREE_BYTES or share < LEAST_FREE_SHARE:
        return Examined("space", State.ATTENTION, what, "Make room soon: photos are refused when the disk is full.")
    return good("space", what)


def _modes(home: Path) -> Examined:
    """Folders 0700 and files 0600: nobody else on this computer may read them."""
    if os.name != "posix":
        return good("modes", "This system has no such rights; use the disk encryption and the accounts of the system.")
    checked, open_to_others = 0, []
    for path in (home, *home.rglob("*")):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # a file that was just finished, or is gone
            continue
        checked += 1
        if stat.S_IMODE(mode) & 0o077 and not stat.S_ISLNK(mode):
            open_to_others.append(path.relative_to(home).as_posix())
    beside = _open_beside_the_key(home)
    if not open_to_others and not beside:
        return good("modes", "Only the owner of the record may read its files.", checked=checked)
    advice = [f"chmod -R go= {home}"] if open_to_others else []
    advice += [f"chmod go= {path}" for path in beside]
    return Examined(
        "modes",
        State.ATTENTION,
        f"{len(open_to_others) + len(beside)} files or folders of the record may be read or changed by others on this "
        "computer.",
        f"Run: {'; '.join(advice)}",
        checked,
        places=tuple([*open_to_others, *(path.name for path in beside)][:_LISTED]),
    )


def _open_beside_the_key(home: Path) -> list[Path]:
    """The end of the log and who was erased lie beside the master key: who changes them hides a cut, or an erasure."""
    try:
        key = key_file(home)
    except RecordError:  # said by the check of the key
        return []
    files = [path for path in key.parent.glob(f"{key.stem}.*") if path.stat().st_mode & 0o077]
    is_open = key.parent.is_dir() and key.parent.stat().st_mode & 0o022 and not key.parent.stat().st_mode & stat.S_ISVTX
    return sorted([*files, *([key.parent] if is_open else [])])


def _temporary() -> Examined:
    """Uploads over 1 MB pass through the folder for temporary files, in plain bytes."""
    folder = Path(tempfile.gettempdir()).resolve()
    kind = _file_system(folder)
    if kind in ("tmpfs", "ramfs"):
        return good("temporary", f"Temporary files stay in memory ({folder} is {kind}).")
    return Examined(
        "temporary",
        State.ATTENTION,
        f"Temporary files go to a disk ({folder}{f' is {kind}' if kind else ''}); uploads pass through there.",
        "Set TMPDIR to a folder in memory before the start, such as /dev/shm.",
    )


def _file_system(folder: Path) -> str:
    """Kind of file system of a folder, where the system says it; otherwise empty."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return ""
    places = [(mount[1], mount[2]) for mount in mounts if folder.is_relative_to(mount[1])]
    # Of two mounts at one place the later one is on top.
    return max(places, key=lambda place: len(place[0]), default=("", ""))[1] if places else ""


def _clock(newest: datetime | None) -> Examined:
    now = datetime.now(UTC)
    if newest is not None and newest > now + timedelta(minutes=5):
        return Examined(
            "clock",
            State.ATTENTION,
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, but the record was written to at {newest:%Y-%m-%d %H:%M} UTC.",
            "Set the clock of this computer; sessions and links end by it.",
        )
    return good("clock", f"The clock says {now:%Y-%m-%d %H:%M} UTC, later than everything in the record.")


def _sqlite() -> Examined:
    version = ".".join(map(str, sqlite3.sqlite_version_info))
    if sqlite3.sqlite_version_info >= SAFE_LOG_VERSION:
        return good("sqlite", f"SQLite {version} is used with a write-ahead log.")
    return good(
        "sqlite", f"SQLite {version} is used without a write-ahead log, which is safe in versions before 3.51.3."
    )


def _versions() -> Examined:
    old = []
    for name, floor in FLOORS.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if _numbers(found) < floor:
            old.append(f"{name} {found} (at least {'.'.join(map(str, floor))})")
    if old:
        return Examined(
            "versions",
            State.ATTENTION,
            f"Libraries with known holes are installed: {', '.join(old)}.",
            "Install what requirements.lock names: ./start does that.",
            len(FLOORS),
        )
    return good("versions", "No library is older than the first version without known holes.", checked=len(FLOORS))


def _numbers(version: str) -> tuple[int, ...]:
    """Leading numbers of a version.

    Examples
    --------
    >>> _numbers("1.67.0rc1")
    (1, 67)
    """
    found = []
    for part in version.split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found)
