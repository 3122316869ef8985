"""A file locked with a password, written and read piece by piece.

::

    magic · log2 of scrypt's cost (1 byte) · salt (16) · first part of the nonces (7)
    pieces of 64 KiB, each sealed with AES-256-GCM; nonce = first part · number of the piece (4) · 1 for the last (1)

A piece that was changed, moved, left out or cut off at the end does not open (the STREAM construction).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tracker.errors import RecordError

MAGIC = b"tracker locked file 1\n"
LEAST_CHARACTERS = 12
_COST = 17  # 128 MiB: a guess costs whoever steals the file about as much as us
_MOST_COST = 20
_PIECE = 64 * 1024
_TAG = 16


class LockedWriter:
    """A file to write to that is locked as it grows; it opens only after it was closed without an error.

    Parameters
    ----------
    file : BinaryIO
        Where the locked bytes go; stays open.
    password : str

    Raises
    ------
    RecordError
        ``weak_password``: it has fewer than 12 characters.
    """

    def __init__(self, file: BinaryIO, password: str) -> None:
        if len(password) < LEAST_CHARACTERS:
            raise RecordError(
                f"The password of this file needs at least {LEAST_CHARACTERS} characters; please choose a longer one.",
                code="weak_password",
            )
        salt, self._prefix = secrets.token_bytes(16), secrets.token_bytes(7)
        self._header = MAGIC + bytes([_COST]) + salt + self._prefix
        self._cipher = AESGCM(_key(password, salt, _COST))
        self._file, self._waiting, self._number = file, bytearray(), 0
        file.write(self._header)

    def write(self, data: bytes) -> int:
        """Take bytes; those that fill a piece are written."""
        self._waiting += data
        while len(self._waiting) > _PIECE:  # the last piece is known as such when the file is closed
            self._seal(bytes(self._waiting[:_PIECE]), is_last=False)
            del self._waiting[:_PIECE]
        return len(data)

    def flush(self) -> None:
        """Hand on what is written so far."""
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last)
        self._file.write(self._cipher.encrypt(nonce, piece, self._header))
        self._number += 1


def unlocked(file: BinaryIO, password: str) -> Iterator[bytes]:
    """The pieces of a locked file. They are to be trusted only once the last one came without an error.

    Raises
    ------
    RecordError
        ``not_locked``: it is no such file. ``wrong_password``: that, or the file was changed or is not whole.
    """
    header = file.read(len(MAGIC) + 1 + 16 + 7)
    if len(header) < len(MAGIC) + 24 or not header.startswith(MAGIC) or header[len(MAGIC)] > _MOST_COST:
        raise RecordError("This file was not locked by this program.", code="not_locked")
    cost, salt, prefix = header[len(MAGIC)], header[len(MAGIC) + 1 : -7], header[-7:]
    cipher, number = AESGCM(_key(password, salt, cost)), 0
    piece = file.read(_PIECE + _TAG)
    while True:
        after = file.read(_PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(prefix, number, not after), piece, header)
        except InvalidTag as error:
            raise RecordError(
                "The password is not the right one, or the file was changed or is not whole.", code="wrong_password"
            ) from error
        if not after:
            return
        piece, number = after, number + 1


def _key(password: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(password.encode())


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])
