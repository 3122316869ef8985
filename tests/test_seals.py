"""Seals of rows: whatever changes a row behind the program's back is found, whoever did it and however."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import JSON, Boolean, Date, Float, Integer, LargeBinary, String, delete, insert, select, update

from tests.stores import fill, opened
from tracker.clinic import schema
from tracker.clinic.seals import row_mac
from tracker.clinic.store import FILE_NAME, Store
from tracker.clinic.triggers import sealed_tables
from tracker.clinic.verifying import Verified, seal_shape, verify
from tracker.errors import RecordError

FLIPS = 200
ROWS = range(1, 9)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with some rows in every table."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with closing(opened(home)) as store, store.writing() as connection:
        fill(connection, ROWS)
    return home


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(filled, tmp_path / "home"))


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The copy, opened."""
    with closing(opened(home)) as found:
        yield found


def behind_its_back(home: Path, *statements: str) -> None:
    """Change the file with a plain connection, and remove the notes that triggers took of it."""
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute("DELETE FROM touched")
        connection.commit()


def broken(store: Store) -> set[tuple[str, str]]:
    return {(row.table, row.key) for row in store.verify().broken}


def test_what_the_program_wrote_is_whole(store: Store) -> None:
    assert store.verify() == Verified((), len(sealed_tables()) * len(ROWS) + 1)  # and the version of the schema


def test_every_type_of_column_can_be_sealed() -> None:
    known = (Boolean, Integer, Float, String, Date, JSON, LargeBinary, schema.Instant)

    for table in sealed_tables():
        assert [column.name for column in table.columns if not isinstance(column.type, known)] == [], table.name


#: Triggers that would refuse the change, as those of the log do: who has the file can drop them.
_GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'touched%'"


def test_a_change_of_any_column_of_any_table_is_found(home: Path, filled: Path) -> None:
    columns = [(table, column) for table in sealed_tables() for column in table.columns]
    tried = set()
    for round_ in range(max(len(table.columns) for table in sealed_tables())):  # one column of every table at a time
        shutil.copyfile(filled / FILE_NAME, home / FILE_NAME)
        chosen = {table.name: table.columns[round_ % len(table.columns)].name for table, _ in columns}
        with closing(sqlite3.connect(home / FILE_NAME, isolation_level=None)) as connection:
            for (guard,) in connection.execute(_GUARDS).fetchall():
                connection.execute(f"DROP TRIGGER {guard}")
            changed = {name for name, column in chosen.items() if _change_one(connection, name, column)}
            connection.execute("DELETE FROM touched")
        with closing(opened(home, read_only=True)) as store:
            assert changed <= {name for name, _ in broken(store)}, chosen
        tried |= {(name, chosen[name]) for name in changed}
    assert len(tried) > 0.9 * len(columns)


