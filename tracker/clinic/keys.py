"""Where the master key of a record comes from: never from the folder of the record.

::

    TRACKER_MASTER_KEY        32 bytes in base64, or the word "keyring" for the keyring of this system
    TRACKER_MASTER_KEY_FILE   a file that holds them, as a mounted secret
    <TRACKER_KEYS>/<id>.key   otherwise; made together with a new record
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracker.clinic.durable import not_saved, one_at_a_time, replace_with
from tracker.clinic.key_places import Place, keys_folder, missing, outside, place_of, read_key
from tracker.clinic.keystore import KEYS_FILE, KeyStore, fits, keep_root, opened, record_of, root_of, writing
from tracker.clinic.masterkey import KEY_BYTES, MasterKey
from tracker.errors import RecordError

RECORD_FILE, COPY_FILE = "record.id", "copy.id"
__all__ = (
    "KeyPlace",
    "KeyStore",
    "MasterKey",
    "copy_id",
    "key_file",
    "key_place",
    "master_key",
    "read_key",
    "record_id",
    "rotate_master_key",
)


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
        return _fitting(file, place_of(home, record))
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
    return outside(home, keys_folder() / f"{record_id(home)}.key")


def rotate_master_key(home: Path, key: bytes | None = None, *, keeps_old: bool = False) -> MasterKey:
    """Replace the master key of a record that nobody uses now; photos and texts need not be touched.

    Parameters
    ----------
    home : Path
    key : bytes, optional
        32 bytes; by default random ones. Needed where the key is given from outside, in the environment or as a file
        that is set there: whoever gives it has to change it there afterwards.
    keeps_old : bool
        The old key is kept beside the new one: copies of backups that were made before open with it only. One that is
        given from outside is whoever's who gives it.

    Returns
    -------
    MasterKey
        The new one. A process killed on the way leaves a record that opens; rotating again brings that change to its
        end where the next key was not in use yet or was given, and else rotates.

    Raises
    ------
    RecordError
        As of `master_key`, or ``key_needed``.
    """
    place = place_of(home, record_id(home))
    if place.is_given and key is None:
        raise RecordError(
            "The master key is given from outside this program; please give the new one too.", code="key_needed"
        )
    if key is not None and place.is_given and (found := _wrapped_with(home, key)) is not None:
        return found  # it was replaced, and is not set outside yet
    old = master_key(home)
    new = old.followed_by(key or place.get(is_next=True) or secrets.token_bytes(KEY_BYTES))
    if not place.is_given:
        if keeps_old:
            place.keep(old)
        place.put(new.key, is_next=True)
    keys = KeyStore(home, old)
    try:
        keys.rewrap(new)
    finally:
        keys.close()
    return new if place.is_given else master_key(home)


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the master key of a record is taken from; the key itself is not in it.

    Attributes
    ----------
    said : str
        In words.
    is_given : bool
        From outside this program: only whoever gives it can change it there.
    is_changing : bool
        A change of keys was begun and not finished.
    former : tuple of Path
        Old keys that were kept beside it, for backups that were made before.
    """

    said: str
    is_given: bool
    is_changing: bool
    former: tuple[Path, ...]


def key_place(home: Path) -> KeyPlace:
    """Where the master key of an existing record is taken from; nothing is changed by looking.

    Raises
    ------
    RecordError
        ``no_record``, or as of `master_key`.
    """
    place = place_of(home, record_id(home))
    return KeyPlace(place.said, place.is_given, place.get(is_next=True) is not None, place.former())


def _make(home: Path, file: sqlite3.Connection) -> str:
    """Make the key of a new record, outside first, and say how the record is called."""
    if (home / RECORD_FILE).is_file():
        raise RecordError(
            f"The keys of this record are not in its folder; please restore {KEYS_FILE} from a backup.",
            code="key_missing",
        )
    record = secrets.token_hex(16)
    place = place_of(home, record)
    key = place.get()
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
        place.put(key)
    keep_root(file, record, MasterKey(key, secrets.token_bytes(KEY_BYTES)))
    return record


def _fitting(file: sqlite3.Connection, place: Place) -> MasterKey:
    """The key that fits; a change of keys that was broken off is brought to its end."""
    key, following = place.get(), place.get(is_next=True)
    if key is None and following is None:
        raise missing(f"it is not in {place.path}" if place.path else "it is not in the keyring of this system")
    if following is not None and (key is None or not fits(file, key)):
        root = root_of(file, following)
        place.take_next(following)
        return MasterKey(following, root)
    assert key is not None
    return MasterKey(key, root_of(file, key))


def _wrapped_with(home: Path, key: bytes) -> MasterKey | None:
    """The master key of a record, if that is this one."""
    file = opened(home)
    try:
        return MasterKey(key, root_of(file, key)) if fits(file, key) else None
    finally:
        file.close()
