"""PostgreSQL: one writer at a time, readers that see one state, and nothing acknowledged before it is on the disk."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tracker.errors import RecordError

BUSY_TIMEOUT = "30s"
#: The first half of the lock that writers take; the second is the schema of the record.
_LOCK = 0x5EC04D
#: With any of these a commit returns only when it is on the disk.
_DURABLE = {"on", "local", "remote_write", "remote_apply"}


def postgres_engine(url: str, options: dict[str, Any]) -> Engine:
    """Connections to a server.

    Parameters
    ----------
    url : str
        ``postgresql://user@host/database``; ``options=-csearch_path%3Dname`` chooses a schema, which is made if there
        is none.
    options : dict
        Execution options of every connection.

    Raises
    ------
    RecordError
        The address is none of PostgreSQL, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
            raise ArgumentError(parsed.drivername)
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            execution_options=options,
            pool_pre_ping=True,  # the server may have been started anew since
            max_overflow=20,
        )
    except ArgumentError as error:
        raise RecordError(
            "TRACKER_DATABASE is no address of a PostgreSQL database; it begins with postgresql://.", code="no_database"
        ) from error
    except ModuleNotFoundError as error:
        raise RecordError(
            "PostgreSQL needs a driver that is not installed; please install tracker[postgres].", code="no_driver"
        ) from error
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_TIMEOUT}'")
        cursor.execute("SET datestyle = 'ISO'")  # the form in which days are sealed
        cursor.execute("SET extra_float_digits = 1")
        for name, safe in {"synchronous_commit": _DURABLE, "fsync": {"on"}, "full_page_writes": {"on"}}.items():
            found = cursor.execute(f"SHOW {name}").fetchone()[0]
            if found not in safe:
                raise RecordError(
                    f"The record cannot be kept safely on this server: {name} is {found}; please set it to on.",
                    code="unsafe",
                )
        _make_schema(cursor)
    connection.commit()


def _make_schema(cursor: Any) -> None:
    if cursor.execute("SELECT current_schema()").fetchone()[0] is None:
        name = cursor.execute("SHOW search_path").fetchone()[0]
        if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        # Every statement after the lock sees what the writer before has committed.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK}, hashtext(current_schema()))")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
