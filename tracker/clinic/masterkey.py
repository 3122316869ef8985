"""The key that wraps all other keys of a record, and what is derived beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from tracker.errors import RecordError

KEY_BYTES = 32


def derived(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose: HKDF-SHA256 (RFC 5869) without salt, the purpose as info."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"tracker {purpose}".encode()).derive(key)


@dataclass(frozen=True)
class MasterKey:
    """The master key of a record, which is never stored in the record.

    Parameters
    ----------
    key : bytes
        32 bytes; wraps the keys of patients.
    root : bytes
        32 bytes that belong to the record and stay when the master key is replaced; kept wrapped beside the keys of
        patients. What is derived from it stays valid too.
    """

    key: bytes = field(repr=False)
    root: bytes = field(repr=False)

    def __post_init__(self) -> None:
        assert len(self.key) == len(self.root) == KEY_BYTES

    @cached_property
    def id(self) -> str:
        """Fingerprint, which says nothing of the key."""
        return fingerprint(self.key)

    def wrap(self, key: bytes) -> bytes:
        """A key as it may be stored (RFC 3394)."""
        return aes_key_wrap(self.key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """A key that was wrapped.

        Raises
        ------
        RecordError
            ``key_wrong``: it was wrapped by another master key, or damaged.
        """
        return unwrapped(self.key, wrapped)

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose of this record; the same under every master key of it."""
        return derived(self.root, purpose)

    def followed_by(self, key: bytes) -> MasterKey:
        """The master key of the same record with another key."""
        return replace(self, key=key)


def fingerprint(key: bytes) -> str:
    """What names a master key without saying anything of it."""
    return derived(key, "fingerprint")[:8].hex()


def unwrapped(key: bytes, wrapped: bytes) -> bytes:
    """A key that was wrapped by another; `RecordError` with code ``key_wrong`` if it was not by this one."""
    try:
        return aes_key_unwrap(key, wrapped)
    except (InvalidUnwrap, ValueError) as error:
        raise RecordError(
            "The master key does not fit this record. If it was just replaced, please start tracker anew; otherwise "
            "give the one that the record was made with.",
            code="key_wrong",
        ) from error
