"""The files of the record: the vault with what must not be lost, and derivatives, which can be made again.

::

    home/record.id              what names the record, wherever its folder lies
    home/clinic.sqlite          rows; texts about people in them are sealed
    home/keys.sqlite            one key per patient, wrapped by the master key, which is not here
    home/incoming/              files that are being written
    home/photos/3f/<keyed hash> sealed originals and reports, unless they are in an object store
    home/quarantine/3f/…        what no row names, until it is certain that nobody misses it
    home/derived/a2/<photo id>/ sealed previews and maps

No path says anything about a person, and no file shows anything without the keys.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tracker.clinic.blobs import open_blob, seal_blob
from tracker.clinic.durable import make_folder, not_saved, private
from tracker.clinic.folders import not_read, sweep_litter
from tracker.clinic.records import StoredPhoto
from tracker.clinic.sealing import Secrets
from tracker.clinic.vault import vault_of
from tracker.errors import RecordError

_ABANDONED_SECONDS = 24 * 3600.0
_DERIVED = "derived"


class Files:
    """Vault and derivatives of one record.

    Parameters
    ----------
    home : Path
        As `prepare` leaves it.
    secrets : Secrets

    Attributes
    ----------
    home : Path
    vault : Vault
        Of originals and reports.
    secrets : Secrets

    Raises
    ------
    RecordError
        ``no_vault``: the vault is to lie elsewhere and cannot be used there.
    """

    def __init__(self, home: Path, secrets: Secrets) -> None:
        self.home = home
        self.vault = vault_of(home, secrets.keys)
        self.secrets, self._keys = secrets, secrets.keys

    def save_derived(self, photo: StoredPhoto, name: str, data: bytes) -> None:
        """Keep a file that can be made again; it is there completely or not at all."""
        target = self._derived(photo.id) / name
        part = self.home / "incoming" / secrets.token_hex(16)
        sealed = seal_blob(self._key(photo), photo.patient_id, _DERIVED, _bound(photo, name), data)
        try:
            make_folder(target.parent)
            with private(part) as file:
                file.write(sealed)
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise not_saved(error.strerror or error) from error

    def derived(self, photo: StoredPhoto, name: str) -> bytes | None:
        """Bytes of a derivative, or None if it has to be made again: it is not there, or was damaged.

        Raises
        ------
        RecordError
            ``not_read``, or ``erased`` or ``no_key``: it can be seen no more.
        """
        key = self._key(photo)
        try:
            sealed = (self._derived(photo.id) / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise not_read(error.strerror or error) from error
        return open_blob(key, photo.patient_id, _DERIVED, _bound(photo, name), sealed)

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

    def sweep_derived(self, is_known: Callable[[str], bool], *, older_than: float) -> int:
        """Remove derivatives of photos that are no longer in the record; how many photos that were.

        Parameters
        ----------
        is_known : callable
            Whether a photo of this id is in the record.
        older_than : float
            Seconds since 1970: what is younger may belong to a photo that is just being stored.
        """
        gone = 0
        for folder in (self.home / _DERIVED).glob("??/*"):
            if folder.stat().st_mtime < older_than and not is_known(folder.name):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        return gone

    def _key(self, photo: StoredPhoto) -> bytes:
        return self._keys.derive(photo.patient_id, _DERIVED)

    def _derived(self, photo_id: str) -> Path:
        return self.home / "derived" / photo_id[:2] / photo_id


def prepare(home: Path) -> None:
    """Make the folder of a record with what it needs, for its owner only, and remove what was left half-written.

    Raises
    ------
    RecordError
        The folder cannot be created or written.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("incoming", "photos", "derived"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
        sweep_litter(home / "incoming", older_than=_ABANDONED_SECONDS)
    except OSError as error:
        raise RecordError(
            f"The folder {home} cannot hold the record ({error.strerror or error}); please choose another one.",
            code="no_folder",
        ) from error


def _bound(photo: StoredPhoto, name: str) -> str:
    """What a derivative is bound to: its photo and its own name."""
    return f"{photo.id}/{name}"
