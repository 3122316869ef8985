"""Where the master key of one record is kept: given from outside, in the keyring of the system, or in a file."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tracker.clinic.durable import make_folder, replace_with, sync_folder
from tracker.clinic.masterkey import KEY_BYTES, MasterKey
from tracker.clinic.systemring import from_keyring, into_keyring
from tracker.errors import RecordError


@dataclass(frozen=True)
class Place:
    """Where the key of one record is: given from outside, in the keyring, or in a file of ours."""

    record: str
    given: bytes | None = None
    path: Path | None = None

    @property
    def is_given(self) -> bool:
        """Whether only somebody outside this program can change it."""
        return self.given is not None

    @property
    def said(self) -> str:
        """Where it is, in words."""
        if self.given is not None:
            what = "in the environment, TRACKER_MASTER_KEY"
            return what if self.path is None else f"the file {self.path}, which TRACKER_MASTER_KEY_FILE names"
        return "the keyring of this system" if self.path is None else f"the file {self.path}"

    def get(self, *, is_next: bool = False) -> bytes | None:
        """The key, or the one that is to follow it; None if it is not there."""
        if self.given is not None:
            return None if is_next else self.given
        if self.path is None:
            found = from_keyring(self._name(is_next))
            return _decoded(found, "the keyring of this system") if found else None
        path = self.path.with_name(self._name(is_next) + ".key")
        return _decoded(path.read_text(), str(path)) if path.is_file() else None

    def put(self, key: bytes, *, is_next: bool = False) -> None:
        """Keep the key, or the one that is to follow it."""
        text = base64.b64encode(key).decode()
        if self.path is None:
            into_keyring(self._name(is_next), text)
            return
        make_folder(self.path.parent)
        replace_with(self.path.with_name(self._name(is_next) + ".key"), f"{text}\n".encode())

    def keep(self, old: MasterKey) -> None:
        """Keep a key that makes way, under its fingerprint."""
        text, name = base64.b64encode(old.key).decode(), f"{self.record}.before-{old.id}"
        if self.path is None:
            into_keyring(name, text)
        else:
            replace_with(self.path.with_name(f"{name}.key"), f"{text}\n".encode())

    def former(self) -> tuple[Path, ...]:
        """Files of keys that made way; those in the keyring are not listed."""
        if self.is_given or self.path is None:
            return ()
        return tuple(sorted(self.path.parent.glob(f"{self.record}.before-*.key")))

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


def place_of(home: Path, record: str) -> Place:
    """Where the key of a record is, as the environment says it.

    Raises
    ------
    RecordError
        ``key_missing``, ``key_wrong`` or ``key_in_record``.
    """
    text = os.environ.get("TRACKER_MASTER_KEY", "").strip()
    if text == "keyring":
        return Place(record)
    if text:
        return Place(record, given=_decoded(text, "TRACKER_MASTER_KEY"))
    named = os.environ.get("TRACKER_MASTER_KEY_FILE")
    if named:
        path = outside(home, Path(named))
        return Place(record, given=read_key(path), path=path)
    return Place(record, path=outside(home, keys_folder() / f"{record}.key"))


def read_key(path: Path) -> bytes:
    """A master key of a file; `RecordError` with ``key_missing`` or ``key_wrong`` if there is none in it."""
    try:
        return _decoded(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise missing(f"it cannot be read from {path}") from error


def keys_folder() -> Path:
    """Folder of the keys where nothing else was set."""
    chosen = os.environ.get("TRACKER_KEYS")
    if chosen:
        return Path(chosen)
    config = Path(platformdirs.user_config_dir("tracker", appauthor=False))
    data = Path(platformdirs.user_data_dir("tracker", appauthor=False))
    return config.with_name("tracker-keys") if config == data else config / "keys"  # they are one on some systems


def outside(home: Path, path: Path) -> Path:
    """A path, if it does not lie in the record; else `RecordError` with ``key_in_record``."""
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


def missing(why: str) -> RecordError:
    """The refusal where there is no master key."""
    return RecordError(
        f"The master key of this record is missing: {why}. Please bring it back; without it nothing can be read.",
        code="key_missing",
    )
