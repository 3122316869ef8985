"""Blobs in a bucket of an object store that speaks the protocol of Amazon S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import S3Store

from tracker.clinic.blobs import Area, Lying
from tracker.clinic.durable import not_saved
from tracker.clinic.folders import not_read
from tracker.errors import RecordError

SENT_AGAIN = 2
#: Object that says whose record the others belong to, and to which copy of it.
_OWNER = "record.id"


class Bucket:
    """Blobs in a bucket, all below one prefix.

    Parameters
    ----------
    address : str
        ``s3://bucket`` or ``s3://bucket/prefix``; region, endpoint and credentials come from the standard variables
        of the environment, such as ``AWS_ENDPOINT_URL``. An endpoint without encryption is used only on this machine.

    Raises
    ------
    RecordError
        ``no_vault``: the address or what the environment says cannot be used.
    """

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        if where.scheme != "s3" or not where.netloc:
            raise _no_vault(f"{address} is not of the form s3://bucket/prefix")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        plain = urlsplit(endpoint)
        if plain.scheme == "http" and plain.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise _no_vault(f"{endpoint} is not encrypted")
        try:
            self._store = S3Store(
                where.netloc,
                prefix=where.path.strip("/") or None,
                checksum_algorithm="SHA256",
                client_options={"allow_http": plain.scheme == "http", "timeout": "60s"},
                retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=20)},
            )
        except BaseError as error:
            raise _no_vault(_said(error)) from error

    def claim(self, record_id: str, copy_id: str = "", *, take_over: bool = False) -> bool:
        """Make the bucket, below this prefix, the record's own, and of its copies this one's; whether it is.

        Two records in one place would take each other's blobs for orphans, and so would two copies of one record.

        Raises
        ------
        RecordError
            ``other_vault``: it is another record's.
        """
        own = f"{record_id} {copy_id}\n".encode()
        with _saving():
            owner, copy = self._owner()
            if not owner:
                try:
                    obstore.put(self._store, _OWNER, own, mode="create", use_multipart=False)
                    return True
                except (AlreadyExistsError, PreconditionError):  # somebody was faster
                    owner, copy = self._owner()
        if owner != record_id:
            raise RecordError(
                "The place that TRACKER_VAULT names holds the photos of another record; please name one of its own.",
                code="other_vault",
            )
        if take_over and copy != copy_id:
            with _saving():
                obstore.put(self._store, _OWNER, own, mode="overwrite", use_multipart=False)
        return take_over or copy == copy_id

    def owner(self) -> tuple[str, str]:
        """The record and its copy that own the place; empty as long as nobody does."""
        with _reading():
            return self._owner()

    def _owner(self) -> tuple[str, str]:
        try:
            said = bytes(obstore.get(self._store, _OWNER).bytes()).decode(errors="replace").strip()
        except (NotFoundError, FileNotFoundError):
            return "", ""
        record, _, copy = said.partition(" ")
        return record, copy

    def create(self, name: str, data: bytes) -> bool:
        """Keep a blob; False, and nothing changed, if there is one of this name."""
        with _saving():
            try:
                obstore.put(self._store, _path(name), data, mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            self._settle(name, data)
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Keep a blob in place of whatever has its name."""
        with _saving():
            self._overwrite(name, data)
            self._settle(name, data)

    def touch(self, name: str, data: bytes) -> None:
        """Make a blob count as new: written again, for an object cannot be copied onto itself."""
        self.replace(name, data)

    def read(self, name: str) -> bytes | None:
        """A blob that is kept; None if there is none."""
        with _reading():
            try:
                return bytes(obstore.get(self._store, _path(name)).bytes())
            except (NotFoundError, FileNotFoundError):
                return None

    def find(self, name: str, area: Area = Area.KEPT) -> Lying | None:
        """How a blob lies; None if there is none."""
        with _reading():
            try:
                return _lying(obstore.head(self._store, _path(name, area)))
            except (NotFoundError, FileNotFoundError):
                return None

    def move(self, name: str, to: Area) -> bool:
        """Move a blob to another area: copied first, then removed where it was."""
        came_from = Area.ASIDE if to is Area.KEPT else Area.KEPT
        with _saving():
            try:
                obstore.copy(self._store, _path(name, came_from), _path(name, to))
            except (NotFoundError, FileNotFoundError):
                return False
            obstore.delete(self._store, _path(name, came_from))
        return True

    def remove(self, name: str, area: Area = Area.KEPT) -> None:
        """Remove a blob; it may be gone already."""
        with _saving():
            try:
                obstore.delete(self._store, _path(name, area))
            except (NotFoundError, FileNotFoundError):
                return

    def listed(self, area: Area = Area.KEPT) -> Iterator[Lying]:
        """All blobs of an area."""
        with _reading():
            for page in obstore.list(self._store, prefix=str(area)):
                yield from map(_lying, page)

    def _overwrite(self, name: str, data: bytes) -> None:
        obstore.put(self._store, _path(name), data, mode="overwrite", use_multipart=False)

    def _settle(self, name: str, data: bytes) -> None:
        """Ask what has arrived: only what the store says it holds is stored.

        What is gone at once was taken along by somebody who removed its twin, and is sent again.
        """
        found = self.find(name)
        for _ in range(SENT_AGAIN):
            if found is not None:
                break
            self._overwrite(name, data)
            found = self.find(name)
        if found is None or found.size != len(data):
            raise not_saved("the object store does not hold what it was sent")


def _path(name: str, area: Area = Area.KEPT) -> str:
    return f"{area}/{name[:2]}/{name}"


def _lying(found: Any) -> Lying:
    return Lying(found["path"].rpartition("/")[2], found["size"], found["last_modified"])


def _no_vault(why: str) -> RecordError:
    return RecordError(
        f"The object store for photos cannot be used: {why}. Please check TRACKER_VAULT and the AWS variables.",
        code="no_vault",
    )


def _said(error: Exception) -> str:
    """The first line of an error of the library; the others are for programmers."""
    return str(error).partition("\n")[0]


@contextmanager
def _saving() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise not_saved(_said(error)) from error


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise not_read(_said(error)) from error
