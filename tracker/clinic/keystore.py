"""One key per patient, each wrapped by the master key, in a small database of their own: ``home/keys.sqlite``.

Destroying a key is how a person is erased: whatever copy of the record remains, nobody can read that person's part.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tracker.clinic.durable import not_saved
from tracker.clinic.masterkey import KEY_BYTES, MasterKey, derived, unwrapped
from tracker.errors import RecordError

KEYS_FILE = "keys.sqlite"
_BUSY_SECONDS = 30.0
_REMEMBERED = 4096
#: Seconds for which what is remembered is taken as it is, also if another process destroys a key meanwhile. A page
#: opens hundreds of sealed texts, and threads that ask the file for each wait for each other.
FRESH_SECONDS = 0.05
_SAFE = {
    "busy_timeout": int(_BUSY_SECONDS * 1000),
    "journal_mode": "delete",
    "synchronous": 3,  # EXTRA, which also syncs the folder
    "secure_delete": 1,  # what is deleted is overwritten: a key that is gone must not be found in a free page
}
_TABLES = (
    "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS key (patient_id TEXT PRIMARY KEY, wrapped BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS destroyed (patient_id TEXT PRIMARY KEY, at TEXT NOT NULL)",
)


class KeyStore:
    """The keys of the patients of one record; may be used from several threads and processes.

    Parameters
    ----------
    home : Path
        Folder of the record.
    master : MasterKey
        As `tracker.clinic.keys.master_key` gives it.

    Raises
    ------
    RecordError
        ``key_wrong``: the master key does not fit; ``damaged``: the file cannot be read.
    """

    def __init__(self, home: Path, master: MasterKey) -> None:
        self._master = master
        self._lock = threading.RLock()
        self._known: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        self._seen = -1
        self._looked_at = float("-inf")
        self._file = opened(home)
        try:
            if root_of(self._file, master.key) != master.root:
                raise RecordError("The master key is that of another record.", code="key_wrong")
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Forget all keys and close the file."""
        with self._lock:
            self._known.clear()
            self._file.close()

    def create(self, patient_id: str) -> None:
        """Make a key for a patient, on the disk when this returns; one that is there stays.

        Raises
        ------
        RecordError
            ``erased``: this patient was erased; ``key_wrong``: the master key was replaced since; ``not_saved``: the
            disk did not take it.
        """
        wrapped = self._master.wrap(secrets.token_bytes(KEY_BYTES))
        with self._lock, writing(self._file):
            root_of(self._file, self._master.key)  # with one that was replaced since, nobody could open it
            if self._is_destroyed(patient_id):
                raise _erased()
            self._file.execute("INSERT OR IGNORE INTO key VALUES (?, ?)", (patient_id, wrapped))

    def key(self, patient_id: str) -> bytes:
        """The key of a patient.

        Raises
        ------
        RecordError
            ``erased``: it was destroyed; ``no_key``: there never was one here.
        """
        return self._remembered(patient_id)[""]

    def derive(self, patient_id: str, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, derived from that of a patient; errors are those of `key`."""
        known = self._remembered(patient_id)
        if purpose not in known:
            known[purpose] = derived(known[""], purpose)
        return known[purpose]

    def destroy(self, patient_id: str) -> None:
        """Destroy the key of a patient for good; whether there was one or not, none can be made again.

        Raises
        ------
        RecordError
            ``not_saved``: the disk did not let go of it.
        """
        at = datetime.now(UTC).isoformat()
        with self._lock:
            with writing(self._file):
                fits = _destroyed_fits(self._file, self._master.root)
                self._file.execute("DELETE FROM key WHERE patient_id = ?", (patient_id,))
                self._file.execute("INSERT OR IGNORE INTO destroyed VALUES (?, ?)", (patient_id, at))
                # A list that did not fit before goes on not to fit: our own line must not hide what was done to it.
                seal = _destroyed_seal(self._file, self._master.root) if fits else b""
                self._file.execute("INSERT OR REPLACE INTO about VALUES ('destroyed', ?)", (seal,))
            self._known.pop(patient_id, None)

    def patients(self) -> tuple[str, ...]:
        """Identifiers of the patients that have a key. What is asked next is read from the file, not remembered."""
        with self._lock, reading(self._file):
            self._looked_at = float("-inf")
            return tuple(row[0] for row in self._file.execute("SELECT patient_id FROM key ORDER BY patient_id"))

    def destroyed(self) -> dict[str, datetime]:
        """When the keys of erased patients were destroyed, by identifier."""
        with self._lock, reading(self._file):
            rows = self._file.execute("SELECT patient_id, at FROM destroyed ORDER BY patient_id").fetchall()
        return {row[0]: datetime.fromisoformat(row[1]) for row in rows}

    def is_destroyed_list_whole(self) -> bool:
        """Whether the list of destroyed keys, with its moments, is as it was written; it has a seal, as rows have."""
        with self._lock, reading(self._file):
            return _destroyed_fits(self._file, self._master.root)

    def rewrap(self, new: MasterKey) -> None:
        """Wrap everything with another master key of the same record; the old one opens nothing here afterwards.

        One transaction: a process killed on the way has changed nothing, and doing it again does it whole.

        Raises
        ------
        RecordError
            ``key_wrong``: the new master key is that of another record, or another process was faster.
        """
        if new.root != self._master.root:
            raise RecordError("The new master key is that of another record.", code="key_wrong")
        with self._lock:
            with writing(self._file):
                root_of(self._file, self._master.key)
                rows = self._file.execute("SELECT patient_id, wrapped FROM key").fetchall()
                again = [(new.wrap(self._master.unwrap(wrapped)), patient_id) for patient_id, wrapped in rows]
                self._file.executemany("UPDATE key SET wrapped = ? WHERE patient_id = ?", again)
                self._file.execute("UPDATE about SET value = ? WHERE name = 'root'", (new.wrap(new.root),))
            self._master = new

    def broken(self) -> tuple[str, ...]:
        """What SQLite's own check says of the file; empty if it is sound. It sees names that no index knows."""
        with self._lock, reading(self._file):
            said = tuple(str(row[0]) for row in self._file.execute("PRAGMA integrity_check(20)"))
        return () if said == ("ok",) else said

    def _remembered(self, patient_id: str) -> dict[str, bytes]:
        with self._lock, reading(self._file):
            self._look_for_changes()
            known = self._known.get(patient_id)
            if known is None:
                known = self._known[patient_id] = {"": self._read(patient_id)}
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            return known

    def _look_for_changes(self) -> None:
        """Forget everything if another process wrote: it may have destroyed a key."""
        now = time.monotonic()
        if now - self._looked_at < FRESH_SECONDS:
            return
        changed = self._file.execute("PRAGMA data_version").fetchone()[0]
        if changed != self._seen:
            self._known.clear()
            self._seen = changed
        self._looked_at = now

    def _read(self, patient_id: str) -> bytes:
        row = self._file.execute("SELECT wrapped FROM key WHERE patient_id = ?", (patient_id,)).fetchone()
        if row is not None:
            return self._master.unwrap(row[0])
        if self._is_destroyed(patient_id):
            raise _erased()
        raise RecordError(
            "The key of this patient is missing; please restore the keys of the record from a backup.", code="no_key"
        )

    def _is_destroyed(self, patient_id: str) -> bool:
        return bool(self._file.execute("SELECT 1 FROM destroyed WHERE patient_id = ?", (patient_id,)).fetchone())


def opened(home: Path) -> sqlite3.Connection:
    """The database of keys, made if there is none, in a mode in which nothing is lost and nothing deleted remains.

    Raises
    ------
    RecordError
        It is damaged, or cannot be kept safely here.
    """
    path = home / KEYS_FILE
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite would let everybody read it
    file = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        with reading(file):
            for name, value in _SAFE.items():
                file.execute(f"PRAGMA {name} = {value}")
                found = file.execute(f"PRAGMA {name}").fetchone()[0]
                if found != value:
                    raise RecordError(f"Keys cannot be kept safely here: {name} is {found}.", code="unsafe")
            if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] < len(_TABLES):
                with writing(file):
                    for table in _TABLES:
                        file.execute(table)
    except BaseException:
        file.close()
        raise
    return file


