"""Blobs in a folder of this machine. Object store libraries neither sync what they write to a local folder nor keep
it from the eyes of other accounts, so this is done here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tracker.clinic.blobs import Area, Lying
from tracker.clinic.durable import make_folder, not_saved, replace_with, sync_folder
from tracker.errors import RecordError


class Folder:
    """Blobs below a folder, spread over 256 folders per area.

    Parameters
    ----------
    home : Path
        Existing; files are written in its ``incoming`` first.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._safe: set[Path] = set()

    def claim(self, record_id: str, copy_id: str = "", *, take_over: bool = False) -> bool:
        """Nothing to do: the folder lies in the record, and is copied with it."""
        return True

    def owner(self) -> tuple[str, str]:
        """Nobody else could come to it."""
        return "", ""

    def create(self, name: str, data: bytes) -> bool:
        """Keep a blob; False, and nothing changed, if there is one of this name."""
        with _saving():
            if self._path(name, Area.KEPT).exists():
                return False
        self.replace(name, data)
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Keep a blob in place of whatever has its name."""
        path = self._path(name, Area.KEPT)
        with _saving():
            self._prepare(path.parent)
            replace_with(path, data, by_way_of=self._home / "incoming")

    def touch(self, name: str, data: bytes) -> None:
        """Make a blob count as new; whoever wrote it may not have synced its name yet."""
        path = self._path(name, Area.KEPT)
        with _saving():
            try:
                os.utime(path)
            except FileNotFoundError:
                self.replace(name, data)
            self._prepare(path.parent)
            sync_folder(path.parent)

    def read(self, name: str) -> bytes | None:
        """A blob that is kept; None if there is none."""
        try:
            return self._path(name, Area.KEPT).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise not_read(error.strerror or error) from error

    def find(self, name: str, area: Area = Area.KEPT) -> Lying | None:
        """How a blob lies; None if there is none."""
        return _lying(self._path(name, area))

    def move(self, name: str, to: Area) -> bool:
        """Move a blob to another area; False if it is not in the other one."""
        here, there = self._path(name, _other(to)), self._path(name, to)
        with _saving():
            self._prepare(there.parent)
            try:
                os.utime(here)
                here.replace(there)
            except FileNotFoundError:
                return False
            sync_folder(there.parent)
            sync_folder(here.parent)
        return True

    def remove(self, name: str, area: Area = Area.KEPT) -> None:
        """Remove a blob; it may be gone already."""
        path = self._path(name, area)
        with _saving():
            if path.exists():
                path.unlink(missing_ok=True)
                sync_folder(path.parent)

    def listed(self, area: Area = Area.KEPT) -> Iterator[Lying]:
        """All blobs of an area."""
        for path in sorted((self._home / area).glob("??/*")):
            found = _lying(path)
            if found is not None:
                yield found

    def _path(self, name: str, area: Area) -> Path:
        assert name.isalnum()
        return self._home / area / name[:2] / name

    def _prepare(self, folder: Path) -> None:
        """Make a folder whose name is safe, also if another process has just made it."""
        if folder not in self._safe:
            make_folder(folder)
            sync_folder(folder.parent)
            self._safe.add(folder)


def sweep_litter(folder: Path, *, older_than: float) -> int:
    """Remove what killed processes left half-written; younger files may belong to living ones."""
    limit, gone = time.time() - older_than, 0
    for part in folder.iterdir():
        found = _lying(part)
        if found is not None and found.since.timestamp() < limit:
            part.unlink(missing_ok=True)
            gone += 1
    return gone


def not_read(error: object) -> RecordError:
    """The refusal of a place that does not give back what it holds."""
    return RecordError(f"A stored file cannot be read: {error}. Please check the disk and try again.", code="not_read")


def _lying(path: Path) -> Lying | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise not_read(error.strerror or error) from error
    return Lying(path.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _other(area: Area) -> Area:
    return Area.ASIDE if area is Area.KEPT else Area.KEPT


@contextmanager
def _saving() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise not_saved(error.strerror or error) from error
