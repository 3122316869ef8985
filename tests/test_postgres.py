"""The same record on PostgreSQL: the same seals and refusals, and nothing acknowledged is lost with the server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, insert, inspect, select, update

from tests.postgres import Server, running_server
from tests.repeating import passed_again
from tests.stores import fill, opened
from tests.test_store import all_succeed, differences, notes
from tracker.clinic import schema
from tracker.clinic.store import Store
from tracker.clinic.store.postgres import postgres_engine
from tracker.clinic.triggers import sealed_tables
from tracker.clinic.verifying import Verified
from tracker.errors import RecordError

ROWS = range(1, 9)
#: Files of tests that are run once more here.
REPEATED = ("test_clinic", "test_ratings", "test_studies")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as found:
        yield found


@pytest.fixture
def store(server: Server, tmp_path: Path) -> Iterator[Store]:
    """A record with some rows in every table."""
    with closing(opened(tmp_path / "home", server.url)) as found:
        with found.writing() as connection:
            fill(connection, ROWS)
        yield found


def behind_its_back(store: Store, *statements: str) -> None:
    """Change the database as somebody with its password could, and remove the notes that triggers took of it."""
    address = str(store._engine.url.render_as_string(hide_password=False)).replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute("DELETE FROM touched")


def broken(store: Store) -> set[tuple[str, str]]:
    return {(row.table, row.key) for row in store.verify().broken}


def test_the_revisions_make_the_tables_that_the_program_expects(store: Store) -> None:
    with store.reading() as connection:
        assert differences(connection) == []


def test_a_record_that_is_made_on_sqlite_afterwards_has_every_reference(store: Store, tmp_path: Path) -> None:
    """Making a circle of references on PostgreSQL must not take it out of what SQLite is made from."""
    with closing(opened(tmp_path / "sqlite", "")) as other, other.reading() as connection:
        keys = inspect(connection).get_foreign_keys("photo")

    assert ("result_id", "SET NULL") in {(k["constrained_columns"][0], k["options"].get("ondelete")) for k in keys}


@pytest.mark.parametrize("change", ["UPDATE audit SET role = 'owner'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_itself_refuses_to_change_or_remove_an_entry_of_the_log(store: Store, change: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="the log only grows"):
        behind_its_back(store, change)


def test_what_the_program_wrote_is_whole(store: Store) -> None:
    assert store.verify() == Verified((), len(sealed_tables()) * len(ROWS) + 1)


def test_records_of_several_folders_do_not_see_each_other(server: Server, tmp_path: Path, store: Store) -> None:
    with closing(opened(tmp_path / "other", server.url)) as other:
        assert notes(other) == []
    assert len(notes(store)) == len(ROWS)


def test_our_own_changes_keep_every_seal(store: Store) -> None:
    patient = schema.patient
    with store.writing() as connection:
        connection.execute(delete(patient).where(patient.c.arrival == 3))
        connection.execute(update(patient).where(patient.c.arrival == 4).values(note="two", arrival=400))

    assert broken(store) == set()
    assert len(notes(store)) == len(ROWS) - 1


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE patient SET note = 'forged' WHERE arrival = 2", ("patient", "2")),
        ("UPDATE known_distance SET mm = mm + 1e-9 WHERE mm > 8", ("known_distance", "id é8")),
        ("UPDATE skin_state SET noted = '[]' WHERE day = (SELECT max(day) FROM skin_state)", None),
        ("DELETE FROM injection WHERE view_id LIKE '%3'", None),
        ("WITH gone AS (DELETE FROM posing RETURNING photo_id) DELETE FROM seal WHERE table_name = 'posing'", None),
        ("INSERT INTO injection SELECT view_id, '2020-01-01' FROM injection LIMIT 1", None),
        ("UPDATE seal_total SET number = number - 1 WHERE table_name = 'photo'", ("photo", "")),
        ("TRUNCATE adopted", None),
    ],
)
def test_what_somebody_else_changed_is_found(store: Store, change: str, found: tuple[str, str] | None) -> None:
    behind_its_back(store, change)

    assert broken(store)
    assert found is None or found in broken(store)


def test_what_somebody_else_wrote_is_named_and_not_sealed_with_our_next_change(store: Store) -> None:
    with psycopg.connect(str(store._engine.url.render_as_string(False)).replace("+psycopg", "")) as connection:
        connection.execute("UPDATE patient SET note = 'forged' WHERE arrival = 2")

    with store.writing() as writer:
        writer.execute(update(schema.patient).values(note="ours"))

    assert broken(store) == {("patient", "2")}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE photo DISABLE TRIGGER ALL",
        "DROP TRIGGER touched_photo_update ON photo",
        "ALTER TABLE photo DROP CONSTRAINT photo_view_id_fkey",
        "ALTER TABLE photo DROP CONSTRAINT photo_view_id_digest_key",
        "DROP INDEX one_live_consent_per_purpose",
    ],
)
def test_a_record_with_another_frame_opens_for_reading_only(store: Store, server: Server, change: str) -> None:
    behind_its_back(store, change)

    with pytest.raises(RecordError) as refused:
        opened(store.home, server.url)

    assert refused.value.code == "tampered"
    with closing(opened(store.home, server.url, read_only=True)) as left:
        assert len(notes(left)) == len(ROWS)


def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    with store.reading() as connection:
        before = connection.execute(select(schema.patient.c.note)).all()
        with store.writing() as writer:
            writer.execute(update(schema.patient).values(note="later"))
        assert connection.execute(select(schema.patient.c.note)).all() == before

    assert set(notes(store)) == {"later"}


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(RecordError) as refused, store.reading() as connection:
        connection.execute(delete(schema.patient))

    assert refused.value.code == "not_read"


def test_writers_wait_for_each_other(store: Store) -> None:
    seen: list[int] = []

    def add() -> None:
        with store.writing() as connection:
            known = len(connection.execute(select(schema.patient.c.id)).all())
            seen.append(known)
            time.sleep(0.05)
            values = {"id": f"new {known}", "code": f"new {known}", "name": "", "note": "", "is_demonstration": False}
            connection.execute(insert(schema.patient).values(**values))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [8, 9, 10, 11]


def test_a_text_that_cannot_be_stored_is_refused_in_a_sentence(store: Store) -> None:
    with pytest.raises(RecordError) as refused, store.writing() as connection:
        connection.execute(update(schema.patient).values(note="a\0b"))

    assert refused.value.code == "bad_text"
    assert broken(store) == set()


def setting_of(server: Server, name: str) -> str:
    with closing(psycopg.connect(server.plain_url)) as connection:
        return connection.execute(f"SHOW {name}").fetchone()[0]


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_acknowledged_is_refused(server: Server, tmp_path: Path, setting: str) -> None:
    with psycopg.connect(server.plain_url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
        try:
            deadline = time.monotonic() + 20
            while setting_of(server, setting) != "off":
                assert time.monotonic() < deadline
                time.sleep(0.05)
            with pytest.raises(RecordError, match=setting) as refused:
                opened(tmp_path / "home", server.url)
        finally:
            connection.execute(f"ALTER SYSTEM RESET {setting}")
            connection.execute("SELECT pg_reload_conf()")

    assert refused.value.code == "unsafe"


@pytest.mark.parametrize("url", ["mysql://somewhere/else", "not an address", "sqlite:///file"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(RecordError) as refused:
        postgres_engine(url, {})

    assert refused.value.code == "no_database"


def test_a_server_that_does_not_answer_is_named_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as refused:
        opened(tmp_path / "home", f"postgresql://postgres@/postgres?host={tmp_path}")

    assert refused.value.code == "not_read"
    assert "server" in refused.value.reason


@pytest.mark.slow
def test_a_hundred_processes_that_write_at_once_all_succeed(server: Server, tmp_path: Path) -> None:
    all_succeed(tmp_path, server.url)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(server: Server, tmp_path: Path) -> None:
    home, acknowledged = tmp_path / "home", []
    opened(home, server.url).close()
    for round_ in range(5):
        heard, answers = os.pipe()
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                add_for_ever(home, server.url, round_, answers)
            os._exit(0)
        os.close(answers)
        with open(heard) as lines:
            told = [lines.readline() for _ in range(20)]
            server.kill()
            told += lines.readlines()
        os.waitpid(child, 0)
        acknowledged += [line.strip() for line in told if line.endswith("\n")]
        server.start()

    with closing(opened(home, server.url)) as store:
        with store.reading() as connection:
            there = set(connection.execute(select(schema.patient.c.id)).scalars())
        assert len(acknowledged) >= 100
        assert set(acknowledged) <= there
        assert store.verify().broken == ()


def add_for_ever(home: Path, url: str, round_: int, answers: int) -> None:
    with closing(opened(home, url)) as store:
        for number in range(1_000_000):
            name = f"{round_}-{number}"
            with store.writing() as connection:
                values = {"id": name, "code": name, "name": "", "note": "", "is_demonstration": False}
                connection.execute(insert(schema.patient).values(**values))
            os.write(answers, f"{name}\n".encode())


@pytest.mark.slow
def test_the_clinics_own_tests_hold_on_postgresql(server: Server) -> None:
    """Those whose subject is the record, not the work beside it; each record is in a schema of its own."""
    passed = passed_again("tests.on_postgres", REPEATED, {"TRACKER_TEST_DATABASE": server.url})

    with closing(psycopg.connect(server.plain_url)) as connection:
        made = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'record_%'").fetchone()[0]
    assert made > 50  # so the records were indeed there
    assert passed > 100