def kept_keys(path: Path) -> set[str]:
    """Patients whose keys are in a copy of a store of keys; none where there is no copy that can be read."""
    if not path.is_file():
        return set()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            return {row[0] for row in file.execute("SELECT patient_id FROM key")}
    except sqlite3.Error:
        return set()


def is_as_made(file: sqlite3.Connection) -> bool:
    """Whether the tables of a store of keys are described as this program describes them, to the letter."""
    described = "SELECT type, name, tbl_name, sql FROM sqlite_master"
    with closing(sqlite3.connect(":memory:")) as made:
        for table in _TABLES:
            made.execute(table)
        return set(file.execute(described)) == set(made.execute(described))


def record_of(file: sqlite3.Connection) -> str | None:
    """What names the record that these keys belong to; None if they belong to none yet."""
    with reading(file):
        row = file.execute("SELECT value FROM about WHERE name = 'record'").fetchone()
    return str(row[0]) if row else None


def root_of(file: sqlite3.Connection, key: bytes) -> bytes:
    """The root of the record, unwrapped.

    Raises
    ------
    RecordError
        ``key_wrong``: the key does not fit.
    """
    with reading(file):
        row = file.execute("SELECT value FROM about WHERE name = 'root'").fetchone()
    return unwrapped(key, row[0] if row else b"")


