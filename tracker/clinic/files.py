"""The files of the record: originals, which are sacred, and derivatives, which can be made again.

::

    home/clinic.sqlite
    home/incoming/              files that are being written
    home/photos/3f/<random>     original bytes, exactly as received
    home/derived/a2/<photo id>/ previews and maps

No path says anything about a person.
"""

from __future__ import annotations

import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from tracker.clinic.durable import make_folder, not_saved, private, sync_folder, write_new
from tracker.errors import RecordError

_ABANDONED_SECONDS = 24 * 3600.0


class Files:
    """Originals and derivatives below one folder.

    Parameters
    ----------
    home : Path
        Created if it does not exist, for the owner only.

    Raises
    ------
    RecordError
        The folder cannot be created or written.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("incoming", "photos", "derived"):
                (home / name).mkdir(mode=0o700, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise RecordError(
                f"The folder {home} cannot hold the record ({error.strerror or error}); please choose another one.",
                code="no_folder",
            ) from error

    def save_original(self, data: bytes) -> str:
        """Write an original so that it survives a power cut, and return its name.

        Raises
        ------
        RecordError
            The disk did not take it; nothing is left behind.
        """
        name = secrets.token_hex(16)
        target = self._original(name)
        part = self.home / "incoming" / name
        try:
            make_folder(target.parent)
            write_new(part, data)
            part.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            target.unlink(missing_ok=True)
            raise not_saved(error.strerror or error) from error
        return name

    def original(self, name: str) -> bytes:
        """Bytes of an original.

        Raises
        ------
        RecordError
            The file is missing or cannot be read.
        """
        try:
            return self._original(name).read_bytes()
        except OSError as error:
            raise RecordError(
                f"The original of this photo cannot be read ({error.strerror or error}); "
                "please restore it from a backup.",
                code="original_missing",
            ) from error

    def remove_original(self, name: str) -> None:
        """Remove an original; it may be gone already.

        Raises
        ------
        RecordError
            The disk did not let go of it.
        """
        try:
            self._original(name).unlink(missing_ok=True)
        except OSError as error:
            raise RecordError(
                f"The photo is no longer in the record, but its file could not be deleted: {error.strerror or error}.",
                code="not_removed",
            ) from error

    def save_derived(self, photo_id: str, name: str, data: bytes) -> None:
        """Keep a file that can be made again; it is there completely or not at all."""
        target = self._derived(photo_id) / name
        part = self.home / "incoming" / secrets.token_hex(16)
        try:
            make_folder(target.parent)
            with private(part) as file:
                file.write(data)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise not_saved(error.strerror or error) from error

    def derived(self, photo_id: str, name: str) -> bytes | None:
        """Bytes of a derivative, or None if it has to be made again."""
        try:
            return (self._derived(photo_id) / name).read_bytes()
        except FileNotFoundError:
            return None

    def remove_derived(self, photo_id: str, *, token: str | None = None) -> None:
        """Remove the derivatives of a photo: all, or those whose name holds a token."""
        folder = self._derived(photo_id)
        if token is None:
            shutil.rmtree(folder, ignore_errors=True)
            return
        for path in folder.glob(f"*{token}*"):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # other files of the photo may be there
            folder.rmdir()

    def _original(self, name: str) -> Path:
        return self.home / "photos" / name[:2] / name

    def _derived(self, photo_id: str) -> Path:
        return self.home / "derived" / photo_id[:2] / photo_id

    def _sweep(self) -> None:
        """Remove what a killed process left half-written; younger files may belong to a living one."""
        limit = time.time() - _ABANDONED_SECONDS
        for part in (self.home / "incoming").iterdir():
            if part.stat().st_mtime < limit:
                part.unlink(missing_ok=True)
