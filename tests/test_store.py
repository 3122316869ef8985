"""The database of the record: the safe mode, upgrades that a kill does not break, and many writers at once."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, insert, select, update

from tests.stores import fill, opened
from tracker.clinic import schema
from tracker.clinic.store import FILE_NAME, SAFE_LOG_VERSION, Store, upgrade
from tracker.clinic.store import sqlite as safe_mode
from tracker.errors import RecordError

WRITERS = 100
ADDS_A_COLUMN = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0009", "0008", None, None

def upgrade():
    op.create_table("novelty", sa.Column("id", sa.Integer, primary_key=True), sa.Column("what", sa.String))
    with op.batch_alter_table("patient") as patient:
        patient.add_column(sa.Column("colour", sa.String))
    op.execute("UPDATE patient SET note = note || ' and more'")
"""


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with one revision more."""
    revisions = tmp_path / "migrations"
    shutil.copytree(upgrade._REVISIONS, revisions, ignore=shutil.ignore_patterns("__pycache__"))
    (revisions / "versions" / "schema_0009.py").write_text(ADDS_A_COLUMN)
    monkeypatch.setattr(upgrade, "_REVISIONS", revisions)
    monkeypatch.setattr(upgrade, "SCHEMA_VERSION", 9)


def modes(folder: Path) -> set[str]:
    return {oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir() if path.is_file()}


def notes(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(schema.patient.c.note).order_by(schema.patient.c.arrival)).scalars())


# The safe mode


def test_sqlite_runs_in_the_mode_in_which_it_loses_nothing(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store, store.writing() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "cell_size_check")
        }
        connection.execute(insert(schema.about).values(name="x", value="y"))
        during = modes(tmp_path)

    safe_log = sqlite3.sqlite_version_info >= SAFE_LOG_VERSION
    kept = {"journal_mode": "wal", "synchronous": 2} if safe_log else {"journal_mode": "delete", "synchronous": 3}
    assert found == kept | {"foreign_keys": 1, "secure_delete": 1, "cell_size_check": 1}
    assert during == modes(tmp_path) == {"0o600"}


def test_a_mode_that_is_not_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect

    class Deaf(sqlite3.Connection):
        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            return super().execute(statement.replace("PRAGMA synchronous = ", "PRAGMA no_such = "), *values)

    monkeypatch.setattr(sqlite3.dbapi2, "connect", lambda *a, **options: real(*a, **options, factory=Deaf))

    with pytest.raises(RecordError, match="synchronous") as refused:
        opened(tmp_path)

    assert refused.value.code == "unsafe"


def test_what_was_removed_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        with store.writing() as connection:
            fill(connection, range(1, 30))
            connection.execute(update(schema.patient).values(note="canary-4711"))
        assert b"canary-4711" in (tmp_path / FILE_NAME).read_bytes()
        with store.writing() as connection:
            connection.execute(schema.patient.delete())
        assert store.verify().broken == ()

    assert b"canary-4711" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("version", [("99", "newer_schema"), ("7", "older_schema")])
def test_a_record_of_another_version_is_refused_and_left_alone(tmp_path: Path, version: tuple[str, str]) -> None:
    opened(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("UPDATE about SET value = ? WHERE name = 'schema_version'", version[:1])
        connection.commit()
    before = (tmp_path / FILE_NAME).read_bytes()

    for read_only in (False, True):
        with pytest.raises(RecordError) as refused:
            opened(tmp_path, read_only=read_only)
        assert refused.value.code == version[1]

    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_page_that_became_malformed_is_said_in_a_sentence(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store, store.writing() as connection:
        fill(connection, range(1, 200))
    file = bytearray((tmp_path / FILE_NAME).read_bytes())
    for page in range(8, len(file) // 4096):
        file[4096 * page : 4096 * page + 100] = bytes(100)
    (tmp_path / FILE_NAME).write_bytes(file)

    with pytest.raises(RecordError) as refused, closing(opened(tmp_path)) as store, store.reading() as connection:
        connection.execute(select(schema.photo)).all()

    assert refused.value.code == "damaged"


# Upgrades


def test_the_revisions_make_the_tables_that_the_program_expects(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store, store.reading() as connection:
        assert differences(connection) == []


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, schema.metadata)
    return [each for each in found if "alembic_version" not in repr(each)]


def test_the_last_revision_is_that_of_the_schema() -> None:
    config = Config()
    config.set_main_option("script_location", str(upgrade._REVISIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [f"{schema.SCHEMA_VERSION:04d}"]


def test_an_older_record_is_copied_and_brought_up_with_all_it_holds(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = tmp_path / "home"
    with closing(opened(home)) as store, store.writing() as connection:
        fill(connection, range(1, 6))
    before = (home / FILE_NAME).read_bytes()
    request.getfixturevalue("newer")

    with closing(opened(home)) as store:
        assert all(note.endswith(" and more") for note in notes(store))
        assert len(notes(store)) == 5
        assert store.verify().broken == ()

    assert (home / "before-9.sqlite").read_bytes()[100:] == before[100:]  # the header counts the copy as a change
    assert modes(home) == {"0o600"}


def test_a_record_that_was_tampered_with_is_not_upgraded(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home = tmp_path / "home"
    opened(home).close()
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("DROP TRIGGER touched_photo_delete")
    request.getfixturevalue("newer")

    with pytest.raises(RecordError) as refused:
        opened(home)

    assert refused.value.code == "tampered"


def killed_at(statement: int, act: Callable[[], object]) -> bool:
    """Do something in a process that is killed before a statement of the database; False if there are not so many."""
    child = os.fork()
    if child == 0:
        asked = 0

        def count(*_: object) -> None:
            nonlocal asked
            asked += 1
            if asked == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        from sqlalchemy import Engine

        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)
        with suppress(BaseException):
            act()
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def test_a_kill_at_any_statement_of_an_upgrade_leaves_a_record_that_opens(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    old = tmp_path / "old"
    with closing(opened(old)) as store, store.writing() as connection:
        fill(connection, range(1, 4))
    request.getfixturevalue("newer")
    step, home = 1, tmp_path / "home"
    while True:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(old, home)
        was_killed = killed_at(step, lambda: opened(home))
        with closing(opened(home)) as store:
            assert [note.endswith(" and more and more") for note in notes(store)] == [False] * 3
            assert [note.endswith(" and more") for note in notes(store)] == [True] * 3
            assert store.verify().broken == ()
        if not was_killed:
            break
        step += 19 if step > 20 else 1

    assert step > 60


def test_a_kill_while_a_record_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    step = 1
    while killed_at(step, partial(opened, tmp_path / f"{step}")):
        with closing(opened(tmp_path / f"{step}")) as store:
            assert store.verify().broken == ()
        step += 29

    assert step > 60


def test_an_interrupted_copy_is_made_again(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "before-9.part").write_bytes(b"half a copy")

    safe_mode.copy_of(tmp_path / FILE_NAME, tmp_path / "before-9.sqlite")

    with closing(sqlite3.connect(tmp_path / "before-9.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not (tmp_path / "before-9.part").exists()


# Many at once


def add_some(home: Path, number: int, answers: int, url: str = "") -> None:
    """Add three patients, and tell how long each took."""
    with closing(opened(home, url)) as store:
        for k in range(3):
            began = time.monotonic()
            with store.writing() as connection:
                values = {"id": f"{number}-{k}", "code": f"{number}-{k}", "name": "", "note": ""}
                connection.execute(insert(schema.patient).values(**values, is_demonstration=False))
            os.write(answers, f"{time.monotonic() - began}\n".encode())


def many_writers(home: Path, url: str = "") -> list[float]:
    """Seconds that each change took when many processes write at once."""
    opened(home, url).close()
    heard, answers = os.pipe()
    children = []
    for number in range(WRITERS):
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                add_some(home, number, answers, url)
                os._exit(0)
            os._exit(1)
        children.append(child)
    os.close(answers)
    with open(heard) as lines:
        took = sorted(map(float, lines))
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * WRITERS
    with closing(opened(home, url)) as store:
        assert len(notes(store)) == 3 * WRITERS
        assert store.verify().broken == ()
    return took


@pytest.mark.slow
def test_a_hundred_processes_that_write_at_once_all_succeed(tmp_path: Path) -> None:
    all_succeed(tmp_path)


def all_succeed(folder: Path, url: str = "") -> None:
    """Let a hundred processes write at once; how long they wait is printed, for it depends on who else is at work."""
    took = many_writers(folder / "home", url)
    print(f"{len(took)} changes: p50 {took[len(took) // 2]:.2f} s, p99 {took[int(0.99 * len(took))]:.2f} s")
    assert len(took) == 3 * WRITERS
