"""Sealed blobs: how the bytes of a photo are locked, and what a place that keeps them has to do."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from tracker.clinic.masterkey import KEY_BYTES

_MAGIC = b"TRKB\x01"
"""What every sealed blob begins with: four letters and the version of the format."""
_WRAPPED_BYTES, _NONCE_BYTES, _TAG_BYTES = KEY_BYTES + 8, 12, 16
_HEAD_BYTES = len(_MAGIC) + _WRAPPED_BYTES + _NONCE_BYTES


class Area(StrEnum):
    """Where a blob lies: among those that count, or set aside until it is certain that nobody misses it."""

    KEPT = "photos"
    ASIDE = "quarantine"


@dataclass(frozen=True, slots=True)
class Lying:
    """A blob as it lies there; `since` is when it was last written, touched or moved."""

    name: str
    size: int
    since: datetime


class Blobs(Protocol):
    """A place that keeps sealed blobs: a folder, or a bucket of an object store.

    What a method says is done has reached the disk when it returns. All raise `RecordError` with code ``not_saved`` or
    ``not_read`` where the place does not answer.
    """

    def claim(self, record_id: str, copy_id: str = "", *, take_over: bool = False) -> bool:
        """Make the place the record's own, and of its copies this one's; whether it is.

        Of a record that was restored there are two copies, and each would remove what only the other one knows. The
        first one to come owns the place, until another takes it over.

        Raises
        ------
        RecordError
            ``other_vault``: it is another record's.
        """

    def owner(self) -> tuple[str, str]:
        """The record and its copy that own the place; empty as long as nobody does."""

    def create(self, name: str, data: bytes) -> bool:
        """Keep a blob; False, and nothing changed, if there is one of this name."""

    def replace(self, name: str, data: bytes) -> None:
        """Keep a blob in place of whatever has its name."""

    def touch(self, name: str, data: bytes) -> None:
        """Make a blob that holds what `data` holds count as new."""

    def read(self, name: str) -> bytes | None:
        """A blob that is kept; None if there is none."""

    def find(self, name: str, area: Area = Area.KEPT) -> Lying | None:
        """How a blob lies; None if there is none."""

    def move(self, name: str, to: Area) -> bool:
        """Move a blob to another area; False if it is not in the other one."""

    def remove(self, name: str, area: Area = Area.KEPT) -> None:
        """Remove a blob; it may be gone already."""

    def listed(self, area: Area = Area.KEPT) -> Iterator[Lying]:
        """All blobs of an area."""


def blob_name(key: bytes, kind: str, data: bytes) -> str:
    """Name of what was sealed: equal for equal content of a patient, and meaningless to who lacks the key."""
    keyed = hmac.new(key, len(kind).to_bytes(4, "big") + kind.encode(), "sha256")
    keyed.update(data)
    return keyed.hexdigest()


def seal_blob(key: bytes, patient_id: str, kind: str, name: str, data: bytes) -> bytes:
    """Bytes as they may be stored: AES-256-GCM with a key of their own, which is wrapped by the patient's.

    Parameters
    ----------
    key : bytes
        Of the patient.
    patient_id, kind, name : str
        What the bytes are bound to.
    data : bytes
    """
    own, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
    locked = AESGCM(own).encrypt(nonce, data, _bound(patient_id, kind, name))
    return b"".join((_MAGIC, aes_key_wrap(key, own), nonce, locked))


def open_blob(key: bytes, patient_id: str, kind: str, name: str, sealed: bytes) -> bytes | None:
    """The bytes that were sealed; None if they were changed, or belong to another patient, kind or name."""
    if len(sealed) < _HEAD_BYTES + _TAG_BYTES or not sealed.startswith(_MAGIC):
        return None
    wrapped = sealed[len(_MAGIC) : len(_MAGIC) + _WRAPPED_BYTES]
    nonce, locked = sealed[_HEAD_BYTES - _NONCE_BYTES : _HEAD_BYTES], memoryview(sealed)[_HEAD_BYTES:]
    try:
        return AESGCM(aes_key_unwrap(key, wrapped)).decrypt(nonce, locked, _bound(patient_id, kind, name))
    except (InvalidTag, InvalidUnwrap):
        return None


def _bound(*parts: str) -> bytes:
    raw = [part.encode() for part in parts]
    return _MAGIC + b"".join(len(each).to_bytes(4, "big") + each for each in raw)
