"""Blobs that no row names: left behind by a killed process, set aside for a month, and only then removed.

Nothing is judged from a list that is older than the transaction in which it is judged: whoever stores a photo makes
sure, in the transaction that names it, that the blob is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, select

from tracker.clinic.blobs import Area
from tracker.clinic.schema import metadata
from tracker.clinic.store import Store
from tracker.clinic.vault import Vault

GRACE = timedelta(hours=24)
"""How long a blob may be without a row: an upload that is under way has none."""
QUARANTINE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did.

    Attributes
    ----------
    seen : int
        Blobs that were looked at.
    set_aside, brought_back, removed : int
    """

    seen: int
    set_aside: int
    brought_back: int
    removed: int


def is_named(connection: Connection, name: str) -> bool:
    """Whether a row of any table names a blob: columns that do are marked with ``info={"names_blob": True}``."""
    return any(connection.execute(select(1).where(column == name).limit(1)).first() for column in _columns())


def named(connection: Connection) -> set[str]:
    """All blobs that rows name."""
    return {name for column in _columns() for name in connection.execute(select(column)).scalars() if name}


def _columns() -> list[Column[str]]:
    tables = metadata.sorted_tables
    return [column for table in tables for column in table.columns if column.info.get("names_blob")]


def sweep(store: Store, vault: Vault, now: datetime) -> Swept:
    """Set aside the blobs that nobody named for a day, bring back those that are needed, remove what is long aside.

    Parameters
    ----------
    store : Store
    vault : Vault
    now : datetime
        Aware.

    Raises
    ------
    RecordError
        Disk or database did not answer; a later sweep goes on.
    """
    if not vault.is_own(now=True):  # another copy of the record tidies up there
        return Swept(0, 0, 0, 0)
    seen = aside = back = gone = 0
    for blob in list(vault.blobs.listed(Area.ASIDE)):
        seen += 1
        with store.writing() as connection:
            if is_named(connection, blob.name):
                if vault.blobs.find(blob.name) is None:  # the one that counts is not replaced by one nobody looked at
                    back += vault.blobs.move(blob.name, Area.KEPT)
                else:
                    vault.blobs.remove(blob.name, Area.ASIDE)
                    gone += 1
            elif now - blob.since > QUARANTINE:
                vault.blobs.remove(blob.name, Area.ASIDE)
                gone += 1
    with store.reading() as connection:
        needed = named(connection)
    for blob in vault.blobs.listed():
        seen += 1
        if blob.name in needed or now - blob.since <= GRACE:
            continue
        with store.writing() as connection:
            present = vault.blobs.find(blob.name)
            if present is not None and now - present.since > GRACE and not is_named(connection, blob.name):
                aside += vault.blobs.move(blob.name, Area.ASIDE)
    return Swept(seen, aside, back, gone)
