"""The log of who did what. It only grows: the database itself refuses to change or remove an entry."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, String, Table

from tracker.clinic.schema.base import Instant, metadata

#: `patient_id` and `object` refer to nothing: entries outlive what they speak of. `reason` is sealed. `mac` covers the
#: entry and the `mac` before it.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("account_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("action", String, nullable=False),
    Column("patient_id", String, nullable=False, index=True),
    Column("object", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("mac", String, nullable=False),
)

#: Names of the triggers that `only_grows` makes.
GUARDS = {"sqlite": frozenset({"audit_no_UPDATE", "audit_no_DELETE"}), "postgresql": frozenset({"audit_grows"})}
_SQLITE = """CREATE TRIGGER audit_no_{0} BEFORE {0} ON audit BEGIN SELECT RAISE(ABORT, 'the log only grows'); END"""
_POSTGRESQL = (
    "CREATE FUNCTION audit_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''the log only grows''; END'",
    "CREATE TRIGGER audit_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_grows()",
)


def only_grows(connection: Connection) -> None:
    """Make the database refuse to change or remove an entry. A migration calls it when it has made the table."""
    on_sqlite = connection.dialect.name == "sqlite"
    for statement in [_SQLITE.format(verb) for verb in ("UPDATE", "DELETE")] if on_sqlite else _POSTGRESQL:
        connection.exec_driver_sql(statement)