def _change_one(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Change a value of the last row; False if the database itself refuses to."""
    other = f"CASE WHEN {column} IS NULL OR {column} = 77 THEN 78 ELSE 77 END"
    with suppress(sqlite3.IntegrityError):
        last = f"(SELECT max(rowid) FROM {table})"
        return connection.execute(f"UPDATE {table} SET {column} = {other} WHERE rowid = {last}").rowcount == 1
    return False


@pytest.mark.parametrize("seals", ["kept", "removed"])
def test_a_removed_row_is_missed_even_if_its_seal_went_with_it(home: Path, store: Store, seals: str) -> None:
    behind_its_back(home, "DELETE FROM injection WHERE view_id LIKE '%3'")
    if seals == "removed":
        behind_its_back(home, "DELETE FROM seal WHERE table_name = 'injection' AND key LIKE '%3\"%'")

    assert {table for table, _ in broken(store)} == {"injection"}


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO injection SELECT view_id, '2020-01-01' FROM injection LIMIT 1",
        "UPDATE patient SET note = (SELECT note FROM patient AS other WHERE other.arrival = 9 - patient.arrival)",
        "UPDATE seal SET mac = (SELECT mac FROM seal WHERE table_name = 'patient' AND key = '2')"
        " WHERE table_name = 'patient' AND key = '1'",
        "UPDATE seal_total SET number = number - 1 WHERE table_name = 'patient'",
        "DELETE FROM seal_total WHERE table_name = 'patient'",
        "DELETE FROM seal WHERE table_name = 'patient'",
    ],
    ids=["inserted", "exchanged", "copied seal", "changed number", "no number", "no seals"],
)
def test_rows_that_were_put_in_exchanged_or_unsealed_are_found(home: Path, store: Store, change: str) -> None:
    behind_its_back(home, change)

    assert {table for table, _ in broken(store)} & {"injection", "patient"}


def test_a_row_put_back_to_an_earlier_state_with_its_seal_is_found(home: Path, store: Store) -> None:
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        (mac,) = connection.execute("SELECT mac FROM seal WHERE table_name = 'patient' AND key = '1'").fetchone()
        (note,) = connection.execute("SELECT note FROM patient WHERE arrival = 1").fetchone()
    with store.writing() as connection:
        connection.execute(update(schema.patient).where(schema.patient.c.arrival == 1).values(note="withdrawn"))
    assert broken(store) == set()

    behind_its_back(
        home,
        f"UPDATE patient SET note = '{note}' WHERE arrival = 1",
        f"UPDATE seal SET mac = x'{mac.hex()}' WHERE table_name = 'patient' AND key = '1'",
    )

    assert broken(store) == {("patient", "")}


def test_what_somebody_else_wrote_is_named_and_not_sealed_with_our_next_change(home: Path, store: Store) -> None:
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("UPDATE patient SET note = 'forged' WHERE arrival = 2")
        connection.commit()

    for note in ("ours", "ours again"):
        with store.writing() as connection:
            connection.execute(update(schema.patient).values(note=note))

    assert broken(store) == {("patient", "2")}
    assert "by something other" in store.verify().broken[0].what


def test_our_own_changes_keep_every_seal(store: Store) -> None:
    patient = schema.patient
    with store.writing() as connection:
        connection.execute(delete(patient).where(patient.c.arrival == 3))  # everything of theirs goes in a cascade
        connection.execute(update(patient).where(patient.c.arrival == 4).values(note="two", arrival=400))
        row = dict(connection.execute(select(patient).where(patient.c.arrival == 5)).one()._mapping)
        connection.execute(insert(patient).prefix_with("OR REPLACE"), {**row, "arrival": 500})

    with store.reading() as connection:
        left = connection.execute(select(schema.photo.c.arrival)).scalars().all()
    assert broken(store) == set()
    assert 0 < len(left) < len(ROWS)


def test_a_change_that_is_taken_back_leaves_no_trace(store: Store) -> None:
    with suppress(ZeroDivisionError), store.writing() as connection:
        connection.execute(delete(schema.patient))
        raise ZeroDivisionError

    assert broken(store) == set()


def test_rows_that_are_written_as_they_were_are_not_sealed_again(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(schema.patient).values(note=schema.patient.c.note))
        assert connection.execute(select(schema.touched)).all() == []


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER touched_photo_update",
        "CREATE TRIGGER quiet AFTER INSERT ON photo BEGIN DELETE FROM injection; END",
        "CREATE TABLE strange (x)",
        "DROP INDEX photo_waiting",
        "UPDATE alembic_version SET version_num = '0007'",
        "UPDATE seal_total SET total = zeroblob(32) WHERE table_name = 'photo'",
    ],
)
def test_a_record_with_another_frame_opens_for_reading_only(home: Path, change: str) -> None:
    behind_its_back(home, change)

    with pytest.raises(RecordError) as refused:
        opened(home)

    assert refused.value.code == "tampered"
    with closing(opened(home, read_only=True)) as store:
        assert broken(store)
        with store.reading() as connection:
            assert connection.execute(select(schema.patient)).all()
        with pytest.raises(RecordError) as refused, store.writing():
            pass
        assert refused.value.code == "read_only"


@pytest.mark.parametrize("lost", ["audit_no_DELETE", "touched_photo_update"])
def test_a_guard_that_was_lost_before_the_frame_was_sealed_is_missed(home: Path, lost: str) -> None:
    """As when the program itself forgets to make it: what is sealed is then what was forgotten."""
    with closing(opened(home)) as store, store.writing() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {lost}")
        seal_shape(connection)

    with pytest.raises(RecordError, match=lost) as refused:
        opened(home)

    assert refused.value.code == "tampered"


def test_another_key_fits_no_row(store: Store) -> None:
    with store.reading() as connection:
        other = connection.execution_options(seal_key=b"another".ljust(32))
        found = verify(other)

    assert len(found.broken) >= found.checked > 0


def test_no_two_rows_have_the_same_bytes_under_their_seal() -> None:
    rows = [
        ("a", "", "b"),
        ("", "a", "b"),
        ("ab", "", None),
        (1, "", "b"),
        ("1", "", "b"),
        (1.0, "", "b"),
        (b"1", "", "b"),
    ]

    assert len({row_mac(b"k", schema.known_distance, row) for row in rows}) == len(rows)


def _content(file: Path) -> object:
    """All values of all tables, or what SQLite says instead; `sqlite_sequence` is a counter of SQLite's own."""
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = lambda raw: ("text", raw)
        try:
            named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            names = sorted(raw.decode() for ((_, raw),) in named)
            return {
                name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}")))
                for name in names
                if name != "sqlite_sequence"
            }
        except (sqlite3.Error, UnicodeDecodeError) as error:
            return repr(error)


def _is_noticed(home: Path) -> bool:
    try:
        with closing(opened(home)) as store, store.reading() as connection:
            checked = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            return checked != ["ok"] or verify(connection).broken != ()
    except RecordError:
        return True


def test_no_flipped_bit_that_changes_a_value_goes_unnoticed(home: Path, filled: Path) -> None:
    whole, before = (filled / FILE_NAME).read_bytes(), _content(filled / FILE_NAME)
    chosen = random.Random(8)
    changed = silent = 0
    for _ in range(FLIPS):
        raw, bit = bytearray(whole), chosen.randrange(8 * len(whole))
        raw[bit // 8] ^= 1 << bit % 8
        (home / FILE_NAME).write_bytes(raw)
        if _content(home / FILE_NAME) != before:
            changed += 1
            silent += not _is_noticed(home)

    print(f"{changed} of {FLIPS} flips changed a value, {silent} unnoticed")
    assert changed > 10
    assert silent == 0
