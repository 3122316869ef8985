"""Triggers that note the key of every row that comes, changes or goes, on SQLite and PostgreSQL alike.

The database itself notes them, so that rows which go in a cascade are noted too, and rows that somebody else changed.
"""

from __future__ import annotations

from sqlalchemy import JSON, Connection, Dialect, Table

from tracker.clinic.schema import metadata
from tracker.clinic.schema.audit import GUARDS
from tracker.clinic.schema.sealed import seal, seal_total, touched

_OWN = (touched, seal, seal_total)


def sealed_tables() -> tuple[Table, ...]:
    """All tables whose rows are sealed: all but those of the seals themselves."""
    return tuple(table for table in metadata.sorted_tables if table not in _OWN)


def key_sql(table: Table, row: str, dialect: Dialect) -> str:
    """SQL that gives the primary key of a row as one text.

    Parameters
    ----------
    table : Table
    row : str
        What the row is called in the statement: ``NEW``, ``OLD`` or the table.
    dialect : Dialect
    """
    quote = dialect.identifier_preparer.quote
    columns = [f"{row}.{quote(column.name)}" for column in table.primary_key.columns]
    if len(columns) == 1:
        return f"CAST({columns[0]} AS TEXT)"
    listed = ", ".join(columns)
    return f"json_array({listed})" if dialect.name == "sqlite" else f"CAST(json_build_array({listed}) AS TEXT)"


def install_triggers(connection: Connection) -> None:
    """Make the triggers of all tables anew."""
    on_sqlite = connection.dialect.name == "sqlite"
    for table in sealed_tables():
        for statement in (_on_sqlite if on_sqlite else _on_postgres)(table, connection.dialect):
            connection.exec_driver_sql(statement)


def missing_triggers(connection: Connection) -> list[str]:
    """Names of triggers that a record of this version has to have, and that are not there or do nothing.

    What is there is sealed as it is; this says what ought to be there, also of a record that the program made wrongly.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    parts = ("insert", "update", "delete") if on_sqlite else ("update", "change")
    wanted = {f"touched_{table.name}_{part}" for table in sealed_tables() for part in parts}
    there = connection.exec_driver_sql(_THERE_ON_SQLITE if on_sqlite else _THERE_ON_POSTGRES).scalars()
    return sorted((wanted | GUARDS[connection.dialect.name]) - set(there))


_THERE_ON_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
_THERE_ON_POSTGRES = (
    "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace"
)


def _on_sqlite(table: Table, dialect: Dialect) -> list[str]:
    quoted = dialect.identifier_preparer.quote(table.name)
    new, old = (_note(table, key_sql(table, row, dialect)) for row in ("NEW", "OLD"))
    parts = {
        "insert": ("INSERT", "", new),
        "update": ("UPDATE", f"WHEN {_changed(table, dialect, 'IS NOT')} ", f"{old} {new}"),
        "delete": ("DELETE", "", old),
    }
    made = []
    for name, (verb, when, body) in parts.items():
        made.append(f"DROP TRIGGER IF EXISTS touched_{table.name}_{name}")
        made.append(f"CREATE TRIGGER touched_{table.name}_{name} AFTER {verb} ON {quoted} {when}BEGIN {body} END")
    return made


def _on_postgres(table: Table, dialect: Dialect) -> list[str]:
    quoted = dialect.identifier_preparer.quote(table.name)
    name, call = f"touched_{table.name}", f"FOR EACH ROW %s EXECUTE FUNCTION touch_{table.name}()"
    new, old = (_note(table, key_sql(table, row, dialect), "txid_current()") for row in ("NEW", "OLD"))
    body = f"BEGIN IF TG_OP <> 'INSERT' THEN {old} END IF; IF TG_OP <> 'DELETE' THEN {new} END IF; RETURN NULL; END"
    when = f"WHEN ({_changed(table, dialect, 'IS DISTINCT FROM')})"
    return [
        # The path is kept with the function: whoever changes a row, the note lands beside it.
        f"CREATE OR REPLACE FUNCTION touch_{table.name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path FROM CURRENT AS $${body}$$",
        f"DROP TRIGGER IF EXISTS {name}_update ON {quoted}",
        f"DROP TRIGGER IF EXISTS {name}_change ON {quoted}",
        f"CREATE TRIGGER {name}_update AFTER UPDATE ON {quoted} {call % when}",
        f"CREATE TRIGGER {name}_change AFTER INSERT OR DELETE ON {quoted} {call % ''}",
    ]


def _note(table: Table, key: str, xact: str = "NULL") -> str:
    return f"INSERT INTO touched (table_name, key, xact) VALUES ('{table.name}', {key}, {xact});"  # noqa: S608 - ours


def _changed(table: Table, dialect: Dialect, differs: str) -> str:
    """Rows that are written as they were keep their seal: that is most of them when results are attached."""
    parts = []
    for column in table.columns:
        # PostgreSQL cannot compare JSON, but its text.
        cast = "::text" if dialect.name != "sqlite" and isinstance(column.type, JSON) else ""
        name = dialect.identifier_preparer.quote(column.name)
        parts.append(f"OLD.{name}{cast} {differs} NEW.{name}{cast}")
    return " OR ".join(parts)
