"""Records of earlier versions, brought up to date in one transaction; a new record is one that has nothing yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, inspect, select

from tracker.clinic.schema import SCHEMA_VERSION, about
from tracker.clinic.store.sqlite import FILE_NAME, copy_of
from tracker.clinic.triggers import install_triggers
from tracker.clinic.verifying import broken_frame, seal_shape
from tracker.errors import RecordError

if TYPE_CHECKING:
    from tracker.clinic.store.store import Store

#: The first schema that was released; those before it kept names and photos in plain.
FIRST = 8
_REVISIONS = Path(__file__).parent.parent / "migrations"


def check_version(connection: Connection) -> bool:
    """Whether the record is of this version; False if it has to be brought up to it.

    Raises
    ------
    RecordError
        It was written by a newer version of the program, or by one before the first release.
    """
    known = _version(connection)
    if known is not None and known > SCHEMA_VERSION:
        raise RecordError(
            f"This record was written by a newer version of the program (schema {known}, here {SCHEMA_VERSION}); "
            "please update the program. Nothing has been changed.",
            code="newer_schema",
        )
    if known is not None and known < FIRST:
        raise RecordError(
            f"This record was written by a version before the first release (schema {known}), which kept names and "
            "photos unencrypted; please export its photos with that version and add them to a new record. Nothing has "
            "been changed.",
            code="older_schema",
        )
    return known == SCHEMA_VERSION


def bring_up_to_date(store: Store) -> None:
    """Make the tables of a new record, or change those of an older one; all of it or nothing.

    A SQLite record is copied first, to ``before-<schema>.sqlite`` beside it.
    """
    with store.reading() as connection:
        known = _version(connection)
        if known is not None:
            check_frame(connection)  # what was tampered with is not sealed anew
    if known is not None and store.is_sqlite:
        copy_of(store.home / FILE_NAME, store.home / f"before-{SCHEMA_VERSION}.sqlite")
    with store.migrating() as connection:
        if not check_version(connection):  # another process may have been faster
            migrate(connection)


def check_frame(connection: Connection) -> None:
    """Refuse a record whose tables, triggers or sums of seals are not those that the program made.

    Raises
    ------
    RecordError
        ``tampered``.
    """
    broken = broken_frame(connection)
    if broken:
        raise RecordError(
            f"The record was changed by something other than the program ({broken[0].what}); please restore it from a "
            "backup.",
            code="tampered",
        )


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the revisions that a database lacks, within the transaction of the connection."""
    from alembic import command  # only here: opening a record that is up to date need not load it
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_REVISIONS))
    command.upgrade(config, revision)
    install_triggers(connection)
    connection.execute(delete(about).where(about.c.name == "schema_version"))
    connection.execute(insert(about).values(name="schema_version", value=str(SCHEMA_VERSION)))
    seal_shape(connection)


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(about.name):
        return None
    found = connection.execute(select(about.c.value).where(about.c.name == "schema_version")).scalar()
    return int(found) if found else None
