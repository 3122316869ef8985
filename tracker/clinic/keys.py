"""Where the master key of a record comes from: never from the folder of the record.

::

    TRACKER_MASTER_KEY        32 bytes in base64, or the word "keyring" for the keyring of this system
    TRACKER_MASTER_KEY_FILE   a file that holds them, as a mounted secret
    <TRACKER_KEYS>/<id>.key   otherwise; made together with a new record
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tracker.clinic.durable import make_folder, not_saved, one_at_a_time, replace_with, sync_folder
from tracker.clinic.keystore import KEYS_FILE, KeyStore, fits, keep_root, opened, record_of, root_of, writing
from tracker.clinic.masterkey import KEY_BYTES, MasterKey
from tracker.clinic.systemring import from_keyring, into_keyring
from tracker.errors import RecordError

RECORD_FILE, COPY_FILE = "record.id", "copy.id"
__all__ = ("KeyStore", "MasterKey", "copy_id", "key_file", "master_key", "record_id", "rotate_master_key")


def master_key(home: Path) -> MasterKey:
    """The master key of a record; made with a record that is new.

    Parameters
    ----------
    home : Path
        Existing folder of the record.

    Raises
    ------
    RecordError
        ``key_missing``, ``key_wrong`` (it does not fit this record), ``key_in_record`` (it lies in the folder that it
        is to protect), or ``not_saved``.
    """
    file = opened(home)
    try:
        record = record_of(file)
        if record is None:
            with writing(file):  # of two processes that open a new record one waits here
                record = record_of(file) or _make(home, file)
        if not (home / RECORD_FILE).is_file():
            way = home / "incoming"  # where what a killed process leaves behind is swept up
            replace_with(home / RECORD_FILE, f"{record}\n".encode(), by_way_of=way if way.is_dir() else None)
        return _fitting(file, _place(home, record))
    except OSError as error:
        raise not_saved(error.strerror or error) from error
    finally:
        file.close()


def record_id(home: Path) -> str:
    """What names a record wherever its folder lies; `RecordError` if there is no record."""
    path = home / RECORD_FILE
    if not path.is_file():
        raise RecordError(f"There is no record in {home}.", code="no_record")
    return path.read_text().strip()


def copy_id(home: Path) -> str:
    """What tells the copies of one record apart, as after a restore; made when it is first asked for.

    It lies beside the record and in no backup, so that what is restored is another copy.
    """
    path = home / COPY_FILE
    with suppress(FileNotFoundError):
        return path.read_text().strip()
    try:
        with one_at_a_time(path):  # of two processes the first makes it
            if not path.is_file():
                replace_with(path, f"{secrets.token_hex(16)}\n".encode())
        return path.read_text().strip()
    except OSError as error:
        raise not_saved(error.strerror or error) from error


def key_file(home: Path) -> Path:
    """The file that holds the master key of a record where nothing else was set.

    Raises
    ------
    RecordError
        ``key_in_record``: that would be within the record.
    """
    return _outside(home, _keys_folder() / f"{record_id(home)}.key")


def rotate_master_key(home: Path, key: bytes | None = None) -> MasterKey:
    """Replace the master key of a record that nobody uses now; photos and texts need not be touched.

    Parameters
    ----------
    home : Path
    key : bytes, optional
        32 bytes; by default random ones. Needed where the key is given from outside, in the environment or as a file
        that is set there: whoever gives it has to change it there afterwards.

    Returns
    -------
    MasterKey
        The new one. A process killed on the way leaves a record that opens; rotating again rotates.

    Raises
    ------
    RecordError
        As of `master_key`, or ``key_needed``.
    """
    place = _place(home, record_id(home))
    if place.is_given and key is None:
        raise RecordError(
            "The master key is given from outside this program; please give the new one too.", code="key_needed"
        )
    old = master_key(home)
    new = old.followed_by(key or secrets.token_bytes(KEY_BYTES))
    if not place.is_given:
        place.put(new.key, is_next=True)
    keys = KeyStore(home, old)
    try:
        keys.rewrap(new)
    finally:
        keys.close()
    return new if place.is_given else master_key(home)


@dataclass(frozen=True)
class _Place:
    """Where the key of one record is: given from outside, in the keyring, or in a file of ours."""

    record: str
    given: bytes | None = None
    path: Path | None = None

    @property
    def is_given(self) -> bool:
        return self.given is not None

    def get(self, *, is_next: bool = False) -> bytes | None:
        if self.given is not None:
            return None if is_next else self.given
        if self.path is None:
            found = from_keyring(self._name(is_next))
            return _decoded(found, "the keyring of this system") if found else None
        path = self.path.with_name(self._name(is_next) + ".key")
        return _decoded(path.read_text(), str(path)) if path.is_file() else None

    def put(self, key: bytes, *, is_next: bool = False) -> None:
        text = base64.b64encode(key).decode()
        if self.path is None:
            into_keyring(self._name(is_next), text)
            return
        make_folder(self.path.parent)
        replace_with(self.path.with_name(self._name(is_next) + ".key"), f"{text}\n".encode())

    def take_next(self, key: bytes) -> None:
        """What was the next key is the key now."""
        if self.path is None:
            into_keyring(self._name(), base64.b64encode(key).decode())
            into_keyring(self._name(is_next=True), None)
            return
        self.path.with_name(self._name(is_next=True) + ".key").replace(self.path)
        sync_folder(self.path.parent)

    def _name(self, is_next: bool = False) -> str:
        return f"{self.record}.next" if is_next else self.record


def _place(home: Path, record: str) -> _Place:
    text = os.environ.get("TRACKER_MASTER_KEY", "").strip()
    if text == "keyring":
        return _Place(record)
    if text:
        return _Place(record, given=_decoded(text, "TRACKER_MASTER_KEY"))
    named = os.environ.get("TRACKER_MASTER_KEY_FILE")
    if named:
        path = _outside(home, Path(named))
        try:
            return _Place(record, given=_decoded(path.read_text(), str(path)))
        except (OSError, UnicodeDecodeError) as error:
            raise _missing(f"it cannot be read from {path}") from error
    return _Place(record, path=_outside(home, _keys_folder() / f"{record}.key"))


def _make(home: Path, file: sqlite3.Connection) -> str:
    """Make the key of a new record, outside first, and say how the record is called."""
    if (home / RECORD_FILE).is_file():
        raise RecordError(
            f"The keys of this record are not in its folder; please restore {KEYS_FILE} from a backup.",
            code="key_missing",
        )
    record = secrets.token_hex(16)
    place = _place(home, record)
    key = place.get()
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
        place.put(key)
    keep_root(file, record, MasterKey(key, secrets.token_bytes(KEY_BYTES)))
    return record


def _fitting(file: sqlite3.Connection, place: _Place) -> MasterKey:
    """The key that fits; a change of keys that was broken off is brought to its end."""
    key, following = place.get(), place.get(is_next=True)
    if key is None and following is None:
        raise _missing(f"it is not in {place.path}" if place.path else "it is not in the keyring of this system")
    if following is not None and (key is None or not fits(file, key)):
        root = root_of(file, following)
        place.take_next(following)
        return MasterKey(following, root)
    assert key is not None
    return MasterKey(key, root_of(file, key))


def _keys_folder() -> Path:
    chosen = os.environ.get("TRACKER_KEYS")
    if chosen:
        return Path(chosen)
    config = Path(platformdirs.user_config_dir("tracker", appauthor=False))
    data = Path(platformdirs.user_data_dir("tracker", appauthor=False))
    return config.with_name("tracker-keys") if config == data else config / "keys"  # they are one on some systems


def _outside(home: Path, path: Path) -> Path:
    if path.resolve().is_relative_to(home.resolve()):
        raise RecordError(
            f"The master key would lie in the folder it is to protect ({path}); please keep it elsewhere.",
            code="key_in_record",
        )
    return path


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise RecordError(f"What {where} holds is no master key: 32 bytes in base64 are needed.", code="key_wrong")
    return key


def _missing(why: str) -> RecordError:
    return RecordError(
        f"The master key of this record is missing: {why}. Please bring it back; without it nothing can be read.",
        code="key_missing",
    )
