"""What shows that a row is as the program wrote it: its seal, and the rows that changed since it was sealed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from tracker.clinic.schema.base import metadata

#: Written by triggers, read at the end of every transaction, and empty between them: what is found here then was
#: written by somebody else. PostgreSQL says which transaction it was.
touched = Table(
    "touched",
    metadata,
    Column("arrival", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("table_name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("xact", BigInteger),
)

seal = Table(
    "seal",
    metadata,
    Column("table_name", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("mac", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

#: Number and sum of the seals of a table: a row that went together with its seal is missed.
seal_total = Table(
    "seal_total",
    metadata,
    Column("table_name", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("total", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