def fits(file: sqlite3.Connection, key: bytes) -> bool:
    """Whether a key is the master key of the record."""
    try:
        root_of(file, key)
    except RecordError as error:
        if error.code != "key_wrong":
            raise
        return False
    return True


def _destroyed_seal(file: sqlite3.Connection, root: bytes) -> bytes:
    rows = file.execute("SELECT patient_id, at FROM destroyed ORDER BY patient_id").fetchall()
    return hmac.digest(derived(root, "list of destroyed keys"), repr(rows).encode(), "sha256")


def _destroyed_fits(file: sqlite3.Connection, root: bytes) -> bool:
    row = file.execute("SELECT value FROM about WHERE name = 'destroyed'").fetchone()
    return row is not None and isinstance(row[0], bytes) and hmac.compare_digest(row[0], _destroyed_seal(file, root))


def keep_root(file: sqlite3.Connection, record: str, master: MasterKey) -> None:
    """Store name and root of a new record, whose list of destroyed keys is empty; to be called within `writing`."""
    file.execute("INSERT INTO about VALUES ('record', ?)", (record,))
    file.execute("INSERT INTO about VALUES ('root', ?)", (master.wrap(master.root),))
    file.execute("INSERT INTO about VALUES ('destroyed', ?)", (_destroyed_seal(file, master.root),))


@contextmanager
def reading(file: sqlite3.Connection) -> Iterator[None]:
    """Say in one sentence what keeps a database of keys from being read."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RecordError(
            f"The keys of the record cannot be read: {error}. Please check the disk and try again.", code="not_read"
        ) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # a message may quote text that is none any more
        raise RecordError(
            f"The keys of the record are damaged ({error}); please restore {KEYS_FILE} from a backup.", code="damaged"
        ) from error


@contextmanager
def writing(file: sqlite3.Connection) -> Iterator[None]:
    """Changes of a database of keys that are saved together or not at all."""
    try:
        file.execute("BEGIN IMMEDIATE")
        try:
            yield
            file.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk may have rolled back by itself
                file.execute("ROLLBACK")
            raise
    except sqlite3.OperationalError as error:
        raise not_saved(error) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # a message may quote text that is none any more
        raise RecordError(
            f"The keys of the record are damaged ({error}); please restore {KEYS_FILE} from a backup.", code="damaged"
        ) from error


def _erased() -> RecordError:
    return RecordError("This patient was erased; what was kept of them cannot be read any more.", code="erased")
